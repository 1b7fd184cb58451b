"""Starts the real programs for system tests: the sandbox on a free port, the host's command line in a folder of its own."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

BUILD = pathlib.Path(os.environ["FORMULARY_BUILD"])
ROOT = pathlib.Path(os.environ["FORMULARY_SOURCE"])
PROGRAM = BUILD / "bin" / "formulary"
SANDBOX_KEY = "sandbox-key-0000"
START_SECONDS = 60  # sanitizers and a busy machine; a healthy start takes a few milliseconds


def plain_environment():
    """This process's environment without what only the tests set: the program refuses unknown FORMULARY_* variables."""
    return {name: value for name, value in os.environ.items() if not name.startswith("FORMULARY_")}


class Sandbox:
    """The SmartRecruiters stand-in, as its own process."""

    def __init__(self, folder, *options):
        port_file = folder / "sandbox.port"
        self.process = subprocess.Popen(
            [BUILD / "bin" / "smartrecruiters-sandbox", "--port", "0", "--port-file", port_file, *options],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        line = self.process.stdout.readline()  # "listening on http://127.0.0.1:PORT": no waiting by the clock
        if "listening on" not in line:
            raise RuntimeError(f"the sandbox did not start: {line}")
        self.url = line.split()[-1].strip()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(START_SECONDS)
        self.process.stdout.close()
        return self.process.returncode


class HostTest(unittest.TestCase):
    """Each test has its own data and plugins folders; the sandbox is the class's."""

    sandbox_options = ()

    @classmethod
    def setUpClass(cls):
        cls.class_folder = pathlib.Path(tempfile.mkdtemp(prefix="formulary-system-"))
        cls.sandbox = Sandbox(cls.class_folder, *cls.sandbox_options)

    @classmethod
    def tearDownClass(cls):
        cls.sandbox.stop()
        shutil.rmtree(cls.class_folder)

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="formulary-test-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.plugins = self.folder / "plugins"
        self.plugins.mkdir(mode=0o755)
        self.install("smartrecruiters")
        self.data = self.folder / "data"
        self.key_file = self.folder / "api.key"
        self.key_file.write_text(SANDBOX_KEY + "\n")

    def install(self, plugin):
        shutil.copytree(BUILD / "plugins" / plugin, self.plugins / plugin)

    def run_host(self, *words, stdin="", cwd=None, environment=None, code=0):
        """Runs one command and checks its exit status; returns it with text outputs."""
        variables = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "FORMULARY_DATA_FOLDER": str(self.data),
                     "FORMULARY_PLUGINS_FOLDER": str(self.plugins)}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"):
            if name in os.environ:
                variables[name] = os.environ[name]
        variables.update(environment or {})
        done = subprocess.run([PROGRAM, *words], input=stdin, capture_output=True, text=True, cwd=cwd or self.folder,
                              env=variables, timeout=START_SECONDS * 4)
        self.assertEqual(done.returncode, code, f"{words}\nstdout: {done.stdout}\nstderr: {done.stderr}")
        return done

    def create_instance(self, name="Acme", code=0, secret=None):
        return self.run_host("instances", "create", "smartrecruiters", "--name", name, "--set", f"base.url={self.sandbox.url}",
                             "--secret", secret or f"api.key=@{self.key_file}", "--output", "json", code=code)

    def json_of(self, *words):
        return json.loads(self.run_host(*words, "--output", "json").stdout)
