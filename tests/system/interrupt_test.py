"""Ctrl C on a real terminal while the program waits for a person: it ends at once, as cancelled, and the terminal is as before."""
import fcntl
import os
import pty
import signal
import struct
import subprocess
import termios
import time
import unittest

from host_fixture import PROGRAM, START_SECONDS, HostTest


class Terminal:
    """A pseudo terminal with one command in its foreground, which types and reads as a person does."""

    def __init__(self, words, environment, cwd):
        self.master, self.slave = pty.openpty()
        self.process = subprocess.Popen([PROGRAM, *words], stdin=self.slave, stdout=self.slave, stderr=self.slave, cwd=cwd,
                                        env=environment, start_new_session=True,
                                        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        self.shown = b""

    def read_until(self, part):
        signal.alarm(START_SECONDS)  # the default action ends the test run: only if the prompt never comes
        while part not in self.shown:
            self.shown += os.read(self.master, 4096)
        signal.alarm(0)

    def echoes(self):
        return bool(termios.tcgetattr(self.slave)[3] & termios.ECHO)

    def type(self, keys):
        os.write(self.master, keys)

    def wait_until_taken(self):
        """Until the program has read every line that was typed (and echoed)."""
        end = time.monotonic() + START_SECONDS
        while struct.unpack("i", fcntl.ioctl(self.slave, termios.FIONREAD, b"\0" * 4))[0] > 0 and time.monotonic() < end:
            os.sched_yield()

    def wait(self):
        try:
            return self.process.wait(START_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return "it did not end"

    def close(self):
        for descriptor in (self.slave, self.master):
            os.close(descriptor)


class CtrlC(HostTest):
    def open(self, *words):
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "FORMULARY_DATA_FOLDER": str(self.data),
                       "FORMULARY_PLUGINS_FOLDER": str(self.plugins)}
        environment.update({name: os.environ[name] for name in os.environ if name.endswith("SAN_OPTIONS")})
        terminal = Terminal(words, environment, self.folder)
        self.addCleanup(terminal.close)
        return terminal

    def test_a_prompt_for_a_secret_ends_and_the_echo_is_back(self):
        terminal = self.open("instances", "create", "smartrecruiters", "--name", "A", "--set", f"base.url={self.sandbox.url}")
        self.assertTrue(terminal.echoes())
        terminal.read_until(b": ")
        self.assertFalse(terminal.echoes())
        terminal.type(b"half-typed\x03")
        self.assertEqual(terminal.wait(), 130)
        self.assertTrue(terminal.echoes())
        terminal.read_until(b"cancelled")
        self.assertNotIn(b"half-typed", terminal.shown)
        self.assertNotIn(b"doctor", terminal.shown)
        self.assertEqual(self.json_of("instances", "list"), [])

    def test_the_question_whether_to_delete_ends_and_nothing_is_deleted(self):
        self.create_instance()
        terminal = self.open("instances", "delete", "Acme")
        terminal.read_until(b"[y/N] ")
        terminal.type(b"\x03")
        self.assertEqual(terminal.wait(), 130)
        self.assertEqual(len(self.json_of("instances", "list")), 1)

    def test_a_template_that_is_typed_in_ends(self):
        for command in ("run", "validate"):
            with self.subTest(command):
                terminal = self.open("formulas", command, "-")
                terminal.type(b'{"name":\n')
                terminal.read_until(b'{"name":\r\n')
                terminal.wait_until_taken()
                terminal.type(b"\x03")
                self.assertEqual(terminal.wait(), 130)


if __name__ == "__main__":
    unittest.main(verbosity=2)
