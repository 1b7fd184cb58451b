"""Executions as a person sees them: looked at afterwards, run again, taken over after a kill, decided about in doubt."""
import http.server
import json
import os
import signal
import subprocess
import threading
import unittest

from host_fixture import PROGRAM, START_SECONDS, HostTest


class SlowVendor:
    """Answers GET and POST on a free port; a POST only once it is released. Counts what it was sent."""

    def __init__(self):
        self.release = threading.Event()
        self.arrived = threading.Event()
        self.posts = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                outer.posts.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
                outer.arrived.set()
                outer.release.wait(START_SECONDS)
                try:
                    self.send_response(201)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", "8")
                    self.end_headers()
                    self.wfile.write(b'{"id":7}')
                except OSError:
                    pass  # the host was killed meanwhile

            def log_message(self, *words):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def stop(self):
        self.release.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def script(name, body, on_success=(), on_failure=(), kind="script"):
    return {"name": name, "type": kind, "properties": {"body": body}, "onSuccess": list(on_success), "onFailure": list(on_failure)}


def template(steps, first):
    return {"name": "demo", "engine": "v3", "triggers": [{"type": "manual", "onSuccess": [first]}], "steps": steps}


LOOP = template([script("list", "done({list: [1, 2, 3], who: trigger.args.who})", ["each"]),
                 {"name": "each", "type": "loop", "properties": {"list": "${steps.list.list}"}, "onSuccess": ["twice"],
                  "onFailure": ["end"]},
                 script("twice", "const _ = require('lodash'); done({n: _.multiply(steps.each.entry, 2)})", ["each"]),
                 script("end", "done({total: steps.twice.n, who: steps.list.who})")], "list")


