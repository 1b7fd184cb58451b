#include "host/cli/terminal.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <istream>
#include <string>
#include <thread>

namespace formulary::cli {
namespace {

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    if (pipe(ends.data()) != 0) throw std::runtime_error("no pipe");
    out = Descriptor(ends[0]);
    in = Descriptor(ends[1]);
  }
  void write(const std::string& text) const {
    ASSERT_EQ(::write(in.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  Descriptor out;
  Descriptor in;
};

TEST(InterruptibleInputTest, ReadsWhatIsThereToItsEnd) {
  Pipe pipe;
  pipe.write("one\ntwo");
  pipe.in = Descriptor();
  InterruptibleInput buffer(pipe.out.get(), {});
  std::istream in(&buffer);
  std::string first;
  std::string second;
  std::getline(in, first);
  std::getline(in, second);
  EXPECT_EQ(first, "one");
  EXPECT_EQ(second, "two");
  EXPECT_FALSE(std::getline(in, first));
}

TEST(InterruptibleInputTest, AStopEndsTheWaitingForALineThatNobodyFinishes) {
  const Pipe pipe;
  pipe.write("half");
  std::stop_source interrupts;
  InterruptibleInput buffer(pipe.out.get(), interrupts.get_token());
  std::istream in(&buffer);
  ASSERT_EQ(in.get(), 'h');
  std::jthread person([&] { interrupts.request_stop(); });  // before or while the next line waits: both must end it
  std::string line;
  std::getline(in, line);
  EXPECT_EQ(line, "alf");
  EXPECT_TRUE(in.eof());
}

TEST(InterruptibleInputTest, AStopThatWasThereBeforeEndsItAtOnce) {
  const Pipe pipe;
  std::stop_source interrupts;
  interrupts.request_stop();
  InterruptibleInput buffer(pipe.out.get(), interrupts.get_token());
  EXPECT_EQ(buffer.sgetc(), std::char_traits<char>::eof());
}

}  // namespace
}  // namespace formulary::cli
