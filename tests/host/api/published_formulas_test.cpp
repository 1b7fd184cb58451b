/// \file
/// Every published template is taken in and given back whole, or refused for a reason that the contract names.
#include <filesystem>

#include "tests/host/api/formula_api_fixture.hpp"

namespace formulary::testing {
namespace {

namespace fs = std::filesystem;

/// Whether everything in `part` is in `whole`, but for what the platform gives itself.
bool is_kept(const json::value& part, const json::value& whole, std::string& where) {
  if (part.is_object() && whole.is_object()) {
    for (const auto& member : part.as_object()) {
      const std::string_view key = member.key();
      if (key == "id" || key == "userId" || key == "accountId" || key == "createdDate" || key == "updatedDate")
        continue;
      if (member.value().is_null()) continue;
      const json::value* kept = whole.as_object().if_contains(key);
      if (kept == nullptr || !is_kept(member.value(), *kept, where)) {
        where = "." + std::string(key) + where;
        return false;
      }
    }
    return true;
  }
  if (part.is_array() && whole.is_array() && part.as_array().size() == whole.as_array().size()) {
    for (std::size_t at = 0; at < part.as_array().size(); ++at) {
      if (!is_kept(part.at(at), whole.at(at), where)) {
        where = "[" + std::to_string(at) + "]" + where;
        return false;
      }
    }
    return true;
  }
  return part == whole;
}

class PublishedFormulasTest : public FormulaApiTest {};

TEST_F(PublishedFormulasTest, AreGivenBackWithoutLoss) {
  const fs::path published = fs::path(FORMULARY_SHARED) / "contract/platform/formulas";
  if (!fs::exists(published)) {
    if (std::getenv("CI") != nullptr) FAIL() << published << " is not there";
    GTEST_SKIP() << published << " is not there";
  }
  int taken = 0;
  for (const auto& entry : fs::recursive_directory_iterator(published)) {
    if (entry.path().extension() != ".json") continue;
    const std::string text = read_file(entry.path());
    json::value document;
    try {
      document = parse_json(text, entry.path().string());
    } catch (const Error&) {
      continue;
    }
    if (!document.is_object() ||
        (!document.as_object().contains("steps") && !document.as_object().contains("triggers"))) {
      continue;
    }
    const Answer made = post("/formulas", text);
    ASSERT_TRUE(made.status == 200 || made.status == 400 || made.status == 409) << entry.path() << made.text();
    if (made.status != 200) {
      std::cout << entry.path().filename().string() << ": " << made.text() << '\n';
      continue;
    }
    ++taken;
    const Answer exported = get("/formulas/" + std::to_string(made.id()) + "/export");
    std::string where;
    EXPECT_TRUE(is_kept(document, exported.body, where)) << entry.path() << where;
    EXPECT_EQ(post("/formulas", to_text(exported.body)).status, 200) << entry.path();
  }
  EXPECT_GT(taken, 20);
}

}  // namespace
}  // namespace formulary::testing
