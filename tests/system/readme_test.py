"""Runs what the README tells people to type, in its order, with nothing set but what the README sets."""
import os
import re
import subprocess
import unittest

from host_fixture import ROOT, plain_environment

QUICKSTART, TESTS, TOUR = range(3)


def shell_blocks():
    return re.findall(r"^```sh\n(.*?)^```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)


class Readme(unittest.TestCase):
    def test_it_has_the_blocks_that_are_run(self):
        blocks = shell_blocks()
        self.assertEqual(len(blocks), 3, "a new sh block needs a test here")
        self.assertEqual(blocks[QUICKSTART].strip(), "samples/quickstart")  # run by quickstart_test.py
        self.assertEqual(blocks[TESTS].strip(), "tests/run")

    def test_the_second_command_is_the_one_that_runs_this_test(self):
        self.assertTrue((ROOT / "tests" / "run").stat().st_mode & 0o100)
        if os.environ.get("CI"):
            self.assertEqual(os.environ.get("FORMULARY_TESTS_RUN"), "1")

    def test_the_tour_works_as_it_stands(self):
        self.addCleanup(subprocess.run, [ROOT / "samples" / "quickstart", "--stop"], capture_output=True)
        tour = shell_blocks()[TOUR]
        self.assertGreaterEqual(len(tour.splitlines()), 10)
        # -e: a command that fails is the last one that -x shows; -u: a variable that nothing sets fails.
        done = subprocess.run(["bash", "-eux", "-c", tour], cwd=ROOT, env=plain_environment(), stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=1800)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertTrue(done.stdout.rstrip().endswith("stopped the sandbox"), done.stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
