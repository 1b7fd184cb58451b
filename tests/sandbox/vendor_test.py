"""The vendor's operations: what they keep, and what they refuse."""

import unittest

from sandbox_program import CONFIDENTIAL, SandboxCase, candidate_id, job_id, multipart

JOB = {"title": "Night porter", "refNumber": "NP-1", "location": {"countryCode": "de", "city": "Halle"},
       "industry": {"id": "manufacturing"}, "function": {"id": "production"}, "experienceLevel": {"id": "associate"}}
CANDIDATE = {"firstName": "Vera", "lastName": "Quill", "email": "vera.quill@example.com"}
USER = {"email": "dora.finch@example.com", "firstName": "Dora", "lastName": "Finch", "systemRole": {"id": "STANDARD"}}
APPLICATION = f"/candidates/{candidate_id(1)}/jobs/{job_id(1)}"


class Key(SandboxCase):
    def test_a_wrong_or_missing_key_is_refused(self):
        self.refused(401, "UNAUTHORIZED", "GET", "/configuration/company", key="another")
        self.refused(401, "UNAUTHORIZED", "GET", "/configuration/company", key=None)

    def test_the_company_proves_a_good_key(self):
        self.assertEqual(self.expect(200, "GET", "/configuration/company").json["identifier"], "LanternWorks")
        self.assertIn("systemRole", self.expect(200, "GET", "/user-api/v201804/users/me").json)

    def test_a_good_key_may_not_see_everything(self):
        for path in (f"/jobs/{job_id(CONFIDENTIAL)}", f"/candidates/{candidate_id(CONFIDENTIAL)}"):
            self.refused(401, "ACCESS_FORBIDDEN", "GET", path)

    def test_unknown_paths_and_methods_are_told_apart(self):
        self.expect(404, "GET", "/nothing/here")
        self.assertEqual(self.expect(405, "PUT", "/jobs").headers["Allow"], "GET, POST")


