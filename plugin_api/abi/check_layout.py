#!/usr/bin/env python3
"""Holds the ABI to its promise: a minor version only appends.

usage: check_layout.py check HEADER FROZEN.layout [--compiler CC]   compares a header with a frozen layout
       check_layout.py dump HEADER [--compiler CC]                  prints the layout, to be frozen with a new minor

The layout is read from the compiler's own debug information, through gdb: every struct's members with offset, size and
type (so also every function's signature), every typedef, every constant. Exit status: 0 same or appended (what was
appended is printed), 1 broken, 2 could not be checked. Nothing that is missing passes as success.
"""
import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

EXACT_STRUCTS = ("element_str", "element_kv")  # passed by value, so they never grow (R1)
NOT_FROZEN = ("ELEMENT_ABI_MINOR",)            # compared on its own

# Runs inside gdb. Prints one tab-separated line per fact.
READER = r"""
import gdb
def show(*parts):
    print("\t".join(("LAYOUT",) + tuple(str(part) for part in parts)))
for name in STRUCTS:
    kind = gdb.lookup_type("struct " + name)
    show("struct", name, kind.sizeof)
    for field in kind.fields():
        show("member", name, field.name, field.bitpos // 8, field.type.sizeof, field.type)
for name in TYPEDEFS:
    show("typedef", name, gdb.lookup_type(name).strip_typedefs())
for name in CONSTANTS:
    show("constant", name, int(gdb.parse_and_eval("constant_" + name)))
for name in TEXTS:
    show("constant", name, gdb.parse_and_eval("text_" + name).string())
show("end")
"""


class CannotCheck(Exception):
    """The comparison could not be made: that is no success."""


