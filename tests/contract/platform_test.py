"""The plugin makes an element instance at the platform: the sandbox's stand-in answers as the platform documents it."""

import json
import os
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "sandbox"))
from sandbox_program import KEY, SandboxCase  # noqa: E402

SECRETS = "User sandbox-user-secret, Organization sandbox-organization-secret"


class PlatformMode(SandboxCase):
    def provision(self, key=KEY, authorization=SECRETS):
        ended = subprocess.run([os.environ["DRIVER"], os.environ["PLUGIN"], f"{self.program.url}/elements/api-v2", key, authorization],
                               capture_output=True, text=True, timeout=60)
        self.assertEqual(ended.returncode, 0, ended.stderr)
        return json.loads(ended.stdout)

    def test_the_instance_has_the_platforms_id_and_token(self):
        instance = self.provision()["instance"]
        self.assertEqual((instance["id"], len(instance["token"])), (12345, 44), instance)

    def test_one_request_is_sent_and_it_is_the_documented_one(self):
        self.provision()
        sent = self.control("GET", "/_sandbox/requests").json["requests"]
        self.assertEqual([(one["method"], one["path"]) for one in sent], [("POST", "/elements/api-v2/instances")])
        self.assertEqual(sent[0]["body"], '{"element":{"key":"smartrecruiters"},"configuration":{"api.key":"********"},'
                                          '"tags":["Docs"],"name":"contract"}')

    def test_refusals_are_told_apart(self):
        wrong_secret = self.provision(authorization="User wrong, Organization wrong")["error"]
        self.assertEqual(wrong_secret["httpStatus"], 401)
        wrong_key = self.provision(key="not-the-key")["error"]
        self.assertEqual(wrong_key["httpStatus"], 400)
        self.assertNotIn("not-the-key", str(wrong_key))
        self.provision()
        self.assertEqual(self.provision()["error"]["httpStatus"], 409)


if __name__ == "__main__":
    unittest.main()
