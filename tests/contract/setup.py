"""Installs the validator that package-lock.json pins into a folder of the build: setup.py SHARED FOLDER."""

import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).parent


def main():
    shared, folder = map(pathlib.Path, sys.argv[1:])
    if not (shared / "contract/smartrecruiters/openapi.yaml").exists() and not os.environ.get("CI"):
        print(f"nothing to install: {shared} has no contract, so the tests skip")
        return 0
    npm = shutil.which("npm")
    if npm is None:
        print("npm is not installed, and the contract tests need it; install Node.js 18 or later (Debian: npm)", file=sys.stderr)
        return 1
    lock = (HERE / "package-lock.json").read_bytes()
    stamp = folder / "installed.json"
    if stamp.exists() and stamp.read_bytes() == lock:
        print("installed already")
        return 0
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, folder / name)
    ended = subprocess.run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder)
    if ended.returncode == 0:
        stamp.write_bytes(lock)
    return ended.returncode


if __name__ == "__main__":
    sys.exit(main())
