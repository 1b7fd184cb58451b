#include <gmock/gmock.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/smartrecruiters/resources.hpp"
#include "tests/plugins/smartrecruiters/scripted_vendor.hpp"

namespace smartrecruiters::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class InvokeTest : public ElementTest {
 protected:
  element::testing::outcome send(std::string_view method, std::string_view path, std::string_view body,
                                 std::string_view content_type = "application/json") {
    return invoke(
        {.method = method, .path = path, .query = {}, .headers = {}, .body = body, .content_type = content_type});
  }
};

/// A path with every parameter filled in as "1".
std::string filled(std::string_view pattern) {
  std::string path(pattern);
  for (std::size_t open = path.find('{'); open != std::string::npos; open = path.find('{')) {
    path.replace(open, path.find('}') - open + 1, "1");
  }
  return path;
}

/// A body that has everything that any resource requires.
std::string body_for(const Resource& resource) {
  switch (resource.body) {
    case Body::json_patch:
      return R"([{"op":"replace","path":"/title","value":"x"}])";
    case Body::attachment:
    case Body::resume:
      return R"({"file":{"name":"cv.pdf","content":"QUJD"}})";
    default:
      return R"({"firstName":"A","lastName":"B","email":"a@b.example","title":"T","function":{"id":"f"},"industry":{"id":"i"},)"
             R"("experienceLevel":{"id":"e"},"location":{},"type":"NEW","positionOpenDate":"d","targetStartDate":"d","id":"1",)"
             R"("label":"l","status":"NEW","onboardingStatus":"READY_TO_ONBOARD","role":"RECRUITER","content":"c"})";
  }
}

TEST_F(InvokeTest, ReachesTheVendorsPathOfEveryResource) {
  for (const Resource& resource : resources()) {
    SCOPED_TRACE(std::string(resource.method) + " " + std::string(resource.path));
    const bool list = resource.answer == Answer::list;
    vendor.answers(resource.vendor_method == "DELETE" ? 204 : 200, list ? R"({"content":[]})" : "{}");
    const std::string path = "/hubs/humancapital" + filled(resource.path);
    const std::string body = resource.method == "GET" ? "" : body_for(resource);

    const auto answer = send(resource.method, path, body);

    ASSERT_TRUE(answer.ok()) << answer.error->message;
    EXPECT_THAT(answer.head(), HasSubstr("\"status\":200"));
    const Sent sent = vendor.sent().back();
    EXPECT_EQ(sent.method, resource.vendor_method);
    EXPECT_EQ(sent.target.substr(0, sent.target.find('?')), filled(resource.vendor_path));
    EXPECT_EQ(sent.key, api_key);
    EXPECT_EQ(sent.body.empty(), sent.method == "GET" || sent.method == "DELETE");
  }
  EXPECT_EQ(vendor.sent().size(), 52U);
}

TEST_F(InvokeTest, PassesAnObjectOnByteForByte) {
  vendor.answers(200, "{ \"id\" : \"1\", \"score\": 1e400 }");
  const auto answer = get("/candidates/1");
  EXPECT_EQ(answer.body(), "{ \"id\" : \"1\", \"score\": 1e400 }");
  EXPECT_EQ(header(answer, "smartrecruiters-status"), "200");
}

TEST_F(InvokeTest, IsAlways200LikeThePlatform) {
  vendor.answers(201, R"({"id":"1"})").answers(204).answers(202, R"({"unpostingStatus":"x"})");
  EXPECT_THAT(
      send("POST", "/jobs/1/positions", R"({"type":"NEW","positionOpenDate":"d","targetStartDate":"d"})").head(),
      HasSubstr("\"status\":200"));
  const auto gone = send("DELETE", "/candidates/1", "null");  // clients of the platform send null
  EXPECT_THAT(gone.head(), HasSubstr("\"status\":200"));
  EXPECT_THAT(gone.body(), IsEmpty());
  EXPECT_EQ(header(gone, "smartrecruiters-status"), "204");
  EXPECT_EQ(send("DELETE", "/jobs/1/job-ads/2/postings", "").body(), "{}");
}

