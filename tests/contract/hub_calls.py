"""One call for each resource of the platform's SmartRecruiters element, with data that the sandbox's seed has.

Written in an order that a stateful vendor can follow: what is deleted was read before. `hub` is the resource as the
platform's document names it, so that the test can tell whether one is missing here.
"""

import base64
import dataclasses


def identifier(kind, number=1):
    return f"{kind}-0000-4000-8000-{number:012x}"


JOB = identifier("10b00000")
CANDIDATE = identifier("ca000000")
OFFER = identifier("0ffe0000")
AD = identifier("ad000000")
POSITION = identifier("a0500000")
PROPERTY = identifier("b0000000")
VALUE = identifier("b1000000")
ATTACHMENT = identifier("c0de0000")  # the first id that a fresh sandbox makes: the upload comes first below
USER = f"5eed{1:020x}"
SECOND_USER = f"5eed{2:020x}"
THIRD_USER = f"5eed{3:020x}"

JOB_INPUT = {"title": "Night porter", "refNumber": "NP-7", "location": {"countryCode": "de", "city": "Halle"},
             "industry": {"id": "manufacturing"}, "function": {"id": "production"}, "experienceLevel": {"id": "associate"},
             "department": {"id": "d0000001"}, "typeOfEmployment": {"id": "permanent"},
             "targetHiringDate": "2026-12-01T00:00:00.000Z",
             "jobAd": {"sections": {"jobDescription": {"title": "The job", "text": "Doors and keys."}},
                       "language": {"code": "en"}}}
CANDIDATE_INPUT = {"firstName": "Vera", "lastName": "Quill", "email": "vera.quill@example.com", "phoneNumber": "+49 341 1",
                   "location": {"country": "Germany", "countryCode": "DE", "city": "Leipzig"}, "tags": ["night-shift"],
                   "web": {"linkedin": "vera-quill"},
                   "education": [{"institution": "City School", "degree": "Certificate", "startDate": "2015-09"}],
                   "experience": [{"title": "Porter", "company": "Harbour Hotel", "current": True, "startDate": "2019"}],
                   "sourceDetails": {"sourceTypeId": "BOARD", "sourceId": "board-1"}, "internal": False}
POSITION_INPUT = {"type": "NEW", "positionId": "P-9", "positionOpenDate": "2026-10-01T00:00:00.000Z",
                  "targetStartDate": "2026-12-01T00:00:00.000Z"}
FILE = {"name": "Vera_Quill.pdf", "contentType": "application/pdf",
        "content": base64.b64encode(b"%PDF-1.4 \x00\xff\r\n--not a boundary").decode()}
# What a caller may send instead of JSON with a base64 file.
MULTIPART = "\r\n".join([
    "--formulary-test-boundary", 'Content-Disposition: form-data; name="attachmentType"', "", "COVER_LETTER",
    "--formulary-test-boundary", 'Content-Disposition: form-data; name="file"; filename="letter.txt"',
    "Content-Type: text/plain", "", "Dear all", "--formulary-test-boundary--", ""])


@dataclasses.dataclass
class HubCall:
    hub: str  # "GET /jobs/{id}"
    path: str
    body: object = None
    query: dict = dataclasses.field(default_factory=dict)
    content_type: str = ""
    undescribed: bool = False  # The vendor's document does not know the path that the platform maps this to.

    @property
    def method(self):
        return self.hub.split()[0]

    @property
    def line(self):
        call = {"method": self.method, "path": self.path, "query": self.query}
        if self.body is not None:
            call["body"] = self.body
        if self.content_type:
            call["contentType"] = self.content_type
        return call


def on_job(tail=""):
    return f"/jobs/{JOB}{tail}"


def on_candidate(tail=""):
    return f"/candidates/{CANDIDATE}{tail}"


