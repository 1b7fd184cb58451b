"""Runs what the README tells people to type, in its order, beside a running sandbox."""
import os
import re
import subprocess
import unittest

from host_fixture import BUILD, ROOT, START_SECONDS, HostTest

QUICKSTART, TESTS, CONSOLE = range(3)


def shell_blocks():
    return re.findall(r"^```sh\n(.*?)^```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)


class Readme(HostTest):
    def test_it_has_the_blocks_that_are_run_here(self):
        blocks = shell_blocks()
        self.assertEqual(len(blocks), 3, "a new sh block needs a test here")
        self.assertEqual(blocks[QUICKSTART].strip(), "samples/quickstart")
        self.assertEqual(blocks[TESTS].strip(), "tests/run")

    def test_the_second_command_is_the_one_that_runs_this_test(self):
        self.assertTrue((ROOT / "tests" / "run").stat().st_mode & 0o100)
        if os.environ.get("CI"):
            self.assertEqual(os.environ.get("FORMULARY_TESTS_RUN"), "1")

    def test_every_command_of_the_tour_works_as_it_stands(self):
        variables = dict(os.environ, PATH=f"{BUILD / 'bin'}:{os.environ['PATH']}", SANDBOX_URL=self.sandbox.url,
                         API_KEY_FILE=str(self.key_file), FORMULARY_DATA_FOLDER=str(self.data),
                         FORMULARY_PLUGINS_FOLDER=str(self.plugins))
        commands = [line for line in shell_blocks()[CONSOLE].splitlines() if line.strip()]
        self.assertGreaterEqual(len(commands), 8)
        for command in commands:
            with self.subTest(command=command):
                done = subprocess.run(["bash", "-c", command], cwd=ROOT, env=variables, capture_output=True, text=True,
                                      timeout=START_SECONDS * 4)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
