"""Starts the real smartrecruiters-sandbox for a test and talks to it."""

import http.client
import json
import os
import signal
import subprocess
import unittest
import urllib.parse

KEY = "sandbox-key-0000"


def job_id(number):
    return f"10b00000-0000-4000-8000-{number:012x}"


def candidate_id(number):
    return f"ca000000-0000-4000-8000-{number:012x}"


CONFIDENTIAL = 0xFFFF


class SandboxProgram:
    """The running program. stop() ends it and says how it ended."""

    def __init__(self, *arguments, binary=None):
        self.process = subprocess.Popen(
            [binary or os.environ["SANDBOX"], "--port", "0", *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("listening on "):
            raise RuntimeError(f"the sandbox did not start: {line}{self.process.stderr.read()}")
        self.url = line.split()[-1]
        self.port = urllib.parse.urlsplit(self.url).port

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        _, errors = self.process.communicate(timeout=60)
        return self.process.returncode, errors


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        """Of the first error in the vendor's error body."""
        return self.json["errors"][0]["code"]


def request(port, method, path, body=None, key=KEY, headers=None, timeout=60):
    """One request on a connection of its own. A dict or list is sent as JSON, bytes as they are."""
    sent = {}
    if key is not None:
        sent["X-SmartToken"] = key
    if isinstance(body, (dict, list)):
        body = json.dumps(body)
        sent["Content-Type"] = "application/json"
    sent.update(headers or {})
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request(method, path, body, sent)
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read())
    finally:
        connection.close()


def multipart(fields, file_name=None, content=b"", content_type="application/pdf"):
    """A multipart/form-data body and its content type."""
    boundary = "formulary-test-boundary"
    parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
             for name, value in fields.items()]
    if file_name is not None:
        head = (f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{file_name}"\r\n'
                f"Content-Type: {content_type}\r\n\r\n")
        parts.append(head.encode() + content + b"\r\n")
    return b"".join(parts) + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


class SandboxCase(unittest.TestCase):
    """One program for the cases of a class, reset before each. It must end well: a sanitizer's finding fails the class."""

    ARGUMENTS = ("--rate-limits", "off")

    @classmethod
    def setUpClass(cls):
        cls.program = SandboxProgram(*cls.ARGUMENTS)

    @classmethod
    def tearDownClass(cls):
        status, errors = cls.program.stop()
        if status != 0:
            raise AssertionError(f"the sandbox ended with status {status}:\n{errors}")

    def setUp(self):
        self.control("POST", "/_sandbox/reset")

    def call(self, method, path, body=None, **options):
        return request(self.program.port, method, path, body, **options)

    def control(self, method, path, body=None):
        answer = self.call(method, path, body, key=None)
        self.assertLess(answer.status, 300, answer.body)
        return answer

    def expect(self, status, method, path, body=None, **options):
        answer = self.call(method, path, body, **options)
        self.assertEqual(answer.status, status, f"{method} {path}: {answer.body[:500]}")
        return answer

    def refused(self, status, code, method, path, body=None, **options):
        answer = self.expect(status, method, path, body, **options)
        self.assertEqual(answer.code, code)
        return answer
