"""`cmake --install` puts a host together that works where it was put, without a setting."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

BUILD = pathlib.Path(os.environ["FORMULARY_BUILD"])
SOURCE = pathlib.Path(os.environ["FORMULARY_SOURCE"])
SECONDS = 240  # sanitizers and a busy machine


class Install(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="formulary-install-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.prefix = self.folder / "prefix"

    def install(self, *component, prefix=None, stage=None):
        umask = os.umask(0o022)  # a host refuses plugins that a group may write to
        try:
            done = subprocess.run(["cmake", "--install", BUILD, "--prefix", prefix or self.prefix, *component],
                                  capture_output=True, text=True, timeout=SECONDS,
                                  env=os.environ | ({"DESTDIR": str(stage)} if stage else {}))
        finally:
            os.umask(umask)
        self.assertEqual(done.returncode, 0, f"build all targets first:\n{done.stdout}{done.stderr}")

    def run_host(self, *words):
        environment = {name: os.environ[name] for name in os.environ if name == "PATH" or name.endswith("_OPTIONS")}
        environment["HOME"] = str(self.folder)
        done = subprocess.run([self.prefix / "bin/formulary", *words], capture_output=True, text=True, cwd=self.folder,
                              env=environment, timeout=SECONDS)
        self.assertEqual(done.returncode, 0, f"{words}\n{done.stdout}{done.stderr}")
        return done.stdout

    def check_the_host(self):
        plugins = self.prefix / "lib/formulary/plugins"
        self.assertEqual({str(path.relative_to(plugins)) for path in plugins.rglob("*") if path.is_file()},
                         {f"{name}/{file}" for name in ("hello", "smartrecruiters") for file in (f"{name}.so", "element.json")})
        entries = json.loads(self.run_host("elements", "list", "--output", "json"))
        self.assertEqual({entry["key"]: entry["state"] for entry in entries},
                         {"hello": "ready", "smartrecruiters": "ready"})
        for entry in entries:
            self.assertTrue(entry["folder"].startswith(str(self.prefix)), entry["folder"])
        checks = json.loads(self.run_host("doctor", "--output", "json"))["checks"]
        self.assertEqual({check["check"]: check["ok"] for check in checks if check["check"] in ("plugins", "scripts")},
                         {"plugins": True, "scripts": True})

    def test_without_a_component_it_has_the_host_and_the_sdk(self):
        self.install()
        self.check_the_host()
        self.assertTrue((self.prefix / "include/formulary/element_plugin.h").is_file())

    def test_below_usr_the_host_finds_its_worker_and_its_plugins(self):
        """As packages are made. What CMAKE_INSTALL_LIBDIR is depends on the prefix of the configuration (multiarch below /usr),
        and the host's parts find each other by fixed paths: so none of them may be put there."""
        for file in (SOURCE / "host").rglob("CMakeLists.txt"):
            self.assertNotIn("${CMAKE_INSTALL_", file.read_text(), file)
        stage = self.folder / "stage"
        self.install("--component", "host", prefix="/usr", stage=stage)
        self.prefix = stage / "usr"
        self.check_the_host()

    def test_the_component_host_is_the_host_without_the_sdk(self):
        self.install("--component", "host")
        self.check_the_host()
        self.assertFalse((self.prefix / "include").exists())


if __name__ == "__main__":
    unittest.main()
