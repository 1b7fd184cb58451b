// The scripts of published templates: each is JavaScript for this engine too.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <string_view>

#include "host/base/error.hpp"
#include "host/base/json.hpp"
#include "script_fixture.hpp"

namespace formulary {
namespace {

struct Found {
  std::string where;  ///< "churros/x.json: step-name".
  std::string body;
};

void collect(const json::value& value, const std::string& file, std::vector<Found>& found) {
  if (const auto* array = value.if_array()) {
    for (const json::value& entry : *array) collect(entry, file, found);
  }
  const auto* object = value.if_object();
  if (object == nullptr) return;
  const auto text = [object](std::string_view key) {
    const json::value* member = object->if_contains(key);
    return member != nullptr && member->is_string() ? std::string(member->as_string()) : std::string();
  };
  const json::value* properties = object->if_contains("properties");
  if ((text("type") == "script" || text("type") == "filter") && properties != nullptr && properties->is_object()) {
    const json::value* body = properties->as_object().if_contains("body");
    if (body != nullptr && body->is_string()) {
      found.push_back({.where = file + ": " + text("name"), .body = std::string(body->as_string())});
    }
  }
  for (const auto& member : *object) collect(member.value(), file, found);
}

std::vector<Found> published_scripts(const std::filesystem::path& folder) {
  std::vector<Found> found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".json") continue;
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    try {
      collect(parse_json(text, "template"), entry.path().lexically_relative(folder).string(), found);
    } catch (const Error&) {
      continue;  // not the scripts' concern
    }
  }
  return found;
}

/// A closing parenthesis is missing; a break outside of any loop.
const std::set<std::string> broken = {"openlabs/GettingAllResultsFromLoop/TheDoctor/Loop_Step_Aggregation.json: final",
                                      "ce-examples/GettingAllResultsFromLoop/Loop_Step_Aggregation.json: test"};

TEST_F(ScriptTest, CompilesTheScriptsOfAllPublishedTemplates) {
  const std::filesystem::path folder = std::filesystem::path(FORMULARY_SHARED) / "contract/platform/formulas";
  if (!std::filesystem::exists(folder) && std::getenv("CI") == nullptr) {
    GTEST_SKIP() << "no published templates at " << folder;
  }
  const std::vector<Found> found = published_scripts(folder);
  EXPECT_GT(found.size(), 50U);
  for (const Found& one : found) {
    ScriptRequest request = shared(one.body, one.where.substr(0, one.where.find(':')));
    const ScriptResult result = workers.run(request);
    EXPECT_EQ(result.error_code == "script.syntax", broken.count(one.where) > 0)
        << one.where << ": " << result.error << "\n"
        << one.body;
    EXPECT_NE(result.error_code, "script.crashed") << one.where << ": " << result.error;
  }
  EXPECT_EQ(workers.counts().started, 1U);
}

}  // namespace
}  // namespace formulary
