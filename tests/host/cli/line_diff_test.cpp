#include "host/cli/line_diff.hpp"

#include <gtest/gtest.h>

#include <string>

namespace formulary::cli {
namespace {

TEST(LineDiff, SameTextsHaveNone) {
  EXPECT_EQ(line_diff("a\nb\n", "a\nb\n"), "");
  EXPECT_EQ(line_diff("", ""), "");
}

TEST(LineDiff, ShowsWhatGoesAndComes) {
  EXPECT_EQ(line_diff("a\nb\nc\n", "a\nx\nc\n"), " a\n-b\n+x\n c\n");
  EXPECT_EQ(line_diff("", "a\nb\n"), "+a\n+b\n");
  EXPECT_EQ(line_diff("a\n", ""), "-a\n");
  EXPECT_EQ(line_diff("a\nb\nc\n", "b\nc\nd\n"), "-a\n b\n c\n+d\n");
}

TEST(LineDiff, LeavesOutWhatIsFarFromChanges) {
  EXPECT_EQ(line_diff("1\n2\n3\n4\n5\n6\n7\n", "1\n2\n3\nx\n5\n6\n7\n", 1), "...\n 3\n-4\n+x\n 5\n...\n");
  EXPECT_EQ(line_diff("a\n1\n2\n3\n4\nb\n", "x\n1\n2\n3\n4\ny\n", 1), "-a\n+x\n 1\n...\n 4\n-b\n+y\n");
}

TEST(LineDiff, LargeTextsTakeBoundedMemory) {
  std::string before;
  std::string after;
  for (int line = 0; line < 3'000; ++line) {
    before += "a" + std::to_string(line) + '\n';
    after += "b" + std::to_string(line) + '\n';
  }
  EXPECT_EQ(line_diff(before, after).size(), before.size() + after.size() + 6'000);
}

}  // namespace
}  // namespace formulary::cli
