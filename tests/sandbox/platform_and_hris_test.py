"""The two stand-ins beside the vendor: the element platform's POST /instances and an HR system."""

import unittest

from sandbox_program import KEY, SandboxCase

SECRETS = "User sandbox-user-secret, Organization sandbox-organization-secret"
DRAFT = {"element": {"key": "smartrecruiters"}, "configuration": {"api.key": KEY}, "tags": ["Docs"], "name": "API Instance"}
PATH = "/elements/api-v2/instances"
EMPLOYEE = {"candidateId": "c-1", "firstName": "Mira", "lastName": "Aldous", "email": "mira@example.com",
            "jobTitle": "Lamp fitter"}


class Platform(SandboxCase):
    def create(self, status, draft, authorization=SECRETS):
        headers = {"Authorization": authorization} if authorization else {}
        return self.expect(status, "POST", PATH, draft, key=None, headers=headers).json

    def test_an_instance_has_every_documented_member_of_the_right_type(self):
        made = self.create(200, DRAFT)
        types = {"id": int, "name": str, "createdDate": str, "token": str, "element": dict, "elementId": int, "tags": list,
                 "provisionInteractions": list, "valid": bool, "disabled": bool, "maxCacheSize": int, "cacheTimeToLive": int,
                 "configuration": dict, "eventsEnabled": bool, "traceLoggingEnabled": bool, "cachingEnabled": bool,
                 "externalAuthentication": str, "user": dict}
        self.assertEqual({name: type(value) for name, value in made.items()}, types)
        self.assertEqual(len(made["token"]), 44)
        self.assertEqual(made["tags"], ["Docs"])
        self.assertNotIn(KEY, str(made))

    def test_the_secrets_may_come_in_any_order(self):
        self.create(200, DRAFT, "organization sandbox-organization-secret , user sandbox-user-secret")

    def test_instances_differ(self):
        first = self.create(200, DRAFT)
        second = self.create(200, {**DRAFT, "name": "Another", "tags": []})
        self.assertNotEqual((first["id"], first["token"]), (second["id"], second["token"]))
        self.assertEqual(second["tags"], ["Another"])

    def test_refusals_have_the_platforms_error_body(self):
        for status, change, authorization in (
                (401, {}, None), (401, {}, "User sandbox-user-secret"), (401, {}, "User wrong, Organization sandbox-organization-secret"),
                (400, {"name": ""}, SECRETS), (400, {"element": {}}, SECRETS), (400, {"element": {"key": "other"}}, SECRETS),
                (400, {"configuration": {}}, SECRETS), (400, {"configuration": {"api.key": "wrong"}}, SECRETS),
                (400, {"tags": "Docs"}, SECRETS)):
            with self.subTest(change=change, authorization=authorization):
                answer = self.create(status, {**DRAFT, **change}, authorization)
                self.assertRegex(answer["requestId"], "^[0-9a-f]{24}$")
                self.assertTrue(answer["message"])
                self.assertNotIn(KEY, str(answer))

    def test_a_name_is_used_once(self):
        self.create(200, DRAFT)
        self.create(409, DRAFT)


class Hris(SandboxCase):
    def create(self, status, employee, **headers):
        return self.expect(status, "POST", "/hris/employees", employee, key=None,
                           headers={name.replace("_", "-"): value for name, value in headers.items()})

    def test_an_employee_is_made_once_for_a_candidate(self):
        made = self.create(201, EMPLOYEE).json
        self.assertEqual(made["id"], "emp-0001")
        self.assertEqual(self.create(409, EMPLOYEE).json["employeeId"], "emp-0001")
        self.assertEqual(self.expect(200, "GET", "/hris/employees", key=None).json["totalFound"], 1)

    def test_an_idempotency_key_has_one_effect(self):
        first = self.create(201, EMPLOYEE, Idempotency_Key="k1")
        again = self.create(201, EMPLOYEE, Idempotency_Key="k1")
        self.assertEqual((first.json, again.headers["Idempotency-Replayed"]), (again.json, "true"))
        self.create(422, {**EMPLOYEE, "jobTitle": "Other"}, Idempotency_Key="k1")

    def test_required_members_are_checked(self):
        for name in EMPLOYEE:
            with self.subTest(name=name):
                answer = self.create(422, {key: value for key, value in EMPLOYEE.items() if key != name})
                self.assertEqual(answer.json["errors"][0]["dataPath"], f"/{name}")


if __name__ == "__main__":
    unittest.main()
