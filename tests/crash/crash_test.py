#!/usr/bin/env python3
"""Kills real hosts and looks at what is left: nothing that was acknowledged is lost, nothing ends twice, no unsafe request
is sent twice, nothing is stuck, and the history is what the vendor saw.

usage: crash_test.py HOST random|write_points|power_loss|poison [SEED]
"""
import collections
import concurrent.futures
import http.server
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

FORMULA = pathlib.Path(__file__).with_name("hire.json")
UNSAFE = ("create", "note")
KILLS = 200
AT_ONCE = 2
FINISHED, IN_DOUBT = 0, 5


class Vendor:
    """Counts what it receives by (step, n). Answers 503 once to every fifth note."""

    def __init__(self):
        self.received = collections.Counter()
        self.busy = collections.Counter()
        self.lock = threading.Lock()
        vendor = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def answer(self):
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                url = urllib.parse.urlsplit(self.path)
                what = (url.path[1:], int(urllib.parse.parse_qs(url.query)["n"][0]))
                with vendor.lock:
                    vendor.received[what] += 1
                    busy = what[0] == "note" and what[1] % 5 == 0 and vendor.received[what] == 1
                    vendor.busy[what] += busy
                body = b"{}"
                try:
                    self.send_response(503 if busy else 200)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                except OSError:
                    pass  # the host was killed while it waited

            do_GET = do_POST = do_PUT = answer

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def port(self):
        return str(self.server.server_address[1])

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Host:
    """One life of the host. Reads its words in a thread."""

    def __init__(self, program, folder, vendor, *flags):
        self.process = subprocess.Popen([program, "run", folder, vendor.port, FORMULA, *flags], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1)
        self.acknowledged = {}
        self.words = collections.deque()
        self.changed = threading.Condition()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        self.errors = []
        self.error_reader = threading.Thread(target=lambda: self.errors.extend(self.process.stderr), daemon=True)
        self.error_reader.start()

    def read(self):
        for line in self.process.stdout:
            word = line.split()
            with self.changed:
                if word and word[0] == "ack" and len(word) == 3:
                    self.acknowledged[int(word[1])] = int(word[2])
                self.words.append(word)
                self.changed.notify_all()
        with self.changed:
            self.words.append(["gone"])
            self.changed.notify_all()

    def wait_for(self, *names, seconds=60):
        """The first word of one of those names, or of "gone"."""
        end = time.monotonic() + seconds
        with self.changed:
            while True:
                for word in self.words:
                    if word and word[0] in names + ("gone",):
                        return word
                if not self.changed.wait(end - time.monotonic()):
                    raise AssertionError(f"no {names} in {seconds} s; errors: {self.errors}")

    def order(self, line):
        try:
            self.process.stdin.write(f"{line}\n")
            self.process.stdin.flush()
            return True
        except OSError:
            return False

    def kill(self):
        """True if it was that which ended it."""
        self.process.send_signal(signal.SIGKILL)
        return self.end() == -signal.SIGKILL

    def end(self):
        try:
            self.process.stdin.close()
        except OSError:
            pass
        code = self.process.wait(60)
        self.reader.join()
        self.error_reader.join()
        self.process.stdout.close()
        self.process.stderr.close()
        return code

    def settle_and_stop(self):
        """To the end of all that can end. Returns (open, in doubt, violations)."""
        assert self.wait_for("ready")[0] == "ready", self.errors
        self.order("settle")
        word = self.wait_for("settled", seconds=60)
        assert word[0] == "settled", f"the host went away: {self.errors}"
        self.order("stop")
        code = self.end()
        assert code == 0, f"it ended with {code}: {self.errors}"
        return tuple(int(number) for number in word[1:])


def dump(program, folder):
    lines = subprocess.run([program, "dump", folder], check=True, capture_output=True, text=True).stdout.splitlines()
    return [json.loads(line) for line in lines]


