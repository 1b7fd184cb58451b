"""plugin_api/abi/check_layout.py sees every way in which a header can break its promise, and never passes in silence.

usage: check_layout_test.py REPOSITORY
"""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

REPOSITORY = pathlib.Path(sys.argv.pop(1)).resolve()
CHECK = REPOSITORY / "plugin_api/abi/check_layout.py"
FROZEN_HEADER = REPOSITORY / "plugin_api/abi/1.0/element_plugin.h"
FROZEN_LAYOUT = REPOSITORY / "plugin_api/abi/1.0.layout"
RAISE_MINOR = ("#define ELEMENT_ABI_MINOR 0u", "#define ELEMENT_ABI_MINOR 1u")
NO_ASSERTS = ("#if UINTPTR_MAX == 0xffffffffffffffffu", "#if 0")  # they would stop the compiler before the check


def check(header, frozen=FROZEN_LAYOUT, env=None):
    done = subprocess.run([sys.executable, CHECK, "check", header, frozen], capture_output=True, text=True, env=env)
    return done.returncode, done.stdout + done.stderr


def check_changed(*replacements):
    text = FROZEN_HEADER.read_text()
    for before, after in (NO_ASSERTS, *replacements):
        assert text.count(before) == 1, f"the planted change no longer fits the header: {before!r}"
        text = text.replace(before, after)
    with tempfile.TemporaryDirectory() as folder:
        header = pathlib.Path(folder) / "element_plugin.h"
        header.write_text(text)
        return check(header)


POLL = "    element_status (ELEMENT_ABI *poll)(const element_call *call);\n"
HEARTBEAT = "    void (ELEMENT_ABI *heartbeat)(const element_call *call, uint32_t done, element_str note);\n"
CLOSE = "    void (ELEMENT_ABI *close_instance)(element_instance *instance);\n"


class AppendOnly(unittest.TestCase):
    def test_the_frozen_header_has_its_frozen_layout(self):
        self.assertEqual(check(FROZEN_HEADER), (0, "same\n"))

    def test_broken_changes_are_seen(self):
        planted = {
            "a member inserted in the middle": ([(CLOSE, CLOSE + "    void (ELEMENT_ABI *reopen)(void);\n"), RAISE_MINOR],
                                                "struct element_plugin"),
            "a member removed at the end": ([(HEARTBEAT, "")], "heartbeat is gone"),
            "a member removed in the middle": ([(POLL, "")], "struct element_call_ops"),
            "a changed signature": ([(CLOSE, CLOSE.replace("void (", "element_status ("))], "close_instance"),
            "a changed parameter": ([("uint32_t done, element_str note", "uint64_t done, element_str note")], "heartbeat"),
            "a renamed member": ([("int64_t deadline_ns;", "int64_t deadline;")], "deadline_ns"),
            "a member that became wider": ([("    int32_t http_status; ", "    int64_t http_status; ")], "http_status"),
            "a changed status number": ([("ELEMENT_NOT_FOUND = 5", "ELEMENT_NOT_FOUND = 55")], "ELEMENT_NOT_FOUND"),
            "a removed constant": ([("ELEMENT_RETRY_IF_IDEMPOTENT = 3", "ELEMENT_RETRY_KEYED = 3")],
                                   "ELEMENT_RETRY_IF_IDEMPOTENT is gone"),
            "another magic number": ([("0x314d4c45u", "0x324d4c45u")], "ELEMENT_MAGIC"),
            "another service id": ([('"element.log/1"', '"element.log/2"')], "ELEMENT_SERVICE_LOG"),
            "another type behind a typedef": ([("typedef int32_t element_status;", "typedef uint32_t element_status;")],
                                              "element_status"),
            "a larger string view": ([("typedef struct element_str { const char *ptr; size_t len; }",
                                       "typedef struct element_str { const char *ptr; size_t len; uint64_t flags; }"),
                                      RAISE_MINOR], "BROKEN"),
            "an append without a new minor": ([(HEARTBEAT, HEARTBEAT + "    void (ELEMENT_ABI *more)(void);\n")],
                                              "ELEMENT_ABI_MINOR is still 0"),
            "a table that is gone": ([("typedef struct element_clock {", "typedef struct element_time {"),
                                      ("} element_clock;", "} element_clock; ")], "struct element_clock is gone"),
        }
        for name, (replacements, told) in planted.items():
            with self.subTest(name):
                status, printed = check_changed(*replacements)
                self.assertEqual(status, 1, printed)
                self.assertIn("BROKEN", printed)
                self.assertIn(told, printed)

    def test_appending_with_a_new_minor_passes_and_is_listed(self):
        status, printed = check_changed((HEARTBEAT, HEARTBEAT + "    void (ELEMENT_ABI *more)(void);\n"), RAISE_MINOR)
        self.assertEqual((status, printed), (0, "appended: element_call_ops.more\n"))

    def test_a_new_service_passes_and_is_listed(self):
        status, printed = check_changed(
            ("#define ELEMENT_SERVICE_LOG", '#define ELEMENT_SERVICE_VAULT "element.vault/1"\n'
             "typedef struct element_vault { uint32_t size, reserved; } element_vault;\n#define ELEMENT_SERVICE_LOG"),
            RAISE_MINOR)
        self.assertEqual((status, printed), (0, "appended: struct element_vault\nappended: ELEMENT_SERVICE_VAULT\n"))


class NeverInSilence(unittest.TestCase):
    def test_without_gdb(self):
        with tempfile.TemporaryDirectory() as folder:
            status, printed = check(FROZEN_HEADER, env={**os.environ, "PATH": folder})
        self.assertEqual(status, 2, printed)
        self.assertIn("gdb is not installed", printed)

    def test_with_a_gdb_that_prints_nothing(self):
        with tempfile.TemporaryDirectory() as folder:
            fake = pathlib.Path(folder) / "gdb"
            fake.write_text("#!/bin/sh\nexit 0\n")
            fake.chmod(0o755)
            status, printed = check(FROZEN_HEADER, env={**os.environ, "PATH": folder + os.pathsep + os.environ["PATH"]})
        self.assertEqual(status, 2, printed)
        self.assertIn("did not print the whole layout", printed)

    def test_with_a_header_that_does_not_compile_or_holds_nothing(self):
        for text, told in (("struct element_str { int", "no structs"), ("#error no\nstruct a { int b; }; enum { ELEMENT_X = 1 };", "compiling")):
            with tempfile.NamedTemporaryFile("w", suffix=".h") as header:
                header.write(text)
                header.flush()
                status, printed = check(pathlib.Path(header.name))
            self.assertEqual(status, 2, printed)
            self.assertIn(told, printed)

    def test_with_an_empty_or_missing_frozen_layout(self):
        with tempfile.NamedTemporaryFile("w", suffix=".layout") as empty:
            self.assertEqual(check(FROZEN_HEADER, empty.name)[0], 2)
        self.assertEqual(check(FROZEN_HEADER, "does_not_exist.layout")[0], 2)


if __name__ == "__main__":
    unittest.main()