TEST_F(InvokeTest, CancelsAJobThatIsDeleted) {
  vendor.answers(201, R"({"status":"CANCELLED"})");
  EXPECT_EQ(send("DELETE", "/jobs/42", "").body(), "{}");
  const Sent sent = vendor.sent()[0];
  EXPECT_EQ(sent.method + " " + sent.target, "PUT /jobs/42/status");
  EXPECT_EQ(sent.body, R"({"status":"CANCELLED"})");
  EXPECT_EQ(sent.content_type, "application/json");
}

TEST_F(InvokeTest, GivesBackWhatWasSetWhereTheVendorSaysNothing) {
  vendor.answers(204).answers(204);
  EXPECT_EQ(send("PUT", "/candidates/1/jobs/2/status", R"({"status":"HIRED","startsOn":"2023-01-01"})").body(),
            R"({"status":"HIRED"})");
  EXPECT_EQ(send("PUT", "/candidates/1/jobs/2/onboarding-status", R"({"onboardingStatus":"ONBOARDING_FAILED"})").body(),
            R"({"onboardingStatus":"ONBOARDING_FAILED"})");
  EXPECT_EQ(vendor.sent()[0].body, R"({"status":"HIRED","startsOn":"2023-01-01"})");
}

TEST_F(InvokeTest, WrapsSingleDocumentsThatThePlatformListsInAList) {
  vendor.answers(200, R"({"content":"x"})").answers(200, R"({"onboardingStatus":"READY_TO_ONBOARD"})");
  EXPECT_EQ(get("/jobs/1/notes").body(), R"([{"content":"x"}])");
  EXPECT_EQ(get("/candidates/1/jobs/2/onboarding-status").body(), R"([{"onboardingStatus":"READY_TO_ONBOARD"}])");
}

TEST_F(InvokeTest, SendsJsonPatchForJobsAndPlainJsonForCandidates) {
  vendor.answers(200, "{}").answers(200, "{}").answers(200, "{}").answers(200, "{}");
  EXPECT_TRUE(send("PATCH", "/jobs/1", R"({"op":"replace","path":"/title","value":"x"})").ok());
  EXPECT_TRUE(send("PATCH", "/jobs/1", R"([{"op":"remove","path":"/department"}])").ok());
  EXPECT_TRUE(send("PATCH", "/candidates/1", R"({"firstName":"x"})").ok());
  EXPECT_TRUE(send("PATCH", "/candidate-properties/1/values/2", R"({"label":"x"})").ok());
  const auto sent = vendor.sent();
  EXPECT_EQ(sent[0].body, R"([{"op":"replace","path":"/title","value":"x"}])");
  EXPECT_EQ(sent[0].content_type, "application/json-patch+json");
  EXPECT_EQ(sent[1].body, R"([{"op":"remove","path":"/department"}])");
  EXPECT_EQ(sent[2].body, R"({"firstName":"x"})");
  EXPECT_EQ(sent[2].content_type, "application/json");
  EXPECT_EQ(sent[3].method, "PUT");
}

TEST_F(InvokeTest, DownloadsFilesWithTheirType) {
  vendor.answers(200, std::string("%PDF\0\xff", 6), {{"Content-Type", "application/pdf"}});
  const auto answer = get("/candidates/1/attachments/2");
  EXPECT_EQ(answer.body(), std::string_view("%PDF\0\xff", 6));
  EXPECT_THAT(answer.head(), HasSubstr("\"contentType\":\"application/pdf\""));
  EXPECT_EQ(vendor.sent()[0].accept, "*/*");
}

TEST_F(InvokeTest, UploadsAFile) {
  vendor.answers(201, R"({"id":"1"})");
  EXPECT_TRUE(send("POST", "/candidates/1/attachments", R"({"file":{"name":"cv.pdf","content":"QUJD"}})").ok());
  EXPECT_THAT(vendor.sent()[0].content_type, HasSubstr("multipart/form-data; boundary="));
  EXPECT_THAT(vendor.sent()[0].body, HasSubstr("GENERIC_FILE"));
}