def faults(executions, acknowledged, vendor, settled):
    """Every promise that was broken, as sentences."""
    found = []
    by_id = {execution["id"]: execution for execution in executions}
    still_open, in_doubt, violations = settled
    if still_open != in_doubt:
        found.append(f"{still_open - in_doubt} executions are stuck")
    if violations:
        found.append(f"{violations} executions are in no lawful state")
    for n, execution_id in acknowledged.items():
        if execution_id not in by_id:
            found.append(f"the acknowledged execution {execution_id} (n {n}) is lost")
        elif by_id[execution_id]["args"]["n"] != n:
            found.append(f"the execution {execution_id} is another one than was acknowledged")
    known = set()
    for execution in executions:
        known.add(execution["args"]["n"])
        found += faults_of(execution, vendor)
    for (step, n), _ in vendor.received.items():
        if step in UNSAFE and n not in known:
            found.append(f"{step} of n {n} was sent, and there is no execution of it")
    return found


def faults_of(execution, vendor):
    found = []
    n, steps = execution["args"]["n"], execution["steps"]
    title = f"execution {execution['id']} (n {n}, {execution['status']} {execution['reason']})"
    runs = [step["run"] for step in steps]
    if execution["starts"] != 1 or len(set(runs)) != len(runs):
        found.append(f"{title}: it was started or ended twice: {steps}")
    if execution["recorded_steps"] > len(steps):
        found.append(f"{title}: its row has {execution['recorded_steps']} steps, its history {len(steps)}")
    ended = execution["state"] == FINISHED
    if ended != (execution["finish"] is not None) or (ended and execution["finish"] != execution["status"]):
        found.append(f"{title}: row and journal differ about its end: {execution['finish']}")
    if not ended and execution["state"] != IN_DOUBT:
        found.append(f"{title}: it has not ended, and is not in doubt")
    by_name = {step["name"]: step for step in steps}
    for name in UNSAFE:
        allowed = 1 + vendor.busy[(name, n)]
        seen = vendor.received[(name, n)]
        if seen > allowed:
            found.append(f"{title}: {name} was sent {seen} times, the formula asked for {allowed}")
        step = by_name.get(name)
        if step and step["error"] != "in_doubt" and seen != step["attempts"]:
            found.append(f"{title}: the history has {step['attempts']} attempts of {name}, the vendor saw {seen}")
    for name in ("look", "create", "note", "mark"):
        step = by_name.get(name)
        if step and step["status"] == "success" and vendor.received[(name, n)] == 0:
            found.append(f"{title}: {name} succeeded, and the vendor never saw it")
    doubted = any(step["error"] == "in_doubt" for step in steps)
    if ended and execution["status"] != "success" and not doubted:
        found.append(f"{title}: it failed, and nothing was in doubt: {steps}")
    return found


def report(found, what):
    if found:
        print(f"{what}: {len(found)} faults")
        for sentence in found[:20]:
            print("  " + sentence)
    return not found


def kill_at_random(program, kills, seed):
    """Whether all was well, and how many hosts were killed."""
    rng = random.Random(seed)
    vendor, folder = Vendor(), tempfile.mkdtemp(prefix="formulary_crash_")
    acknowledged, n, done = {}, 0, 0
    try:
        while done < kills:
            host = Host(program, folder + "/data", vendor, "--crashes-max", "1000000")
            if host.wait_for("ready")[0] != "ready":
                return report([f"it did not start: {host.errors}"], f"seed {seed}"), done
            life = rng.uniform(0.0, 0.35)
            end = time.monotonic() + life
            while time.monotonic() < end:
                n += 1
                host.order(n)
                time.sleep(rng.uniform(0.0, 0.004))
            if not host.kill():
                return report([f"it went before it was killed: {host.errors}"], f"seed {seed}"), done
            acknowledged.update(host.acknowledged)
            done += 1
        settled = Host(program, folder + "/data", vendor, "--crashes-max", "1000000").settle_and_stop()
        executions = dump(program, folder + "/data")
        good = report(faults(executions, acknowledged, vendor, settled), f"seed {seed}")
        print(f"seed {seed}: {done} kills, {len(acknowledged)} acknowledged, {len(executions)} executions, "
              f"{sum(vendor.received.values())} requests, {settled[1]} in doubt")
        return good and len(acknowledged) > kills / 4, done  # else it was killed before it had done anything
    finally:
        vendor.close()
        shutil.rmtree(folder, ignore_errors=True)


