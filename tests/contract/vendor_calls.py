"""Direct calls of the vendor's operations that the sandbox serves: each one well, and the refusals that its documents name.

(expected status, method, path, body). Every request is valid by the document, since the validator in front would stop
it otherwise; what is refused is refused for the company's state.
"""

import dataclasses

from hub_calls import AD, CANDIDATE, CANDIDATE_INPUT, JOB, JOB_INPUT, OFFER, POSITION, POSITION_INPUT, PROPERTY, SECOND_USER, \
    THIRD_USER, USER, VALUE, identifier

CONFIDENTIAL = 0xFFFF
TEXT_PROPERTY = identifier("b0000000", 2)
NOBODY = identifier("00000000")
APPLICATION = f"/candidates/{CANDIDATE}/jobs/{JOB}"
VALUES = f"/configuration/candidate-properties/{PROPERTY}/values"
ON_JOB = f"/jobs/{JOB}"
ON_CANDIDATE = f"/candidates/{CANDIDATE}"
SECRET_JOB = f"/jobs/{identifier('10b00000', CONFIDENTIAL)}"
SECRET_CANDIDATE = f"/candidates/{identifier('ca000000', CONFIDENTIAL)}"
NEW_USER = {"email": "dora.finch@example.com", "firstName": "Dora", "lastName": "Finch", "systemRole": {"id": "STANDARD"}}
OLD_USER = {"email": "emil.gray@example.com", "firstName": "Emil", "lastName": "Gray", "role": "EMPLOYEE"}
STATUS = {"status": "HIRED", "startsOn": "2026-12-01T00:00:00.000Z"}
SOURCE = {"sourceTypeId": "BOARD", "sourceId": "board-2"}
USERS = "/user-api/v201804/users"


@dataclasses.dataclass
class Upload:
    fields: dict
    name: str
    content: bytes = b"%PDF-1.4 a few bytes"


def patch(path, value):
    return [{"op": "test", "path": path, "value": value}, {"op": "replace", "path": path, "value": value}]


