#!/usr/bin/env python3
"""Adds up CTest's JUnit files and prints one line: "N passed, N failed, N skipped". Exits 1 if something failed, or in
CI was skipped although it must run there, or if nothing ran at all.

usage: totals.py FILE.xml...
"""
import os
import sys
import xml.etree.ElementTree

passed = failed = skipped = 0
for name in sys.argv[1:]:
    for case in xml.etree.ElementTree.parse(name).getroot().iter("testcase"):
        status = case.get("status")
        if status == "fail":
            failed += 1
            print(f"failed: {case.get('name')} ({os.path.basename(name)})")
        elif status == "run":
            passed += 1
        else:
            skipped += 1
            print(f"skipped: {case.get('name')} ({os.path.basename(name)})")
print(f"{passed} passed, {failed} failed, {skipped} skipped")
must_run = os.environ.get("CI") and skipped
if must_run:
    print("in CI no test may be skipped", file=sys.stderr)
sys.exit(1 if failed or must_run or not passed else 0)
