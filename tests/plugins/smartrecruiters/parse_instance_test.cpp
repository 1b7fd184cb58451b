#include <formulary/poco/json.hpp>

#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/plugins/smartrecruiters/scripted_vendor.hpp"

namespace smartrecruiters::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
namespace json = element::json;

class ParseInstanceTest : public ElementTest {};

TEST_F(ParseInstanceTest, TakesThePlatformsDocumentedExampleAsItStands) {
  const std::filesystem::path file =
      std::filesystem::path(FORMULARY_SHARED) / "contract/platform/examples/instances-post.response.json";
  if (!std::filesystem::exists(file)) {
    ASSERT_EQ(std::getenv("CI"), nullptr) << "the contract is missing: " << file;
    GTEST_SKIP() << "no contract at " << file;
  }
  std::ifstream stream(file, std::ios::binary);
  const std::string answer((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());

  const auto parsed = plugin.parse_instance(answer);

  ASSERT_TRUE(parsed.ok()) << parsed.error->message;
  const json::value document = json::parse(parsed.output, {.where = "instance"});
  const json::reader read(document, {.where = "instance"});
  EXPECT_EQ(read.integer("id"), 12345);
  EXPECT_THAT(read.text("token"), StartsWith("ABC/D"));
  EXPECT_EQ(read.text("name"), "API Instance");
  EXPECT_TRUE(read.flag("valid"));
  EXPECT_EQ(read.object("account").text("id"), "123456");
  EXPECT_EQ(read.object("element").text("name"), "SmartRecruiters ");
  EXPECT_EQ(read.array("tags").items().size(), 1U);
  EXPECT_TRUE(read.object("configuration").as_object().empty());
  EXPECT_EQ(read.text("createdDate"), "2018-04-04T20:44:36Z");
  EXPECT_EQ(read.text("externalAuthentication"), "none");
}

TEST_F(ParseInstanceTest, PutsWhatTheHostReliesOnFirstAndKeepsTheRest) {
  const auto parsed = plugin.parse_instance(
      R"({"tags":[],"element":{"key":"smartrecruiters"},"configuration":{},"token":"t=","new member":{"a":[1,2.5,null]},"name":"n","id":7})");
  EXPECT_EQ(
      parsed.output,
      R"({"id":7,"token":"t=","name":"n","valid":true,"tags":[],"element":{"key":"smartrecruiters"},"configuration":{},)"
      R"("new member":{"a":[1,2.5,null]}})");
}

TEST_F(ParseInstanceTest, ReadsTheVendorsCompany) {
  const auto parsed = plugin.parse_instance(R"({"identifier":"acme1","name":"Acme","location":{"city":"Kraków"}})");
  EXPECT_EQ(parsed.output, R"({"name":"Acme","valid":true,"account":{"id":"acme1","name":"Acme"},"identifier":"acme1",)"
                           R"("location":{"city":"Kraków"}})");
}

TEST_F(ParseInstanceTest, ReadsTheVendorsUserWithoutTakingItsIdForTheInstances) {
  const auto parsed = plugin.parse_instance(
      R"({"id":"u-1","email":"a@acme.example","firstName":"Ann","lastName":"Lee","active":true})");
  EXPECT_EQ(parsed.output, R"({"name":"Ann Lee","valid":true,"account":{"id":"u-1","name":"Ann Lee"},)"
                           R"("email":"a@acme.example","firstName":"Ann","lastName":"Lee","active":true})");
}

TEST_F(ParseInstanceTest, KeepsAnInstanceThatThePlatformCallsInvalid) {
  const auto parsed = plugin.parse_instance(R"({"id":7,"token":"t","name":"n","valid":false})");
  EXPECT_EQ(parsed.output, R"({"id":7,"token":"t","name":"n","valid":false})");
}

struct WrongAnswer {
  const char* why;
  std::string answer;
  const char* has;
};

class WrongAnswerTest : public ElementTest, public ::testing::WithParamInterface<WrongAnswer> {};

TEST_P(WrongAnswerTest, IsDataLossNamingTheMember) {
  const auto refused = plugin.parse_instance(GetParam().answer);
  EXPECT_EQ(refused.status, ELEMENT_DATA_LOSS);
  ASSERT_TRUE(refused.error);
  EXPECT_EQ(refused.error->code, "smartrecruiters.unexpected_answer");
  EXPECT_THAT(refused.error->message, StartsWith("the answer"));
  EXPECT_THAT(refused.error->message, HasSubstr(GetParam().has));
}

std::string instance(const std::string& id, const std::string& token, const std::string& more = {}) {
  return R"({"element":{"key":"smartrecruiters"},"name":"n","id":)" + id + R"(,"token":)" + token + more + "}";
}

INSTANTIATE_TEST_SUITE_P(
    Answers, WrongAnswerTest,
    ::testing::Values(
        WrongAnswer{"Empty", "", ""}, WrongAnswer{"NotJson", "<html>", ""}, WrongAnswer{"Text", R"("ok")", ""},
        WrongAnswer{"List", "[]", ""}, WrongAnswer{"Null", "null", ""},
        WrongAnswer{"Neither", R"({"status":"ok"})", "neither an element instance"},
        WrongAnswer{"Truncated", R"({"id":12345,"token":"ABC/D)", ""},
        WrongAnswer{"FiveMegabytes", instance("1", "\"t\"", R"(,"x":")" + std::string(5U << 20U, 'x') + '"'), ""},
        WrongAnswer{"TooDeep", instance("1", "\"t\"", R"(,"x":)" + std::string(200, '[') + std::string(200, ']')), ""},
        WrongAnswer{"NoId", R"({"element":{},"name":"n","token":"t"})", "id: missing"},
        WrongAnswer{"NullId", instance("null", "\"t\""), "id: missing"},
        WrongAnswer{"TextId", instance("\"12345\"", "\"t\""), "id: not"},
        WrongAnswer{"FlagId", instance("true", "\"t\""), "id: not"},
        WrongAnswer{"FractionId", instance("1.9", "\"t\""), "id: not"},
        WrongAnswer{"ZeroId", instance("0", "\"t\""), "id is not above 0"},
        WrongAnswer{"NegativeId", instance("-1", "\"t\""), "id is not above 0"},
        WrongAnswer{"NoToken", R"({"element":{},"name":"n","id":1})", "token: missing"},
        WrongAnswer{"EmptyToken", instance("1", "\"\""), "token is empty"},
        WrongAnswer{"NumberToken", instance("1", "5"), "token: not"},
        WrongAnswer{"NoName", R"({"element":{},"id":1,"token":"t"})", "name: missing"},
        WrongAnswer{"ValidIsText", instance("1", "\"t\"", R"(,"valid":"nope")"), "valid: not"},
        WrongAnswer{"UserIsText", instance("1", "\"t\"", R"(,"user":"me")"), "user: not"},
        WrongAnswer{"UserIdIsText", instance("1", "\"t\"", R"(,"user":{"id":"me"})"), "user.id: not"},
        WrongAnswer{"CompanyIdIsNumber", R"({"identifier":5,"name":"Acme"})", "identifier: not"},
        WrongAnswer{"CompanyIdIsEmpty", R"({"identifier":"","name":"Acme"})", "identifier is empty"},
        WrongAnswer{"CompanyNameIsList", R"({"identifier":"a","name":[]})", "name: not"},
        WrongAnswer{"UserOfTheVendorWithNumber", R"({"id":5,"email":"a@b.example"})", "id: not"}),
    [](const auto& one) { return std::string(one.param.why); });

}  // namespace
}  // namespace smartrecruiters::testing