TEST_F(InvokeTest, TellsAYesWithoutADocumentFromAResult) {
  for (const char* body : {"", "<html>", "{\"id\":"}) {
    vendor.answers(200, body);
    const auto refused = get("/candidates/1");
    EXPECT_EQ(refused.status, ELEMENT_DATA_LOSS);
    EXPECT_EQ(refused.error->code, "smartrecruiters.unexpected_answer");
    EXPECT_EQ(refused.error->retry_class, element::retry::if_idempotent);
  }
}

TEST_F(InvokeTest, QuotesTheVendorsErrors) {
  vendor.answers(
      400,
      R"({"message":"Bad input","errors":[{"code":"DEPARTMENT_NOT_FOUND","message":"no such\ndepartment"},{"code":"X"}]})");
  const auto refused = send("PATCH", "/jobs/1", R"({"op":"replace","path":"/department","value":{"id":"9"}})");
  EXPECT_EQ(refused.status, ELEMENT_INVALID_ARGUMENT);
  EXPECT_EQ(refused.error->http_status, 400);
  EXPECT_EQ(refused.error->message,
            "PATCH /jobs/{id}: SmartRecruiters answered 400 DEPARTMENT_NOT_FOUND \"Bad input\"; correct the request");
  EXPECT_EQ(refused.error->details,
            R"({"providerCode":"DEPARTMENT_NOT_FOUND","providerMessage":"Bad input","errors":)"
            R"([{"code":"DEPARTMENT_NOT_FOUND","message":"no such department"},{"code":"X","message":""}]})");
}

struct VendorStatus {
  int http_status;
  element_status status;
  const char* code;
};
class VendorStatusTest : public InvokeTest, public ::testing::WithParamInterface<VendorStatus> {};

TEST_P(VendorStatusTest, HasItsMeaning) {
  vendor.answers(GetParam().http_status, R"({"code":"SOME_CODE","message":"words"})");
  const auto refused = send("POST", "/candidates", body_for(*find_resource("POST", "/candidates").resource));
  EXPECT_EQ(refused.status, GetParam().status);
  EXPECT_EQ(refused.error->code, GetParam().code);
  EXPECT_EQ(refused.error->http_status, GetParam().http_status);
  EXPECT_THAT(refused.error->details, HasSubstr("SOME_CODE"));
}

INSTANTIATE_TEST_SUITE_P(Statuses, VendorStatusTest,
                         ::testing::Values(VendorStatus{400, ELEMENT_INVALID_ARGUMENT, "smartrecruiters.bad_request"},
                                           VendorStatus{403, ELEMENT_PERMISSION_DENIED,
                                                        "smartrecruiters.permission_denied"},
                                           VendorStatus{404, ELEMENT_NOT_FOUND, "smartrecruiters.not_found"},
                                           VendorStatus{409, ELEMENT_ALREADY_EXISTS, "smartrecruiters.conflict"},
                                           VendorStatus{415, ELEMENT_INVALID_ARGUMENT, "smartrecruiters.bad_request"},
                                           VendorStatus{422, ELEMENT_INVALID_ARGUMENT, "smartrecruiters.bad_request"},
                                           VendorStatus{424, ELEMENT_FAILED_PRECONDITION, "smartrecruiters.refused"},
                                           VendorStatus{500, ELEMENT_UNAVAILABLE, "smartrecruiters.unavailable"},
                                           VendorStatus{502, ELEMENT_UNAVAILABLE, "smartrecruiters.unavailable"},
                                           VendorStatus{503, ELEMENT_UNAVAILABLE, "smartrecruiters.unavailable"}));

struct Advice {
  int http_status;
  const char* vendor_code;
  const char* has;
};
class AdviceTest : public InvokeTest, public ::testing::WithParamInterface<Advice> {};

TEST_P(AdviceTest, FitsTheVendorsCodeBeforeTheStatus) {
  vendor.answers(GetParam().http_status,
                 R"({"errors":[{"code":")" + std::string(GetParam().vendor_code) + R"(","message":"words"}]})");
  const auto refused = send("POST", "/candidates", body_for(*find_resource("POST", "/candidates").resource));
  ASSERT_TRUE(refused.error);
  EXPECT_THAT(refused.error->message, HasSubstr(GetParam().has));
  EXPECT_THAT(refused.error->message, HasSubstr(GetParam().vendor_code));
}

