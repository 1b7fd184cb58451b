"""The command line as a person meets it: exit statuses, where data and words go, secrets, precedence, refused plugins."""
import json
import os
import stat
import unittest

from host_fixture import ROOT, SANDBOX_KEY, HostTest


class Instances(HostTest):
    def test_an_instance_is_created_listed_called_and_deleted(self):
        created = json.loads(self.create_instance().stdout)
        self.assertEqual(created["name"], "Acme")
        self.assertEqual(created["element"]["key"], "smartrecruiters")
        self.assertEqual(len(created["token"]), 44)
        self.assertEqual(created["configuration"]["api.key"], "********")
        listed = self.json_of("instances", "list")
        self.assertEqual([one["id"] for one in listed], [created["id"]])
        self.assertNotIn("token", listed[0])
        candidates = json.loads(self.run_host("call", "Acme", "get", "/hubs/humancapital/candidates", "-q", "pageSize=2").stdout)
        self.assertEqual(len(candidates), 2)
        self.run_host("instances", "delete", str(created["id"]), "--yes")
        self.assertEqual(self.json_of("instances", "list"), [])

    def test_a_wrong_key_is_refused_with_what_to_do_and_nothing_is_stored(self):
        self.key_file.write_text("wrong-key-9999")
        refused = self.create_instance(code=4)
        self.assertTrue(json.loads(refused.stderr)["next"])
        self.assertNotIn("wrong-key-9999", refused.stderr + refused.stdout)
        self.assertEqual(self.json_of("instances", "list"), [])

    def test_the_key_is_nowhere_in_what_is_printed_or_stored(self):
        outputs = [self.create_instance()]
        outputs.append(self.run_host("instances", "show", "Acme", "--token", "--output", "json"))
        outputs.append(self.run_host("instances", "show", "Acme"))
        outputs.append(self.run_host("call", "Acme", "GET", "/candidates", "--include", "--log-level", "trace"))
        for one in outputs:
            self.assertNotIn(SANDBOX_KEY, one.stdout + one.stderr)
        for path in self.data.rglob("*"):
            if path.is_file():
                self.assertNotIn(SANDBOX_KEY.encode(), path.read_bytes(), path)

    def test_the_data_folder_is_the_owners_alone(self):
        self.create_instance()
        self.assertEqual(stat.S_IMODE(self.data.stat().st_mode), 0o700)
        self.assertEqual(stat.S_IMODE((self.data / "master.key").stat().st_mode), 0o600)

    def test_a_name_is_taken_once(self):
        self.create_instance()
        self.assertIn("Acme", self.create_instance(code=1).stderr)

    def test_a_secret_is_read_from_standard_input(self):
        self.run_host("instances", "create", "smartrecruiters", "--name", "Piped", "--set", f"base.url={self.sandbox.url}",
                      "--secret", "api.key=@-", stdin=SANDBOX_KEY + "\n")

    def test_a_call_to_an_unknown_instance_says_so(self):
        self.assertIn("Nobody", self.run_host("call", "Nobody", "GET", "/candidates", code=5).stderr)

    def test_deleting_without_a_terminal_asks_for_yes(self):
        self.create_instance()
        self.assertIn("--yes", self.run_host("instances", "delete", "Acme", code=2).stderr)
        self.assertEqual(len(self.json_of("instances", "list")), 1)


class Json(HostTest):
    """With --output json a program finds everything as data: what was done on stdout, what failed on stderr."""

    def failure_of(self, *words, code, environment=None):
        done = self.run_host(*words, code=code, environment=environment)
        self.assertEqual(done.stdout, "")
        return json.loads(done.stderr)

    def test_what_was_deleted(self):
        created = json.loads(self.create_instance().stdout)
        deleted = json.loads(self.run_host("instances", "delete", "Acme", "--yes", "--output", "json").stdout)
        self.assertEqual(deleted, {"deleted": True, "id": created["id"], "name": "Acme"})

    def test_each_failure_wherever_it_happens(self):
        created = self.create_instance()
        for words, code, name, part in [
            (("call", "Nobody", "GET", "/candidates", "--output", "json"), 5, "not_found", "Nobody"),
            (("instances", "creat", "-o", "json"), 2, "usage", "subcommand"),
            (("instances", "delete", "Acme", "--output=json"), 2, "bad_input", "Acme"),
        ]:
            with self.subTest(words=words):
                failure = self.failure_of(*words, code=code)
                self.assertEqual(sorted(failure), ["code", "message", "next"])
                self.assertEqual(failure["code"], name)
                self.assertIn(part, failure["message"])
                self.assertTrue(failure["next"])
        early = self.failure_of("elements", "list", environment={"FORMULARY_OUTPUT": "json", "FORMULARY_X": "1"}, code=2)
        self.assertEqual(early["code"], "bad_input")

    def test_a_plugins_failure_with_its_code(self):
        self.key_file.write_text("wrong-key-9999")
        failure = json.loads(self.create_instance(code=4).stderr)
        self.assertEqual((failure["code"], failure["pluginCode"], failure["httpStatus"]),
                         ("unauthenticated", "smartrecruiters.invalid_key", 401))

    def test_the_head_of_an_answer_and_the_next_pages_token(self):
        self.create_instance()
        call = ("call", "Acme", "GET", "/candidates", "-q", "pageSize=2", "--output", "json")
        head = json.loads(self.run_host(*call, "--include").stderr)
        self.assertEqual(head["status"], 200)
        self.assertIn("headers", head)
        following = self.run_host(*call, "-q", f"nextPage={head['nextPage']}")
        self.assertEqual(len(json.loads(following.stdout)), 2)
        self.assertEqual(list(json.loads(self.run_host(*call).stderr)), ["nextPage"])


