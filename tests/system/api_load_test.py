"""The API under load at 64 connections: no errors, and memory that stays as it is. FORMULARY_LOAD_SECONDS (of each row; 5)
makes a longer run; from 20 on a bare Poco server and nginx, where it is installed, are measured beside it."""
import json
import os
import pathlib
import shutil
import socket
import subprocess
import time
import unittest

from api_operations import SUMS
from host_fixture import BUILD, START_SECONDS
from server_fixture import BASE, Server, ServerTest

SECONDS = float(os.environ.get("FORMULARY_LOAD_SECONDS", "5"))
COMPARED_FROM_SECONDS = 20
CONNECTIONS = 64
GROWTH_MAX_MIB = 48  # from the middle of a run to its end
TICKS = os.sysconf("SC_CLK_TCK")


def processes_of(pid):
    """It and its children."""
    found = [pid]
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(stat.read_text().rsplit(")", 1)[1].split()[1]) == pid:
                found.append(int(stat.parent.name))
        except OSError:
            continue  # it has ended meanwhile
    return found


def cpu_seconds(pid):
    words = [pathlib.Path(f"/proc/{one}/stat").read_text().rsplit(")", 1)[1].split() for one in processes_of(pid)]
    return sum(int(one[11]) + int(one[12]) for one in words) / TICKS


def memory_mib(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("VmRSS")) / 1_024


def request_text(method, path, headers, body=""):
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *(f"{name}: {value}" for name, value in headers.items())]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join(lines) + "\r\n\r\n" + body


class ApiLoad(ServerTest):
    sandbox_options = ("--rate-limits=off",)

    def load(self, port, request, seconds):
        done = subprocess.run([BUILD / "bin" / "http_load", str(port), str(seconds), str(CONNECTIONS)], input=request,
                              capture_output=True, text=True, timeout=seconds + START_SECONDS)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout), done.stderr

    def row(self, name, pid, port, request):
        """Loads in two halves after a warm-up; returns the memory at the start, in the middle and at the end."""
        self.load(port, request, min(1, SECONDS / 5))
        memory = [memory_mib(pid)]
        cpu = cpu_seconds(pid)
        answers, seconds, errors = 0, 0, 0
        for _ in range(2):
            figures, complaint = self.load(port, request, SECONDS / 2)
            answers, seconds, errors = answers + figures["answers"], seconds + figures["seconds"], errors + figures["errors"]
            memory.append(memory_mib(pid))
        cpu = (cpu_seconds(pid) - cpu) * 1e6 / max(1, answers)
        print(f"{name}: {answers / seconds:.0f} requests/s, {errors} errors, {cpu:.0f} us of CPU a request, memory "
              + " -> ".join(f"{one:.0f}" for one in memory) + " MiB", flush=True)
        self.assertEqual(errors, 0, complaint)
        self.assertGreater(answers, 0)
        return memory

    def assert_flat(self, memory):
        self.assertLess(memory[2] - memory[1], GROWTH_MAX_MIB, memory)

    def made(self, path, body):
        status, _, answer = self.server.send("POST", path, body)
        self.assertEqual(status, 200, answer)
        return answer

    def test_no_errors_and_flat_memory(self):
        self.server = Server(self)
        pid, port = self.server.process.pid, self.server.address.split(":")[1]
        unlimited = {"limit.requests_per_second": "100000", "limit.concurrent_requests": "64"}
        draft = self.draft()
        instance = self.made("/instances", {**draft, "configuration": {**draft["configuration"], **unlimited}})
        formula = self.made("/formulas", SUMS)
        runs = self.made(f"/formulas/{formula['id']}/instances", {"name": "sums"})
        with_token = {"Authorization": self.server.authorization(instance["token"])}
        self.assert_flat(self.row("hub calls", pid, port, request_text("GET", BASE + "/candidates?pageSize=2", with_token)))
        start = request_text("POST", f"{BASE}/formulas/instances/{runs['id']}/executions",
                             {"Authorization": self.server.authorization()}, '{"n":1}')
        self.assert_flat(self.row("executions", pid, port, start))
        self.row("who asks", pid, port, request_text("GET", BASE + "/organizations/me", {"Authorization": self.server.authorization()}))
        if SECONDS >= COMPARED_FROM_SECONDS:
            self.compare_with_poco()
            self.compare_with_nginx()

    def compare_with_poco(self):
        poco = subprocess.Popen([BUILD / "bin" / "bare_poco"], stdout=subprocess.PIPE, text=True)
        self.addCleanup(poco.stdout.close)
        self.addCleanup(poco.wait)
        self.addCleanup(poco.kill)
        port = int(poco.stdout.readline())
        self.row("bare Poco, a fixed kilobyte", poco.pid, port, request_text("GET", "/", {}))

    def compare_with_nginx(self):
        program = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
        if program is None:
            return print("nginx, a fixed kilobyte: not measured, since it is not installed (Debian's nginx-light)")
        folder = self.folder / "nginx"
        (folder / "www").mkdir(parents=True)
        (folder / "www" / "index.html").write_text("x" * 1_024)
        port = self.free_port()
        (folder / "nginx.conf").write_text(
            f"daemon off; pid {folder}/pid; error_log {folder}/error.log; user root; events {{ worker_connections 1024; }}\n"
            f"http {{ access_log off; keepalive_requests 1000000; server {{ listen 127.0.0.1:{port}; root {folder}/www; }} }}\n")
        nginx = subprocess.Popen([program, "-e", folder / "error.log", "-c", folder / "nginx.conf", "-p", folder])
        self.addCleanup(nginx.wait)
        self.addCleanup(nginx.terminate)
        self.wait_for(port)
        self.row("nginx, a fixed kilobyte", nginx.pid, port, request_text("GET", "/", {}))

    @staticmethod
    def free_port():
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return probe.getsockname()[1]

    def wait_for(self, port):
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            try:
                return socket.create_connection(("127.0.0.1", port), 1).close()
            except OSError:
                time.sleep(0.01)
        self.fail("nginx did not start")


if __name__ == "__main__":
    unittest.main()
