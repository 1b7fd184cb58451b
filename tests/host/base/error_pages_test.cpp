#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "host/base/error.hpp"

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

}  // namespace
}  // namespace formulary