def one_life(program, template, n, *flags):
    """One execution in a host that may die at a given point; then another host to the end. Whether it died, and faults."""
    vendor, folder = Vendor(), tempfile.mkdtemp(prefix="formulary_crash_")
    try:
        shutil.copytree(template, folder + "/data")
        host = Host(program, folder + "/data", vendor, *flags)
        if host.wait_for("ready")[0] == "ready":
            host.order(n)
            if host.wait_for("ack", "refused")[0] != "gone":
                host.order("settle")
                host.wait_for("settled")
                host.order("stop")
        died = host.end() == -signal.SIGKILL
        settled = Host(program, folder + "/data", vendor).settle_and_stop()
        return died, faults(dump(program, folder + "/data"), host.acknowledged, vendor, settled)
    finally:
        vendor.close()
        shutil.rmtree(folder, ignore_errors=True)


def at_every_point(program, flag):
    """Until a host lives to its end: then there was no such point any more."""
    folder = tempfile.mkdtemp(prefix="formulary_crash_")
    good, points = True, 0
    try:
        vendor = Vendor()
        Host(program, folder + "/data", vendor).settle_and_stop()
        vendor.close()
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            for first in range(1, 1000, 2 * AT_ONCE):
                batch = range(first, first + 2 * AT_ONCE)
                # Every second one has a note that is busy once, so that a timer is among the points.
                results = list(pool.map(lambda point: one_life(program, folder + "/data", 4 + point % 2, flag, str(point)),
                                        batch))
                for point, (died, found) in zip(batch, results):
                    points += died
                    good = report(found, f"{flag} {point}") and good
                if not any(died for died, _ in results):
                    break
        print(f"{flag}: {points} points")
        return good and points >= 20
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def poison(program):
    """One execution brings the host down each time; the others must end, and soon it must be the only one that suffers."""
    vendor, folder = Vendor(), tempfile.mkdtemp(prefix="formulary_crash_")
    flags = ("--script-dies", '"n":13')
    try:
        host = Host(program, folder + "/data", vendor, *flags)
        host.wait_for("ready")
        for n in range(11, 16):
            host.order(n)
        lives = 1
        host.wait_for("gone")
        acknowledged = dict(host.acknowledged)
        host.end()
        while True:
            host = Host(program, folder + "/data", vendor, *flags)
            host.wait_for("ready")
            host.order("settle")
            if host.wait_for("settled")[0] == "settled":
                break
            host.end()
            lives += 1
            assert lives < 10, "it is never given up"
        word = host.wait_for("settled")
        host.order("stop")
        host.end()
        executions = dump(program, folder + "/data")
        by_n = {execution["args"]["n"]: execution for execution in executions}
        found = []
        if by_n[13]["reason"] != "poisoned" or by_n[13]["status"] != "failed":
            found.append(f"13 is {by_n[13]['status']} {by_n[13]['reason']}")
        if word[1:] != ["0", "0", "0"] and int(word[1]) != int(word[2]):
            found.append(f"left open: {word}")
        for n, execution in by_n.items():
            if n != 13:
                found += faults_of(execution, vendor)
        if set(acknowledged) - set(by_n):
            found.append("an acknowledged one is lost")
        if not 3 <= lives <= 4:
            found.append(f"the host came down {lives} times before the culprit was found")
        print(f"poison: the host came down {lives} times")
        return report(found, "poison")
    finally:
        vendor.close()
        shutil.rmtree(folder, ignore_errors=True)


def main():
    program, suite = sys.argv[1], sys.argv[2]
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else int.from_bytes(os.urandom(4), "little")
    if suite == "random":
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            parts = list(pool.map(lambda part: kill_at_random(program, KILLS // AT_ONCE, seed + part), range(AT_ONCE)))
        killed = sum(done for _, done in parts)
        print(f"{killed} hosts were killed, {KILLS} are promised")
        good = all(well for well, _ in parts) and killed >= KILLS
    elif suite == "write_points":
        good = at_every_point(program, "--die-at")
    elif suite == "power_loss":
        good = at_every_point(program, "--lose-power-at")
    elif suite == "poison":
        good = poison(program)
    else:
        sys.exit(__doc__)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