class Jobs(SandboxCase):
    def test_a_job_is_made_read_and_changed(self):
        made = self.expect(201, "POST", "/jobs", JOB).json
        self.assertEqual(made["industry"]["label"], "Manufacturing")
        self.assertEqual(self.expect(200, "GET", f"/jobs/{made['id']}").json["title"], "Night porter")
        changed = self.expect(200, "PUT", f"/jobs/{made['id']}", {**JOB, "title": "Day porter"}).json
        self.assertEqual((changed["title"], changed["id"]), ("Day porter", made["id"]))

    def test_a_reference_number_is_unique(self):
        self.expect(201, "POST", "/jobs", JOB)
        self.refused(409, "REF_NUMBER_ALREADY_EXISTS", "POST", "/jobs", JOB)

    def test_wrong_bodies_are_refused_where_they_are_wrong(self):
        for change, data_path in (({"title": ""}, "/title"), ({"title": 7}, "/title"),
                                  ({"location": {"city": "Halle"}}, "/location/countryCode"),
                                  ({"location": {"city": "Halle", "countryCode": "deu"}}, "/location/countryCode"),
                                  ({"industry": {}}, "/industry/id"), ({"refNumber": "x" * 64}, "/refNumber"),
                                  ({"targetHiringDate": "soon"}, "/targetHiringDate")):
            with self.subTest(change=change):
                answer = self.expect(422, "POST", "/jobs", {**JOB, **change})
                self.assertEqual(answer.json["errors"][0]["dataPath"], data_path)
        self.refused(400, "INVALID_JSON", "POST", "/jobs", b"{", headers={"Content-Type": "application/json"})

    def test_unknown_references_have_their_documented_codes(self):
        for member, code in (("industry", "INDUSTRY_NOT_FOUND"), ("function", "FUNCTION_NOT_FOUND"),
                             ("experienceLevel", "EXPERIENCE_LEVEL_NOT_FOUND"), ("department", "DEPARTMENT_NOT_FOUND")):
            with self.subTest(member=member):
                self.refused(400, code, "POST", "/jobs", {**JOB, member: {"id": "none"}})

    def test_a_status_change_answers_201_and_is_kept(self):
        self.expect(201, "PUT", f"/jobs/{job_id(1)}/status", {"status": "CANCELLED"})
        self.assertEqual(self.expect(200, "GET", f"/jobs/{job_id(1)}").json["status"], "CANCELLED")
        history = self.expect(200, "GET", f"/jobs/{job_id(1)}/status/history").json["content"]
        self.assertEqual(history[-1]["status"], "CANCELLED")
        self.expect(404, "PUT", f"/jobs/{job_id(77)}/status", {"status": "CANCELLED"})

    def test_lists_are_narrowed(self):
        for query, count in (("city=Dresden", 1), ("city=Dresden&city=Leipzig", 3), ("status=FILLED", 0), ("q=LAMP", 1),
                             ("department=d0000003", 1), ("updatedAfter=2026-09-03T00:00:00.000Z", 2),
                             ("updatedAfter=2026-09-03T12:00:00.000%2B02:00", 1)):
            with self.subTest(query=query):
                self.assertEqual(self.expect(200, "GET", f"/jobs?{query}").json["totalFound"], count)
        self.expect(400, "GET", "/jobs?updatedAfter=yesterday")

    def test_hiring_team(self):
        team = f"/jobs/{job_id(1)}/hiring-team"
        third = self.expect(200, "GET", "/user-api/v201804/users?q=cleo").json["content"][0]["id"]
        self.expect(200, "POST", team, {"id": third, "role": "COORDINATOR"})
        self.expect(409, "POST", team, {"id": third, "role": "COORDINATOR"})
        self.refused(400, "USER_NOT_FOUND", "POST", team, {"id": "nobody", "role": "RECRUITER"})
        self.expect(204, "DELETE", f"{team}/{third}")
        self.expect(404, "DELETE", f"{team}/{third}")

    def test_note_positions_and_ads(self):
        self.expect(200, "PUT", f"/jobs/{job_id(1)}/note", {"content": "Ask for references."})
        self.assertEqual(self.expect(200, "GET", f"/jobs/{job_id(1)}/note").json["content"], "Ask for references.")
        positions = f"/jobs/{job_id(1)}/positions"
        wanted = {"type": "NEW", "positionOpenDate": "2026-10-01T00:00:00Z", "targetStartDate": "2026-12-01T00:00:00Z"}
        made = self.expect(201, "POST", positions, wanted).json
        self.expect(201, "PUT", f"{positions}/{made['id']}", {**wanted, "type": "REPLACEMENT"})
        self.expect(204, "DELETE", f"{positions}/{made['id']}")
        self.expect(404, "GET", f"{positions}/{made['id']}")
        ads = f"/jobs/{job_id(1)}/jobads"
        ad = self.expect(200, "POST", ads, {"title": "Lamp fitter, Bern"}).json
        self.expect(202, "POST", f"{ads}/{ad['id']}/postings", {"visibility": "INTERNAL"})
        self.assertEqual(len(self.expect(200, "GET", f"{ads}/{ad['id']}/postings").json["content"]), 1)
        self.expect(202, "DELETE", f"{ads}/{ad['id']}/postings")
        self.assertEqual(self.expect(200, "GET", f"{ads}/{ad['id']}/postings").json["content"], [])

    def test_an_ad_cannot_be_posted_before_its_job(self):
        job = self.expect(201, "POST", "/jobs", JOB).json
        ad = self.expect(200, "GET", f"/jobs/{job['id']}/jobads").json[0]
        self.refused(403, "JOB_NOT_POSTED", "POST", f"/jobs/{job['id']}/jobads/{ad['id']}/postings", {})
        self.expect(204, "POST", f"/jobs/{job['id']}/publication", {})
        self.expect(202, "POST", f"/jobs/{job['id']}/jobads/{ad['id']}/postings", {})


