#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "host/cli/formula_input.hpp"
#include "tests/host/cli/test_io.hpp"

namespace formulary::cli {
namespace {

using plan::StepStatus;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

class StepLinesTest : public ::testing::Test {
 protected:
  static StepLine round(std::size_t done, std::size_t total, const std::string& name = "each") {
    return {.name = name, .type = "loop", .rounds = plan::Rounds{.done = done, .total = total}};
  }
  static StepLine over(std::size_t total) {
    StepLine line = round(total, total);
    line.status = StepStatus::failed;
    return line;
  }
  static StepLine body(StepStatus status = StepStatus::success) {
    return {.name = "twice",
            .type = "script",
            .status = status,
            .error = status == StepStatus::success ? "" : "it broke",
            .in_loop = true};
  }
  /// What came onto stderr since the last call.
  std::string said() {
    std::string text = streams.err.str();
    streams.err.str("");
    return text;
  }

  TestIo streams;
};

TEST_F(StepLinesTest, ATerminalShowsRoundsAsABarInOnePlace) {
  const Io io = streams.io(true);
  StepLines lines(io);
  lines.write(round(0, 4));
  EXPECT_EQ(said(), "\r\x1b[K↻ each                     ░░░░░░░░░░░░░░░░░░░░ 0/4");
  lines.write(body());
  EXPECT_EQ(said(), "") << "the bar speaks for what goes well in a round";
  lines.write(round(1, 4));
  EXPECT_EQ(said(), "\r\x1b[K↻ each                     █████░░░░░░░░░░░░░░░ 1/4");
  lines.write(over(4));
  EXPECT_EQ(said(), "\r\x1b[K✓ each                     4 rounds         0 ms\n");
  lines.write({.name = "end", .type = "script"});
  EXPECT_EQ(said(), "✓ end                      success          0 ms\n");
}

TEST_F(StepLinesTest, WhatFailsInARoundHasItsLineAboveTheBar) {
  const Io io = streams.io(true);
  StepLines lines(io);
  lines.write(round(1, 2));
  (void)said();
  lines.write(body(StepStatus::failed));
  EXPECT_EQ(said(),
            "\r\x1b[K✗ twice                    failed           0 ms  it broke\n"
            "↻ each                     ██████████░░░░░░░░░░ 1/2");
  lines.finish();
  EXPECT_EQ(said(), "\r\x1b[K");
  lines.finish();
  EXPECT_EQ(said(), "");
}

TEST_F(StepLinesTest, APipeGetsPlainLines) {
  const Io io = streams.io(false);
  StepLines lines(io);
  lines.write(round(0, 2));
  lines.write(body());
  lines.write(round(1, 2));
  lines.write(body());
  lines.write(over(2));
  lines.finish();
  const std::string text = said();
  EXPECT_THAT(text, HasSubstr("✓ each                     round 1/2        0 ms\n"));
  EXPECT_THAT(text, HasSubstr("✓ each                     round 2/2        0 ms\n"));
  EXPECT_THAT(text, EndsWith("✓ each                     2 rounds         0 ms\n"));
  EXPECT_THAT(text, Not(HasSubstr("\r")));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

TEST_F(StepLinesTest, RoundsOfTheHistoryAreCounted) {
  const Io io = streams.io(true);
  StepLines lines(io);
  const StepLine one{.name = "each", .type = "loop"};
  const StepLine end{.name = "each", .type = "loop", .status = StepStatus::failed};
  lines.write(one);
  lines.write(end);
  lines.write(end);
  EXPECT_EQ(said(),
            "✓ each                     round 1          0 ms\n"
            "✓ each                     1 round          0 ms\n"
            "✓ each                     0 rounds         0 ms\n");
}

TEST_F(StepLinesTest, ALoopWithoutAListFails) {
  const Io io = streams.io(false);
  StepLines lines(io);
  lines.write({.name = "each", .type = "loop", .status = StepStatus::failed, .error = "list gives no list"});
  EXPECT_EQ(said(), "✗ each                     failed           0 ms  list gives no list\n");
}

}  // namespace
}  // namespace formulary::cli
