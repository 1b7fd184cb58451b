"""The platform's API as its clients see it: the real server, the real plugin, the sandbox as the vendor."""
import http.client
import json
import os
import re
import signal
import sqlite3
import subprocess
import time
import unittest
import urllib.parse

import jsonschema

from host_fixture import PROGRAM, SANDBOX_KEY, START_SECONDS
from server_fixture import BASE, CONTRACT, Server, ServerTest


class Serve(ServerTest):
    def test_the_documented_case_from_the_first_start_to_a_call(self):
        server = Server(self)
        status, headers, made = server.send("POST", "/instances", self.draft())
        self.assertEqual(status, 200, made)
        self.assertRegex(headers["Elements-Request-Id"], "^[0-9a-f]{24}$")
        self.assertRegex(made["token"], "^[A-Za-z0-9+/]{43}=$")
        self.assertEqual(made["configuration"]["api.key"], "********")

        status, headers, candidates = server.send("GET", "/hubs/humancapital/candidates?pageSize=2",
                                                  authorization=server.authorization(made["token"]))
        self.assertEqual(status, 200, candidates)
        self.assertEqual(len(candidates), 2)
        self.assertEqual(headers["Elements-Returned-Count"], "2")
        self.assertEqual(headers["elements-element-instance-id"], str(made["id"]))
        status, _, more = server.send(
            "GET", "/candidates?" + urllib.parse.urlencode({"nextPage": headers["Elements-Next-Page-Token"]}),
            authorization=server.authorization(made["token"]))
        self.assertEqual(status, 200, more)
        self.assertNotEqual(more, candidates)

        self.assertEqual(server.send("DELETE", f"/instances/{made['id']}", "null")[0], 200)
        status, _, body = server.send("GET", "/candidates", authorization=server.authorization(made["token"]))
        self.assertEqual(status, 401, body)
        self.assertEqual(server.stop(), 0)

    def test_the_documentations_example_answer_has_every_member(self):
        example = CONTRACT / "examples" / "instances-post.response.json"
        if not example.exists():
            if os.environ.get("CI"):
                self.fail("the contract is not at ../shared")
            self.skipTest("the contract is not at ../shared")
        server = Server(self)
        status, _, made = server.send("POST", "/instances", self.draft())
        self.assertEqual(status, 200, made)
        self.compare(json.loads(example.read_text()), made, "instance")

    def test_the_documentations_command_does_what_it_says(self):
        command = CONTRACT / "examples" / "instances-post.curl.txt"
        if not command.exists():
            if os.environ.get("CI"):
                self.fail("the contract is not at ../shared")
            self.skipTest("the contract is not at ../shared")
        server = Server(self)
        typed = command.read_text()
        # What the documentation leaves to the reader, and the sandbox instead of the vendor.
        for placeholder, meant in (("https://api.cloud-elements.com", f"http://{server.address}"), ("<USER_SECRET>", server.started["userSecret"]),
                                   ("<ORGANIZATION_SECRET>", server.started["organizationSecret"]),
                                   ('"api.key": "xxxxxxxxxxxxxxxxxxxxxxxxx"', f'"api.key": "{SANDBOX_KEY}", "base.url": "{self.sandbox.url}"')):
            self.assertIn(placeholder, typed)
            typed = typed.replace(placeholder, meant)
        done = subprocess.run(["sh", "-c", typed], capture_output=True, text=True, timeout=START_SECONDS)
        self.assertEqual(done.returncode, 0, done.stderr)
        made = json.loads(done.stdout)
        self.compare(json.loads((CONTRACT / "examples" / "instances-post.response.json").read_text()), made, "instance")
        schemas = CONTRACT / "schemas"
        shown = server.send("GET", f"/instances/{made['id']}")[2]
        for answer in (made, shown):
            jsonschema.validate(answer, json.loads((schemas / "element.instance.schema.json").read_text()))

    def compare(self, expected, found, where):
        """Every member of the one is in the other, with its type."""
        for key, value in expected.items():
            self.assertIn(key, found, where)
            self.assertIsInstance(found[key], type(value), f"{where}.{key}")
            if isinstance(value, dict):
                self.compare(value, found[key], f"{where}.{key}")

    def test_an_instance_documents_what_it_can_be_asked(self):
        server = Server(self)
        _, _, made = server.send("POST", "/instances", self.draft())
        _, _, swagger = server.send("GET", f"/instances/{made['id']}/docs?baseUrl=https://foo.bar")
        self.assertEqual((swagger["swagger"], swagger["host"], swagger["schemes"]), ("2.0", "foo.bar", ["https"]))
        self.assertIn("/hubs/humancapital/candidates", swagger["paths"])
        by_token = server.send("GET", "/instances/docs?version=3.1", authorization=server.authorization(made["token"]))
        self.assertEqual(by_token[2]["openapi"][:3], "3.1")
        operation = swagger["paths"]["/hubs/humancapital/candidates"]["get"]["operationId"]
        _, _, one = server.send("GET", f"/instances/{made['id']}/docs/{operation}")
        self.assertEqual(list(one["paths"]), ["/hubs/humancapital/candidates"])
        self.assertEqual(server.send("GET", f"/instances/{made['id']}/docs/{operation}/definitions")[0], 200)
        self.assertEqual(server.send("GET", f"/instances/{made['id']}/docs/nothing")[0], 404)

    def test_files_pass_through_that_are_larger_than_what_is_held(self):
        server = Server(self)
        _, _, made = server.send("POST", "/instances", self.draft())
        as_element = server.authorization(made["token"])
        _, _, [candidate] = server.send("GET", "/candidates?pageSize=1", authorization=as_element)
        content = bytes(range(256)) * 4 * 9_500  # over the 8 MiB of `server.body_max_mb`, below the vendor's 10
        form = (b'--x7\r\nContent-Disposition: form-data; name="attachmentType"\r\n\r\nRESUME\r\n'
                b'--x7\r\nContent-Disposition: form-data; name="file"; filename="cv.pdf"\r\n'
                b'Content-Type: application/pdf\r\n\r\n' + content + b'\r\n--x7--\r\n')
        path = f"/hubs/humancapital/candidates/{candidate['id']}/attachments"
        status, _, kept = server.send("POST", path, form, as_element, {"Content-Type": "multipart/form-data; boundary=x7"})
        self.assertEqual(status, 200, kept)
        connection = http.client.HTTPConnection(server.address, timeout=START_SECONDS)
        connection.request("GET", f"{BASE}{path}/{kept['id']}", headers={"Authorization": as_element})
        answer = connection.getresponse()
        self.assertEqual((answer.status, answer.headers["Content-Type"]), (200, "application/pdf"))
        self.assertTrue(answer.read() == content, "the file came back changed")
        connection.close()
        status, _, refused = server.send("POST", path, form, as_element)  # called JSON, which is held
        self.assertEqual((status, refused["code"]), (413, "limit_reached"))

    def test_a_wrong_key_is_refused_and_nothing_is_kept(self):
        server = Server(self)
        status, _, body = server.send("POST", "/instances", self.draft(configuration={
            "api.key": "wrong-key-1234567", "base.url": self.sandbox.url}))
        self.assertEqual(status, 401, body)
        self.assertRegex(body["requestId"], "^[0-9a-f]{24}$")
        self.assertNotIn("wrong-key", json.dumps(body))
        self.assertEqual(server.send("GET", "/instances")[2], [])

    def test_who_may_come_in(self):
        server = Server(self)
        for words in ("", "User x", "User x, Organization y", "Bearer nope", "Basic YTpi",
                      f"User {server.started['userSecret']}, Organization wrong",
                      server.authorization() + ", Element nope"):
            with self.subTest(words):
                self.assertEqual(server.send("GET", "/instances", authorization=words)[0], 401)
        status, _, login = server.send("POST", "/authentication", {"username": server.started["email"],
                                                                  "password": server.started["password"]},
                                       authorization="")
        self.assertEqual(status, 200, login)
        status, _, secrets = server.send("GET", "/authentication/secrets", authorization="Bearer " + login["token"])
        self.assertEqual(status, 200)
        self.assertEqual(secrets["userSecret"], server.started["userSecret"])
        status, _, _ = server.send("GET", "/nosuchresource")
        self.assertEqual(status, 401)

    def test_the_secrets_are_nowhere_but_where_they_belong(self):
        server = Server(self)
        _, _, made = server.send("POST", "/instances", self.draft())
        server.send("GET", "/candidates?pageSize=1", authorization=server.authorization(made["token"]))
        secrets = [SANDBOX_KEY, made["token"], server.started["userSecret"], server.started["organizationSecret"],
                   server.started["password"]]
        seen = json.dumps(server.send("GET", f"/instances/{made['id']}/configuration")[2])
        seen += server.send("GET", "/metrics", base="")[2]
        server.stop()
        files = [path for path in self.folder.rglob("*") if path.is_file() and path != self.key_file]
        self.assertTrue(any(path.name == "access.log" for path in files))
        for secret in secrets:
            self.assertNotIn(secret, seen)
            for path in files:
                self.assertNotIn(secret.encode(), path.read_bytes(), path)

    def test_a_formula_over_the_instance_from_template_to_history(self):
        server = Server(self)
        _, _, made = server.send("POST", "/instances", self.draft())
        template = {"name": "hired", "engine": "v3",
                    "configuration": [{"key": "sr", "name": "SR", "type": "elementInstance", "required": True}],
                    "triggers": [{"type": "manual", "onSuccess": ["list"], "properties": {}}],
                    "steps": [{"name": "list", "type": "elementRequest", "onSuccess": ["count"],
                               "properties": {"elementInstanceId": "${config.sr}", "method": "GET", "api": "/candidates",
                                              "query": "${trigger.args.query}"}},
                              {"name": "count", "type": "script", "onSuccess": ["mine"],
                               "properties": {"body": "done({n: steps.list.response.body.length})"}},
                              {"name": "mine", "type": "request", "properties": {"method": "GET", "api": "/instances"}}]}
        status, _, formula = server.send("POST", "/formulas", template)
        self.assertEqual(status, 200, formula)
        status, _, instance = server.send("POST", f"/formulas/{formula['id']}/instances",
                                          {"name": "run", "configuration": {"sr": made["id"]}})
        self.assertEqual(status, 200, instance)
        status, _, started = server.send("POST", f"/formulas/instances/{instance['id']}/executions",
                                         {"query": {"pageSize": "2"}})
        self.assertEqual(status, 200, started)
        path = f"/formulas/instances/executions/{started[0]['id']}"
        deadline = time.monotonic() + START_SECONDS
        execution = server.send("GET", path)[2]
        while execution["status"] == "pending" and time.monotonic() < deadline:
            execution = server.send("GET", path)[2]
        self.assertEqual(execution["status"], "success", server.send("GET", path + "/errors")[2])
        _, _, steps = server.send("GET", path + "/steps?includeValues=true")
        values = {step["stepName"]: {value["key"]: value["value"] for value in step["stepExecutionValues"]} for step in steps}
        self.assertEqual(set(values), {"trigger", "list", "count", "mine"})
        self.assertEqual(values["count"]["count.n"], "2")
        self.assertEqual(values["mine"]["mine.response.code"], "200")
        self.assertIn('"API Instance"', values["mine"]["mine.response.body"])

        # Nobody else's instance, whatever number is given.
        status, _, other = server.send("POST", f"/formulas/{formula['id']}/instances",
                                       {"name": "foreign", "configuration": {"sr": made["id"] + 1000}})
        self.assertEqual(status, 400, other)

    def test_every_request_can_be_looked_up_by_its_id(self):
        server = Server(self)
        server.send("GET", "/instances")
        _, headers, _ = server.send("GET", "/instances?searchText=nothing-there")
        status, _, entry = server.send("GET", "/usage/" + headers["Elements-Request-Id"])
        self.assertEqual(status, 200, entry)
        self.assertEqual((entry["requestStatus"], entry["responseCode"], entry["requestURI"]), ("FAILED", 404, "/instances"))
        status, headers, entries = server.send("GET", "/usage?pageSize=1")
        self.assertEqual((status, len(entries)), (200, 1))
        self.assertIn("Elements-Next-Page-Token", headers)
        self.assertEqual(server.send("GET", "/usage/ffffffffffffffffffffffff")[0], 404)

    def test_the_api_describes_itself(self):
        server = Server(self)
        status, _, document = server.send("GET", "/openapi.json", authorization="")
        self.assertEqual((status, document["openapi"]), (200, "3.1.0"))
        for path, method in (("/instances", "post"), ("/formulas/{id}", "get"), ("/elements", "get"), ("/usage/{id}", "get")):
            self.assertIn(method, document["paths"][path])
        schemas = document["components"]["schemas"]
        for path, operations in document["paths"].items():
            for method, operation in operations.items():
                self.assertTrue(operation["summary"], (path, method))
                for name in re.findall('"#/components/schemas/([^"]+)"', json.dumps(operation)):
                    self.assertIn(name, schemas, (path, method))

    def test_what_operators_ask(self):
        server = Server(self)
        self.assertEqual(server.send("GET", "/healthz", base="", authorization="")[0], 200)
        self.assertEqual(server.send("GET", "/readyz", base="", authorization="")[0], 200)
        status, headers, text = server.send("GET", "/metrics", base="", authorization="")
        self.assertEqual(status, 200)
        self.assertIn("formulary_executions_open 0", text)
        self.assertEqual(server.send("GET", "/", base="", authorization="")[0], 404)
        server.send("GET", "/instances?searchText=secret-in-a-query")
        server.stop()
        lines = [json.loads(line) for line in (self.folder / "access.log").read_text().splitlines()]
        self.assertEqual([line["path"] for line in lines],
                         ["/healthz", "/readyz", "/metrics", "/", BASE + "/instances"])
        self.assertNotIn("secret-in-a-query", (self.folder / "access.log").read_text())
        self.assertTrue(all(len(line["traceId"]) == 32 for line in lines))

    def test_an_account_ends_with_its_instances_and_touches_nobody_elses(self):
        server = Server(self)
        mine = server.send("POST", "/instances", self.draft())[2]
        account = server.send("POST", "/accounts", {"externalId": "acme"})[2]["id"]
        user = server.send("POST", f"/accounts/{account}/users", {"email": "ada@example.com"})[2]
        ada = f"User {user['secret']}, Organization {server.started['organizationSecret']}"
        status, _, made = server.send("POST", "/instances", self.draft(), authorization=ada)
        self.assertEqual(status, 200, made)
        formula = {"name": "f", "triggers": [{"type": "manual", "onSuccess": []}], "steps": []}
        status, _, formula = server.send("POST", "/formulas", formula, authorization=ada)
        self.assertEqual(status, 200, formula)
        formula_instances = f"/formulas/{formula['id']}/instances"
        status, _, instance = server.send("POST", formula_instances, {"name": "i"}, authorization=ada)
        self.assertEqual(status, 200, instance)

        self.assertEqual(server.send("PATCH", f"/accounts/{account}", {"active": False})[0], 200)
        self.assertEqual(server.send("GET", "/instances", authorization=ada)[0], 403)
        self.assertEqual(server.send("PATCH", f"/accounts/{account}", {"active": True})[0], 200)
        self.assertTrue(server.send("GET", f"/instances/{made['id']}", authorization=ada)[2]["disabled"])
        instance = server.send("GET", f"{formula_instances}/{instance['id']}", authorization=ada)[2]
        self.assertFalse(instance["active"])

        self.assertEqual(server.send("DELETE", f"/accounts/{account}", "null")[0], 200)
        self.assertEqual(server.send("GET", "/instances", authorization=ada)[0], 401)
        self.assertEqual([one["id"] for one in server.send("GET", "/instances")[2]], [mine["id"]])
        self.assertEqual(server.stop(), 0)
        database = sqlite3.connect(f"file:{self.data / 'formulary.db'}?mode=ro", uri=True)
        for table in ("instances", "formula", "formula_instance"):
            self.assertEqual(database.execute(f"SELECT count(*) FROM {table} WHERE account = ?", (account,)).fetchone(), (0,))
        database.close()

    def test_the_second_start_shows_no_secret_and_keeps_all(self):
        first = Server(self)
        _, _, made = first.send("POST", "/instances", self.draft())
        first.stop(signal.SIGKILL)
        second = Server(self)
        self.assertNotIn("userSecret", second.started)
        second.started = {**first.started, **second.started}
        _, _, instances = second.send("GET", "/instances")
        self.assertEqual([instance["id"] for instance in instances], [made["id"]])
        status, _, body = second.send("GET", "/candidates?pageSize=1", authorization=second.authorization(made["token"]))
        self.assertEqual(status, 200, body)

    def test_the_first_secrets_can_be_given_in_a_file(self):
        file = self.folder / "first.json"
        file.write_text(json.dumps({"email": "ada@example.org", "password": "Correct-horse-7", "userSecret": "u" * 43 + "=",
                                    "organizationSecret": "0123456789abcdef" * 2}))
        file.chmod(0o644)
        refused = subprocess.run([PROGRAM, "serve", "--port", "0", "--secrets", file, "--data", self.data, "--plugins",
                                  self.plugins], capture_output=True, text=True, env={"PATH": os.environ["PATH"]},
                                 timeout=START_SECONDS)
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("chmod 600", refused.stderr)
        file.chmod(0o600)
        server = Server(self, "--secrets", str(file))
        words = "User " + "u" * 43 + "=, Organization " + "0123456789abcdef" * 2
        self.assertEqual(server.send("GET", "/instances", authorization=words)[0], 200)


if __name__ == "__main__":
    unittest.main()
