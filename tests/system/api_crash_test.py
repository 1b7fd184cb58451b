"""The server dies in the middle of everything, again and again: what it had answered is there after the next start, and
what it had sent to the vendor is not sent twice."""
import http.client
import json
import random
import signal
import threading
import time
import unittest

from api_operations import SUMS
from host_fixture import START_SECONDS
from raw_vendor import RawVendor
from server_fixture import BASE, Server, ServerTest

ROUNDS = 8
WRITERS = 6
LOAD_SECONDS = (0.3, 1.2)  # of a round, before the kill


def posting_template(vendor):
    """Posts what identifies the execution to a vendor, which must hear of it once at the most."""
    return {"name": "posts", "engine": "v3", "triggers": [{"type": "manual", "onSuccess": ["post"]}],
            "steps": [{"name": "post", "type": "httpRequest", "onSuccess": ["done"],
                       "properties": {"method": "POST", "url": vendor + "/things", "body": "${trigger.args}"}},
                      {"name": "done", "type": "script", "properties": {"body": "done({n: 1})"}}]}


class Writer(threading.Thread):
    """Makes and changes things without pause until the server is gone. Keeps what was answered 2xx, and nothing else."""

    def __init__(self, address, headers, work, numbers):
        super().__init__()
        self.address, self.headers, self.work, self.numbers = address, headers, work, numbers
        self.answered = []
        self.wrong = []

    def run(self):
        connection = http.client.HTTPConnection(self.address, timeout=START_SECONDS)
        try:
            while True:
                number = next(self.numbers)
                kind, method, path, body = self.work(number)
                connection.request(method, BASE + path, json.dumps(body), self.headers)
                answer = connection.getresponse()
                text = answer.read()
                if answer.status == 200:
                    self.answered.append((kind, path, body, json.loads(text)))
                elif answer.status != 429:
                    self.wrong.append((answer.status, path, text[:300]))
        except (OSError, http.client.HTTPException):
            pass  # killed: whatever was not answered may be there or not
        finally:
            connection.close()


class Numbers:
    def __init__(self):
        self.last, self.lock = 0, threading.Lock()

    def __next__(self):
        with self.lock:
            self.last += 1
            return self.last


class ApiCrash(ServerTest):
    def setUp(self):
        super().setUp()
        self.vendor = RawVendor()
        self.addCleanup(self.vendor.stop)
        self.server = Server(self)
        self.first = self.server.started
        self.numbers = Numbers()
        self.answered = []
        formula = self.made("/formulas", posting_template(self.vendor.url))
        self.instance = self.made(f"/formulas/{formula['id']}/instances", {"name": "posts"})
        self.targets = [self.made("/instances", self.draft(name=f"target {number}")) for number in range(WRITERS)]

    def made(self, path, body):
        status, _, answer = self.server.send("POST", path, body)
        self.assertEqual(status, 200, answer)
        return answer

    def work_of(self, writer):
        target = f"/instances/{self.targets[writer]['id']}"

        def work(number):
            kind = number % 8
            if kind < 4:
                return "execution", "POST", f"/formulas/instances/{self.instance['id']}/executions", {"key": f"e{number}x"}
            if kind < 6:
                return "formula", "POST", "/formulas", {**SUMS, "name": f"formula {number}"}
            if kind == 6:
                return "instance", "POST", "/instances", self.draft(name=f"instance {number}")
            return "patch", "PATCH", target, {"name": f"changed {number}"}
        return work

    def restart(self):
        self.server = Server(self)
        self.server.started = {**self.first, **self.server.started}

    def load_and_kill(self, seconds):
        headers = {"Authorization": self.server.authorization(), "Content-Type": "application/json"}
        writers = [Writer(self.server.address, headers, self.work_of(one), self.numbers) for one in range(WRITERS)]
        for writer in writers:
            writer.start()
        time.sleep(seconds)  # how long the load lasts is what the test varies
        self.server.stop(signal.SIGKILL)
        for writer in writers:
            writer.join()
            self.assertEqual(writer.wrong, [])
            self.answered += writer.answered
        return sum(len(writer.answered) for writer in writers)

    def ids_at(self, path):
        """Of all pages."""
        found, token = {}, None
        while True:
            status, headers, rows = self.server.send("GET", f"{path}pageSize=500" + (f"&nextPage={token}" if token else ""))
            self.assertEqual(status, 200, rows)
            found.update({row["id"]: row for row in rows})
            token = headers["Elements-Next-Page-Token"]
            if not token:
                return found

    def check_what_was_answered(self):
        formulas, instances = self.ids_at("/formulas?"), self.ids_at("/instances?")
        executions = self.ids_at(f"/formulas/instances/{self.instance['id']}/executions?")
        newest = {}
        for kind, path, body, answer in self.answered:
            if kind == "execution":
                self.assertIn(answer[0]["id"], executions)
            elif kind == "formula":
                self.assertEqual(formulas[answer["id"]]["name"], body["name"])
            elif kind == "instance":
                self.assertEqual(instances[answer["id"]]["name"], body["name"])
            else:
                newest[answer["id"]] = int(body["name"].split()[1])
        for id, number in newest.items():
            # Each target has one writer: its last answered change holds, or one that was on its way after it.
            self.assertGreaterEqual(int(instances[id]["name"].split()[1]), number)
        return executions

    def check_what_the_vendor_heard(self):
        keys = [json.loads(body)["key"] for _, body in list(self.vendor.heads) if body.startswith(b'{"key"')]
        self.assertEqual(len(keys), len(set(keys)), "the vendor was sent something twice")
        return len(keys)

    def test_what_was_answered_outlives_every_kill(self):
        draw = random.Random(7)
        for number in range(ROUNDS):
            count = self.load_and_kill(draw.uniform(*LOAD_SECONDS))
            self.restart()
            executions = self.check_what_was_answered()
            heard = self.check_what_the_vendor_heard()
            print(f"round {number}: {count} answered, {len(executions)} executions, {heard} at the vendor")
        self.assertGreater(len(self.answered), 5 * ROUNDS)
        self.assert_all_ended_or_in_doubt()
        self.check_what_the_vendor_heard()
        self.assertEqual(self.server.stop(), 0)

    def assert_all_ended_or_in_doubt(self):
        """Each execution moves on by itself, but for those whose request was out when the server died: a person decides."""
        deadline = time.monotonic() + START_SECONDS
        path = f"/formulas/instances/{self.instance['id']}/executions?"
        pending = None
        while time.monotonic() < deadline:
            executions = self.ids_at(path)
            now = [id for id, row in executions.items() if row["status"] == "pending"]
            if not now or now == pending and len(now) <= ROUNDS * 64:
                break
            pending = now
            time.sleep(1)  # the pace of a person who looks
        answered = {answer[0]["id"]: body["key"] for kind, _, body, answer in self.answered if kind == "execution"}
        heard = {json.loads(body)["key"] for _, body in list(self.vendor.heads) if body.startswith(b'{"key"')}
        for id, row in executions.items():
            if row["status"] == "success" and id in answered:
                self.assertIn(answered[id], heard, "it succeeded without its request")
        print(f"{len(executions)} executions, {len(now)} wait for a decision")


if __name__ == "__main__":
    unittest.main()
