#include "host/cli/remote_api.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "host/base/clock.hpp"
#include "host/base/error.hpp"
#include "test_io.hpp"

namespace formulary::cli {
namespace {

/// Answers from a list, and keeps what was asked.
struct Script {
  std::deque<HttpResponse> answers;
  std::vector<HttpRequest> asked;
};

class ScriptedTransport final : public Transport {
 public:
  explicit ScriptedTransport(Script& script) : script_(script) {}
  HttpResponse send(const HttpRequest& request) override {
    script_.asked.push_back(request);
    if (script_.answers.empty()) throw Error(ErrorCode::unavailable, "connection refused");
    HttpResponse answer = script_.answers.front();
    if (script_.answers.size() > 1) script_.answers.pop_front();
    return answer;
  }

 private:
  Script& script_;
};

class RemoteApiTest : public testing::Test {
 protected:
  [[nodiscard]] RemoteApi api() {
    ServerContext context;
    context.name = "prod";
    context.url = "https://example.org/elements/api-v2";
    context.user_secret = "user-secret";
    context.organization_secret = "organization-secret";
    return {session_, context};
  }

  [[nodiscard]] std::string failure(ErrorCode code) {
    try {
      (void)api().get("/instances");
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code) << error.what();
      return error.what();
    }
    ADD_FAILURE() << "nothing was thrown";
    return {};
  }

  Script script;

 private:
  TestIo streams_;
  Io io_ = streams_.io();
  SystemClock clock_;
  Parts parts_{.clock = clock_,
               .program_folder = {},
               .transport = [this](const Settings&) { return std::make_unique<ScriptedTransport>(script); },
               .publisher = {},
               .script_runner = {}};
  Session session_{io_, parts_, Settings::load({.environment = io_.environment}), OutputFormat::table};
};

TEST_F(RemoteApiTest, FollowsAllPagesAndSaysWhoAsks) {
  script.answers = {{.status = 200, .headers = {{"elements-next-page-token", "a=="}}, .body = "[1,2]"},
                    {.status = 200, .headers = {}, .body = "[3]"}};
  EXPECT_EQ(api().list("/instances", {}, 2).size(), 3U);
  ASSERT_EQ(script.asked.size(), 2U);
  EXPECT_EQ(script.asked[1].url, "https://example.org/elements/api-v2/instances?pageSize=2&nextPage=a%3D%3D");
  EXPECT_EQ(script.asked[0].headers.front().second, "User user-secret, Organization organization-secret");
}

TEST_F(RemoteApiTest, APageThatComesAgainEndsTheList) {
  script.answers = {{.status = 200, .headers = {{"Elements-Next-Page-Token", "a"}}, .body = "[1]"}};
  EXPECT_THROW((void)api().list("/instances"), Error);
  EXPECT_EQ(script.asked.size(), 2U);
}

TEST_F(RemoteApiTest, TellsTheServersSentenceItsRequestAndWhatToDo) {
  script.answers = {
      {.status = 404, .headers = {}, .body = R"({"message":"there is none; list them","requestId":"r1"})"}};
  const std::string said = failure(ErrorCode::not_found);
  EXPECT_NE(said.find("there is none"), std::string::npos);
  EXPECT_NE(said.find("request r1"), std::string::npos);
  EXPECT_TRUE(said.ends_with("; list them")) << said;
}

TEST_F(RemoteApiTest, WhoIsNotKnownIsToldToLogIn) {
  script.answers = {{.status = 401, .headers = {}, .body = "<html>"}};
  EXPECT_NE(failure(ErrorCode::unauthenticated).find("formulary login --server https://example.org"),
            std::string::npos);
}

TEST_F(RemoteApiTest, ASecretThatTheServerRepeatsIsNotShown) {
  script.answers = {{.status = 400, .headers = {}, .body = R"({"message":"bad: user-secret, organization-secret"})"}};
  const std::string said = failure(ErrorCode::bad_input);
  EXPECT_EQ(said.find("user-secret"), std::string::npos) << said;
  EXPECT_EQ(said.find("organization-secret"), std::string::npos) << said;
}

TEST_F(RemoteApiTest, NoConnectionAndRedirectsAreNoAnswer) {
  EXPECT_NE(failure(ErrorCode::unavailable).find("whether the server runs"), std::string::npos);
  script.answers = {{.status = 302, .headers = {{"Location", "http://evil.example"}}, .body = ""}};
  (void)failure(ErrorCode::unavailable);
  EXPECT_EQ(script.asked.size(), 2U);
}

}  // namespace
}  // namespace formulary::cli
