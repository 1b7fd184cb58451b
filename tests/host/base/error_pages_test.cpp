#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

#include "host/base/error.hpp"
#include "host/base/settings.hpp"

namespace formulary {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(ErrorPages, EachCodeHasItsOwnNameAndAPageThatSaysWhatToDo) {
  std::set<std::string_view> names;
  for (const ErrorCode code : all_error_codes) {
    names.insert(name(code));
    std::ifstream stream(std::string(FORMULARY_ERROR_PAGES) + "/" + std::string(name(code)) + ".md");
    const std::string page{std::istreambuf_iterator<char>(stream), {}};
    EXPECT_THAT(page, StartsWith("# " + std::string(name(code)) + ": ")) << name(code);
    EXPECT_THAT(page, HasSubstr("\n## What happened\n")) << name(code);
    EXPECT_THAT(page, HasSubstr("\n## What to do\n\n- ")) << name(code);
  }
  EXPECT_EQ(names.size(), all_error_codes.size());
  EXPECT_EQ(all_error_codes.size(), static_cast<std::size_t>(ErrorCode::internal) + 1) << "a code is not in the list";
}

TEST(ErrorPages, EachPageHasACode) {
  std::set<std::string> names;
  for (const ErrorCode code : all_error_codes) names.insert(std::string(name(code)));
  for (const auto& entry : std::filesystem::directory_iterator(FORMULARY_ERROR_PAGES)) {
    EXPECT_EQ(names.count(entry.path().stem()), 1U) << entry.path();
  }
}

std::string text_of(const std::filesystem::path& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// What the expression's first group finds in the files of those kinds, in the whole tree below.
std::set<std::string> found_below(const std::filesystem::path& folder, const std::set<std::string>& extensions,
                                  const std::regex& expression) {
  std::set<std::string> found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (extensions.count(entry.path().extension()) == 0) continue;
    const std::string text = text_of(entry.path());
    for (std::sregex_iterator at(text.begin(), text.end(), expression); at != std::sregex_iterator(); ++at) {
      found.insert((*at)[1]);
    }
  }
  return found;
}

/// Every stable code that a plugin, the plugin's layer or a script can show beside the host's own.
TEST(ErrorPages, EachReasonCodeOfTheSourcesHasARowAndEachRowACode) {
  const std::filesystem::path source(FORMULARY_SOURCE);
  std::set<std::string> codes;
  std::set<std::string> rows;
  for (const char* folder : {"host", "plugins", "plugin_api"}) {
    codes.merge(found_below(source / folder, {".cpp", ".hpp"},
                            std::regex("\"((?:plugin|http|call|script|smartrecruiters)\\.[a-z_]+)\"")));
    rows.merge(
        found_below(source / folder, {".md"},
                    std::regex("\n\\| `((?:plugin|http|call|script|smartrecruiters)\\.[a-z_]+)` \\| [^|]{20,} \\|")));
  }
  for (const SettingSpec& setting : known_settings()) codes.erase(std::string(setting.key));
  EXPECT_GT(codes.size(), 80U) << "the expression finds nothing";
  EXPECT_THAT(rows, ::testing::IsSupersetOf(codes));
  EXPECT_THAT(codes, ::testing::IsSupersetOf(rows));
}

}  // namespace
}  // namespace formulary