class WrongUsage(HostTest):
    def test_each_mistake_ends_with_status_2_and_what_to_do(self):
        create = ("instances", "create", "smartrecruiters", "--name", "A")
        for words, part in [
            (("instances", "creat"), "--help"),
            (("--nonsense",), "--help"),
            (("instances", "create"), "ELEMENT"),
            ((*create, "--secret", "api.key=abc"), "command line"),
            ((*create, "--secret", "api.key=@/tmp"), "/tmp: is a folder"),
            ((*create, "--secret", "api.key=@/dev/null"), "@/dev/null: is empty"),
            ((*create, "--secret", "hunter2"), "KEY is one of: api.key"),
            ((*create, "--secret", "api.key", "--secret", "api.key@hunter2"), "KEY is one of: api.key"),
            ((*create, "--set", "api.key=abc"), "--secret"),
            ((*create, "--set", "noequals"), "KEY=VALUE"),
            (create, "--secret api.key=@FILE"),
            ((*create, "--platform", "http://127.0.0.1:1"), "--platform-authorization"),
            (("elements", "list", "--output", "yaml"), "table, json"),
            (("help", "nonsense"), "exit-codes"),
        ]:
            with self.subTest(words=words):
                done = self.run_host(*words, code=2)
                self.assertIn(part, done.stderr)
                self.assertIn("next:", done.stderr)
                self.assertEqual(done.stdout, "")
                self.assertNotIn("hunter2", done.stderr)

    def test_what_to_do_fits_what_was_wrong(self):
        (self.folder / "bad.json").write_text('{"name": }')
        (self.folder / "bad.toml").write_text("output = json\n")
        run = ("formulas", "run", "bad.json")
        for words, environment, advice in [
            (("call", "1", "GET", "/jobs?x"), {}, "give them by --query"),
            (("elements", "list", "--output", "xml"), {}, "write one of: table, json"),
            (("elements", "list"), {"FORMULARY_HTTP_TIME_LIMIT_MS": "abc"}, "write such a number"),
            (("elements", "list"), {"FORMULARY_DATA": "/tmp/x"}, "did you mean 'FORMULARY_DATA_FOLDER'?"),
            (("elements", "list", "--settings", "bad.toml"), {}, "correct that line"),
            (run, {}, "correct the template"),
            (("executions", "show", "x"), {}, "executions list"),
        ]:
            with self.subTest(words=words, environment=environment):
                shown = self.run_host(*words, environment=environment, code=2).stderr
                self.assertIn(advice, shown.splitlines()[-1])
                self.assertNotIn("COMMAND", shown)

    def test_a_wrong_address_is_not_taken_for_a_wrong_id(self):
        wrong = self.run_host("instances", "create", "smartrecruiters", "--name", "A", "--set", f"base.url={self.sandbox.url}/elsewhere",
                              "--secret", f"api.key=@{self.key_file}", code=5)
        self.assertIn("next:  check base.url", wrong.stderr)

    def test_help_of_a_command_goes_to_stdout(self):
        self.assertIn("--secret", self.run_host("instances", "create", "--help").stdout)
        self.assertIn("130", self.run_host("help", "exit-codes").stdout)

    def test_version_names_the_abi(self):
        self.assertIn("plugin ABI 1.0", self.run_host("version").stdout)


class Settings(HostTest):
    def test_flag_beats_environment_beats_file_beats_default(self):
        (self.folder / "formulary.toml").write_text('output = "json"\n')
        self.assertTrue(self.run_host("elements", "list").stdout.startswith("["))
        table = self.run_host("elements", "list", environment={"FORMULARY_OUTPUT": "table"}).stdout
        self.assertTrue(table.startswith("smartrecruiters\t"))
        self.assertTrue(self.run_host("elements", "list", "--output", "json", environment={"FORMULARY_OUTPUT": "table"}).stdout.startswith("["))

    def test_a_properties_file_works_too(self):
        (self.folder / "formulary.properties").write_text("output=json\n")
        self.assertTrue(self.run_host("elements", "list").stdout.startswith("["))

    def test_an_unknown_key_in_the_file_is_refused(self):
        (self.folder / "formulary.toml").write_text('outptu = "json"\n')
        self.assertIn("outptu", self.run_host("elements", "list", code=2).stderr)

    def test_a_master_key_of_another_folder_is_refused(self):
        key = "0123456789abcdef" * 4
        self.run_host("instances", "list", environment={"FORMULARY_MASTER_KEY": key})
        self.create_instance_with(key)
        self.run_host("instances", "list", environment={"FORMULARY_MASTER_KEY": key[::-1]}, code=1)

    def create_instance_with(self, key):
        self.run_host("instances", "create", "smartrecruiters", "--name", "Acme", "--set", f"base.url={self.sandbox.url}",
                      "--secret", f"api.key=@{self.key_file}", environment={"FORMULARY_MASTER_KEY": key})


