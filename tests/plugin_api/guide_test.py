"""The guide in plugin_api/README.md is true: its plugin and its test build as they stand there, and the test passes.

usage: guide_test.py REPOSITORY BUILD COMPILER
"""
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

REPOSITORY, BUILD, COMPILER = sys.argv[1:]
del sys.argv[1:]
GUIDE = (pathlib.Path(REPOSITORY) / "plugin_api/README.md").read_text()
WORK = pathlib.Path(BUILD).resolve() / "guide_test"

# What the guide leaves to its reader: a test program, and where its plugin lies.
TEST_PROJECT = """
find_package(GTest REQUIRED)
add_executable(acme_test acme_test.cpp)
target_compile_features(acme_test PRIVATE cxx_std_20)
target_compile_definitions(acme_test PRIVATE ACME_SO="$<TARGET_FILE:acme>")
target_link_libraries(acme_test PRIVATE element::plugin_api GTest::gtest_main ${CMAKE_DL_LIBS})
add_dependencies(acme_test acme)
"""


def run(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    assert done.returncode == 0, f"{command}:\n{done.stdout}{done.stderr}"
    return done.stdout


def named_block(name):
    """The code block below the line that is `name` alone."""
    found = re.search(r"^`" + re.escape(name) + r"`\n\n```\w+\n(.*?)^```$", GUIDE, re.M | re.S)
    assert found, f"the guide has no block for {name}"
    return found[1]


def test_block():
    blocks = [block for block in re.findall(r"^```cpp\n(.*?)^```$", GUIDE, re.M | re.S) if "TEST(" in block]
    assert len(blocks) == 1, f"the guide has {len(blocks)} tests"
    return "#include <gtest/gtest.h>\n" + blocks[0]


class Guide(unittest.TestCase):
    def test_its_plugin_and_its_test_build_and_pass(self):
        shutil.rmtree(WORK, ignore_errors=True)
        source = WORK / "acme"
        source.mkdir(parents=True)
        for name in ("element.json", "acme.cpp"):
            (source / name).write_text(named_block(name))
        (source / "acme_test.cpp").write_text(test_block())
        (source / "CMakeLists.txt").write_text(named_block("CMakeLists.txt") + TEST_PROJECT)
        run("cmake", "--install", BUILD, "--component", "sdk", "--prefix", WORK / "sdk")
        run("cmake", "-S", source, "-B", WORK / "build", f"-DCMAKE_PREFIX_PATH={WORK / 'sdk'}",
            f"-DCMAKE_CXX_COMPILER={COMPILER}", "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Werror")
        run("cmake", "--build", WORK / "build")
        folder = WORK / "build/plugins/acme"
        self.assertEqual({path.name for path in folder.iterdir()}, {"acme.so", "element.json"})
        exported = [line.split()[-1] for line in run("nm", "-D", "--defined-only", folder / "acme.so").splitlines()]
        self.assertEqual(exported, ["element_plugin_entry_v1"])
        self.assertIn("[  PASSED  ] 1 test.", run(WORK / "build/acme_test"))


if __name__ == "__main__":
    unittest.main()
