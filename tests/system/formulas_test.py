"""Formulas that are kept: applied, configured, run by hand and by their schedule."""
import json
import os
import signal
import subprocess
import unittest

from host_fixture import PROGRAM, START_SECONDS, HostTest


def template(trigger, name="nightly"):
    return {"name": name, "engine": "v3", "configuration": [{"key": "when", "name": "When", "type": "value"}],
            "triggers": [{"onSuccess": ["say"], **trigger}],
            "steps": [{"name": "say", "type": "script", "properties": {"body": "done({who: trigger.args ? trigger.args.who : 'the clock'})"}}]}


MANUAL = template({"type": "manual"}, "by hand")
SCHEDULED = template({"type": "scheduled", "properties": {"cron": "${config.when}"}})


class Formulas(HostTest):
    def file(self, document, name="f.json"):
        path = self.folder / name
        path.write_text(json.dumps(document))
        return path

    def test_a_formula_is_kept_replaced_and_deleted(self):
        made = self.json_of("formulas", "apply", self.file(MANUAL))
        self.assertEqual((made["name"], made["trigger"], made["instances"]), ("by hand", "manual", 0))
        self.assertIn("unchanged", self.run_host("formulas", "apply", self.file(MANUAL)).stdout)
        changed = dict(MANUAL, description="changed")
        self.assertIn("replaced", self.run_host("formulas", "apply", self.file(changed)).stdout)
        self.assertEqual(self.json_of("formulas", "show", "by hand")["template"], changed)
        self.assertEqual([one["id"] for one in self.json_of("formulas", "list")], [made["id"]])
        instance = self.json_of("formulas", "instances", "create", "by hand", "--name", "Acme")
        self.assertIn("instances", self.run_host("formulas", "delete", "by hand", code=1).stderr)
        self.run_host("formulas", "instances", "delete", str(instance["id"]))
        self.run_host("formulas", "delete", "by hand")
        self.assertEqual(self.json_of("formulas", "list"), [])
        self.run_host("formulas", "show", "by hand", code=5)

    def test_a_template_that_is_refused_changes_nothing(self):
        broken = dict(MANUAL, steps=[{"name": "a", "type": "java"}])
        self.assertIn("Invalid formula for the v3 engine", self.run_host("formulas", "apply", self.file(broken), code=6).stderr)
        self.assertEqual(self.json_of("formulas", "list"), [])

    def test_an_instance_runs_by_hand(self):
        self.run_host("formulas", "apply", self.file(MANUAL))
        made = self.json_of("formulas", "instances", "create", "by hand", "--name", "Acme", "--config", "when=never")
        self.assertEqual(made["configuration"], ["when"], "values may be secrets, so only their names are shown")
        run = self.json_of("formulas", "instances", "run", "Acme", "--args", self.file({"who": "Ada"}, "args.json"))
        self.assertEqual(run["result"], {"who": "Ada"})
        [listed] = self.json_of("executions", "list")
        self.assertEqual(listed["formulaInstanceId"], made["id"])
        self.run_host("formulas", "instances", "run", "Nobody", code=5)

    def test_a_password_of_the_configuration_is_not_on_record(self):
        secret = "hunter2-hunter2"
        template = dict(MANUAL, configuration=[{"key": "smtp.password", "name": "Password", "type": "value"}], steps=[
            {"name": "say", "type": "script", "properties": {
                "body": "const word = config['smtp.password']; console.log('is ' + word);"
                        "done({letters: word.length, text: word, coded: CE.b64(word)});"}}])
        self.run_host("formulas", "apply", self.file(template))
        self.run_host("formulas", "instances", "create", "by hand", "--name", "Acme", "--config", "smtp.password=" + secret)
        ran = self.run_host("formulas", "instances", "run", "Acme", "--output", "json")
        self.assertEqual(json.loads(ran.stdout)["result"]["letters"], len(secret), "the script itself has it")
        [listed] = self.json_of("executions", "list")
        shown = self.run_host("executions", "show", str(listed["id"]), "--output", "json")
        self.assertIn("is ********", shown.stdout)
        for text in (ran.stdout, ran.stderr, shown.stdout, shown.stderr):
            self.assertNotIn(secret, text)
            self.assertNotIn("aHVudGVyMi1odW50ZXIy", text, "nor in base64")

    def test_a_wrong_schedule_is_refused(self):
        self.run_host("formulas", "apply", self.file(SCHEDULED))
        said = self.run_host("formulas", "instances", "create", "nightly", "--name", "x", "--config", "when=often", code=6)
        self.assertIn("no Quartz expression", said.stderr)

    def test_a_schedule_starts_executions_until_it_is_ended(self):
        self.run_host("formulas", "apply", self.file(SCHEDULED))
        made = self.json_of("formulas", "instances", "create", "nightly", "--name", "each second", "--config", "when=* * * ? * *")
        self.assertRegex(self.run_host("formulas", "instances", "list").stdout, r"each second\tnightly\tyes\t20\d\d-")
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "FORMULARY_DATA_FOLDER": str(self.data),
                       "FORMULARY_PLUGINS_FOLDER": str(self.plugins)}
        with subprocess.Popen([PROGRAM, "formulas", "schedule"], env=environment, stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.PIPE) as scheduling:
            self.assertIn("1 formula instance;", scheduling.stderr.readline())
            started = [scheduling.stdout.readline().split("\t") for _ in range(2)]
            scheduling.send_signal(signal.SIGINT)
            scheduling.communicate(timeout=START_SECONDS)
        self.assertEqual(scheduling.returncode, 0)
        for execution, instance, name in started:
            self.assertEqual((instance, name), (str(made["id"]), "each second\n"))
            watched = self.run_host("executions", "watch", execution)
            self.assertEqual(json.loads(watched.stdout), {"who": "the clock"})


if __name__ == "__main__":
    unittest.main(verbosity=2)