INSTANTIATE_TEST_SUITE_P(Codes, AdviceTest,
                         ::testing::Values(Advice{404, "SOURCE_TYPE_NOT_FOUND", "GET /source-types"},
                                           Advice{404, "ONBOARDING_STATUS_NOT_ACTIVE", "switched off"},
                                           Advice{404, "CANDIDATE_NOT_FOUND", "ids in the path"},
                                           Advice{403, "APPROVAL_PROCESS_ENABLED", "approval process"},
                                           Advice{403, "PERMISSION_DENIED", "ask an administrator"},
                                           Advice{409, "REF_NUMBER_ALREADY_EXISTS", "refNumber"},
                                           Advice{409, "CANDIDATE_PROPERTY_VALUE_LABEL_ALREADY_EXISTS", "label"},
                                           Advice{409, "SOMETHING_ELSE", "read what is there"},
                                           Advice{422, "ATTACHMENT_LIMIT_EXCEEDED", "as many files"},
                                           Advice{422, "SOMETHING_ELSE", "correct the values"},
                                           Advice{400, "INVALID_PAGE_ID", "start the list anew"},
                                           Advice{400, "SOMETHING_ELSE", "correct the request"}),
                         [](const auto& one) { return std::to_string(one.param.http_status) + one.param.vendor_code; });

struct WrongBody {
  const char* why;
  const char* method;
  const char* path;
  std::string body;
  const char* has;
};
class WrongBodyTest : public InvokeTest, public ::testing::WithParamInterface<WrongBody> {};

TEST_P(WrongBodyTest, IsRefusedBeforeTheVendorSeesIt) {
  const auto refused = send(GetParam().method, GetParam().path, GetParam().body);
  EXPECT_EQ(refused.status, ELEMENT_INVALID_ARGUMENT);
  EXPECT_EQ(refused.error->code, "smartrecruiters.invalid_body");
  EXPECT_EQ(refused.error->http_status, 400);
  EXPECT_THAT(refused.error->message, HasSubstr(GetParam().has));
  EXPECT_THAT(vendor.sent(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    Bodies, WrongBodyTest,
    ::testing::Values(
        WrongBody{"Missing", "POST", "/candidates", "", "is missing"},
        WrongBody{"NotJson", "POST", "/candidates", "a=b", "is not JSON"},
        WrongBody{"Cut", "POST", "/candidates", R"({"firstName":)", "is not JSON"},
        WrongBody{"List", "POST", "/candidates", "[]", "must be a JSON object"},
        WrongBody{"NoEmail", "POST", "/candidates", R"({"firstName":"a","lastName":"b"})", "email is missing"},
        WrongBody{"NullEmail", "POST", "/jobs/1/candidates", R"({"firstName":"a","lastName":"b","email":null})",
                  "email is missing"},
        WrongBody{"NoTitle", "POST", "/jobs", "{}", "title is missing"},
        WrongBody{"NoStatus", "PUT", "/candidates/1/jobs/2/status", "{}", "status is missing"},
        WrongBody{"NoPatch", "PATCH", "/jobs/1", "", "no JSON Patch"},
        WrongBody{"PlainMembersForAJob", "PATCH", "/jobs/1", R"({"title":"x"})", R"([{"op":"replace")"},
        WrongBody{"EmptyPatch", "PATCH", "/jobs/1", "[]", "no operation"},
        WrongBody{"PatchWithRubbish", "PATCH", "/jobs/1", R"([{"op":"add","path":"/a"},7])", "without `op` and `path`"},
        WrongBody{"PatchOfACandidate", "PATCH", "/candidates/1", R"([{"op":"add","path":"/a"}])",
                  "must be a JSON object"},
        WrongBody{"NoFile", "POST", "/jobs/1/candidates/resumes", "{}", "file: missing"}),
    [](const auto& one) { return std::string(one.param.why); });

TEST_F(InvokeTest, RefusesAnUploadOverTheBound) {
  const auto refused = send("POST", "/candidates", std::string((32U << 20U) + 1, 'x'));
  EXPECT_EQ(refused.error->code, "smartrecruiters.body_too_large");
  EXPECT_EQ(refused.error->http_status, 413);
}

}  // namespace
}  // namespace smartrecruiters::testing
