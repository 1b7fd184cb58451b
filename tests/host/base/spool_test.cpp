#include "host/base/spool.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <iterator>
#include <string>

#include "host/base/error.hpp"
#include "tests/support/error_matchers.hpp"
#include "tests/support/temp_folder.hpp"

namespace formulary {
namespace {

using testing::throws_error;

struct SpoolTest : ::testing::Test {
  TempFolder folder;

  [[nodiscard]] static std::string all_of(const Spool& spool) {
    std::string text;
    std::array<char, 7> room{};
    while (const std::size_t count = spool.read(text.size(), room)) text.append(room.data(), count);
    return text;
  }
  [[nodiscard]] bool leaves_files() const { return !std::filesystem::is_empty(folder.path()); }
};

TEST_F(SpoolTest, GivesBackWhatItWasGivenWhereverThatIs) {
  for (const std::size_t held_max : {0U, 1U, 5U, 10U, 100U}) {
    Spool spool(folder.path(), {.held_max = held_max});
    EXPECT_EQ(spool.view(), "");
    std::string expected;
    for (const std::string part : {"abc", "", "defgh", "ijklmnopqrstuvwxyz", "0"}) {
      spool.append(part);
      expected += part;
      EXPECT_EQ(spool.size(), expected.size());
      EXPECT_EQ(spool.view(), expected) << held_max;
      EXPECT_EQ(all_of(spool), expected) << held_max;
    }
    EXPECT_FALSE(leaves_files()) << "its file has no name";
  }
}

TEST_F(SpoolTest, RefusesWhatIsBeyondItsLimitAndKeepsTheRest) {
  for (const std::size_t held_max : {0U, 100U}) {
    Spool spool(folder.path(), {.held_max = held_max, .bytes_max = 10});
    spool.append("12345678");
    EXPECT_THAT([&] { spool.append("90a"); }, throws_error(ErrorCode::limit_reached, "over 10 bytes"));
    EXPECT_EQ(all_of(spool), "12345678");
    spool.append("90");
    EXPECT_EQ(all_of(spool), "1234567890");
  }
}

TEST_F(SpoolTest, SaysWhichFolderTakesNothing) {
  const std::filesystem::path absent = folder.path() / "absent";
  Spool spool(absent, {.held_max = 4});
  spool.append("held");
  EXPECT_THAT([&] { spool.append("!"); }, throws_error(ErrorCode::store_failed, absent.string()));
  EXPECT_EQ(all_of(spool), "held");
}

}  // namespace
}  // namespace formulary
