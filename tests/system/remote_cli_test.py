"""The commands against a server: the real `formulary` beside the real `formulary serve`, plugin and sandbox."""
import json
import unittest

from host_fixture import ROOT, SANDBOX_KEY, HostTest
from serve_test import Server


class RemoteCliTest(HostTest):
    """A server, and commands that speak to it."""

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


class RemoteCli(RemoteCliTest):
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

class FilesAgainstServer(RemoteCliTest):
    """apply, diff and export."""

    def setUp(self):
        super().setUp()
        self.login()
        self.files = self.folder / "wanted"
        self.formula = json.loads((ROOT / "samples" / "formulas" / "hired-to-employee.json").read_text())
        self.put("formulas/hired", self.formula)
        self.put("acme", {"kind": "instance", "name": "Acme", "element": {"key": "smartrecruiters"},
                          "configuration": {"base.url": self.sandbox.url}, "secrets": {"api.key": f"@{self.key_file}"}})
        self.run_of = {"kind": "formulaInstance", "name": "run", "formula": {"name": self.formula["name"]},
                       "configuration": {"smartrecruiters.instance": "Acme", "hris.url": self.sandbox.url + "/hris"}}
        self.put("run", self.run_of)

    def put(self, name, document):
        file = self.files / (name + ".json")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(document))

    def done(self, *more, **options):
        return [line.split("\t")[0] for line in self.at("apply", "-f", self.files, *more, **options).stdout.splitlines()]

    def test_applied_twice_nothing_changes_and_diff_says_so(self):
        before = self.at("diff", "-f", self.files, code=10)
        self.assertIn("+++ " + str(self.files / "acme.json"), before.stdout)
        self.assertEqual(self.done("--dry-run"), ["created"] * 3)
        self.assertEqual(self.at("instances", "list").stdout, "")
        self.assertEqual(self.done(), ["created"] * 3)
        self.assertEqual(self.done(), ["unchanged"] * 3)
        self.assertEqual(self.at("diff", "-f", self.files).stdout, "")
        self.run_of["configuration"]["hris.url"] = self.sandbox.url + "/elsewhere"
        self.put("run", self.run_of)
        shown = self.at("diff", "-f", self.files, code=10).stdout
        self.assertIn('-    "hris.url": "' + self.sandbox.url + '/hris"', shown)
        self.assertIn('+    "hris.url": "' + self.sandbox.url + '/elsewhere"', shown)
        self.assertEqual(json.loads(self.at("diff", "-f", self.files, "-o", "json", code=10).stdout)[2]["change"],
                         "updated")
        self.assertEqual(self.done(), ["unchanged", "unchanged", "updated"])
        self.assertEqual(self.done(), ["unchanged"] * 3)
        self.assertEqual(self.done("--with-secrets"), ["updated", "unchanged", "unchanged"])
        self.assertNotIn(SANDBOX_KEY, self.said)

    def test_all_problems_come_before_the_first_change(self):
        self.put("run", self.run_of | {"configuration": {"smartrecruiters.instance": "Nobody", "hris.url": "x"}})
        self.put("bad", {"kind": "instance", "name": "Bad", "element": {"key": "nope"}})
        self.put("clear", {"kind": "instance", "name": "Clear", "element": {"key": "smartrecruiters"},
                           "configuration": {"api.key": "typed-in-clear"}})
        (self.files / "broken.json").write_text("{")
        refused = self.at("apply", "-f", self.files, code=6).stderr
        for part in ("'Nobody'", "'nope'", "configuration.api.key", "broken.json", "nothing was changed"):
            self.assertIn(part, refused)
        self.assertNotIn("typed-in-clear", self.said)
        self.assertEqual(self.at("instances", "list").stdout + self.at("formulas", "list").stdout, "")
        for name in ("bad", "clear", "broken"):
            (self.files / (name + ".json")).unlink()
        self.put("run", self.run_of)
        self.put("acme", {"kind": "instance", "name": "Acme", "element": {"key": "smartrecruiters"},
                          "secrets": {"api.key": "@missing-file"}})
        self.assertIn("secrets.api.key", self.at("apply", "-f", self.files, code=6).stderr)

    def test_a_failure_in_the_middle_says_what_was_done_and_what_was_not(self):
        wrong = self.folder / "wrong-key"
        wrong.write_text("wrong\n")
        self.put("zed", {"kind": "instance", "name": "Zed", "element": {"key": "smartrecruiters"},
                         "configuration": {"base.url": self.sandbox.url}, "secrets": {"api.key": f"@{wrong}"}})
        failed = self.at("apply", "-f", self.files, code=4)
        self.assertEqual([line.split("\t")[0] for line in failed.stdout.splitlines()],
                         ["created", "failed", "not done", "not done"])
        self.assertIn("zed.json", failed.stderr)
        wrong.write_text(SANDBOX_KEY + "\n")
        self.assertEqual(self.done(), ["unchanged", "created", "created", "created"])

    def test_what_one_server_has_is_exported_and_applied_to_another(self):
        self.done()
        inner = {"name": "inner", "triggers": [{"name": "t", "type": "manual", "onSuccess": []}], "steps": []}
        self.put("a-outer", {"name": "a/../outer", "triggers": [{"name": "t", "type": "manual", "onSuccess": ["call"]}],
                             "steps": [{"name": "call", "type": "formula", "properties": {"formulaId": "inner"}}]})
        self.put("inner", inner)
        self.put("own", {"kind": "element", "key": "ours", "name": "Ours", "hub": "crm",
                         "configuration": [{"key": "base.url", "name": "Base", "type": "TEXTFIELD_1000",
                                            "defaultValue": "https://example.org"}],
                         "resources": [{"path": "/things", "method": "GET", "vendorPath": "/v1/things"}]})
        self.assertEqual(sorted(self.done()), ["created"] * 3 + ["unchanged"] * 3)
        self.assertEqual(self.done(), ["unchanged"] * 6)

        exported = self.folder / "exported"
        written = self.at("export", exported).stdout
        self.assertEqual(len(written.splitlines()), 6)
        self.assertTrue((exported / "formulas" / "a-..-outer.json").is_file(), written)
        self.assertEqual(self.at("diff", "-f", exported).stdout, "")
        text = "".join(file.read_text() for file in exported.rglob("*.json"))
        self.assertNotIn(SANDBOX_KEY, text)
        self.assertNotIn("********", text)
        self.assertIn("already", self.at("export", exported, code=1).stderr)
        self.at("export", exported, "--force")

        self.server.stop()
        self.server = Server(self, environment={"FORMULARY_DATA_FOLDER": str(self.folder / "other")})
        self.url = "http://" + self.server.address
        self.login()
        self.assertIn("secrets.api.key", self.at("apply", "-f", exported, code=6).stderr)
        (exported / "secrets").mkdir()
        (exported / "secrets" / "Acme.api.key").write_text(SANDBOX_KEY)
        self.at("apply", "-f", exported)
        self.assertEqual(self.at("diff", "-f", exported).stdout, "")
        self.assertEqual(json.loads(self.at("call", "Acme", "GET", "/candidates", "-q", "pageSize=1").stdout)[0]["id"] != "",
                         True)


if __name__ == "__main__":
    unittest.main()