class JsonPatch(SandboxCase):
    HEADERS = {"Content-Type": "application/json-patch+json"}

    def patch(self, status, operations, path=f"/jobs/{job_id(1)}"):
        return self.expect(status, "PATCH", path, operations, headers=self.HEADERS).json

    def test_operations_apply_in_order(self):
        changed = self.patch(200, [{"op": "test", "path": "/title", "value": "Lamp fitter"},
                                   {"op": "replace", "path": "/title", "value": "Lantern fitter"},
                                   {"op": "replace", "path": "/location/city", "value": "Jena"},
                                   {"op": "add", "path": "/properties/-", "value": {"id": "p", "value": {"id": "v"}}},
                                   {"op": "copy", "from": "/location/city", "path": "/location/region"},
                                   {"op": "remove", "path": "/refNumber"}])
        self.assertEqual(changed["title"], "Lantern fitter")
        self.assertEqual(changed["location"]["region"], "Jena")
        self.assertEqual(changed["properties"], [{"id": "p", "value": {"id": "v"}}])

    def test_a_refused_operation_changes_nothing(self):
        for operations in ([{"op": "replace", "path": "/title", "value": "X"}, {"op": "test", "path": "/title", "value": "Y"}],
                           [{"op": "replace", "path": "/nothing", "value": 1}], [{"op": "remove", "path": "/nothing"}],
                           [{"op": "frobnicate", "path": "/title"}], [{"op": "replace", "path": "title", "value": "X"}],
                           [{"op": "replace", "path": "/title"}], [{"op": "add", "path": "/properties/5", "value": {}}],
                           [{"op": "move", "from": "/location", "path": "/location/city"}],
                           [{"op": "replace", "path": "/title", "value": 7}], [{"op": "remove", "path": "/industry"}]):
            with self.subTest(operations=operations):
                self.patch(422, operations)
                self.assertEqual(self.expect(200, "GET", f"/jobs/{job_id(1)}").json["title"], "Lamp fitter")
        self.expect(422, "PATCH", f"/jobs/{job_id(1)}", {"title": "X"})

    def test_users_are_patched_too(self):
        user = self.expect(201, "POST", "/user-api/v201804/users", USER).json
        changed = self.patch(200, [{"op": "replace", "path": "/lastName", "value": "Wren"},
                                   {"op": "add", "path": "/location", "value": {"countryCode": "ch", "city": "Bern"}}],
                             f"/user-api/v201804/users/{user['id']}")
        self.assertEqual((changed["lastName"], changed["location"]["city"]), ("Wren", "Bern"))


