"""The program itself: options, port file, signals, and HTTP that leaves no doubt where a request ends."""

import concurrent.futures
import os
import pathlib
import signal
import socket
import ssl
import subprocess
import tempfile
import unittest
import urllib.request

from sandbox_program import KEY, SandboxCase, SandboxProgram, job_id, request


def run(*arguments):
    return subprocess.run([os.environ["SANDBOX"], *arguments], capture_output=True, text=True, timeout=60)


class Program(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def start(self, *arguments):
        program = SandboxProgram(*arguments)
        self.addCleanup(lambda: program.process.poll() is None and program.stop())
        return program

    def test_both_signals_end_it_well(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            program = self.start()
            program.process.send_signal(number)
            program.process.communicate(timeout=60)
            self.assertEqual(program.process.returncode, 0)

    def test_it_ends_while_an_answer_is_delayed(self):
        program = self.start()
        request(program.port, "POST", "/_sandbox/faults", {"match": {"path": "/jobs"}, "delayMs": 60000})
        with socket.create_connection(("127.0.0.1", program.port)) as waiting:
            waiting.sendall(f"GET /jobs HTTP/1.1\r\nHost: x\r\nX-SmartToken: {KEY}\r\n\r\n".encode())
            while b'"/jobs"' not in request(program.port, "GET", "/_sandbox/requests").body:
                pass
            self.assertEqual(program.stop()[0], 0)

    def test_the_port_file_holds_the_port(self):
        file = self.folder / "port"
        program = self.start("--port-file", str(file))
        request(program.port, "GET", "/_sandbox/health")
        self.assertEqual(int(file.read_text()), program.port)

    def test_the_key_comes_from_a_file(self):
        (self.folder / "key").write_text("another-key\n")
        program = self.start("--api-key-file", str(self.folder / "key"))
        self.assertEqual(request(program.port, "GET", "/jobs", key="another-key").status, 200)
        self.assertEqual(request(program.port, "GET", "/jobs").status, 401)

    def test_without_seed_data_there_is_a_company_and_nothing_else(self):
        program = self.start("--seed-data", "none")
        self.assertEqual(request(program.port, "GET", "/jobs").json["totalFound"], 0)
        self.assertEqual(request(program.port, "GET", "/configuration/company").status, 200)

    def test_tls(self):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-keyout", self.folder / "key.pem", "-out", self.folder / "cert.pem", "-days", "2", "-subj", "/CN=127.0.0.1",
                        "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
        program = self.start("--tls-cert", str(self.folder / "cert.pem"), "--tls-key", str(self.folder / "key.pem"))
        self.assertTrue(program.url.startswith("https://127.0.0.1:"))
        context = ssl.create_default_context(cafile=self.folder / "cert.pem")
        wanted = urllib.request.Request(program.url + "/jobs", headers={"X-SmartToken": KEY})
        with urllib.request.urlopen(wanted, context=context) as answer:
            self.assertEqual(answer.status, 200)

    def test_wrong_options_are_refused_in_words(self):
        for arguments, words in ((["--prot", "1"], "prot"), (["--port", "70000"], "port"), (["--port", "x"], "port"),
                                 (["--seed-data", "huge"], "huge"), (["stray"], "stray")):
            with self.subTest(arguments=arguments):
                ended = run(*arguments)
                self.assertEqual(ended.returncode, 2, ended.stderr)
                self.assertIn(words, ended.stderr)
        self.assertEqual(run("--port", "0", "--tls-cert", "x").returncode, 1)
        self.assertEqual(run("--port", "0", "--api-key-file", str(self.folder / "none")).returncode, 1)

    def test_help_names_every_option(self):
        ended = run("--help")
        self.assertEqual(ended.returncode, 0)
        for option in ("--port", "--port-file", "--api-key-file", "--seed-data", "--rate-limits", "--tls-cert", "--tls-key"):
            self.assertIn(option, ended.stdout)


class ManyClients(SandboxCase):
    def test_nothing_is_lost_or_doubled(self):
        clients, rounds = 12, 15

        def work(number):
            for turn in range(rounds):
                candidate = {"firstName": f"Client{number}", "lastName": f"Turn{turn}", "email": f"c{number}.t{turn}@example.com"}
                made = self.expect(201, "POST", f"/jobs/{job_id(number % 3 + 1)}/candidates", candidate).json["id"]
                self.expect(200, "PATCH", f"/candidates/{made}", {"phoneNumber": str(turn)})
                self.expect(200, "GET", "/jobs?sort=job_id")

        with concurrent.futures.ThreadPoolExecutor(clients) as pool:
            for done in [pool.submit(work, number) for number in range(clients)]:
                done.result()
        found = self.expect(200, "GET", "/candidates?q=Client&limit=1").json
        self.assertEqual(found["totalFound"], clients * rounds)


class Framing(SandboxCase):
    def talk(self, text):
        """Sends bytes and reads all that comes until the other side closes."""
        with socket.create_connection(("127.0.0.1", self.program.port), timeout=60) as connection:
            connection.sendall(text.replace("\n", "\r\n").encode())
            connection.shutdown(socket.SHUT_WR)
            received = b""
            while block := connection.recv(65536):
                received += block
        return received

    def test_a_body_is_never_taken_for_the_next_request(self):
        inner = "GET /jobs HTTP/1.1\nHost: x\nConnection: close\n\n"
        length = len(inner.replace("\n", "\r\n"))
        answers = self.talk(f"POST /nothing HTTP/1.1\nHost: x\nContent-Length: {length}\nX-SmartToken: {KEY}\n\n{inner}")
        self.assertEqual(answers.count(b"HTTP/1.1 "), 1)
        self.assertTrue(answers.startswith(b"HTTP/1.1 404"))

    def test_doubtful_lengths_are_refused_and_the_connection_ends(self):
        rest = "GET /configuration/company HTTP/1.1\nHost: x\n\n"
        for head in ("Content-Length: 4\nTransfer-Encoding: chunked\n", "Content-Length: 4\nContent-Length: 5\n"):
            with self.subTest(head=head):
                answers = self.talk(f"POST /jobs HTTP/1.1\nHost: x\n{head}\n{rest}")
                self.assertTrue(answers.startswith(b"HTTP/1.1 400"), answers)
                self.assertEqual(answers.count(b"HTTP/1.1 "), 1)
        self.assertTrue(self.talk("GET /jobs HTTP/1.1\n\n").startswith(b"HTTP/1.1 400"))

    def test_a_body_that_is_cut_off_is_not_acted_upon(self):
        answers = self.talk(f"PUT /jobs/x/status HTTP/1.1\nHost: x\nX-SmartToken: {KEY}\nContent-Length: 100\n\n{{}}")
        self.assertTrue(answers.startswith(b"HTTP/1.1 413"), answers)

    def test_a_body_over_16_mebibytes_is_refused(self):
        answer = self.call("POST", "/candidates/cv", b"x" * ((16 << 20) + 1))
        self.assertEqual(answer.status, 413)

    def test_strange_targets_are_refused(self):
        for target in ("/jobs/%zz", "//", "/jobs/%00", "/" + "a" * 4000):
            with self.subTest(target=target[:20]):
                self.assertIn(self.talk(f"GET {target} HTTP/1.1\nHost: x\nX-SmartToken: {KEY}\nConnection: close\n\n")[9:12],
                              (b"400", b"401", b"404"))


if __name__ == "__main__":
    unittest.main()
