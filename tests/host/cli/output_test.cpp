#include "host/cli/output.hpp"

#include <gtest/gtest.h>

#include "host/base/error.hpp"
#include "host/cli/exit_code.hpp"
#include "tests/host/cli/test_io.hpp"

namespace formulary::cli {
namespace {

TEST(OutputTest, AlignsColumnsOnATerminal) {
  TestIo streams;
  const Io io = streams.io(true);
  write_table(io, {"ID", "NAME", "STATE"}, {{"1", "Acme", "ready"}, {"200", "B", "refused"}});
  EXPECT_EQ(streams.out.str(), "ID   NAME  STATE\n1    Acme  ready\n200  B     refused\n");
}

TEST(OutputTest, CountsCharactersAndNotBytes) {
  TestIo streams;
  const Io io = streams.io(true);
  write_table(io, {"N", "X"}, {{"é", "1"}, {"ab", "2"}});
  EXPECT_EQ(streams.out.str(), "N   X\né   1\nab  2\n");
}

TEST(OutputTest, PipesTabsWithoutAHeader) {
  TestIo streams;
  const Io io = streams.io(false);
  write_table(io, {"ID", "NAME"}, {{"1", "Acme"}});
  EXPECT_EQ(streams.out.str(), "1\tAcme\n");
}

TEST(OutputTest, LetsNoTextSteerTheTerminal) {
  TestIo streams;
  const Io io = streams.io(true);
  write_table(io, {"N"}, {{"a\x1b[31mred\nline"}});
  EXPECT_EQ(streams.out.str().find('\x1b'), std::string::npos);
  EXPECT_EQ(printable("a\tb\x7f"), "a b ");
}

TEST(OutputTest, KnowsItsFormats) {
  EXPECT_EQ(parse_output_format("json"), OutputFormat::json);
  EXPECT_THROW((void)parse_output_format("yaml"), Error);
}

TEST(ExitCodeTest, EveryErrorHasAStatusOfTheTableAndAHint) {
  for (int code = 0; code <= static_cast<int>(ErrorCode::internal); ++code) {
    const auto error = static_cast<ErrorCode>(code);
    const std::string line = std::to_string(static_cast<int>(exit_code(error))) + " ";
    EXPECT_NE(std::string(exit_code_table()).find(line), std::string::npos) << name(error);
    EXPECT_NE(exit_code(error), ExitCode::done) << name(error);
    EXPECT_EQ(hint(error).empty(), error == ErrorCode::cancelled) << name(error);
  }
}

}  // namespace
}  // namespace formulary::cli
