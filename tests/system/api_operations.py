"""The operations of the server's OpenAPI document with something of each kind that they are about."""
import collections
import http.client
import re
import urllib.parse

from host_fixture import START_SECONDS
from openapi_shapes import TEXTS

METHODS = ("get", "post", "put", "patch", "delete")
SUMS = {"name": "sums", "engine": "v3", "triggers": [{"type": "manual", "onSuccess": ["sum"], "properties": {}}],
        "steps": [{"name": "sum", "type": "script", "properties": {"body": "done({n: 1 + 1})"}}],
        "configuration": [{"key": "base", "name": "Base", "type": "value"}]}
FAILING = {**SUMS, "name": "fails", "steps": [{"name": "sum", "type": "script", "properties": {"body": "throw new Error('no')"}}]}
NIGHTLY = {**SUMS, "name": "nightly", "triggers": [{"type": "scheduled", "properties": {"cron": "0 0 3 * * ?"}, "onSuccess": ["sum"]}]}
CALLED = {**SUMS, "name": "called", "method": "GET", "uri": "/sums"}
TEMPLATES = (NIGHTLY, SUMS, FAILING, CALLED)  # the first outlives the others, and its job with it
PASSWORD = "Correct-horse-7!"


class Client:
    """One connection that is kept, and opened again when the server ends it."""

    def __init__(self, address):
        self.address = address
        self.connection = None

    def ask(self, method, path, body, headers):
        """(status, headers, bytes)"""
        for fresh in (False, True):
            if self.connection is None or fresh:
                self.close()
                self.connection = http.client.HTTPConnection(self.address, timeout=START_SECONDS)
            try:
                self.connection.request(method, path, body, headers)
                answer = self.connection.getresponse()
                return answer.status, answer.headers, answer.read()
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                if fresh:
                    raise
        raise AssertionError("unreachable")

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None


def shape_of(path):
    """/formulas/{id}/steps -> /formulas/{}/steps: one resource has one shape, whatever its parameters are called."""
    return re.sub(r"\{[^}]*\}", "{}", path)


class Operations:
    """What a document offers, and which concrete paths have been seen to exist."""

    def __init__(self, document, draw):
        self.draw = draw
        self.all = [(method, path, operation) for path, operations in document["paths"].items()
                    for method, operation in operations.items() if method in METHODS]
        self.known = collections.defaultdict(list)

    def learn(self, concrete, answer):
        """The members of a list, and what was made, live below the path that was asked."""
        for entry in (answer if isinstance(answer, list) else [answer])[:10]:
            for member in ("id", "key", "email"):
                value = entry.get(member) if isinstance(entry, dict) else None
                if isinstance(value, (int, str)) and not isinstance(value, bool) and value != "":
                    self.know(f"{concrete}/{urllib.parse.quote(str(value), safe='')}", concrete)

    def know(self, path, parent):
        places = self.known[self.shape_below(parent)]
        if path not in places:
            places.append(path)
            if len(places) > 30:
                places.pop(self.draw.randrange(10, 25))  # the first ones are what the test made

    def shape_below(self, parent):
        """The shape of what lives below a concrete path."""
        for shape, places in self.known.items():
            for place in places:
                if parent == place or parent.startswith(place + "/"):
                    return shape + parent[len(place):] + "/{}"
        return parent + "/{}"

    def forget(self, gone):
        """It was deleted, with all below it."""
        for places in self.known.values():
            places[:] = [place for place in places if place != gone and not place.startswith(gone + "/")]

    def concrete(self, path, sensible):
        """Fills in the parameters: from the longest prefix that is known, the rest from what is called alike, or from
        nowhere."""
        segments = path.split("/")[1:]
        filled = []
        for count in range(len(segments), 0, -1):
            known = self.known.get(shape_of("/" + "/".join(segments[:count])))
            if known and segments[count - 1].startswith("{") and (sensible or self.draw.random() < 0.9):
                filled = self.draw.choice(known).split("/")[1:]
                break
        for segment in segments[len(filled):]:
            filled.append(self.filled(segment, filled[-1] if filled else "", sensible))
        return "/" + "/".join(filled)

    def filled(self, segment, before, sensible):
        if not segment.startswith("{"):
            return segment
        alike = [place for shape, places in self.known.items() if shape.endswith(f"/{before}/{{}}") for place in places]
        if alike and (sensible or self.draw.random() < 0.7):
            return self.draw.choice(alike).rsplit("/", 1)[1]
        value = self.draw.choice(("1", "2", "-1", "0", "smartrecruiters", "99999999999999999999", "1.5", "me", "admin", "candidates",
                                  "humancapital", "api.key", *TEXTS))
        return urllib.parse.quote(value, safe="") or "x"


class Things:
    """Something of each kind in a server's first account."""

    def __init__(self, test, server, operations):
        self.test, self.server, self.operations = test, server, operations
        self.instance = self.made("/instances", test.draft())
        self.made("/instances", test.draft(name="Spare"))
        self.other_account = self.made("/accounts", {"externalId": "acme"})["id"]
        for name in ("ada", "bob"):
            self.made(f"/accounts/{self.other_account}/users", {"email": f"{name}@example.com", "password": PASSWORD})
        self.made("/organizations/users", {"email": "eve@example.com", "password": PASSWORD})
        self.made("/users", server.send("GET", "/users")[2], learn_only=True)
        for template in TEMPLATES:
            self.make_formula(template)
        element = self.made("/elements/smartrecruiters/clone", {"name": "my own"})
        operations.known["/elements/{}"] = ["/elements/smartrecruiters", f"/elements/{element['key']}"]
        operations.known["/hubs/{}"].append("/hubs/humancapital")
        self.make_element_parts(f"/elements/{element['key']}")
        self.own_element = element

    def made(self, path, body, learn_only=False):
        answer = body
        if not learn_only:
            status, _, answer = self.server.send("POST", path, body)
            self.test.assertEqual(status, 200, (path, answer))
        self.operations.learn(path, answer)
        return answer

    def make_formula(self, template):
        formula = self.made("/formulas", template)
        for part in ("steps", "triggers", "configuration"):
            self.operations.learn(f"/formulas/{formula['id']}/{part}", formula[part])
        instance = self.made(f"/formulas/{formula['id']}/instances", {"name": template["name"]})
        self.operations.known["/formulas/instances/{}"].append(f"/formulas/instances/{instance['id']}")
        for execution in self.made(f"/formulas/instances/{instance['id']}/executions", {"n": 1}):
            self.operations.known["/formulas/instances/executions/{}"].append(f"/formulas/instances/executions/{execution['id']}")
        if template is NIGHTLY:
            self.operations.known["/jobs/{}"].append(f"/jobs/{instance['id']}")

    def make_element_parts(self, element):
        parts = {"configuration": {"key": "odd", "name": "Odd", "type": "TEXTFIELD_32"},
                 "parameters": {"name": "x", "vendorName": "X-X", "type": "value", "vendorType": "header", "source": "request"},
                 "hooks": {"type": "preRequest", "mimeType": "application/javascript", "body": "done();"},
                 "objects": {"name": "things", "fields": [{"name": "a", "type": "string"}]},
                 "resources": {"path": "/hubs/humancapital/things", "method": "GET", "vendorPath": "/things", "vendorMethod": "GET"}}
        for part, body in parts.items():
            made = self.made(f"{element}/{part}", body)
            if part == "resources":
                for inner in ("parameters", "hooks"):
                    self.made(f"{element}/resources/{made['id']}/{inner}", parts[inner])
            if part == "objects":
                self.operations.learn(f"{element}/objects/{made.get('id', made['name'])}/fields", made["fields"])