class Executions(HostTest):
    def file(self, name, document):
        path = self.folder / name
        path.write_text(json.dumps(document))
        return path

    def executions(self):
        return self.json_of("executions", "list")

    def test_a_run_can_be_looked_at_afterwards_and_run_again(self):
        run = self.json_of("formulas", "run", self.file("f.json", LOOP), "--args", self.file("a.json", {"who": "Ada"}))
        self.assertEqual(run["result"], {"total": 6, "who": "Ada"})
        [listed] = self.executions()
        self.assertEqual((listed["formulaName"], listed["status"], listed["steps"]), ("demo", "success", 10))
        identity = str(listed["id"])
        shown = self.json_of("executions", "show", identity)
        self.assertEqual([step["stepName"] for step in shown["stepExecutions"]],
                         ["trigger", "list"] + ["each", "twice"] * 3 + ["each", "end"])
        self.assertIn("end.total = 6", self.run_host("executions", "show", identity, "--step", "end").stdout)
        self.run_host("executions", "show", identity, "--step", "nobody", code=5)
        again = self.json_of("executions", "rerun", identity)
        self.assertEqual(again["result"], run["result"])
        self.assertEqual(len(self.executions()), 2)
        self.assertEqual(len(self.json_of("executions", "list", "--limit", "1")), 1)
        self.assertEqual(self.json_of("executions", "list", "--status", "failed"), [])
        self.assertIn("it has ended", self.run_host("executions", "cancel", identity, code=1).stderr)
        self.assertEqual(self.json_of("formulas", "export", "--execution", identity), LOOP)

    def started(self, *words, **pipes):
        """A command as a process that goes on."""
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "FORMULARY_DATA_FOLDER": str(self.data),
                       "FORMULARY_PLUGINS_FOLDER": str(self.plugins)}
        return subprocess.Popen([PROGRAM, *words], env=environment, text=True, **pipes)

    def run_that_waits_in_a_post(self, vendor):
        """The process of a run whose POST the vendor has, and the execution's id."""
        steps = [script("before", "done({x: 1})", ["create"]),
                 {"name": "create", "type": "httpRequest", "onSuccess": ["after"],
                  "properties": {"method": "POST", "url": vendor.url + "/employees", "body": "${steps.before}"}},
                 script("after", "done({made: steps.create.response.code})")]
        process = self.started("formulas", "run", self.file("post.json", template(steps, "before")),
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.assertTrue(vendor.arrived.wait(START_SECONDS))
        [listed] = self.executions()
        return process, str(listed["id"])

    def killed_in_a_post(self, vendor):
        """A run whose process is killed while the vendor has its POST; returns the execution's id."""
        process, identity = self.run_that_waits_in_a_post(vendor)
        process.send_signal(signal.SIGKILL)
        process.wait()
        vendor.release.set()
        return identity

    def test_what_another_process_conducts_can_be_watched(self):
        vendor = SlowVendor()
        self.addCleanup(vendor.stop)
        process, identity = self.run_that_waits_in_a_post(vendor)
        with self.started("executions", "watch", identity, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as watching:
            self.assertIn("trigger", watching.stderr.readline())
            self.assertIn("before", watching.stderr.readline())
            vendor.release.set()
            result, words = watching.communicate(timeout=START_SECONDS)
        self.assertEqual(process.wait(START_SECONDS), 0)
        self.assertEqual((watching.returncode, json.loads(result)), (0, {"made": 201}))
        self.assertIn("after", words)
        self.assertIn("ended: success", words)
        self.assertEqual(len(vendor.posts), 1)

    def test_who_watches_goes_on_when_the_conducting_process_ends(self):
        vendor = SlowVendor()
        self.addCleanup(vendor.stop)
        process, identity = self.run_that_waits_in_a_post(vendor)
        with self.started("executions", "watch", identity, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as watching:
            self.assertIn("trigger", watching.stderr.readline())
            process.send_signal(signal.SIGKILL)
            process.wait()
            _, words = watching.communicate(timeout=START_SECONDS)
        self.assertEqual(watching.returncode, 1, words)
        self.assertIn("in_doubt", words)
        self.assertEqual(len(vendor.posts), 1)

    def test_a_loop_is_shown_by_its_rounds(self):
        run = self.run_host("formulas", "run", self.file("f.json", LOOP), "--args", self.file("a.json", {"who": "Ada"}))
        self.assertIn("round 2/3", run.stderr)
        self.assertIn("3 rounds", run.stderr)
        self.assertNotIn("\x1b", run.stderr)
        [listed] = self.executions()
        self.assertIn("3 rounds", self.run_host("executions", "show", str(listed["id"])).stderr)

    def test_a_terminal_shows_the_rounds_as_a_bar(self):
        args = self.file("a.json", {"who": "Ada"})
        ours, theirs = os.openpty()
        process = self.started("formulas", "run", self.file("f.json", LOOP), "--args", args, stdout=subprocess.DEVNULL, stderr=theirs)
        os.close(theirs)
        shown = b""
        try:
            while part := os.read(ours, 65536):
                shown += part
        except OSError:
            pass  # Linux says so when the other end is closed
        os.close(ours)
        self.assertEqual(process.wait(START_SECONDS), 0)
        text = shown.decode()
        self.assertIn("\r\x1b[K↻ each", text)
        self.assertIn(" 2/3", text)
        self.assertRegex(text, "\r\x1b\\[K✓ each +3 rounds")
        self.assertNotIn("twice", text, "what goes well in a round is in the bar")

    def test_a_request_in_doubt_is_not_sent_again_until_a_person_says_so(self):
        vendor = SlowVendor()
        self.addCleanup(vendor.stop)
        identity = self.killed_in_a_post(vendor)
        self.assertIn("in_doubt", self.run_host("executions", "watch", identity, code=1).stderr)
        self.assertEqual(len(vendor.posts), 1)
        self.assertIn("--send-again", self.run_host("executions", "show", identity).stderr)
        self.run_host("executions", "resume", identity, code=2)
        resumed = self.json_of("executions", "resume", identity, "--send-again")
        self.assertEqual(resumed["status"], "success")
        self.assertEqual(len(vendor.posts), 2)

    def test_what_was_done_is_taken_as_done(self):
        vendor = SlowVendor()
        self.addCleanup(vendor.stop)
        identity = self.killed_in_a_post(vendor)
        resumed = self.json_of("executions", "resume", identity, "--done", "--answer", self.file("answer.json", {"id": 7}))
        self.assertEqual(resumed["result"], {"made": 200})
        self.assertEqual(len(vendor.posts), 1)

    def test_templates_are_validated_and_drawn(self):
        good = self.file("good.json", LOOP)
        bad = self.file("bad.json", template([{"name": "a", "type": "java"}], "a"))
        both = self.run_host("formulas", "validate", good, bad, "--output", "json", code=6)
        self.assertEqual([one["valid"] for one in json.loads(both.stdout)], [True, False])
        self.assertIn("Invalid formula for the v3 engine", both.stdout)
        self.assertIn("each -> twice", self.run_host("formulas", "graph", good).stdout)
        self.assertIn("digraph", self.run_host("formulas", "graph", good, "--as", "dot").stdout)
        self.run_host("formulas", "graph", good, "--as", "picture", code=2)

    def test_an_id_that_is_none_is_refused(self):
        self.run_host("executions", "show", "abc", code=2)
        self.run_host("executions", "show", "12345", code=5)


if __name__ == "__main__":
    unittest.main(verbosity=2)
