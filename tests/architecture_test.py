#!/usr/bin/env python3
"""Holds the shape of the tree: what lies at the top, which module may include which, where the ABI and the big
libraries may show. Prints file:line and the rule for each breach; `--self-test` plants breaches and sees them found.

usage: architecture_test.py [--self-test] [ROOT]
"""
import pathlib
import re
import sys
import tempfile

TOP_LEVEL = {"CMakeLists.txt", "CMakePresets.json", "LICENSE", "README.md", "plugin_api", "plugins", "host", "tests", "samples"}
NOT_OURS = {"build", "node_modules"}

# Read downwards: a module may include itself and what its row names.
MODULES = {
    "base": set(),
    "store": {"base"},
    "http": {"base"},
    "amqp": {"base"},
    "delivery": {"base", "store", "http"},
    "plugin": {"base"},
    "script": {"base"},
    "formula": {"base"},
    "element": {"base", "plugin", "http", "store"},
    "events": {"base", "store", "http", "plugin", "element", "formula"},
    "engine": {"base", "store", "http", "amqp", "script", "formula", "element", "plugin"},
    "api": {"base", "store", "http", "delivery", "plugin", "script", "formula", "element", "events", "engine"},
    "cli": {"base", "store", "http", "amqp", "delivery", "plugin", "script", "formula", "element", "events", "engine", "api"},
    "launcher": set(),
}

# header pattern -> the folders that alone may include it, and why
RESERVED = [
    (r"formulary/element_plugin\.h|formulary/element(\.hpp|/)", ("plugin_api/", "plugins/", "host/plugin/", "tests/", "samples/"),
     "the C ABI shows only in host/plugin and in plugins"),
    (r"boost/dll", ("host/plugin/", "tests/"), "only host/plugin loads libraries"),
    (r"Poco/Net/", ("plugin_api/poco/", "plugins/", "host/http/", "samples/", "tests/"), "only host/http speaks HTTP"),
    (r"formulary/poco/", ("plugin_api/poco/", "plugins/", "host/http/", "samples/", "tests/"), "only host/http speaks HTTP"),
    (r"amqp[_a-z]*\.h", ("host/amqp/",), "only host/amqp speaks AMQP"),
    (r"boost/(asio|beast)", ("host/http/server_", "host/http/tls_identity.", "host/http/in_buffer."), "only the server's connections know Asio"),
    (r"sqlite3\.h", ("host/store/", "tests/"), "only host/store knows the database"),
    (r"v8\.h|libplatform/", ("host/script/worker/", "host/script/"), "only the script worker knows the engine"),
    (r"CLI/", ("host/cli/", "host/base/", "samples/", "tests/"), "only the command line parses flags"),
]

INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]')
SOURCE = {".h", ".hpp", ".cpp", ".c", ".cc"}


def sources(root):
    for folder in ("plugin_api", "plugins", "host", "tests", "samples"):
        base = root / folder
        if base.is_dir():
            for path in sorted(base.rglob("*")):
                if path.suffix in SOURCE and not (NOT_OURS & set(path.relative_to(root).parts)):
                    yield path


TYPE = re.compile(r"^(?:class|struct|enum class)\s+(\w+)(?:\s+final)?\s*(?::[^;{]*)?\{", re.MULTILINE)
NAMESPACE = re.compile(r"^namespace (\S+) \{", re.MULTILINE)


def names_made_twice(root):
    """All modules end in one library: a second type of one name is silently taken for the first."""
    homes = {}
    found = []
    for path in sources(root):
        here = path.relative_to(root).as_posix()
        if not here.startswith("host/") or path.suffix != ".hpp":
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        inside = NAMESPACE.search(text)
        for name in TYPE.findall(text):
            full = f"{inside.group(1) if inside else ''}::{name}"
            first = homes.setdefault(full, here)
            if first != here:
                found.append(f"{here}: {full} is in {first}, too; rename one, or share it from host/base")
    return found


def breaches(root):
    found = []
    for entry in sorted(root.iterdir()):
        if entry.name.startswith(".") or entry.name in TOP_LEVEL or entry.name in NOT_OURS:
            continue
        found.append(f"{entry.name}: not a top-level name; the owner fixed them, see host/README.md")
    for path in sources(root):
        here = path.relative_to(root).as_posix()
        module = re.match(r"host/([a-z]+)/", here)
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            included = INCLUDE.match(line)
            if not included:
                continue
            name = included.group(1)
            target = re.match(r"host/([a-z]+)/", name)
            if module and target and target.group(1) != module.group(1) and target.group(1) not in MODULES.get(module.group(1), set()):
                found.append(f"{here}:{number}: {module.group(1)} must not include {target.group(1)}")
            if here.startswith(("plugins/", "plugin_api/")) and name.startswith("host/"):
                found.append(f"{here}:{number}: a plugin must not include the host")
            for pattern, allowed, why in RESERVED:
                if re.match(pattern, name) and not here.startswith(allowed):
                    found.append(f"{here}:{number}: {name}: {why}")
        if path.suffix == ".h" and not here.startswith(("plugin_api/include/formulary/element_plugin.h", "plugin_api/abi/", "tests/abi/")):
            found.append(f"{here}: .h is the C ABI's extension; name it .hpp")
    found += names_made_twice(root)
    host = root / "host"
    for folder in sorted(p.name for p in host.iterdir() if p.is_dir()) if host.is_dir() else []:
        if folder not in MODULES and folder not in ("decisions", "errors"):
            found.append(f"host/{folder}: a module without a row in tests/architecture_test.py")
    return found


def self_test():
    plants = {
        "host/formula/a.cpp": '#include "host/plugin/catalogue.hpp"\n',
        "host/cli/b.cpp": "#include <formulary/element_plugin.h>\n",
        "plugins/x/c.cpp": '#include "host/base/error.hpp"\n',
        "host/base/d.h": "\n",
        "docs/e.md": "\n",
        "host/extra/f.cpp": "\n",
        "host/engine/g.cpp": "#include <sqlite3.h>\n",
        "host/plugin/h.hpp": "namespace formulary {\nclass Timers {\n};\n",
        "host/plugin/i.hpp": "namespace formulary {\nclass Timers final : public Other {\n};\n",
    }
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name, text in plants.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        found = breaches(root)
        missed = [name for name in plants if name != "host/plugin/h.hpp" and not any(line.startswith(name.split("/e.md")[0].split("/f.cpp")[0]) for line in found)]
    for name in missed:
        print(f"planted breach not found: {name}")
    return 1 if missed else 0


def main():
    arguments = [a for a in sys.argv[1:] if a != "--self-test"]
    if "--self-test" in sys.argv:
        sys.exit(self_test())
    root = pathlib.Path(arguments[0] if arguments else pathlib.Path(__file__).resolve().parent.parent)
    found = breaches(root)
    print("\n".join(found) if found else "architecture: every include and every top-level name is allowed")
    sys.exit(1 if found else 0)


main()
