"""Every plugins/*/element.json fits plugin_api/schema/element.schema.json, and the schema refuses what it must.

usage: manifest_schema_test.py REPOSITORY
"""
import copy
import json
import os
import pathlib
import sys
import unittest

try:
    import jsonschema
except ImportError:
    print("manifest_schema_test: needs the Python module jsonschema (Debian: python3-jsonschema)")
    sys.exit(1 if "CI" in os.environ else 77)

REPOSITORY = pathlib.Path(sys.argv.pop(1)).resolve()
SCHEMA = json.loads((REPOSITORY / "plugin_api/schema/element.schema.json").read_text())

SMALLEST = {
    "id": "com.example.crm", "version": "1.0.0", "key": "crm", "name": "CRM", "hub": "crm", "description": "",
    "authentication": {"type": "none"}, "resources": [], "abi": {"major": 1, "minor": 0},
}
RESOURCE = {"method": "GET", "path": "/contacts/{id}", "idempotency": "safe",
            "parameters": [{"name": "id", "in": "path", "type": "string", "required": True}]}
ENTRY = {"key": "api.key", "name": "API key", "type": "PASSWORD", "required": True, "secret": True}


def problems(manifest):
    return [f"{'/'.join(map(str, error.absolute_path))}: {error.message}"
            for error in jsonschema.Draft7Validator(SCHEMA).iter_errors(manifest)]


def changed(manifest, path, value):
    """A copy with the member at `path` set, or removed if `value` is None."""
    copied = copy.deepcopy(manifest)
    *parents, last = path
    inner = copied
    for step in parents:
        inner = inner[step]
    if value is None:
        del inner[last]
    else:
        inner[last] = value
    return copied


class ManifestSchema(unittest.TestCase):
    full = {**SMALLEST, "logo": "crm.svg", "configuration": [ENTRY], "resources": [RESOURCE],
            "rateLimits": [{"requests": 10, "seconds": 1, "per": "account"}],
            "events": {"types": ["created"], "pollSeconds": 60}, "services": {"required": ["com.example.vault/1"]}}

    def test_the_schema_itself_is_valid(self):
        jsonschema.Draft7Validator.check_schema(SCHEMA)

    def test_every_plugin_of_the_repository_fits(self):
        manifests = sorted(REPOSITORY.glob("plugins/*/element.json")) + sorted(REPOSITORY.glob("samples/*/element.json"))
        self.assertGreaterEqual(len(manifests), 1, "no plugins/*/element.json was found")
        for manifest in manifests:
            with self.subTest(manifest=str(manifest.relative_to(REPOSITORY))):
                self.assertEqual(problems(json.loads(manifest.read_text())), [])

    def test_accepts_what_is_right(self):
        for manifest in (SMALLEST, self.full, {**self.full, "x-owner": {"team": "crm"}},
                         changed(self.full, ["resources", 0, "x-vendor"], "/v1/contacts"),
                         changed(self.full, ["version"], "2.0.0-rc.1+5")):
            self.assertEqual(problems(manifest), [])

    def test_refuses_what_is_wrong(self):
        wrong = {
            "id is one word": (["id"], "crm"),
            "id has capitals": (["id"], "com.Example.crm"),
            "version has two parts": (["version"], "1.0"),
            "version with a leading zero": (["version"], "01.0.0"),
            "key with a space": (["key"], "my crm"),
            "empty name": (["name"], ""),
            "unknown authentication": (["authentication", "type"], "magic"),
            "authentication with a secret in it": (["authentication", "password"], "x"),
            "misspelt member": (["resourses"], []),
            "misspelt member of a resource": (["resources", 0, "idempotence"], "safe"),
            "no idempotency": (["resources", 0, "idempotency"], None),
            "unknown idempotency": (["resources", 0, "idempotency"], "maybe"),
            "a POST that claims to be safe": (["resources", 0, "method"], "POST"),
            "unknown method": (["resources", 0, "method"], "FETCH"),
            "path without slash": (["resources", 0, "path"], "contacts"),
            "path with an open brace": (["resources", 0, "path"], "/contacts/{id"),
            "path with a query": (["resources", 0, "path"], "/contacts?x=1"),
            "optional path parameter": (["resources", 0, "parameters", 0, "required"], False),
            "unknown place of a parameter": (["resources", 0, "parameters", 0, "in"], "cookie"),
            "unknown paging": (["resources", 0, "paging"], "yes"),
            "password that is no secret": (["configuration", 0, "secret"], False),
            "password that does not say so": (["configuration", 0, "secret"], None),
            "secret with a default": (["configuration", 0, "default"], "hunter2"),
            "unknown type of entry": (["configuration", 0, "type"], "SECRET"),
            "choices without COMBO": (["configuration", 0, "options"], ["a"]),
            "rate of zero": (["rateLimits", 0, "requests"], 0),
            "events of no type": (["events", "types"], []),
            "abi as a string": (["abi"], "1.0"),
            "abi without minor": (["abi", "minor"], None),
            "service without revision": (["services", "required"], ["element.http"]),
            **{f"no {member}": ([member], None) for member in SMALLEST},
        }
        for name, (path, value) in wrong.items():
            with self.subTest(name):
                self.assertNotEqual(problems(changed(self.full, path, value)), [])

    def test_says_where_the_mistake_is(self):
        self.assertIn("resources/0/method", problems(changed(self.full, ["resources", 0, "method"], "FETCH"))[0])


if __name__ == "__main__":
    unittest.main()
