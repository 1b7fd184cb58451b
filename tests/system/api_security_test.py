"""Who has no right gets nothing, what is malformed is refused with a sentence, and nothing secret is ever written down."""
import base64
import json
import os
import random
import re
import socket
import unittest
import urllib.parse

from api_operations import PASSWORD, SUMS, Client, Operations, Things
from host_fixture import SANDBOX_KEY, START_SECONDS
from raw_vendor import RawVendor
from server_fixture import BASE, Server, ServerTest

# Bodies that are no JSON object of the platform: name, bytes.
MALFORMED = {
    "nothing": b"", "a brace": b"{", "cut in a text": b'{"name": "ab', "cut after a colon": b'{"name":', "two documents": b'{"name":"a"}{}',
    "a list": b"[]", "a text": b'"name"', "a number": b"1", "true": b"true", "single quotes": b"{'name':'a'}", "a comma too many": b'{"name":"a",}',
    "deep lists": b'{"name":' + b"[" * 100_000, "deep objects": b'{"a":' * 100_000, "deep and closed": b"[" * 5_000 + b"]" * 5_000,
    "a number over all": b'{"name":1e999999}', "an integer over all": b'{"id":' + b"9" * 5_000 + b"}x", "a leading zero": b'{"name":01}',
    "NaN": b'{"name":NaN}', "a lone surrogate": b'{"name":"\\ud800"}', "a low surrogate first": b'{"name":"\\udc00\\ud800"}',
    "a raw NUL": b'{"name":"a\x00b"}', "a raw line end": b'{"name":"a\nb"}', "invalid UTF-8": b'{"name":"\xff"}', "overlong UTF-8": b'{"name":"\xc0\xaf"}',
    "a cut character": b'{"name":"\xe2\x82"}', "an encoded surrogate": b'{"name":"\xed\xa0\x80"}', "UTF-16": '{"name":"a"}'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf{", "a comment": b'{"name":"a"/**/}', "an odd escape": b'{"name":"\\x41"}', "zeros": b"\x00" * 100,
    "the same key twice": b'{"name":"a","name":"b"}',
}
INJECTIONS = ("' OR '1'='1", "'; DROP TABLE instances; --", "\" OR \"\"=\"", "1; SELECT * FROM user", "%' OR 1=1 --", "*", "%", "_", "name", "id = id",
              "1=1", "name LIKE '%'", "key = '' OR 'a' = 'a'", "<script>alert(1)</script>", "${7*7}", "{{7*7}}", "() { :; }", "`id`", "$(id)",
              "__proto__", "constructor.prototype", "\x00", "\u2028", "\\", "'", "\"", "' UNION SELECT secret, 1 FROM user --", "-1", "null", "[]", "../../etc/passwd")


class ApiSecurity(ServerTest):
    maxDiff = None

    def setUp(self):
        super().setUp()
        self.server = Server(self)
        self.document = self.server.send("GET", "/openapi.json", authorization="")[2]
        self.operations = Operations(self.document, random.Random(1))
        self.client = Client(self.server.address)
        self.addCleanup(self.client.close)

    def ask(self, method, path, body=None, authorization=None):
        """(status, answer), over one connection that is kept."""
        headers = {"Authorization": authorization or self.server.authorization(), "Content-Type": "application/json"}
        status, answered, text = self.client.ask(method.upper(), BASE + path, body, headers)
        return status, json.loads(text) if text and "json" in answered.get("Content-Type", "") else text.decode()

    def things(self):
        return Things(self, self.server, self.operations)

    def raw(self, data):
        """(status, whole answer) of bytes as they are; status 0 if the connection was ended without one."""
        host, port = self.server.address.split(":")
        with socket.create_connection((host, int(port)), START_SECONDS) as connection:
            answer = b""
            try:
                connection.sendall(data)
                while part := connection.recv(65536):
                    answer += part
            except ConnectionError:
                pass  # refused before all was sent
        found = re.match(rb"HTTP/1\.1 (\d{3}) ", answer)
        return (int(found[1]) if found else 0), answer

    def raw_get(self, target, *lines, authorization=None):
        head = [f"GET {BASE}{target} HTTP/1.1".encode("latin-1"), b"Host: x", b"Connection: close",
                b"Authorization: " + (authorization or self.server.authorization()).encode("latin-1"), *lines]
        return self.raw(b"\r\n".join(head) + b"\r\n\r\n")

    def assert_alive(self):
        self.assertEqual(self.server.send("GET", "/organizations/me")[0], 200)

    # ---- who

    def test_no_spelling_of_nothing_lets_anybody_in(self):
        started = self.server.started
        user, organization = started["userSecret"], started["organizationSecret"]
        token = self.server.send("POST", "/instances", self.draft())[2]["token"]
        both = f"{user}, Organization {organization}"
        basic = base64.b64encode(f"{started['email']}:{started['password']}".encode()).decode()
        spellings = ["User", "User ", ",", ", ,", "User =", "User a b", f"User {user}", f"Organization {organization}", f"Element {token}",
                     f"Element {token}, Organization {organization}", f"User {user} Organization {organization}", f"User {user}; Organization {organization}",
                     f"User {user}, User {both}", f"User: {both}", f"User={both}", f"{both}", f"Bearer {user}", f"Bearer {token}", f"Bearer User {both}",
                     f"Bearer x, User {both}", f"Basic {basic}", f"Digest username={started['email']}", f"User {user}x, Organization {organization}",
                     f"User {user[:-1]}, Organization {organization}", f"User {user.swapcase()}, Organization {organization}",
                     f"User {organization}, Organization {user}", f"User {user}, Organization {organization}0", f"User {user}, Organization",
                     f"User {both}, Element", f"User {both}, Element {token[:-1]}", f"User {both}, Element {token}, Element {token}",
                     f"User {both}, Something {token}", f"User {token}, Organization {organization}", f"User '{user}', Organization '{organization}'",
                     f'User "{user}", Organization "{organization}"', "User " + "x" * 2000, "User *, Organization *", "User %, Organization %",
                     "User ' OR 1=1 --, Organization x", "User null, Organization null", "User\u00e9 x", "{}", "[]", "\u00ff\u00fe"]
        for words in spellings:
            with self.subTest(words.replace(user, "USER").replace(organization, "ORGANIZATION").replace(token, "TOKEN")):
                status, answer = self.raw_get("/instances", authorization=words)
                self.assertIn(status, (401, 429), answer)
                self.assertNotIn(b'"token"', answer)
        for lines in ((b"Authorization: x",), (b"Authorization: User x",), (b"X-Original-URL: /elements/api-v2/openapi.json",)):
            status, answer = self.raw_get("/instances", *lines, authorization="User x, Organization y")
            self.assertIn(status, (400, 401, 429), answer)
        self.assertIn(self.raw(f"GET {BASE}/instances HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())[0], (401, 429))
        self.assertEqual(self.server.send("GET", "/instances")[0], 200, "guesses of others lock nobody out who knows it")

    def test_every_operation_asks_who_it_is(self):
        for method, path, operation in self.operations.all:
            if not operation["security"]:
                continue
            with self.subTest(f"{method} {path}"):
                status, _, answer = self.server.send(method.upper(), re.sub(r"\{[^}]*\}", "1", path), b"{}", authorization="")
                self.assertEqual(status, 401, answer)

    def test_another_account_has_nothing_of_ours(self):
        things = self.things()
        usage = self.server.send("GET", "/instances")[1]["Elements-Request-Id"]
        self.operations.known["/usage/{}"].append("/usage/" + usage)
        steps = self.server.send("GET", self.operations.known["/formulas/instances/executions/{}"][0] + "/steps")[2]
        self.operations.known["/formulas/instances/executions/steps/{}"] += [f"/formulas/instances/executions/steps/{one['id']}" for one in steps]
        users = {one["email"]: one for one in self.server.send("GET", f"/accounts/{things.other_account}/users")[2]}
        status, _, mallory = self.server.send("POST", f"/accounts/{things.other_account}/users", {"email": "mallory@example.com"})
        self.assertEqual((status, set(users)), (200, {"ada@example.com", "bob@example.com"}))
        stranger = f"User {mallory['secret']}, Organization {self.server.started['organizationSecret']}"
        for role in ("none", "admin"):
            if role == "admin":
                self.assertEqual(self.server.send("PUT", f"/users/{mallory['id']}/roles/admin", b"null")[0], 200)
            before = self.ours()
            for method, path, operation in self.operations.all:
                if not operation["security"] or self.is_everybodys(path):
                    continue
                for concrete in self.concrete_of_ours(path):
                    with self.subTest(f"{role}: {method} {concrete}"):
                        body = b'{"status":"cancelled","name":"stolen"}' if operation.get("requestBody") else None
                        status, answer = self.ask(method, concrete, body, stranger)
                        self.assertIn(status if answer != [] else 404, (400, 401, 403, 404), answer)
            self.assertEqual(self.ours(), before)
        for path in ("/instances", "/formulas", "/formulas/instances", "/jobs", "/jobs/executions", "/elements/smartrecruiters/instances"):
            status, _, rows = self.server.send("GET", path, authorization=stranger)
            self.assertIn((status, rows if status == 200 else []), ((200, []), (404, [])), path)
        self.assertEqual(self.server.send("GET", "/elements?where=private%3D'true'", authorization=stranger)[2], [])
        self.assertNotIn(usage, [one["id"] for one in self.server.send("GET", "/usage", authorization=stranger)[2]])
        for path in ("/candidates", "/instances", "/ping", "/objects"):
            status = self.server.send("GET", path, authorization=stranger + ", Element " + things.instance["token"])[0]
            self.assertIn(status, (401, 429), "a token is of use only to its account")

    @staticmethod
    def is_everybodys(path):
        """Operations on what a stranger may see too: the catalogue, the hubs, and himself and his colleagues."""
        return "{" not in path or path.startswith(("/hubs", "/organizations"))

    def concrete_of_ours(self, path):
        segments = path.split("/")
        if segments[1] == "elements" and segments[3:4] != ["instances"]:
            known = [place for place in self.operations.known["/elements/{}"] if not place.endswith("/smartrecruiters")]
            return ["/".join([known[0], *("1" if one.startswith("{") else one for one in segments[3:])])]
        if segments[1] in ("accounts", "users"):
            return [re.sub(r"\{[^}]*\}", "1", path)]  # the first account, the first user
        return [self.operations.concrete(path, True)]

    def ours(self):
        seen = {}
        for path in ("/instances", "/formulas", "/formulas/instances?includeInactive=true", "/jobs", "/accounts", "/users", "/elements/keys"):
            seen[path] = self.server.send("GET", path)[2]
        # Formulas may still be running, and count their failures.
        changing = re.compile("Consecutive|updatedDate|lastLoginDate")
        return [line.rstrip(",") for line in json.dumps(seen, indent=1).splitlines() if not changing.search(line)]

    def test_what_is_disabled_or_deleted_takes_no_calls(self):
        made = self.server.send("POST", "/instances", self.draft())[2]
        with_token = self.server.authorization(made["token"])
        self.assertEqual(self.server.send("DELETE", f"/instances/{made['id']}/enabled", "null")[0], 200)
        for method, path in (("GET", "/candidates"), ("POST", "/candidates"), ("GET", "/hubs/humancapital/jobs"), ("GET", "/candidates/1")):
            self.assertEqual(self.server.send(method, path, "{}", authorization=with_token)[0], 403, path)
        self.assertEqual(self.server.send("GET", "/objects", authorization=with_token)[0], 200)
        self.assertEqual(self.server.send("PUT", f"/instances/{made['id']}/enabled", "null")[0], 200)
        self.assertEqual(self.server.send("GET", "/candidates", authorization=with_token)[0], 200)
        self.assertEqual(self.server.send("DELETE", f"/instances/{made['id']}", "null")[0], 200)
        for path in ("/candidates", "/objects", "/ping", "/instances", "/instances/configuration", "/instances/docs"):
            self.assertEqual(self.server.send("GET", path, authorization=with_token)[0], 401, path)

    # ---- what is malformed

    def test_no_header_can_be_injected(self):
        vendor = RawVendor()
        self.addCleanup(vendor.stop)
        key = {"api.key": SANDBOX_KEY, "base.url": vendor.url}
        odd = "a\r\nX-Injected: 1\r\n\r\nGET /stolen HTTP/1.1\r\n"
        for configuration in ({**key, "api.key": odd}, {**key, "base.url": vendor.url + "/\r\nX-Injected: 1"}, {**key, "api.key": "a\nX-Injected: 1"}):
            status, _, answer = self.server.send("POST", "/instances", self.draft(configuration=configuration))
            self.assertEqual(status, 400, answer)
        status, _, made = self.server.send("POST", "/instances", self.draft(configuration=key, name=odd, tags=[odd]))
        self.assertIn(status, (200, 400), made)
        if status != 200:
            status, _, made = self.server.send("POST", "/instances", self.draft(configuration=key))
            self.assertEqual(status, 200, made)
        token = self.server.authorization(made["token"])
        encoded = urllib.parse.quote(odd, safe="")
        for name in ("nextPage", "where", "fields", "orderBy", "pageSize", "updatedAfter", "q", encoded):
            self.server.send("GET", f"/candidates?{name}={encoded}", authorization=token)
        for path in ("/candidates/" + encoded, "/hubs/" + encoded + "/candidates", "/candidates/a" + encoded + "/attachments"):
            self.server.send("GET", path, authorization=token)
        for line in (b"Content-Type: a\rX-Injected: 1", b"Accept: a\nX-Injected: 1", b"Elements-Version: a\x00b", b"X-A: 1\r\n X-Injected: 1", b"X Injected: 1"):
            status, answer = self.raw_get("/candidates", line, authorization=token)
            self.assertIn(status, (200, 400), answer)
        formula = self.server.send("POST", "/formulas", {**SUMS, "name": odd + '"; filename="x'})
        if formula[0] == 200:
            status, headers, _ = self.server.send("GET", f"/formulas/{formula[2]['id']}/export")
            self.assertEqual((status, headers["X-Injected"]), (200, None))
        for origin in (b"Origin: a\rX-Injected: 1", b"Host: a\x0bb"):
            self.assertEqual(self.raw_get("/openapi.json", origin)[0], 400)
        self.assertGreaterEqual(len(vendor.heads), 3, "the vendor heard of nothing: this proves nothing")
        for head, _ in vendor.heads:
            self.assertNotRegex(head, rb"(?im)^X-Injected|^GET /stolen")
            self.assertRegex(head, rb"(?i)X-SmartToken: " + SANDBOX_KEY.encode())
        self.assert_alive()

    def test_no_path_leads_out_of_what_it_says(self):
        vendor = RawVendor()
        self.addCleanup(vendor.stop)
        status, _, made = self.server.send("POST", "/instances", self.draft(configuration={"api.key": SANDBOX_KEY, "base.url": vendor.url}))
        self.assertEqual(status, 200, made)
        token = self.server.authorization(made["token"])
        for step in ("..", "%2e%2e", ".%2e", "%2E.", "..%2f", "..%5c", "%2e%2e%2f", "%252e%252e", "..;", "%c0%ae%c0%ae", "%u002e%u002e", ".", "%2e", "\\..\\",
                     "..%00", "%00", "%0a", "%23", "%3f", "a%2fb", "%ff", "%", "%2", "%zz", "*", "~root", "C:", "a%5cb"):
            for pattern in ("/candidates/{}", "/candidates/{}/admin", "/{}/candidates", "/hubs/humancapital/candidates/{}/{}/users", "/hubs/{}/candidates",
                            "/hubs/{}/../candidates/x", "/candidates/a/attachments/{}"):
                status, answer = self.raw_get(pattern.replace("{}", step), authorization=token)
                self.assertIn(status, (200, 400, 401, 404), (pattern, step, answer))
            for pattern in ("/elements/{}", "/elements/smartrecruiters/{}/export", "/formulas/{}", "/instances/{}/docs", "/usage/{}", "/hubs/{}", "/{}/etc/passwd"):
                status, answer = self.raw_get(pattern.replace("{}", step))
                self.assertIn(status, (400, 401, 404), (pattern, step, answer))
                self.assertNotIn(b"root:x:", answer)
        for target in vendor.targets():
            decoded = urllib.parse.unquote(urllib.parse.unquote(target.split("?")[0])).replace("\\", "/")
            self.assertTrue(target.startswith(("/candidates", "/configuration/company")), target)
            self.assertNotIn("/../", urllib.parse.unquote(target.split("?")[0]) + "/", target)
            self.assertNotRegex(target, "(?i)%2f|%5c\\.\\.|%00", decoded)
        self.assert_alive()

    def test_what_is_too_large_is_refused_and_nothing_waits_for_it(self):
        big = b'{"name":"' + b"x" * (11 << 20) + b'"}'
        for path in ("/instances", "/formulas", "/accounts", "/elements", "/hubs", "/authentication"):
            self.assertEqual(self.server.send("POST", path, big)[0], 413, path)
        authorization = b"Authorization: " + self.server.authorization().encode() + b"\r\n"
        post = b"POST " + BASE.encode() + b"/formulas HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + authorization
        for head, expected in ((b"Content-Length: 99999999999999\r\n\r\n{", (413,)), (b"Content-Length: -1\r\n\r\n", (400,)), (b"Content-Length: 1e3\r\n\r\n", (400,)),
                               (b"Content-Length: 3\r\nContent-Length: 4\r\n\r\n{}x", (400,)),
                               (b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", (400,)),
                               (b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", (400, 413)), (b"Transfer-Encoding: gzip\r\n\r\n", (400, 501)),
                               (b"Transfer-Encoding: chunked\r\n\r\n" + b"400\r\n" + b"x" * 1024 + b"\r\nzz\r\n", (400,)),
                               (b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\x1f\x8b", (400, 415)), (b"Expect: x\r\nContent-Length: 2\r\n\r\n{}", (400, 417))):
            status, answer = self.raw(post + head)
            self.assertIn(status, expected, (head[:60], answer[:300]))
        for target, lines, expected in (("/" + "x" * 9000, (), (414,)), ("/instances?a=" + "x" * 60_000, (), (414,)), ("/instances?" + "a=1&" * 300, (), (400,)),
                                        ("/instances?searchText=" + "x" * 5_000, (), (200, 400, 404)), ("/instances", (b"X: " + b"x" * 70_000,), (431,)),
                                        ("/instances", tuple(b"X%d: 1" % one for one in range(3_000)), (431,))):
            status, answer = self.raw_get(target, *lines)
            self.assertIn(status, expected, (target[:40], answer[:300]))
        self.assert_alive()

    def test_malformed_json_is_refused_with_a_sentence_everywhere(self):
        things = self.things()
        own_element = f"/elements/{things.own_element['key']}/"
        before = self.ours()
        places = 0
        for method, path, operation in self.operations.all:
            if not operation.get("requestBody") or path == "/authentication":
                continue
            concrete = self.operations.concrete(path, True).replace("/elements/smartrecruiters/", own_element)
            if path == "/elements/{keyOrId}":
                concrete = own_element[:-1]
            token = None
            if path in ("/instances", "/instances/configuration/{configId}") and method != "post":
                token = self.server.authorization(things.instance["token"])
            places += 1
            for name, body in MALFORMED.items():
                with self.subTest(f"{method} {path}: {name}"):
                    status, answer = self.ask(method, concrete, body, token)
                    self.assertIn(status, (200, 400, 404) if self.takes_all(path, name) else (400, 404), answer)
                    if status == 400:
                        self.assertRegex(answer["message"], r"^\S.{10,}", answer)
        self.assertGreaterEqual(places, 20)
        self.assertEqual(self.ours(), before)
        self.assert_alive()

    @staticmethod
    def takes_all(path, name):
        """Some bodies are lists, or may be anything that is JSON, or nothing."""
        if name == "nothing":
            return path.endswith("/executions") or path.startswith("/instances") or "/instances/" in path  # some clients change nothing
        if name == "a list" and path.endswith(("/configurations", "/models")):
            return True
        return path.endswith("/executions") and name in ("a list", "a text", "a number", "true")

    # ---- what is asked for

    def test_no_filter_lets_out_more_than_no_filter(self):
        things = self.things()
        token = self.server.authorization(things.instance["token"])
        asked = 0
        for method, path, operation in self.operations.all:
            names = [one["name"] for one in operation["parameters"] if one["in"] == "query"]
            if method != "get" or "{" in path or not names or operation["responses"]["200"].get("content") is None:
                continue
            status, _, rows = self.server.send("GET", path)
            if not isinstance(rows, list):
                continue
            every = len(self.server.send("GET", path + ("?includeInactive=true" if "includeInactive" in names else ""))[2])
            for name in names:
                for injected in INJECTIONS:
                    status, found = self.ask("GET", path + "?" + urllib.parse.urlencode({name: injected}))
                    asked += 1
                    self.assertIn(status, (200, 400, 404), (path, name, injected, found))
                    if status == 200 and path != "/usage" and not path.endswith("/analytics/times"):
                        self.assertLessEqual(len(found), max(every, len(rows)), (path, name, injected))
        for name in ("where", "fields", "orderBy", "nextPage", "page", "pageSize", "q"):
            for injected in INJECTIONS:
                status, found = self.ask("GET", "/candidates?" + urllib.parse.urlencode({name: injected}), authorization=token)
                asked += 1
                self.assertIn(status, (200, 400, 404), (name, injected, found))
        self.assertGreater(asked, 500)
        self.assertEqual(len(self.server.send("GET", "/instances")[2]), 2)

    # ---- what is written down

    def test_secrets_are_in_no_answer_no_log_and_no_file(self):
        marker = "find-me-0123456789"
        things = self.things()
        self.server.send("PATCH", f"/instances/{things.instance['id']}", {"name": marker})
        self.server.send("POST", "/authentication", {"username": "eve@example.com", "password": PASSWORD}, authorization="")
        self.server.send("POST", "/instances", self.draft(configuration={"api.key": "wrong-key-1234567", "base.url": self.sandbox.url}))
        self.server.send("GET", "/candidates?pageSize=1", authorization=self.server.authorization(things.instance["token"]))
        self.server.send("GET", "/instances", authorization="User stolen-secret-123, Organization x")
        started = self.server.started
        nowhere = {"api.key": SANDBOX_KEY, "wrong api.key": "wrong-key-1234567", "password": started["password"], "eve's password": PASSWORD,
                   "a wrong secret": "stolen-secret-123"}
        hidden = {**nowhere, "token": things.instance["token"], "user secret": started["userSecret"], "organization secret": started["organizationSecret"]}
        # Who may show what it is for: a token with its instance, a secret with its user or to himself.
        shown = {"token": r"/instances", "user secret": r"^/authentication/secrets|/users", "organization secret": "^/authentication/secrets"}
        found_marker = False
        for method, path, operation in self.operations.all:
            if method != "get":
                continue
            concrete = self.operations.concrete(path, True)
            for element in (None, things.instance["token"]):
                status, headers, answer = self.server.send("GET", concrete, authorization=self.server.authorization(element))
                text = json.dumps(answer) + str(headers)
                found_marker = found_marker or marker in text
                for name, secret in hidden.items():
                    if name not in shown or not re.search(shown[name], path):
                        self.assertNotIn(secret, text, f"{name} in GET {concrete}")
        self.assertTrue(found_marker, "the search finds nothing")
        self.assertNotIn(started["userSecret"], json.dumps(self.server.send("GET", "/metrics", base="")[2]))
        self.search_files(hidden, marker)  # with the write-ahead log as it is
        self.server.stop()
        self.search_files(hidden, marker)

    def search_files(self, hidden, marker):
        found_marker = set()
        for path in self.folder.rglob("*"):
            if not path.is_file() or path == self.key_file or self.plugins in path.parents:
                continue
            content = path.read_bytes()
            if marker.encode() in content:
                found_marker.add(path.name)
            for name, secret in hidden.items():
                for form in (secret, base64.b64encode(secret.encode()).decode().rstrip("="), urllib.parse.quote(secret, safe=""), secret.encode().hex()):
                    self.assertNotIn(form.encode(), content, f"{name} in {path}")
        self.assertTrue(any(name.startswith("formulary.db") for name in found_marker), found_marker)

    def test_no_core_of_the_process_is_written(self):
        pid = self.server.process.pid
        with open(f"/proc/{pid}/limits") as limits:
            core = next(line for line in limits if line.startswith("Max core file size"))
        self.assertEqual(core.split()[4:6], ["0", "0"])
        # A process that is not dumpable belongs to root below /proc, whoever runs it.
        if os.geteuid() != 0:
            self.assertEqual(os.stat(f"/proc/{pid}/environ").st_uid, 0)
            with self.assertRaises(PermissionError):
                open(f"/proc/{pid}/mem", "rb")


if __name__ == "__main__":
    unittest.main()