HUB_CALLS = [
    HubCall("POST /candidates/{id}/attachments", on_candidate("/attachments"), {"file": FILE, "attachmentType": "RESUME"}),
    HubCall("POST /candidates/{id}/attachments", on_candidate("/attachments"), MULTIPART,
            content_type="multipart/form-data; boundary=formulary-test-boundary"),
    HubCall("GET /candidates/{id}/attachments", on_candidate("/attachments")),
    HubCall("GET /candidates/{id}/attachments/{attachmentsId}", on_candidate(f"/attachments/{ATTACHMENT}")),
    HubCall("GET /auth-validation", "/auth-validation"),
    HubCall("GET /candidate-properties", "/candidate-properties", query={"pageSize": "2"}),
    HubCall("GET /candidate-properties/{id}", f"/candidate-properties/{PROPERTY}"),
    HubCall("GET /candidate-properties/{id}/values", f"/candidate-properties/{PROPERTY}/values"),
    HubCall("POST /candidate-properties/{id}/values", f"/candidate-properties/{PROPERTY}/values",
            {"id": identifier("b1000000", 9), "label": "XXL"}),
    HubCall("GET /candidate-properties/{id}/values/{valueId}", f"/candidate-properties/{PROPERTY}/values/{VALUE}"),
    HubCall("PATCH /candidate-properties/{id}/values/{valueId}", f"/candidate-properties/{PROPERTY}/values/{VALUE}",
            {"label": "XS"}),
    HubCall("GET /candidates", "/candidates",
            query={"where": "status IN ('HIRED', 'OFFERED') AND updatedAfter = '2026-01-01T00:00:00.000Z'", "pageSize": "2"}),
    HubCall("GET /candidates", "/candidates", query={"where": "onboardingStatus = 'READY_TO_ONBOARD'", "pageSize": "100"}),
    HubCall("POST /candidates", "/candidates", CANDIDATE_INPUT),
    HubCall("GET /candidates/{id}", on_candidate()),
    HubCall("PATCH /candidates/{id}", on_candidate(), {"phoneNumber": "+49 341 2", "location": {"city": "Jena"}}),
    HubCall("GET /candidates/{id}/jobs/{jobId}/offers", on_candidate(f"/jobs/{JOB}/offers")),
    HubCall("GET /candidates/{id}/jobs/{jobId}/offers/{offerId}", on_candidate(f"/jobs/{JOB}/offers/{OFFER}")),
    HubCall("GET /candidates/{id}/jobs/{jobId}/onboarding-status", on_candidate(f"/jobs/{JOB}/onboarding-status")),
    HubCall("PUT /candidates/{id}/jobs/{jobId}/onboarding-status", on_candidate(f"/jobs/{JOB}/onboarding-status"),
            {"onboardingStatus": "ONBOARDING_SUCCESSFUL"}),
    HubCall("GET /candidates/{id}/jobs/{jobId}/properties", on_candidate(f"/jobs/{JOB}/properties")),
    HubCall("PUT /candidates/{id}/jobs/{jobId}/status", on_candidate(f"/jobs/{JOB}/status"),
            {"status": "HIRED", "startsOn": "2026-12-01T00:00:00.000Z"}),
    HubCall("GET /industries", "/industries", undescribed=True),
    HubCall("GET /jobs", "/jobs",
            query={"where": "updatedAfter = '2026-01-01T00:00:00.000Z' AND status = 'SOURCING'", "pageSize": "2"}),
    HubCall("POST /jobs", "/jobs", JOB_INPUT),
    HubCall("GET /jobs/{id}", on_job()),
    HubCall("PUT /jobs/{id}", on_job(), {**JOB_INPUT, "refNumber": "NP-8"}),
    HubCall("PATCH /jobs/{id}", on_job(), [{"op": "replace", "path": "/title", "value": "Day porter"}]),
    HubCall("PATCH /jobs/{id}", on_job(), {"op": "replace", "path": "/title", "value": "Porter"}),
    HubCall("POST /jobs/{id}/candidates", on_job("/candidates"), CANDIDATE_INPUT),
    HubCall("POST /jobs/{id}/candidates/resumes", on_job("/candidates/resumes"), {"file": FILE}),
    HubCall("GET /jobs/{id}/hiring-teams", on_job("/hiring-teams")),
    HubCall("POST /jobs/{id}/hiring-teams", on_job("/hiring-teams"), {"id": THIRD_USER, "role": "COORDINATOR"}),
    HubCall("DELETE /jobs/{id}/hiring-teams/{userId}", on_job(f"/hiring-teams/{SECOND_USER}")),
    HubCall("GET /jobs/{id}/job-ads", on_job("/job-ads")),
    HubCall("POST /jobs/{id}/job-ads", on_job("/job-ads"),
            {"title": "Porter, Bern", "language": {"code": "de"},
             "jobAd": {"jobDescription": {"title": "Arbeit", "text": "Türen und Schlüssel."}}}),
    HubCall("GET /jobs/{id}/job-ads/{jobAdsId}", on_job(f"/job-ads/{AD}")),
    HubCall("PUT /jobs/{id}/job-ads/{jobAdsId}", on_job(f"/job-ads/{AD}"), {"title": "Porter, Halle"}),
    HubCall("POST /jobs/{id}/job-ads/{jobAdId}/postings", on_job(f"/job-ads/{AD}/postings"), {"visibility": "INTERNAL"}),
    HubCall("GET /jobs/{id}/job-ads/{jobAdId}/postings", on_job(f"/job-ads/{AD}/postings"),
            query={"where": "activeOnly = 'false'"}),
    HubCall("DELETE /jobs/{id}/job-ads/{jobAdId}/postings", on_job(f"/job-ads/{AD}/postings")),
    HubCall("GET /jobs/{id}/notes", on_job("/notes")),
    HubCall("PUT /jobs/{id}/notes", on_job("/notes"), {"content": "Ask for references."}),
    HubCall("GET /jobs/{id}/positions", on_job("/positions")),
    HubCall("POST /jobs/{id}/positions", on_job("/positions"), POSITION_INPUT),
    HubCall("GET /jobs/{id}/positions/{positionId}", on_job(f"/positions/{POSITION}")),
    HubCall("PUT /jobs/{id}/positions/{positionId}", on_job(f"/positions/{POSITION}"), {**POSITION_INPUT, "type": "REPLACEMENT"}),
    HubCall("DELETE /jobs/{id}/positions/{positionId}", on_job(f"/positions/{POSITION}")),
    HubCall("DELETE /jobs/{id}", on_job()),
    HubCall("GET /offers", "/offers", query={"where": "status = 'ACCEPTED'", "pageSize": "2"}),
    HubCall("GET /source-types", "/source-types"),
    HubCall("GET /source-types/{id}/sub-types", "/source-types/BOARD/sub-types",
            query={"where": "sourceSubType = 'FREE'", "pageSize": "50"}),
    HubCall("GET /users", "/users", query={"where": "updatedAfter = '2026-01-01T00:00:00.000Z'", "pageSize": "50"}),
    HubCall("GET /users/{id}", f"/users/{USER}"),
    HubCall("DELETE /candidates/{id}", on_candidate()),
]