VENDOR_CALLS = [
    # Uploads first: the ids that a fresh sandbox makes are known by their order.
    (201, "POST", f"{ON_CANDIDATE}/attachments", Upload({"attachmentType": "RESUME"}, "a.pdf")),  # c0de...1
    (201, "POST", f"{APPLICATION}/attachments", Upload({"attachmentType": "COVER_LETTER"}, "b.pdf")),  # c0de...2
    (400, "POST", f"{APPLICATION}/attachments", Upload({"attachmentType": "COVER_LETTER"}, "b.pdf")),
    (200, "GET", f"{ON_CANDIDATE}/attachments", None),
    (200, "GET", f"{ON_CANDIDATE}/attachments/{identifier('c0de0000', 1)}", None),
    (404, "GET", f"{ON_CANDIDATE}/attachments/{NOBODY}", None),
    (200, "GET", f"{APPLICATION}/attachments", None),
    (200, "GET", f"/candidates/attachments/{identifier('c0de0000', 2)}", None),
    (204, "DELETE", f"/candidates/attachments/{identifier('c0de0000', 2)}", None),
    (404, "DELETE", f"/candidates/attachments/{identifier('c0de0000', 2)}", None),
    (401, "GET", f"{SECRET_CANDIDATE}/attachments", None),

    (200, "GET", "/jobs?limit=2&sort=job_id", None),
    (200, "GET", "/jobs?limit=2&sort=job_id&pageId=p.2", None),
    (400, "GET", "/jobs?sort=job_id&pageId=none", None),
    (200, "GET", "/jobs?limit=2&city=Leipzig&city=Dresden", None),  # offset is deprecated, which Prism refuses
    (201, "POST", "/jobs", JOB_INPUT),
    (409, "POST", "/jobs", JOB_INPUT),
    (400, "POST", "/jobs", {**JOB_INPUT, "industry": {"id": "none"}}),
    (200, "GET", ON_JOB, None),
    (401, "GET", SECRET_JOB, None),
    (401, "GET", f"/jobs/{NOBODY}", None),
    (200, "PATCH", ON_JOB, patch("/title", "Lamp fitter")),
    (422, "PATCH", ON_JOB, patch("/title", "Another title")),
    (200, "PUT", ON_JOB, {**JOB_INPUT, "refNumber": "NP-9"}),
    (200, "GET", f"{ON_JOB}/note", None),
    (404, "GET", f"/jobs/{NOBODY}/note", None),
    (200, "PUT", f"{ON_JOB}/note", {"content": "New."}),
    (200, "GET", f"{ON_JOB}/hiring-team", None),
    (200, "POST", f"{ON_JOB}/hiring-team", {"id": THIRD_USER, "role": "EXECUTIVE"}),
    (409, "POST", f"{ON_JOB}/hiring-team", {"id": THIRD_USER, "role": "EXECUTIVE"}),
    (400, "POST", f"{ON_JOB}/hiring-team", {"id": "nobody", "role": "EXECUTIVE"}),
    (204, "DELETE", f"{ON_JOB}/hiring-team/{SECOND_USER}", None),
    (404, "DELETE", f"{ON_JOB}/hiring-team/{SECOND_USER}", None),
    (200, "GET", f"{ON_JOB}/positions", None),
    (201, "POST", f"{ON_JOB}/positions", POSITION_INPUT),
    (200, "GET", f"{ON_JOB}/positions/{POSITION}", None),
    (201, "PUT", f"{ON_JOB}/positions/{POSITION}", POSITION_INPUT),
    (204, "DELETE", f"{ON_JOB}/positions/{POSITION}", None),
    (404, "GET", f"{ON_JOB}/positions/{POSITION}", None),
    (200, "GET", f"{ON_JOB}/jobads", None),
    (200, "POST", f"{ON_JOB}/jobads", {"title": "Porter"}),
    (200, "GET", f"{ON_JOB}/jobads/{AD}", None),
    (404, "GET", f"{ON_JOB}/jobads/{NOBODY}", None),
    (200, "PUT", f"{ON_JOB}/jobads/{AD}", {"title": "Porter, Bern"}),
    (202, "POST", f"{ON_JOB}/jobads/{AD}/postings", {"visibility": "PUBLIC"}),
    (200, "GET", f"{ON_JOB}/jobads/{AD}/postings?activeOnly=false", None),
    (202, "DELETE", f"{ON_JOB}/jobads/{AD}/postings", None),
    (204, "POST", f"{ON_JOB}/publication", {"visibility": "INTERNAL"}),
    (200, "GET", f"{ON_JOB}/publication", None),
    (204, "DELETE", f"{ON_JOB}/publication", None),
    (403, "POST", f"{ON_JOB}/jobads/{AD}/postings", {"visibility": "PUBLIC"}),
    (201, "PUT", f"{ON_JOB}/status", {"status": "INTERVIEW"}),
    (404, "PUT", f"/jobs/{NOBODY}/status", {"status": "INTERVIEW"}),
    (200, "GET", f"{ON_JOB}/status/history", None),

    (200, "GET", "/candidates?limit=3&status=HIRED&status=NEW&updatedAfter=2026-01-01T00:00:00.000Z", None),
    (200, "GET", "/candidates?limit=3&pageId=p.3", None),
    (400, "GET", "/candidates?propertyId=x", None),
    (201, "POST", "/candidates", CANDIDATE_INPUT),
    (404, "POST", "/candidates", {**CANDIDATE_INPUT, "sourceDetails": {"sourceTypeId": "NONE", "sourceId": "x"}}),
    (201, "POST", "/candidates/cv", Upload({}, "Vera_Quill.pdf")),
    (400, "POST", "/candidates/cv", Upload({}, "nameless.pdf")),
    (201, "POST", f"{ON_JOB}/candidates", CANDIDATE_INPUT),
    (401, "POST", f"{SECRET_JOB}/candidates", CANDIDATE_INPUT),
    (201, "POST", f"{ON_JOB}/candidates/cv", Upload({"sourceTypeId": "BOARD", "sourceId": "board-1"}, "Vera_Quill.pdf")),
    (200, "GET", ON_CANDIDATE, None),
    (401, "GET", SECRET_CANDIDATE, None),
    (200, "PATCH", ON_CANDIDATE, {"phoneNumber": "+49 1"}),
    (404, "PATCH", f"/candidates/{NOBODY}", {"phoneNumber": "+49 1"}),
    (200, "GET", f"{ON_CANDIDATE}/tags", None),
    (201, "POST", f"{ON_CANDIDATE}/tags", {"tags": ["a"]}),
    (201, "PUT", f"{ON_CANDIDATE}/tags", {"tags": ["b"]}),
    (204, "DELETE", f"{ON_CANDIDATE}/tags", None),
    (200, "GET", APPLICATION, None),
    (404, "GET", f"{ON_CANDIDATE}/jobs/{NOBODY}", None),
    (200, "GET", f"{APPLICATION}/offers", None),
    (200, "GET", f"{APPLICATION}/offers/{OFFER}", None),
    (404, "GET", f"{APPLICATION}/offers/{NOBODY}", None),
    (204, "PUT", f"{APPLICATION}/source", SOURCE),
    (400, "PUT", f"{APPLICATION}/source", {**SOURCE, "sourceId": "none"}),
    (204, "PUT", f"{APPLICATION}/properties", [{"id": PROPERTY, "label": "Shirt size", "value": VALUE}]),
    (200, "GET", f"{APPLICATION}/screening-answers", None),
    (404, "GET", f"/candidates/{identifier('ca000000', 8)}/onboardingStatus", None),
]
for BASE in (APPLICATION, ON_CANDIDATE):
    VENDOR_CALLS += [
        (200, "GET", f"{BASE}/onboardingStatus", None),
        (204, "PUT", f"{BASE}/onboardingStatus", {"onboardingStatus": "ONBOARDING_FAILED"}),
        (204, "PUT", f"{BASE}/status", {"status": "REJECTED", "reason": "r0000001"}),
        (200, "GET", APPLICATION, None),
        (204, "PUT", f"{BASE}/status", STATUS),
        (400, "PUT", f"{BASE}/status", {**STATUS, "reason": "r0000001"}),
        (200, "GET", f"{BASE}/status/history", None),
        (200, "GET", f"{BASE}/properties", None),
        (204, "PUT", f"{BASE}/properties/{TEXT_PROPERTY}", {"value": "PR-7"}),
        (404, "PUT", f"{BASE}/properties/{NOBODY}", {"value": "PR-7"}),
    ]
