#include <gmock/gmock.h>

#include <string>

#include "tests/plugins/smartrecruiters/scripted_vendor.hpp"

namespace smartrecruiters::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class SerializeConfigTest : public ElementTest {};

TEST_F(SerializeConfigTest, WritesTheDocumentedBodyInTheDocumentedOrder) {
  const auto request = plugin.serialize_config(
      R"({"name": "API Instance", "tags": ["Docs"], "configuration": {"api.key": "xxxxxxxxxxxxxxxxxxxxxxxxx"}})");
  EXPECT_EQ(request.output,
            R"({"element":{"key":"smartrecruiters"},"configuration":{"api.key":"xxxxxxxxxxxxxxxxxxxxxxxxx"},)"
            R"("tags":["Docs"],"name":"API Instance"})");
}

TEST_F(SerializeConfigTest, GivesTheSameBytesForTheSameDraftInAnyOrder) {
  const auto one = plugin.serialize_config(
      R"({"name":"n","configuration":{"base.url":"http://127.0.0.1:8080","ca.file":"/ca.pem","api.key":"k","limit.requests_per_second":5}})");
  const auto other = plugin.serialize_config(
      R"({"configuration":{"limit.requests_per_second":"5","api.key":"k","ca.file":"/ca.pem","base.url":"http://127.0.0.1:8080"},"tags":[],"name":"n"})");
  ASSERT_TRUE(one.ok());
  EXPECT_EQ(one.output, other.output);
  EXPECT_EQ(one.output,
            R"({"element":{"key":"smartrecruiters"},"configuration":{"api.key":"k","base.url":"http://127.0.0.1:8080",)"
            R"("ca.file":"/ca.pem","limit.requests_per_second":"5"},"tags":[],"name":"n"})");
}

TEST_F(SerializeConfigTest, LeavesOutEntriesThatHaveTheirDefault) {
  const auto request = plugin.serialize_config(
      R"({"name":"n","configuration":{"api.key":"k","base.url":"https://api.smartrecruiters.com","limit.requests_per_second":8,"limit.concurrent_requests":"6","ca.file":""}})");
  EXPECT_EQ(request.output,
            R"({"element":{"key":"smartrecruiters"},"configuration":{"api.key":"k"},"tags":[],"name":"n"})");
}

TEST_F(SerializeConfigTest, KeepsNamesInAnyScriptAndEscapesQuotes) {
  const auto request = plugin.serialize_config("{\"name\":\"Größe \\\"1\\\"\",\"configuration\":{\"api.key\":\"k\"}}");
  EXPECT_THAT(request.output, HasSubstr("\"name\":\"Größe \\\"1\\\"\""));
}

TEST_F(SerializeConfigTest, AcceptsANameAndTagsAtTheirBounds) {
  std::string tags;
  for (int count = 0; count < 64; ++count) tags += (count == 0 ? "\"" : ",\"") + std::string(255, 't') + "\"";
  const auto request = plugin.serialize_config(R"({"configuration":{"api.key":"k"},"tags":[)" + tags + R"(],"name":")" +
                                               std::string(255, 'n') + "\"}");
  EXPECT_TRUE(request.ok());
}

struct WrongDraft {
  const char* why;
  std::string draft;
  const char* begins;  ///< of the sentence
  const char* has;
};

class WrongDraftTest : public ElementTest, public ::testing::WithParamInterface<WrongDraft> {};

TEST_P(WrongDraftTest, IsRefusedNamingTheMember) {
  const auto refused = plugin.serialize_config(GetParam().draft);
  EXPECT_EQ(refused.status, ELEMENT_INVALID_ARGUMENT);
  ASSERT_TRUE(refused.error);
  EXPECT_EQ(refused.error->code, "smartrecruiters.invalid_configuration");
  EXPECT_THAT(refused.error->message, StartsWith(GetParam().begins));
  EXPECT_THAT(refused.error->message, HasSubstr(GetParam().has));
  EXPECT_THAT(refused.error->message, Not(HasSubstr("s3cr3t")));
  EXPECT_EQ(refused.error->retry_class, element::retry::no);
}

std::string with_key(const std::string& key) {
  return R"({"name":"n","configuration":{"api.key":)" + key + "}}";
}
std::string with_entry(const std::string& entry) {
  return R"({"name":"n","configuration":{"api.key":"s3cr3t",)" + entry + "}}";
}
std::string with_member(const std::string& member) {
  return R"({"configuration":{"api.key":"s3cr3t"},)" + member + "}";
}
std::string many_tags() {
  std::string tags = R"("t")";
  for (int count = 1; count < 65; ++count) tags += R"(,"t")";
  return R"("name":"n","tags":[)" + tags + "]";
}

INSTANTIATE_TEST_SUITE_P(
    Drafts, WrongDraftTest,
    ::testing::Values(
        WrongDraft{"Empty", "", "the draft", "give one JSON object"},
        WrongDraft{"NotJson", R"({"name":"s3cr3t)", "the draft", "give one JSON object"},
        WrongDraft{"Array", "[]", "the draft: must be an object", ""},
        WrongDraft{"TwiceTheSame", R"({"name":"a","name":"b"})", "the draft", ""},
        WrongDraft{"TooLarge", with_member(R"("name":")" + std::string(1100000, 'n') + '"'), "the draft", ""},
        WrongDraft{"NoConfiguration", R"({"name":"n"})", "configuration: missing", "api.key"},
        WrongDraft{"ConfigurationIsText", R"({"name":"n","configuration":"s3cr3t"})",
                   "configuration: must be an object", ""},
        WrongDraft{"NoKey", R"({"name":"n","configuration":{}})", "configuration.api.key: missing; make one", ""},
        WrongDraft{"NullKey", with_key("null"), "configuration.api.key: is empty", "Credentials"},
        WrongDraft{"EmptyKey", with_key(R"("")"), "configuration.api.key: is empty", ""},
        WrongDraft{"BlankKey", with_key(R"(" \t ")"), "configuration.api.key: is empty", ""},
        WrongDraft{"NumberKey", with_key("12345"), "configuration.api.key: must be a string", "integer"},
        WrongDraft{"FlagKey", with_key("true"), "configuration.api.key: must be a string", ""},
        WrongDraft{"ObjectKey", with_key("{}"), "configuration.api.key: must be a string", ""},
        WrongDraft{"MaskedKey", with_key(R"("********")"), "configuration.api.key: is the mask", ""},
        WrongDraft{"KeyWithBlankBefore", with_key(R"(" s3cr3t")"), "configuration.api.key: begins or ends", ""},
        WrongDraft{"KeyWithLineBreakBehind", with_key(R"("s3cr3t\n")"), "configuration.api.key: begins or ends", ""},
        WrongDraft{"KeyWithLineBreakInside", with_key(R"("s3cr3t\r\nHost: x")"),
                   "configuration.api.key: has characters", ""},
        WrongDraft{"KeyWithControlCharacter", with_key(R"("s3cr3t\u0001x")"), "configuration.api.key: has characters",
                   ""},
        WrongDraft{"KeyWithNul", with_key(R"("s3cr3t\u0000x")"), "configuration.api.key: has characters", ""},
        WrongDraft{"KeyInAnotherScript", with_key("\"s3cr3tß\""), "configuration.api.key: has characters", ""},
        WrongDraft{"KeyTooLong", with_key("\"" + std::string(513, 'k') + "\""), "configuration.api.key: is longer",
                   "512"},
        WrongDraft{"UnknownEntry", with_entry(R"("api.kye":"x")"), "configuration.api.kye: unknown",
                   "api.key, base.url"},
        WrongDraft{"PlainHttp", with_entry(R"("base.url":"http://api.example.com")"),
                   "configuration.base.url: must begin", "https://"},
        WrongDraft{"NoUrl", with_entry(R"("base.url":"api.example.com")"), "configuration.base.url: ", ""},
        WrongDraft{"UrlWithQuery", with_entry(R"("base.url":"https://a.example/?x=1")"),
                   "configuration.base.url: ", ""},
        WrongDraft{"UrlIsNumber", with_entry(R"("base.url":1)"), "configuration.base.url: must be a string", ""},
        WrongDraft{"EntryTooLong", with_entry(R"("ca.file":")" + std::string(1001, 'a') + '"'),
                   "configuration.ca.file: is longer", "1000"},
        WrongDraft{"FileWithControlCharacter", with_entry(R"("ca.file":"/a\u0007")"),
                   "configuration.ca.file: has control", ""},
        WrongDraft{"RateOfZero", with_entry(R"("limit.requests_per_second":0)"),
                   "configuration.limit.requests_per_second", "1 to 100000"},
        WrongDraft{"RateTooHigh", with_entry(R"("limit.requests_per_second":100001)"),
                   "configuration.limit.requests_per_second", ""},
        WrongDraft{"RateIsFraction", with_entry(R"("limit.requests_per_second":1.5)"),
                   "configuration.limit.requests_per_second", ""},
        WrongDraft{"RateIsWord", with_entry(R"("limit.concurrent_requests":"many")"),
                   "configuration.limit.concurrent_requests", "1 to 256"},
        WrongDraft{"UnknownMember", with_member(R"("name":"n","id":1)"), "id: unknown", "name, tags, configuration"},
        WrongDraft{"NoName", R"({"configuration":{"api.key":"s3cr3t"}})", "name: missing", ""},
        WrongDraft{"EmptyName", with_member(R"("name":"")"), "name: is empty", ""},
        WrongDraft{"BlankName", with_member(R"("name":"  ")"), "name: is empty", ""},
        WrongDraft{"NumberName", with_member(R"("name":7)"), "name: must be a string", ""},
        WrongDraft{"LongName", with_member(R"("name":")" + std::string(256, 'n') + '"'), "name: is longer than 255",
                   ""},
        WrongDraft{"NameInTwoLines", with_member(R"("name":"a\nb")"), "name: has control characters", ""},
        WrongDraft{"TagsAreText", with_member(R"("name":"n","tags":"Docs")"), "tags: must be an array", ""},
        WrongDraft{"NumberTag", with_member(R"("name":"n","tags":["a",7])"), "tags[1]: must be a string", ""},
        WrongDraft{"EmptyTag", with_member(R"("name":"n","tags":[""])"), "tags[0]: must have 1 to 255", ""},
        WrongDraft{"LongTag", with_member(R"("name":"n","tags":[")" + std::string(256, 't') + "\"]"),
                   "tags[0]: must have", ""},
        WrongDraft{"TooManyTags", with_member(many_tags()), "tags: are more than 64", ""}),
    [](const auto& one) { return std::string(one.param.why); });

}  // namespace
}  // namespace smartrecruiters::testing
