#include "host/api/element_document.hpp"

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "host/element/instance_document.hpp"
#include "tests/host/api/elements_fixture.hpp"

namespace formulary::testing {
namespace {

using namespace formulary::api;
using ::testing::Contains;
using ::testing::IsEmpty;

json::object desk() {
  return element_document(parse_manifest(desk_manifest, "element.json"));
}

std::set<std::string> keys_of(const json::object& object) {
  std::set<std::string> keys;
  for (const auto& [key, value] : object) keys.emplace(key);
  return keys;
}

/// What every member of a list has.
std::set<std::string> common_keys(const json::array& list) {
  std::set<std::string> common = keys_of(list.at(0).as_object());
  for (const json::value& one : list) {
    std::erase_if(common, [&one](const std::string& key) { return !one.as_object().contains(key); });
  }
  return common;
}

TEST(ElementDocument, ShowsWhatTheManifestSays) {
  const json::object element = desk();
  EXPECT_EQ(element.at("id"), element_number("desk"));
  EXPECT_EQ(element.at("logo"), "desk.svg");
  EXPECT_EQ(element.at("authentication"), (json::object{{"type", "apiKey"}}));
  const json::object& resource = element.at("resources").at(1).as_object();
  EXPECT_EQ(resource.at("path"), "/hubs/helpdesk/tickets/{id}");
  EXPECT_EQ(resource.at("vendorPath"), "/tickets/{id}");
  EXPECT_EQ(resource.at("parameters").at(0).at("type"), "path");
  EXPECT_EQ(resource.at("parameters").at(0).at("resourceId"), resource.at("id"));
  EXPECT_EQ(element.at("resources").at(0).at("paginationType"), "VENDOR_SUPPORTED");
}

TEST(ElementDocument, ASecretHasNoDefaultAndOtherEntriesHaveTheirs) {
  const json::object element = desk();
  const json::array& configuration = element.at("configuration").as_array();
  EXPECT_FALSE(configuration.at(0).as_object().contains("defaultValue"));
  EXPECT_EQ(configuration.at(0).at("description"), "Ask for it.");
  EXPECT_EQ(configuration.at(1).at("defaultValue"), "7");
  EXPECT_EQ(configuration.at(1).at("type"), "TEXTFIELD_32");
  EXPECT_EQ(configuration.at(2).at("options").at(1), (json::object{{"value", "us"}, {"description", "us"}}));
  EXPECT_EQ(configuration.at(2).at("displayOrder"), 3);
}

TEST(ElementDocument, IdsAreTheSameEachTimeAndDifferFromEachOther) {
  EXPECT_EQ(desk(), desk());
  std::set<std::int64_t> ids;
  std::size_t count = 0;
  const json::object element = desk();
  const auto add = [&](const json::value& part) {
    ids.insert(part.at("id").as_int64());
    EXPECT_GE(part.at("id").as_int64(), std::int64_t{1} << 30U);
    ++count;
  };
  for (const json::value& entry : list_of(element, "configuration")) add(entry);
  for (const json::value& resource : list_of(element, "resources")) {
    add(resource);
    for (const json::value& parameter : list_of(resource.as_object(), "parameters")) add(parameter);
  }
  EXPECT_EQ(ids.size(), count);
}

TEST(ElementDocument, HasEveryMemberThatThePublishedElementHas) {
  std::ifstream stream(std::string(FORMULARY_SHARED) + "/contract/platform/smartrecruiters.element.json",
                       std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  if (text.empty() && std::getenv("CI") == nullptr) GTEST_SKIP() << "no published contract at " << FORMULARY_SHARED;
  const json::value published = parse_json(text, "smartrecruiters.element.json");
  const json::object element = desk();
  for (const std::string& key : keys_of(published.as_object())) EXPECT_THAT(keys_of(element), Contains(key));
  for (const std::string& key : common_keys(published.at("configuration").as_array())) {
    EXPECT_THAT(common_keys(element.at("configuration").as_array()), Contains(key));
  }
  for (const std::string& key : common_keys(published.at("resources").as_array())) {
    // A manifest knows neither when nor by whom a resource was made.
    if (key == "createdDate" || key == "ownerAccountId") continue;
    EXPECT_THAT(common_keys(element.at("resources").as_array()), Contains(key));
  }
}

TEST(ElementDocument, MetadataSayHowEventsCome) {
  const json::object metadata = element_metadata(desk());
  EXPECT_EQ(metadata.at("events").at("supported"), true);
  EXPECT_EQ(metadata.at("events").at("methods"), (json::array{"polling"}));
  const json::object crm = element_metadata(element_document(parse_manifest(crm_manifest, "element.json")));
  EXPECT_EQ(crm.at("events").at("supported"), false);
}

TEST(ElementDocument, AbridgedIsWhatInstancesShow) {
  const json::object abridged = abridged_element(desk());
  EXPECT_FALSE(abridged.contains("configuration"));
  EXPECT_THAT(abridged.at("resources").as_array(), IsEmpty());
  EXPECT_EQ(abridged.at("hub"), "helpdesk");
}

}  // namespace
}  // namespace formulary::testing
