"""The commands against a server: the real `formulary` beside the real `formulary serve`, plugin and sandbox."""
import json
import unittest

from host_fixture import ROOT, SANDBOX_KEY, HostTest
from serve_test import Server


class RemoteCli(HostTest):
    def setUp(self):
        super().setUp()
        self.server = Server(self)
        self.url = "http://" + self.server.address
        self.contexts = self.folder / "config" / "formulary" / "contexts.json"
        self.said = ""

    def run_host(self, *words, environment=None, **more):
        done = super().run_host(*words, environment={"XDG_CONFIG_HOME": str(self.folder / "config"),
                                                     "FORMULARY_DATA_FOLDER": str(self.folder / "here"),
                                                     **(environment or {})}, **more)
        self.said += done.stdout + done.stderr
        return done

    def at(self, *words, **more):
        return self.run_host(*words, "--context", "test", **more)

    def login(self, password=None, code=0):
        return self.run_host("login", "--server", self.url, "--user", self.server.started["email"], "--name", "test",
                             "--secret", "password=@-", stdin=password or self.server.started["password"], code=code)

    def create(self, name="Acme"):
        return json.loads(self.at("instances", "create", "smartrecruiters", "--name", name, "--set",
                                  f"base.url={self.sandbox.url}", "--secret", f"api.key=@{self.key_file}", "--output",
                                  "json").stdout)

    def test_from_login_to_a_call_and_no_secret_is_ever_shown(self):
        self.login()
        self.assertEqual(self.contexts.stat().st_mode & 0o777, 0o600)
        made = self.create()
        self.assertNotIn("token", made)
        self.assertIn("Acme", self.at("instances", "list").stdout)
        self.assertEqual(json.loads(self.at("instances", "show", "Acme", "-o", "json").stdout)["id"], made["id"])
        self.assertIn("smartrecruiters", self.at("elements", "list", "--page-size", "1").stdout)
        here = self.run_host("instances", "list")
        self.assertIn("no instances yet", here.stderr)
        candidates = json.loads(self.at("call", "Acme", "GET", "/candidates", "-q", "pageSize=2").stdout)
        self.assertEqual(len(candidates), 2)
        self.at("accounts", "list")
        self.at("users", "list")
        self.at("jobs", "list")
        self.at("hubs", "list")
        self.at("context", "show")
        self.run_host("context", "list")
        self.at("instances", "delete", "Acme", "--yes")
        self.assertEqual(self.at("instances", "list").stdout, "")
        token = self.server.send("POST", "/authentication", {"username": self.server.started["email"],
                                                             "password": self.server.started["password"]})[2]["token"]
        for secret in (self.server.started["password"], self.server.started["userSecret"], token, SANDBOX_KEY,
                       self.server.started["organizationSecret"]):
            self.assertNotIn(secret, self.said)

    def test_all_pages_of_a_list_are_followed(self):
        self.login()
        for name in ("a", "b", "c"):
            self.create(name)
        self.assertEqual(len(self.at("instances", "list", "--page-size", "1").stdout.splitlines()), 3)

    def test_a_formula_applied_twice_is_unchanged(self):
        self.login()
        file = ROOT / "samples" / "formulas" / "hired-to-employee.json"
        self.assertTrue(self.at("formulas", "apply", file).stdout.startswith("created\t"))
        self.assertTrue(self.at("formulas", "apply", file).stdout.startswith("unchanged\t"))
        changed = json.loads(file.read_text())
        changed["description"] = "something else"
        other = self.folder / "changed.json"
        other.write_text(json.dumps(changed))
        self.assertTrue(self.at("formulas", "apply", other).stdout.startswith("updated\t"))
        self.assertTrue(self.at("formulas", "apply", other).stdout.startswith("unchanged\t"))
        self.create()
        self.at("formulas", "instances", "create", changed["name"], "--name", "run", "--config",
                "smartrecruiters.instance=Acme", "--config", f"hris.url={self.sandbox.url}/hris")
        self.assertIn("run", self.at("formulas", "instances", "list").stdout)
        self.at("executions", "list")
        refused = self.at("formulas", "run", file, code=2)
        self.assertIn("--context local", refused.stderr)

    def test_what_is_refused_says_what_to_do(self):
        wrong = self.login("Wrong-password-1", code=4)
        self.assertIn("request ", wrong.stderr)
        self.assertNotIn("Wrong-password-1", self.said)
        self.assertFalse(self.contexts.exists())
        self.assertIn("--insecure-http", self.run_host("login", "--server", "http://example.org", "--user", "a", "--secret",
                                                       "password=@-", stdin="x", code=2).stderr)
        self.assertIn("formulary login", self.at("instances", "list", code=5).stderr)
        self.login()
        self.contexts.chmod(0o644)
        self.assertIn("chmod 600", self.at("instances", "list", code=2).stderr)
        self.contexts.chmod(0o600)
        self.assertIn("Nope", self.at("instances", "show", "Nope", code=5).stderr)
        self.at("instances", "show", "999999", code=5)
        self.server.stop()
        down = self.at("instances", "list", code=7)
        self.assertIn("whether the server runs", down.stderr)
        self.run_host("logout", "test")
        self.assertIn("formulary login", self.at("instances", "list", code=4).stderr)
        self.run_host("context", "delete", "test")
        self.at("instances", "list", code=5)

    def test_the_chosen_context_is_what_commands_speak_to(self):
        self.login()
        self.create()
        self.run_host("context", "use", "test")
        self.assertIn("Acme", self.run_host("instances", "list").stdout)
        self.assertIn("Acme", self.run_host("instances", "list", environment={"FORMULARY_CONTEXT": "test"}).stdout)
        self.assertEqual(self.run_host("instances", "list", "--context", "local").stdout, "")
        self.run_host("context", "use", "local")
        self.assertEqual(self.run_host("instances", "list").stdout, "")


if __name__ == "__main__":
    unittest.main()
