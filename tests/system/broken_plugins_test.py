"""A plugins folder with two good plugins and each of the ways in which one can be broken, seen through the program."""
import json
import os
import shutil
import struct
import unittest

from host_fixture import BUILD, HostTest

EXIT_INVALID = 6
FAULTS = BUILD / "tests/host/plugin/faults"
MACHINE_OFFSET, EM_S390 = 18, 22  # e_machine of an ELF header, and a machine that none of ours is


def not_elf(folder):
    (folder / "hello.so").write_text("#!/bin/sh\n")


def other_machine(folder):
    with open(folder / "hello.so", "r+b") as library:
        library.seek(MACHINE_OFFSET)
        library.write(struct.pack("<H", EM_S390))


def manifest_differs(folder):
    with open(folder / "element.json", "a") as manifest:
        manifest.write("\n")


def world_writable(folder):
    (folder / "hello.so").chmod(0o777)


def invalid_manifest(folder):
    manifest = json.loads((folder / "element.json").read_text())
    manifest["resources"][0]["idempotency"] = "perhaps"
    (folder / "element.json").write_text(json.dumps(manifest))


def two_with_one_id(_):
    """It is `hello` a second time, under a folder's name that comes later."""


# Kind: how hello is broken, or None for a library that was built so; its code; a part of its sentence.
BROKEN = {
    "not_elf": (not_elf, "plugin.not_elf", "not an ELF file"),
    "other_machine": (other_machine, "plugin.wrong_machine", "another machine"),
    "no_entry": (None, "plugin.no_entry", "exports no element_plugin_entry_v1"),
    "other_major": (None, "plugin.wrong_major", "built for ABI 2.0"),
    "newer_minor": (None, "plugin.needs_newer_host", "needs ABI 1.7"),
    "table_too_small": (None, "plugin.table_too_small", "ABI 1.0 has 112"),
    "manifest_differs": (manifest_differs, "plugin.manifest_differs", "not the one that the library was built with"),
    "world_writable": (world_writable, "plugin.writable_by_others", "chmod go-w"),
    "missing_library": (None, "plugin.missing_library", "needs libmissing_library_absent.so"),
    "throws_in_start": (None, "plugin.start_failed", "let an exception out"),
    "two_with_one_id": (two_with_one_id, "plugin.duplicate_id", "com.formulary.hello is also that of"),
    "invalid_manifest": (invalid_manifest, "plugin.invalid_manifest", "resources[0].idempotency"),
}


class BrokenPlugins(HostTest):
    def setUp(self):
        super().setUp()
        self.install("hello")

    def put_broken(self, kind):
        break_hello = BROKEN[kind][0]
        built = FAULTS / f"fault_{kind}" if break_hello is None else BUILD / "plugins/hello"
        folder = self.plugins / kind
        folder.mkdir(mode=0o755)
        for file in built.iterdir():
            if file.suffix in (".so", ".json"):
                shutil.copy(file, folder)
        if break_hello is not None:
            break_hello(folder)

    def use_the_good_ones(self):
        self.run_host("instances", "create", "hello", "--name", "Echo")
        self.assertEqual(json.loads(self.run_host("call", "Echo", "GET", "/echo").stdout), {"query": {}, "body": ""})
        self.create_instance()
        self.assertIsInstance(json.loads(self.run_host("call", "Acme", "GET", "/candidates").stdout), (list, dict))

    def test_the_good_ones_alone_leave_nothing_to_say(self):
        done = self.run_host("elements", "list", "--output", "json")
        self.assertEqual({entry["key"]: entry["state"] for entry in json.loads(done.stdout)},
                         {"hello": "ready", "smartrecruiters": "ready"})
        self.assertEqual(done.stderr, "")

    def test_each_is_listed_with_its_reason_and_the_good_ones_work(self):
        for kind in BROKEN:
            self.put_broken(kind)
        done = self.run_host("elements", "list", "--output", "json", code=EXIT_INVALID)
        entries = {os.path.basename(entry["folder"]): entry for entry in json.loads(done.stdout)}
        self.assertEqual(set(entries), {"hello", "smartrecruiters", *BROKEN})
        for kind, (_, code, part) in BROKEN.items():
            with self.subTest(kind):
                self.assertEqual((entries[kind]["state"], entries[kind]["code"]), ("refused", code))
                self.assertIn(part, entries[kind]["reason"])
        self.assertEqual(json.loads(done.stderr)["code"], "plugin_refused")
        for_people = self.run_host("elements", "list", code=EXIT_INVALID).stderr
        for kind, (_, code, _) in BROKEN.items():
            self.assertIn(f"refused: {kind}  {code}", for_people)
        self.assertEqual(entries["hello"]["state"], "ready")
        self.assertEqual(entries["smartrecruiters"]["state"], "ready")
        self.use_the_good_ones()

    def test_one_is_enough_for_the_exit_status(self):
        self.put_broken("not_elf")
        self.run_host("elements", "list", code=EXIT_INVALID)


if __name__ == "__main__":
    unittest.main()