VENDOR_CALLS += [
    (204, "DELETE", ON_CANDIDATE, None),
    (404, "DELETE", ON_CANDIDATE, None),
    (200, "GET", "/offers?limit=2&offset=0&status=ACCEPTED", None),

    (200, "GET", f"{USERS}?limit=2&q=brook", None),
    (400, "GET", f"{USERS}?pageId=none", None),
    (201, "POST", USERS, NEW_USER),
    (409, "POST", USERS, NEW_USER),
    (200, "GET", f"{USERS}/me", None),
    (200, "GET", f"{USERS}/{USER}", None),
    (404, "GET", f"{USERS}/nobody", None),
    (200, "PATCH", f"{USERS}/{USER}", patch("/lastName", "Brook")),
    (409, "PUT", f"{USERS}/{USER}/activation", None),
    (204, "DELETE", f"{USERS}/{USER}/activation", None),
    (204, "PUT", f"{USERS}/{USER}/activation", None),
    (200, "GET", "/user-api/v201804/system-roles", None),
    (200, "GET", "/users?limit=2&offset=1", None),
    (201, "POST", "/users", OLD_USER),
    (409, "POST", "/users", OLD_USER),
    (200, "GET", "/users/me", None),
    (200, "GET", f"/users/{USER}", None),
    (200, "PATCH", f"/users/{USER}", patch("/firstName", "Ada")),
    (204, "DELETE", f"/users/{USER}/activation", None),
    (204, "PUT", f"/users/{USER}/activation", None),
    (204, "DELETE", f"/users/{THIRD_USER}", None),
    (404, "DELETE", "/users/nobody", None),

    (200, "GET", "/configuration/company", None),
    (200, "GET", "/configuration/departments", None),
    (201, "POST", "/configuration/departments", {"label": "Legal"}),
    (400, "POST", "/configuration/departments", {"label": "Legal"}),
    (200, "GET", "/configuration/departments/d0000001", None),
    (404, "GET", "/configuration/departments/none", None),
    (200, "GET", "/configuration/rejection-reasons", None),
    (200, "GET", "/configuration/withdrawal-reasons", None),
    (200, "GET", "/configuration/candidate-properties", None),
    (200, "GET", f"/configuration/candidate-properties/{PROPERTY}", None),
    (404, "GET", f"/configuration/candidate-properties/{NOBODY}", None),
    (200, "GET", VALUES, None),
    (400, "GET", f"/configuration/candidate-properties/{TEXT_PROPERTY}/values", None),
    (201, "POST", VALUES, {"id": identifier("b1000000", 8), "label": "XL"}),
    (409, "POST", VALUES, {"id": identifier("b1000000", 8), "label": "XL"}),
    (200, "GET", f"{VALUES}/{VALUE}", None),
    (201, "PUT", f"{VALUES}/{VALUE}", {"label": "XS"}),
    (409, "PUT", f"{VALUES}/{VALUE}", {"label": "XL"}),
    (204, "DELETE", f"{VALUES}/{VALUE}", None),
    (404, "GET", f"{VALUES}/{VALUE}", None),
    (200, "GET", "/configuration/sources", None),
    (200, "GET", "/configuration/sources/BOARD/values?sourceSubType=FREE&limit=5", None),
    (404, "GET", "/configuration/sources/NONE/values", None),
    (200, "GET", "/configuration/sources/BOARD/values/board-1?sourceSubType=FREE", None),
]
