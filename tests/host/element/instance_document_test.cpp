#include "host/element/instance_document.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "host/element/secret_json.hpp"
#include "tests/host/element/fake_plugin.hpp"

namespace formulary::testing {
namespace {

std::string read_shared(const std::string& name) {
  std::ifstream stream(std::string(FORMULARY_SHARED) + "/contract/platform/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

NewInstance composed(const json::object& answer, const std::string& platform_url) {
  const InstanceDraft draft = {.element_key = "crm", .name = "API Instance", .tags = {"Docs"}, .configuration = {}};
  const json::object configuration;
  return compose_instance({.draft = &draft,
                           .configuration = &configuration,
                           .answer = &answer,
                           .platform_url = platform_url,
                           .created = "2018-04-04T20:44:36Z"},
                          parse_manifest(crm_manifest, "element.json"));
}

TEST(InstanceDocument, HasEveryMemberOfThePlatformsDocumentedAnswerWithItsType) {
  const std::string text = read_shared("examples/instances-post.response.json");
  if (text.empty() && std::getenv("CI") == nullptr) GTEST_SKIP() << "no published contract at " << FORMULARY_SHARED;
  const json::object documented = parse_json(text, "documented").as_object();
  const NewInstance instance = composed({}, "");
  const json::object shown = show_document(12345, instance.document, "ABC/D");
  for (const auto& [key, value] : documented) {
    ASSERT_TRUE(shown.contains(key)) << key;
    EXPECT_EQ(shown.at(key).kind(), value.kind()) << key;
  }
}

TEST(InstanceDocument, KeepsThePlatformsDocumentedAnswerInPlatformMode) {
  const std::string text = read_shared("examples/instances-post.response.json");
  if (text.empty() && std::getenv("CI") == nullptr) GTEST_SKIP() << "no published contract at " << FORMULARY_SHARED;
  const json::object documented = parse_json(text, "documented").as_object();
  const NewInstance instance = composed(documented, "https://platform.example");
  const json::object shown = show_document(12345, instance.document, instance.token);
  for (const auto& [key, value] : documented) EXPECT_EQ(shown.at(key), value) << key;
}

TEST(InstanceDocument, TheTokenStandsWhereThePlatformHasIt) {
  const NewInstance instance = composed({}, "");
  std::string keys;
  for (const auto& member : show_document(1, instance.document, "t")) keys += std::string(member.key()) + ' ';
  EXPECT_TRUE(keys.starts_with("id name createdDate token element elementId tags ")) << keys;
}

TEST(InstanceDocument, AnElementsNumberIsPositiveAndTheSameAlways) {
  EXPECT_EQ(element_number("smartrecruiters"), element_number("smartrecruiters"));
  EXPECT_NE(element_number("smartrecruiters"), element_number("hello"));
  for (const char* key : {"", "a", "smartrecruiters", "hello"}) EXPECT_GT(element_number(key), 0) << key;
  EXPECT_EQ(element_number("a"), 0x640C292C) << "a stored instance refers to it";
}

TEST(SecretJson, WipesEveryTextInPlace) {
  json::value value = {{"a", "short"},
                       {"b", json::array{"a text that is longer than what fits into the value itself", 7}}};
  wipe(value);
  EXPECT_EQ(value.at("a").as_string(), json::string(5, '\0'));
  EXPECT_EQ(value.at("b").at(0).as_string().find_first_not_of('\0'), json::string::npos);
  EXPECT_EQ(value.at("b").at(1), 7);
}

TEST(SecretJson, CollectsTextsAndNumbersAtAnyDepth) {
  std::vector<std::string> texts;
  collect_texts({{"a", "x"}, {"b", json::array{12345, json::object{{"c", "y"}}, true, nullptr}}}, texts);
  EXPECT_EQ(texts, (std::vector<std::string>{"x", "12345", "y"}));
}

}  // namespace
}  // namespace formulary::testing
