"""Which query parameters SmartRecruiters describes for each of its operations, out of the list of its endpoints.

Prism passes parameters that no document knows, and the vendor ignores them: a filter among these would give a list that
looks filtered.
"""

import pathlib
import re
import urllib.parse

LINE = re.compile(r"- `(?P<method>[A-Z]+) (?P<path>/\S*)`[^|]*\|[^|]*\|[^|]*\|(?P<query>[^|]*)\|")
BASE = re.compile(r"## .*base https://api\.smartrecruiters\.com(?P<path>\S*)")


class DescribedQueries:
    def __init__(self, shared):
        self.operations = []
        base = ""
        for line in pathlib.Path(shared, "contract/smartrecruiters/ENDPOINTS.md").read_text().splitlines():
            if found := BASE.match(line):
                base = found["path"]
            elif found := LINE.match(line):
                names = {re.sub(r"[*]|\(D\)", "", name) for name in found["query"].split()} - {"-"}
                self.operations.append((found["method"], base + found["path"], names))

    def of(self, method, path):
        """The names for one request's path; None if no operation has it. Literal segments win over parameters."""
        fitting = [(pattern.count("{"), names) for known, pattern, names in self.operations
                   if known == method and re.fullmatch(re.sub(r"\\{[^/]*?\\}", "[^/]+", re.escape(pattern)), path)]
        return min(fitting, key=lambda one: one[0])[1] if fitting else None

    def faults_of(self, method, target):
        """One sentence for each parameter that is not described."""
        parts = urllib.parse.urlsplit(target)
        names = self.of(method, parts.path)
        if names is None:
            return []
        sent = urllib.parse.parse_qs(parts.query, keep_blank_values=True)
        return [f"{method} {parts.path} has no query parameter '{name}'" for name in sent if name not in names]
