"""Thousands of connections that are slow or idle take nothing from a client who is neither."""
import multiprocessing
import resource
import socket
import statistics
import time
import unittest

from api_operations import Client
from server_fixture import BASE, Server, ServerTest

SLOW = 2_000
IDLE = 10_000
HEAD = b"POST " + BASE.encode() + b"/authentication HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
SPARE_FILES = 200  # of the attacker, beside its connections
ORDINARY_FILES = 1_024  # what a shell gives: the server has to ask for more itself
MEMORY_GROWTH_MAX_MIB = 200
UNDISTURBED_MS = 5


def connect(address):
    host, port = address.split(":")
    connection = socket.create_connection((host, int(port)), 10)
    connection.setblocking(False)
    return connection


def begin_slowly(connection, number):
    """Half of them never end their head, the others never their body."""
    connection.send(HEAD[:20 + number % 40] if number % 2 else HEAD + b"Content-Length: 5000\r\n\r\n{")


def attack(address, slow_count, idle_count, pipe):
    """The attacker's process: opens all, says so, and sends a byte on each slow connection every second until it is told
    to stop. A connection that the server has ended is opened again. Answers how often that was."""
    idle = [connect(address) for _ in range(idle_count)]
    slow = []
    for number in range(slow_count):
        slow.append(connect(address))
        begin_slowly(slow[-1], number)
    pipe.send((len(slow), len(idle)))
    ended = 0
    while not pipe.poll(1):
        for number, connection in enumerate(slow):
            try:
                connection.send(b"x")
                if connection.recv(4096) is not None:
                    raise ConnectionError("an answer or the end")
            except BlockingIOError:
                continue
            except OSError:
                connection.close()
                ended += 1
                slow[number] = connect(address)
                begin_slowly(slow[number], number)
    pipe.send(ended)
    for connection in idle + slow:
        connection.close()


class SlowClients(ServerTest):
    def measured(self, seconds):
        """(median, 99th percentile) of a request's time in ms, as one client sees it who asks one thing after another."""
        client = Client(self.server.address)
        headers = {"Authorization": self.server.authorization()}
        times = []
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            begin = time.perf_counter()
            status, _, body = client.ask("GET", BASE + "/organizations/me", None, headers)
            times.append((time.perf_counter() - begin) * 1_000)
            self.assertEqual(status, 200, body)
        client.close()
        return statistics.median(times), statistics.quantiles(times, n=100)[98]

    def memory_mib(self):
        with open(f"/proc/{self.server.process.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1_024

    def connections(self):
        text = self.server.send("GET", "/metrics", base="")[2]
        return next(float(line.split()[1]) for line in text.splitlines() if line.startswith("formulary_http_connections "))

    def test_a_good_client_does_not_notice_them(self):
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (ORDINARY_FILES, hard))
        self.server = Server(self, environment={"FORMULARY_SERVER_CONNECTIONS_MAX": str(SLOW + IDLE + 1_000)})
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        possible = min(SLOW + IDLE, hard - SPARE_FILES)
        idle = max(0, possible - SLOW)
        if possible < SLOW + IDLE:
            print(f"this machine lets a process have {hard} files: {idle} idle connections instead of {IDLE}")
        alone = self.measured(2)
        before = self.memory_mib()

        context = multiprocessing.get_context("fork")
        ours, theirs = context.Pipe()
        attacker = context.Process(target=attack, args=(self.server.address, SLOW, idle, theirs), daemon=True)
        attacker.start()
        self.assertEqual(ours.recv(), (SLOW, idle))
        held = self.connections()
        # Longer than a head may take, so that the server has ended slow ones and met new ones.
        beset = self.measured(14)
        after = self.memory_mib()
        ours.send("stop")
        ended = ours.recv()
        attacker.join()

        print(f"a request alone: median {alone[0]:.2f} ms, p99 {alone[1]:.2f} ms; beside {SLOW} slow and {idle} idle connections: "
              f"median {beset[0]:.2f} ms, p99 {beset[1]:.2f} ms; memory {before:.0f} -> {after:.0f} MiB; {ended} slow ones were ended")
        self.assertGreaterEqual(held, (SLOW + idle) * 0.99, "the server has them all")
        self.assertGreater(ended, SLOW / 4, "the server ends what is too slow")
        self.assertLess(beset[0], max(UNDISTURBED_MS, 4 * alone[0]))
        self.assertLess(after - before, MEMORY_GROWTH_MAX_MIB)
        self.assertEqual(self.server.send("GET", "/organizations/me")[0], 200)


if __name__ == "__main__":
    unittest.main()