def run(command, what):
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise CannotCheck(f"{what}: {problem}") from problem
    if done.returncode != 0:
        raise CannotCheck(f"{what} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def names_in(header_text):
    """What the header defines: structs with a body, other typedefs, number constants, text constants."""
    text = re.sub(r"/\*.*?\*/", " ", header_text, flags=re.S)
    structs = re.findall(r"\bstruct\s+(\w+)\s*\{", text)
    typedefs = [name for name in re.findall(r"\btypedef\s+\w+\s+(\w+)\s*;", text)]
    typedefs += re.findall(r"\btypedef\b[^;{]*\(\s*(?:\w+\s*)?\*\s*(\w+)\s*\)\s*\(", text)
    constants = re.findall(r"\b(ELEMENT_[A-Z0-9_]+)\s*=", text)
    constants += re.findall(r"^#define\s+(ELEMENT_[A-Z0-9_]+)\s+\(?(?:0x)?[0-9]", text, flags=re.M)
    texts = re.findall(r'^#\s*define\s+(ELEMENT_[A-Z0-9_]+)\s+"', text, flags=re.M)
    return structs, typedefs, constants, texts


def read_layout(header, compiler):
    """The layout as a list of lines, in the header's order."""
    if shutil.which("gdb") is None:
        raise CannotCheck("gdb is not installed; install it to check the ABI")
    structs, typedefs, constants, texts = names_in(header.read_text())
    if not structs or not constants:
        raise CannotCheck(f"{header}: no structs or no constants were found in it")
    with tempfile.TemporaryDirectory() as folder:
        anchor = pathlib.Path(folder) / "anchor.c"
        binary = pathlib.Path(folder) / "anchor"
        lines = [f'#include "{header.resolve()}"']
        lines += [f"struct {name} value_of_{name};" for name in structs]
        lines += [f"{name} typed_{name};" for name in typedefs]
        lines += [f"const long long constant_{name} = (long long)({name});" for name in constants]
        lines += [f"const char text_{name}[] = {name};" for name in texts]
        anchor.write_text("\n".join(lines + ["int main(void) { return 0; }", ""]))
        run([compiler, "-std=c11", "-g", "-O0", "-o", str(binary), str(anchor)], f"compiling {header}")
        script = pathlib.Path(folder) / "reader.py"
        script.write_text(f"STRUCTS={structs!r}\nTYPEDEFS={typedefs!r}\nCONSTANTS={constants!r}\nTEXTS={texts!r}\n{READER}")
        printed = run(["gdb", "-batch", "-nx", "-ex", f"source {script}", str(binary)], "reading debug information with gdb")
    layout = [line.split("\t", 1)[1] for line in printed.splitlines() if line.startswith("LAYOUT\t")]
    if not layout or layout.pop() != "end":
        raise CannotCheck(f"gdb did not print the whole layout of {header}:\n{printed}")
    return layout


class Layout:
    """Facts by name; `members` keeps each struct's members as (name, offset, size, type) in order."""

    def __init__(self, lines, where):
        self.members, self.sizes, self.facts = {}, {}, {}
        for line in lines:
            kind, name, *rest = line.split("\t")
            if kind == "struct":
                self.sizes[name] = int(rest[0])
                self.members[name] = []
            elif kind == "member":
                self.members[name].append((rest[0], int(rest[1]), int(rest[2]), rest[3]))
            else:
                self.facts[(kind, name)] = rest[0]
        if not self.members or not self.facts:
            raise CannotCheck(f"{where}: holds no layout")


def compare_struct(name, old, new):
    """(what is broken, what was appended) for one struct."""
    was, now = old.members[name], new.members.get(name)
    if now is None:
        return [f"struct {name} is gone"], []
    for index, member in enumerate(was):
        if index >= len(now):
            return [f"struct {name}: member {member[0]} is gone"], []
        if now[index] != member:
            told = "{0[3]} {0[0]} at {0[1]}, {0[2]} bytes"
            return [f"struct {name}: '{told.format(member)}' is now '{told.format(now[index])}'"], []
    added = now[len(was):]
    if added and name in EXACT_STRUCTS:
        return [f"struct {name} is passed by value and may not grow"], []
    broken = [f"struct {name}: {member[0]} lies in the old struct's padding" for member in added
              if member[1] < old.sizes[name]]
    return broken, [f"{name}.{member[0]}" for member in added]


def compare(old, new):
    broken, appended = [], []
    for name in old.members:
        bad, more = compare_struct(name, old, new)
        broken += bad
        appended += more
    appended += [f"struct {name}" for name in new.members if name not in old.members]
    for (kind, name), value in old.facts.items():
        if name in NOT_FROZEN:
            continue
        now = new.facts.get((kind, name))
        if now is None:
            broken.append(f"{kind} {name} is gone")
        elif now != value:
            broken.append(f"{kind} {name} was {value} and is now {now}")
    appended += [name for (_, name) in new.facts if not any(known == name for (_, known) in old.facts)]
    minor = ("constant", "ELEMENT_ABI_MINOR")
    if appended and not broken and int(new.facts[minor]) <= int(old.facts[minor]):
        broken.append(f"{', '.join(appended)} appended, but ELEMENT_ABI_MINOR is still {new.facts[minor]}")
    return broken, appended


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("check", "dump"))
    parser.add_argument("header", type=pathlib.Path)
    parser.add_argument("frozen", type=pathlib.Path, nargs="?")
    parser.add_argument("--compiler", default="cc")
    asked = parser.parse_args()
    try:
        lines = read_layout(asked.header, asked.compiler)
        if asked.what == "dump":
            print("\n".join(lines))
            return 0
        if asked.frozen is None:
            raise CannotCheck("check needs a frozen layout")
        frozen = Layout(asked.frozen.read_text().splitlines(), asked.frozen)
        broken, appended = compare(frozen, Layout(lines, asked.header))
    except (CannotCheck, OSError, KeyError, ValueError) as problem:
        print(f"CANNOT CHECK: {problem}", file=sys.stderr)
        return 2
    for sentence in broken:
        print(f"BROKEN: {sentence}")
    for name in appended:
        print(f"appended: {name}")
    if not broken and not appended:
        print("same")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