class Candidates(SandboxCase):
    def test_a_candidate_is_made_for_a_job_and_patched(self):
        made = self.expect(201, "POST", f"/jobs/{job_id(2)}/candidates", CANDIDATE).json
        self.assertEqual(made["primaryAssignment"]["job"]["id"], job_id(2))
        changed = self.expect(200, "PATCH", f"/candidates/{made['id']}", {"phoneNumber": "+49 1"}).json
        self.assertEqual((changed["phoneNumber"], changed["firstName"]), ("+49 1", "Vera"))
        self.expect(204, "DELETE", f"/candidates/{made['id']}")
        self.expect(401, "GET", f"/candidates/{made['id']}")
        self.expect(404, "DELETE", f"/candidates/{made['id']}")

    def test_a_repeated_post_makes_a_second_candidate(self):
        ids = {self.expect(201, "POST", "/candidates", CANDIDATE).json["id"] for _ in range(2)}
        self.assertEqual(len(ids), 2)

    def test_only_candidates_with_an_application_are_listed(self):
        self.expect(201, "POST", "/candidates", CANDIDATE)
        self.assertEqual(self.expect(200, "GET", "/candidates?q=quill").json["totalFound"], 0)

    def test_wrong_bodies_are_refused(self):
        for change in ({"firstName": ""}, {"email": "vera"}, {"email": None}, {"location": {"countryCode": "d"}},
                       {"sourceDetails": {"sourceTypeId": "BOARD"}}, {"tags": "x"}):
            with self.subTest(change=change):
                self.expect(400, "POST", "/candidates", {**CANDIDATE, **change})
        source = {"sourceTypeId": "NONE", "sourceId": "x"}
        self.refused(404, "SOURCE_TYPE_NOT_FOUND", "POST", "/candidates", {**CANDIDATE, "sourceDetails": source})

    def test_lists_are_narrowed(self):
        for query, count in (("status=HIRED", 4), ("status=HIRED&onboardingStatus=READY_TO_ONBOARD", 3),
                             ("status=HIRED&status=NEW", 6), (f"jobId={job_id(3)}", 4), ("tag=day-shift", 6),
                             ("updatedAfter=2026-09-12T00:00:00Z", 2), ("location=leipzig", 12), ("q=corvin", 1)):
            with self.subTest(query=query):
                self.assertEqual(self.expect(200, "GET", f"/candidates?{query}").json["totalFound"], count)
        self.refused(400, "FIELDS_CRITERIA_SIZE_VIOLATED", "GET", "/candidates?propertyId=a")

    def test_status_and_onboarding(self):
        path = f"/candidates/{candidate_id(5)}/jobs/{job_id(1)}"
        self.refused(404, "ONBOARDING_STATUS_NOT_ACTIVE", "GET", f"{path}/onboardingStatus")
        self.expect(204, "PUT", f"{path}/status", {"status": "HIRED", "startsOn": "2026-12-01T00:00:00Z"})
        self.assertEqual(self.expect(200, "GET", path).json["status"], "HIRED")
        self.assertEqual(self.expect(200, "GET", f"{path}/onboardingStatus").json["onboardingStatus"], "READY_TO_ONBOARD")
        self.expect(204, "PUT", f"{path}/onboardingStatus", {"onboardingStatus": "ONBOARDING_SUCCESSFUL"})
        self.expect(400, "PUT", f"{path}/onboardingStatus", {"onboardingStatus": "DONE"})
        self.refused(400, "NO_REASON_SUPPORT_FOR_STATUS", "PUT", f"{path}/status", {"status": "NEW", "reason": "r0000001"})
        self.refused(400, "REASON_NOT_FOUND", "PUT", f"{path}/status", {"status": "REJECTED", "reason": "none"})

    def test_properties_and_offers(self):
        properties = self.expect(200, "GET", f"{APPLICATION}/properties").json["content"]
        shirt = next(one for one in properties if one["type"] == "SINGLE_SELECT")
        self.assertEqual(shirt["valueLabel"], "M")
        self.expect(204, "PUT", f"{APPLICATION}/properties/{shirt['id']}", {"value": shirt["value"]})
        self.refused(400, "VALUE_NOT_FOUND", "PUT", f"{APPLICATION}/properties/{shirt['id']}", {"value": "none"})
        self.refused(404, "PROPERTY_NOT_FOUND", "PUT", f"{APPLICATION}/properties", [{"id": "none", "value": 1}])
        offer = self.expect(200, "GET", f"{APPLICATION}/offers").json["content"][0]
        self.assertEqual(self.expect(200, "GET", f"{APPLICATION}/offers/{offer['id']}").json["status"], "ACCEPTED")
        self.expect(404, "GET", f"{APPLICATION}/offers/none")

    def test_tags(self):
        tags = f"/candidates/{candidate_id(1)}/tags"
        self.assertEqual(self.expect(201, "POST", tags, {"tags": ["a", "a"]}).json["tags"], ["late-shift", "a"])
        self.expect(204, "DELETE", tags)
        self.assertEqual(self.expect(200, "GET", tags).json["tags"], [])