# Filters whose values the vendor's document restricts.
FILTER_VALUES = {"updatedAfter": "2026-01-01T00:00:00.000Z", "createdAfter": "2026-01-01T00:00:00.000Z",
                 "lastActivityAfter": "2026-01-01T00:00:00.000Z", "activeOnly": "true", "sourceSubType": "FREE", "context": "HIRE_FORM", "consentStatus": "REQUIRED",
                 "q": "text"}
FILTER_VALUES_OF = {"/candidates": {"status": "HIRED", "onboardingStatus": "READY_TO_ONBOARD"},
                    "/jobs": {"status": "SOURCING", "postingStatus": "PUBLIC", "language": "en"}}
# The vendor takes these together or not at all.
PARTNERS = {"propertyId": "propertyValueId", "questionFieldId": "questionFieldValueId"}
PARTNERS |= {other: name for name, other in PARTNERS.items()}
PAGING = {"where", "page", "pageSize", "nextPage"}
# Still described, and deprecated: Prism complains about whoever uses it.
DEPRECATED = {"averageRating"}


def filter_calls(manifest):
    """One call for each filter of each list that the manifest declares."""
    calls = []
    for resource in manifest["resources"]:
        hub = f"{resource['method']} {resource['path']}"
        names = [one["name"] for one in resource.get("parameters", []) if one["in"] == "query" and one["name"] not in PAGING | DEPRECATED]
        for name in names:
            driven = next(call for call in HUB_CALLS if call.hub == hub)
            value = FILTER_VALUES_OF.get(resource["path"], FILTER_VALUES).get(name, FILTER_VALUES.get(name, "x"))
            where = f"{name} = '{value}'" + (f" AND {PARTNERS[name]} = 'x'" if name in PARTNERS else "")
            calls.append(HubCall(hub, driven.path, query={"where": where}))
    return calls
