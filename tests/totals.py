#!/usr/bin/env python3
"""Adds up CTest's JUnit files and prints one line: "N passed, N failed, N skipped". Exits 1 if something failed
or nothing ran at all. A skip is counted and named; what must not be skipped in CI fails there by itself.

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
sys.exit(1 if failed or not passed else 0)