class Files(SandboxCase):
    def upload(self, status, path, fields, *file):
        body, content_type = multipart(fields, *file)
        return self.expect(status, "POST", path, body, headers={"Content-Type": content_type})

    def test_an_attachment_comes_back_byte_for_byte(self):
        content = bytes(range(256)) * 40 + b"\r\n--not-the-boundary"
        made = self.upload(201, f"{APPLICATION}/attachments", {"attachmentType": "RESUME"}, "cv.pdf", content).json
        self.assertEqual(made["type"], "RESUME")
        answer = self.expect(200, "GET", f"/candidates/attachments/{made['id']}")
        self.assertEqual((answer.body, answer.headers["Content-Type"]), (content, "application/pdf"))
        self.expect(204, "DELETE", f"/candidates/attachments/{made['id']}")
        self.expect(404, "GET", f"/candidates/attachments/{made['id']}")

    def test_uploads_are_refused_with_their_documented_codes(self):
        path = f"/candidates/{candidate_id(1)}/attachments"
        self.upload(201, path, {"attachmentType": "RESUME"}, "cv.pdf", b"x")
        self.assertEqual(self.upload(400, path, {"attachmentType": "RESUME"}, "cv.pdf", b"x").code, "FILE_ALREADY_EXIST")
        self.assertEqual(self.upload(400, path, {"attachmentType": "RESUME"}, "e.pdf", b"").code, "INVALID_FILE")
        self.assertEqual(self.upload(400, path, {"attachmentType": "RESUME"}).code, "INVALID_FILE")
        self.assertEqual(self.upload(422, path, {"attachmentType": "PHOTO"}, "p.pdf", b"x").code, "INVALID_REQUEST")
        self.refused(400, "INVALID_FILE", "POST", path, {"attachmentType": "RESUME"})
        for number in range(19):
            self.upload(201, path, {"attachmentType": "GENERIC_FILE"}, f"{number}.txt", b"x")
        self.assertEqual(self.upload(422, path, {"attachmentType": "RESUME"}, "21.pdf", b"x").code,
                         "ATTACHMENT_LIMIT_EXCEEDED")

    def test_a_resume_makes_a_candidate(self):
        made = self.upload(201, f"/jobs/{job_id(1)}/candidates/cv", {}, "Vera_Quill.pdf", b"x").json
        self.assertEqual((made["firstName"], made["lastName"]), ("Vera", "Quill"))
        self.assertEqual(self.upload(400, "/candidates/cv", {}, "cv.pdf", b"x").code, "INCOMPLETE_RESUME")


class UsersAndConfiguration(SandboxCase):
    def test_a_user_is_made_once_and_activated(self):
        made = self.expect(201, "POST", "/user-api/v201804/users", USER).json
        self.expect(409, "POST", "/user-api/v201804/users", USER)
        path = f"/user-api/v201804/users/{made['id']}"
        self.expect(204, "PUT", f"{path}/activation")
        self.expect(409, "PUT", f"{path}/activation")
        self.expect(204, "DELETE", f"{path}/activation")
        self.assertFalse(self.expect(200, "GET", path).json["active"])

    def test_the_deprecated_form_says_role(self):
        shown = self.expect(200, "GET", "/users/me").json
        self.assertEqual(shown["role"], "ADMINISTRATOR")
        self.assertNotIn("systemRole", shown)
        self.expect(422, "POST", "/users", USER)
        self.expect(201, "POST", "/users", {**USER, "role": "EMPLOYEE"})

    def test_property_values(self):
        all_properties = self.expect(200, "GET", "/configuration/candidate-properties").json["content"]
        select, text = all_properties[0]["id"], all_properties[1]["id"]
        values = f"/configuration/candidate-properties/{select}/values"
        made = self.expect(201, "POST", values, {"id": "c0ffee00-0000-4000-8000-000000000001", "label": "XL"}).json
        self.refused(409, "CANDIDATE_PROPERTY_VALUE_LABEL_ALREADY_EXISTS", "POST", values, {"label": "XL"})
        self.expect(201, "PUT", f"{values}/{made['id']}", {"label": "XXL"})
        self.expect(204, "DELETE", f"{values}/{made['id']}")
        self.expect(404, "GET", f"{values}/{made['id']}")
        self.refused(400, "CANDIDATE_PROPERTY_NOT_SINGLE_SELECT", "GET",
                     f"/configuration/candidate-properties/{text}/values")

    def test_departments_and_sources(self):
        self.expect(201, "POST", "/configuration/departments", {"label": "Legal"})
        self.refused(400, "DEPARTMENT_LABEL_NOT_UNIQUE", "POST", "/configuration/departments", {"label": "Legal"})
        values = "/configuration/sources/BOARD/values"
        self.assertEqual(self.expect(200, "GET", f"{values}?sourceSubType=PAID").json["totalFound"], 1)
        self.assertEqual(self.expect(200, "GET", f"{values}?limit=1&offset=1").json["content"][0]["id"], "board-2")
        self.expect(404, "GET", "/configuration/sources/NONE/values")
        self.assertEqual(self.expect(200, "GET", "/v1/industries").json["totalFound"], 3)


if __name__ == "__main__":
    unittest.main()
