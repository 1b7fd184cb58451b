"""The installed SDK: an author finds it, builds samples/hello_element with it, and the result is a plugin.

usage: sdk_test.py REPOSITORY BUILD DRIVE_PLUGIN COMPILER...
"""
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

REPOSITORY, BUILD, DRIVE_PLUGIN, *COMPILERS = sys.argv[1:]
del sys.argv[1:]
WORK = pathlib.Path(BUILD) / "sdk_test"
SDK = WORK / "sdk"


def run(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def write_project(name, cmake, **files):
    folder = WORK / name
    folder.mkdir(parents=True)
    (folder / "CMakeLists.txt").write_text(f"cmake_minimum_required(VERSION 3.25)\n{cmake}\n")
    for file, text in files.items():
        (folder / file.replace("__", ".")).write_text(text)
    return folder


class Sdk(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        shutil.rmtree(WORK, ignore_errors=True)
        status, printed = run("cmake", "--install", BUILD, "--component", "sdk", "--prefix", SDK)
        assert status == 0, f"cmake --install of the component sdk failed; build all targets first:\n{printed}"

    def configure(self, source, build, *more):
        return run("cmake", "-S", source, "-B", build, f"-DCMAKE_PREFIX_PATH={SDK}", *more)

    def test_holds_nothing_of_the_host(self):
        installed = {str(path.relative_to(SDK)) for path in SDK.rglob("*") if path.is_file()}
        self.assertIn("include/formulary/element_plugin.h", installed)
        self.assertIn("share/formulary/element.schema.json", installed)
        self.assertFalse([name for name in installed if "host/" in name.replace("fake_host/", "")], installed)
        for path in SDK.rglob("*.cmake"):
            self.assertNotIn(REPOSITORY, path.read_text(), f"{path} names the folder that it was built in")

    def test_the_sample_builds_and_runs_with_each_compiler(self):
        self.assertTrue(COMPILERS)
        sample = pathlib.Path(REPOSITORY) / "samples/hello_element"
        self.assertLessEqual(len(list(sample.iterdir())), 3)
        for compiler in COMPILERS:
            with self.subTest(compiler):
                build = WORK / ("sample_" + pathlib.Path(compiler).name)
                status, printed = self.configure(sample, build, f"-DCMAKE_CXX_COMPILER={compiler}")
                self.assertEqual(status, 0, printed)
                status, printed = run("cmake", "--build", build)
                self.assertEqual(status, 0, printed)
                folder = build / "plugins/hello_element"
                self.assertEqual({path.name for path in folder.iterdir()}, {"hello_element.so", "element.json"})
                status, printed = run("nm", "-D", "--defined-only", folder / "hello_element.so")
                self.assertEqual([line.split()[1:] for line in printed.splitlines()], [["T", "element_plugin_entry_v1"]])
                status, printed = run("readelf", "-lW", folder / "hello_element.so")
                self.assertRegex(printed, r"GNU_STACK .* RW ")
                status, printed = run(DRIVE_PLUGIN, folder / "hello_element.so")
                self.assertEqual(status, 0, printed)
                self.assertIn("parse_instance: status 0", printed)

    def test_a_changed_manifest_is_embedded_again(self):
        sample = WORK / "changed"
        shutil.copytree(pathlib.Path(REPOSITORY) / "samples/hello_element", sample)
        build = WORK / "changed_build"
        self.assertEqual(self.configure(sample, build)[0], 0)
        self.assertEqual(run("cmake", "--build", build)[0], 0)
        manifest = sample / "element.json"
        manifest.write_text(manifest.read_text().replace('"1.0.0"', '"1.0.1"'))
        self.assertEqual(run("cmake", "--build", build)[0], 0)
        self.assertIn('"1.0.1"', (build / "plugins/hello_element/element.json").read_text())
        self.assertIn(b'"1.0.1"', (build / "plugins/hello_element/hello_element.so").read_bytes())

    def test_a_plugin_in_c_alone_builds(self):
        tests = pathlib.Path(REPOSITORY) / "tests/abi"
        source = write_project("in_c", "project(in_c LANGUAGES C)\nfind_package(FormularyPlugin 1.0 REQUIRED)\n"
                               "formulary_add_plugin(in_c probe.c)",
                               probe__c=(tests / "probe.c").read_text(), element__json=(tests / "element.json").read_text())
        status, printed = self.configure(source, WORK / "in_c_build")
        self.assertEqual(status, 0, printed)
        self.assertEqual(run("cmake", "--build", WORK / "in_c_build")[0], 0)
        status, printed = run(DRIVE_PLUGIN, WORK / "in_c_build/plugins/in_c/in_c.so")
        self.assertEqual(status, 0, printed)

    def test_a_plugin_links_the_poco_helper(self):
        if not list(SDK.rglob("FormularyPluginPocoTargets.cmake")):
            self.skipTest("this build has no element::poco")
        cache = (pathlib.Path(BUILD) / "CMakeCache.txt").read_text()
        flags = re.search(r"^CMAKE_CXX_FLAGS:\w+=(.*)$", cache, re.M)[1]  # its sanitizers are in the archive
        compiler = re.search(r"^CMAKE_CXX_COMPILER:\w+=(.*)$", cache, re.M)[1]
        cpp = (pathlib.Path(REPOSITORY) / "samples/hello_element/hello_element.cpp").read_text().replace(
            "return std::string(request);", "return element::json::to_text(element::json::parse(request, {.where = \"request\"}));")
        source = write_project("with_poco", "project(with_poco LANGUAGES CXX)\n"
                               "find_package(FormularyPlugin 1.0 REQUIRED COMPONENTS poco)\n"
                               "formulary_add_plugin(with_poco with_poco.cpp)\n"
                               "target_link_libraries(with_poco PRIVATE element::poco)",
                               with_poco__cpp="#include <formulary/poco/json.hpp>\n" + cpp,
                               element__json=(pathlib.Path(REPOSITORY) / "samples/hello_element/element.json").read_text())
        build = WORK / "with_poco_build"
        status, printed = self.configure(source, build, f"-DCMAKE_CXX_FLAGS={flags}", f"-DCMAKE_CXX_COMPILER={compiler}")
        self.assertEqual(status, 0, printed)
        status, printed = run("cmake", "--build", build)
        self.assertEqual(status, 0, printed)
        status, printed = run("nm", "-D", "--defined-only", build / "plugins/with_poco/with_poco.so")
        self.assertEqual([line.split()[1:] for line in printed.splitlines()], [["T", "element_plugin_entry_v1"]])
        status, printed = run(DRIVE_PLUGIN, build / "plugins/with_poco/with_poco.so")
        self.assertEqual(status, 0, printed)

    def test_another_major_and_a_newer_minor_are_refused(self):
        for wanted in ("2.0", "1.9", "0.9"):
            source = write_project(f"wants_{wanted}", f"project(x LANGUAGES NONE)\nfind_package(FormularyPlugin {wanted} REQUIRED)")
            status, printed = self.configure(source, WORK / f"wants_{wanted}_build")
            self.assertNotEqual(status, 0, wanted)
            self.assertIn("version", printed)

    def test_a_missing_manifest_and_missing_sources_are_told_in_a_sentence(self):
        for name, call, told in (("no_manifest", "x x.cpp", "write the manifest or pass MANIFEST"),
                                 ("no_sources", "x", "no sources are listed")):
            source = write_project(name, "project(x LANGUAGES NONE)\nfind_package(FormularyPlugin 1.0 REQUIRED)\n"
                                   f"formulary_add_plugin({call})")
            status, printed = self.configure(source, WORK / f"{name}_build")
            self.assertNotEqual(status, 0)
            self.assertIn(told, " ".join(printed.split()))

    def test_mistakes_in_a_manifest_are_told_in_a_sentence(self):
        manifest = (pathlib.Path(REPOSITORY) / "samples/hello_element/element.json").read_text()
        mistakes = {
            "not JSON": ("{", "no usable member 'id'"),
            "no version": (manifest.replace('"version"', '"release"'), "no usable member 'version'"),
            "an odd id": (manifest.replace("com.example.hello-element", "Hello"), "not in reverse DNS form"),
            "an odd version": (manifest.replace("1.0.0", "one"), "not a semantic version"),
            "a NUL byte": (manifest + "\0", "holds a NUL byte"),
        }
        script = next(SDK.rglob("embed_manifest.cmake"))
        for name, (text, told) in mistakes.items():
            with self.subTest(name):
                (WORK / "element.json").write_text(text)
                status, printed = run("cmake", f"-DMANIFEST={WORK}/element.json", f"-DMADE={WORK}/made", "-DEXTENSION=c",
                                      f"-DCOPY={WORK}/made/element.json", "-P", script)
                self.assertNotEqual(status, 0)
                self.assertIn(told, " ".join(printed.split()))


if __name__ == "__main__":
    unittest.main()
