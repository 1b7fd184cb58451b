#include "host/cli/input.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/host/cli/test_io.hpp"
#include "tests/support/error_matchers.hpp"
#include "tests/support/temp_folder.hpp"

namespace formulary::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct InputTest : ::testing::Test {
  TestIo streams;
  TempFolder folder;
  std::filesystem::path file = folder.path() / "input";

  void write_file(const std::string& text) const { std::ofstream(file, std::ios::binary) << text; }
};

template <class Body>
std::string message_of(Body&& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST_F(InputTest, PartsAtTheFirstEqualsSign) {
  EXPECT_EQ(key_and_value("where=status='HIRED'", "--query"),
            std::make_pair(std::string("where"), std::string("status='HIRED'")));
  EXPECT_EQ(key_and_value("empty=", "--query").second, "");
}

TEST_F(InputTest, RefusesWhatHasNoKey) {
  for (const char* wrong : {"", "noequals", "=value"}) {
    EXPECT_THAT(message_of([&] { (void)key_and_value(wrong, "--set"); }), HasSubstr("--set")) << wrong;
  }
}

TEST_F(InputTest, ReadsASecretFromAFileWithoutItsLastLineBreak) {
  write_file("line one\nline two\r\n");
  const Io io = streams.io();
  EXPECT_EQ(read_secret(io, "api.key=@" + file.string()).second, "line one\nline two");
}

TEST_F(InputTest, ReadsASecretFromStandardInput) {
  streams.in.str("piped\n");
  const Io io = streams.io();
  EXPECT_EQ(read_secret(io, "api.key=@-"), std::make_pair(std::string("api.key"), std::string("piped")));
}

TEST_F(InputTest, AsksForASecretThatHasNoSource) {
  const Io io = streams.io(true);
  EXPECT_EQ(read_secret(io, "api.key").second, "typed-secret");
  EXPECT_EQ(streams.asked, "api.key: ");
}

TEST_F(InputTest, RefusesASecretOnTheCommandLineWithoutRepeatingIt) {
  const Io io = streams.io();
  const std::string message = message_of([&] { (void)read_secret(io, "api.key=hunter2"); });
  EXPECT_THAT(message, HasSubstr("--secret api.key=@FILE"));
  EXPECT_THAT(message, Not(HasSubstr("hunter2")));
}

TEST_F(InputTest, SaysHowToGiveASecretWhereNobodyCanBeAsked) {
  const Io io = streams.io(false);
  EXPECT_THAT(message_of([&] { (void)read_secret(io, "api.key"); }), HasSubstr("--secret api.key=@FILE"));
}

TEST_F(InputTest, StandardInputThatAnInterruptEndedIsNotTakenForTheWhole) {
  streams.in.str("half of it");
  std::stop_source interrupts;
  Io io = streams.io();
  io.interrupted = interrupts.get_token();
  EXPECT_EQ(read_input(io, "-", 100), "half of it");
  interrupts.request_stop();
  EXPECT_THAT([&] { (void)read_input(io, "-", 100); }, testing::throws_error(ErrorCode::cancelled, "interrupted"));
}

TEST_F(InputTest, RefusesAFileOverTheBound) {
  write_file(std::string(101, 'x'));
  const Io io = streams.io();
  EXPECT_EQ(read_input(io, file.string(), 101).size(), 101U);
  EXPECT_THAT(message_of([&] { (void)read_input(io, file.string(), 100); }), HasSubstr("more than 100 bytes"));
}

TEST_F(InputTest, SaysThatASourceOfASecretIsAFolderOrIsEmpty) {
  const Io io = streams.io();
  const std::string name = folder.path().string();
  EXPECT_THAT(message_of([&] { (void)read_secret(io, "api.key=@" + name); }), HasSubstr(name + ": is a folder"));
  for (const char* nothing : {"", "\n", "\r\n"}) {
    write_file(nothing);
    EXPECT_THAT(message_of([&] { (void)read_secret(io, "api.key=@" + file.string()); }),
                HasSubstr("@" + file.string() + ": is empty"));
    streams.in.clear();
    streams.in.str(nothing);
    EXPECT_THAT(message_of([&] { (void)read_secret(io, "api.key=@-"); }), HasSubstr("@-: is empty"));
    streams.answer = nothing;
    const Io terminal = streams.io(true);
    EXPECT_THAT(message_of([&] { (void)read_secret(terminal, "api.key"); }), HasSubstr("nothing was typed"));
  }
}

TEST_F(InputTest, SaysWhichFileIsMissing) {
  const Io io = streams.io();
  EXPECT_THAT(message_of([&] { (void)read_input(io, "/no/such/file", 10); }), HasSubstr("/no/such/file"));
}

}  // namespace
}  // namespace formulary::cli
