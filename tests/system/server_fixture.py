"""Starts the real server for system tests and speaks to it."""
import http.client
import json
import os
import pathlib
import signal
import subprocess
import urllib.parse

from host_fixture import PROGRAM, SANDBOX_KEY, START_SECONDS, HostTest

CONTRACT = pathlib.Path(os.environ["FORMULARY_SOURCE"]).parent / "shared" / "contract" / "platform"
BASE = "/elements/api-v2"


class Server:
    """`formulary serve` on a free port. Speaks as its first user unless told otherwise."""

    def __init__(self, test, *options, environment=None):
        variables = {"PATH": os.environ["PATH"], "HOME": str(test.folder), "FORMULARY_DATA_FOLDER": str(test.data),
                     "FORMULARY_PLUGINS_FOLDER": str(test.plugins), "FORMULARY_LOG_ACCESS": str(test.folder / "access.log"),
                     **(environment or {})}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"):
            if name in os.environ:
                variables[name] = os.environ[name]
        self.errors = open(test.folder / "serve.err", "a+")
        self.process = subprocess.Popen([PROGRAM, "serve", "--port", "0", "--output", "json", *options], cwd=test.folder,
                                        env=variables, stdout=subprocess.PIPE, stderr=self.errors, text=True)
        line = self.process.stdout.readline()
        if not line:
            self.process.wait(START_SECONDS)
            self.errors.seek(0)
            raise RuntimeError("the server did not start: " + self.errors.read())
        self.started = json.loads(line)
        self.address = urllib.parse.urlsplit(self.started["api"]).netloc
        test.addCleanup(self.stop)

    def authorization(self, element=None):
        words = f"User {self.started['userSecret']}, Organization {self.started['organizationSecret']}"
        return words + (f", Element {element}" if element else "")

    def send(self, method, path, body=None, authorization=None, headers=None, base=BASE):
        """(status, headers, decoded body)"""
        connection = http.client.HTTPConnection(self.address, timeout=START_SECONDS)
        lines = {"Authorization": self.authorization() if authorization is None else authorization, **(headers or {})}
        if not lines["Authorization"]:
            del lines["Authorization"]
        data = body if body is None or isinstance(body, (bytes, str)) else json.dumps(body)
        if data is not None:
            lines.setdefault("Content-Type", "application/json")
        connection.request(method, base + path, data, lines)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        kind = answer.headers.get("Content-Type", "")
        return answer.status, answer.headers, json.loads(text) if "json" in kind and text else text.decode()

    def stop(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
        code = self.process.wait(START_SECONDS)
        self.process.stdout.close()
        self.errors.close()
        return code


class ServerTest(HostTest):
    """What the tests of the API make first."""

    def draft(self, **changes):
        return {"element": {"key": "smartrecruiters"}, "tags": ["Docs"], "name": "API Instance",
                "configuration": {"api.key": SANDBOX_KEY, "base.url": self.sandbox.url}, **changes}
