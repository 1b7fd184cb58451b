#include <formulary/poco/url.hpp>

#include <gmock/gmock.h>

#include <algorithm>
#include <string>
#include <vector>

#include "plugins/smartrecruiters/base64.hpp"
#include "plugins/smartrecruiters/secret.hpp"
#include "tests/plugins/smartrecruiters/scripted_vendor.hpp"

namespace smartrecruiters::testing {
namespace {

class SecrecyTest : public ElementTest {
 protected:
  /// Everything that the plugin said: outputs, errors, log lines.
  void note(const element::testing::outcome& of) {
    if (!of.error) return;
    ++errors_;
    said_ += of.error->code + "\n" + of.error->message + "\n" + of.error->details + "\n";
  }
  std::string said() {
    for (const auto& line : host.log()) {
      said_ += line.message + "\n";
      for (const auto& [name, value] : line.fields) said_ += name + "=" + value + "\n";
    }
    return said_;
  }
  /// The key in the forms in which an answer could repeat it.
  static std::vector<std::string> forms() {
    std::string unpadded = base64_encoded(api_key);
    while (unpadded.ends_with('=')) unpadded.pop_back();
    return {std::string(api_key), element::http::encode(api_key), unpadded};
  }
  static std::string tattling_body() {
    const auto all = forms();
    return R"({"code":"K )" + all[0] + R"(","message":"key )" + all[0] + " " + all[1] + " " + all[2] +
           R"(","errors":[{"code":")" + all[0] + R"(","message":"X-SmartToken: )" + all[0] + "\"}]}";
  }
  std::string said_;
  int errors_ = 0;
};

TEST_F(SecrecyTest, TheKeyIsInNoErrorAndNoLogLineWhateverTheVendorRepeats) {
  const std::string request = request_with_key();
  for (const int status : {301, 400, 401, 403, 404, 409, 418, 422, 429, 500, 503}) {
    vendor.always([&](const Sent&) {
      return element::http::response{.status = status,
                                     .headers = {{"Location", "https://evil.example/?k=" + std::string(api_key)}},
                                     .body = tattling_body()};
    });
    note(plugin.authenticate(request));
    note(plugin.authenticate(request, {.mode = element::connect_mode::platform,
                                       .base_url = "https://p.example",
                                       .authorization = "User usersecret, Organization orgsecret"}));
    note(get("/jobs/1"));
    note(get("/candidates"));
    note(invoke({.method = "DELETE", .path = "/jobs/1", .query = {}, .headers = {}, .body = {}, .content_type = {}}));
  }
  vendor.always([&](const Sent&) { return element::http::response{.status = 200, .body = std::string(api_key)}; });
  note(plugin.authenticate(request));
  note(get("/jobs/1"));
  note(get("/jobs"));

  EXPECT_EQ(errors_, 58);
  for (const std::string& form : forms()) EXPECT_EQ(said().find(form), std::string::npos);
  EXPECT_EQ(said().find("usersecret"), std::string::npos);
  EXPECT_NE(said().find("********"), std::string::npos) << "nothing was there to hide";
}

TEST_F(SecrecyTest, TheKeyIsInNoErrorAboutTheConfiguration) {
  const std::string key(api_key);
  for (const std::string& draft :
       {"{\"configuration\":{\"api.key\":\"" + key + "\"}", "{\"configuration\":\"" + key + "\"}",
        "{\"name\":\"n\",\"configuration\":{\"api.key\":[\"" + key + "\"]}}",
        "{\"name\":\"n\",\"configuration\":{\"api.key\":\" " + key + "\"}}",
        "{\"name\":\"n\",\"configuration\":{\"api.key\":\"" + key + "\\u0001\"}}",
        "{\"name\":7,\"configuration\":{\"api.key\":\"" + key + "\"}}",
        "{\"name\":\"n\",\"configuration\":{\"api.key\":\"" + key + "\",\"base.url\":\"ftp://" + key + "@x\"}}"}) {
    note(plugin.serialize_config(draft));
    note(plugin.open_instance(draft).result);
    note(plugin.authenticate(draft));
    note(plugin.parse_instance(draft));
  }
  EXPECT_GE(errors_, 24);
  EXPECT_EQ(said().find(key), std::string::npos);
}

TEST(Redacted, HidesEachFormOfEachSecretAndNothingElse) {
  const std::vector<std::string_view> secrets = {"k+1/=x", "ab"};
  EXPECT_EQ(redacted("a k+1/=x b k%2B1%2F%3Dx c " + base64_encoded("k+1/=x") + " ab", secrets),
            "a ******** b ******** c ******** ab");
}

TEST(SecretTest, LeavesNothingBehindWhenItMoves) {
  Secret one(std::string(100, 's'));
  const Secret other(std::move(one));
  EXPECT_EQ(other.view(), std::string(100, 's'));
  EXPECT_TRUE(one.view().empty());
}

}  // namespace
}  // namespace smartrecruiters::testing