class Plugins(HostTest):
    def test_a_refused_plugin_is_named_and_the_good_one_works(self):
        broken = self.plugins / "broken"
        broken.mkdir()
        (broken / "broken.so").write_text("this is no library")
        (broken / "element.json").write_text((self.plugins / "smartrecruiters" / "element.json").read_text())
        listed = self.run_host("elements", "list", code=6)
        self.assertIn("smartrecruiters\tSmartRecruiters", listed.stdout)
        self.assertIn("refused: broken", listed.stderr)
        self.assertIn("next:", listed.stderr)
        self.create_instance()
        inspected = self.run_host("plugin", "inspect", str(broken / "broken.so"), code=6)
        self.assertIn("plugin.not_elf", inspected.stderr)
        self.assertIn("next:", inspected.stderr)
        self.run_host("doctor", code=6)
        examined = self.run_host("doctor", "--output", "json", code=6)
        self.assertEqual((json.loads(examined.stdout)["failed"], examined.stderr), (1, ""))

    def test_a_file_that_is_no_plugin_is_called_what_it_is(self):
        self.assertIn("nofile", self.run_host("plugin", "inspect", "nofile", code=5).stderr)
        self.assertIn("plugin.not_a_library", self.run_host("plugin", "inspect", "/bin/ls", code=6).stderr)

    def test_an_unknown_element_names_those_that_exist(self):
        self.assertIn("smartrecruiters", self.run_host("elements", "show", "workday", code=5).stderr)

    def test_an_element_shows_its_configuration_and_its_resources(self):
        shown = self.run_host("elements", "show", "smartrecruiters").stdout
        self.assertIn("api.key", shown)
        self.assertIn("/candidates/{id}", shown)

    def test_doctor_finds_nothing_in_a_healthy_folder(self):
        self.assertEqual([one["ok"] for one in self.json_of("doctor")["checks"]], [True] * 4)

    def test_doctor_says_where_each_setting_comes_from_and_shows_no_secret(self):
        key = "0123456789abcdef" * 4
        done = self.run_host("doctor", "--output", "json", environment={"FORMULARY_MASTER_KEY": key})
        settings = {one["key"]: one for one in json.loads(done.stdout)["settings"]}
        self.assertEqual(settings["data.folder"]["origin"], "FORMULARY_DATA_FOLDER")
        self.assertEqual(settings["output"]["origin"], "flag")
        self.assertNotIn(key, done.stdout + done.stderr)


class Formulas(HostTest):
    formula = ROOT / "samples" / "formulas" / "hired-to-employee.json"

    def test_the_sample_formula_makes_an_employee(self):
        self.create_instance()
        done = self.run_host("formulas", "run", self.formula, "--config", "smartrecruiters.instance=Acme",
                             "--config", f"hris.url={self.sandbox.url}/hris", "--output", "json")
        execution = json.loads(done.stdout)
        self.assertEqual(execution["status"], "success")
        self.assertIn("trigger", [step["stepName"] for step in execution["stepExecutions"]])
        self.assertNotIn(SANDBOX_KEY, done.stdout + done.stderr)

    def test_every_problem_of_a_formula_is_named_at_once(self):
        bad = self.folder / "bad.json"
        bad.write_text(json.dumps({"name": "bad", "triggers": [{"type": "manual", "onSuccess": ["nowhere"]}],
                                   "steps": [{"name": "a", "type": "java"}, {"name": "a", "type": "script", "properties": {"body": "done(1)"}}]}))
        refused = self.run_host("formulas", "run", bad, code=6).stderr
        for part in ("nowhere", "java", "steps[1]"):
            self.assertIn(part, refused)
        failure = json.loads(self.run_host("formulas", "run", bad, "--output", "json", code=6).stderr)
        self.assertEqual(failure["code"], "formula_invalid")
        self.assertIn("java", json.dumps(failure["problems"]))

    def test_args_that_are_no_json_are_refused_with_what_to_do(self):
        args = self.folder / "args.json"
        args.write_text("{")
        failure = json.loads(self.run_host("formulas", "run", self.formula, "--args", args, "--output", "json", code=2).stderr)
        self.assertIn("args.json", failure["next"])

    def test_a_failed_execution_ends_with_status_1(self):
        failing = self.folder / "failing.json"
        failing.write_text(json.dumps({"name": "failing", "triggers": [{"type": "manual", "onSuccess": ["s"], "name": "trigger"}],
                                       "steps": [{"name": "s", "type": "script", "properties": {"body": "throw new Error('no luck'); done(1)"}}]}))
        self.assertIn("no luck", self.run_host("formulas", "run", failing, code=1).stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
