#include "host/cli/terminal.hpp"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>

#include "host/base/error.hpp"

namespace formulary::cli {
namespace {

int interrupt_event = -1;  ///< What the signal handler may touch: one descriptor.

extern "C" void on_interrupt(int signal) {
  const int kept = errno;
  std::signal(signal, SIG_DFL);  // the second one is the system's
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(interrupt_event, &one, sizeof one);
  errno = kept;
}

/// Turns the echo off for its lifetime.
class WithoutEcho {
 public:
  explicit WithoutEcho(int terminal) : terminal_(terminal) {
    if (tcgetattr(terminal_, &before_) != 0) return;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    quiet.c_lflag |= ECHONL;
    changed_ = tcsetattr(terminal_, TCSAFLUSH, &quiet) == 0;
  }
  WithoutEcho(const WithoutEcho&) = delete;
  WithoutEcho& operator=(const WithoutEcho&) = delete;
  ~WithoutEcho() {
    if (changed_) tcsetattr(terminal_, TCSAFLUSH, &before_);
  }

 private:
  int terminal_;
  termios before_{};
  bool changed_ = false;
};

}  // namespace

std::string ask_on_terminal(const std::string& prompt) {
  const int terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (terminal < 0)
    throw Error(ErrorCode::unavailable, "terminal: none to ask on; give the secret by --secret KEY=@FILE");
  [[maybe_unused]] const ssize_t shown = write(terminal, prompt.data(), prompt.size());
  std::string line;
  {
    const WithoutEcho quiet(terminal);
    std::array<char, 256> chunk{};
    for (;;) {
      const ssize_t count = read(terminal, chunk.data(), chunk.size());
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) break;
      line.append(chunk.data(), static_cast<std::size_t>(count));
      if (line.back() == '\n') break;
    }
  }
  close(terminal);
  return line;
}

InterruptWatch::InterruptWatch() {
  interrupt_event = eventfd(0, EFD_CLOEXEC);
  if (interrupt_event < 0)
    throw Error(ErrorCode::internal, "eventfd: no descriptor free; close other programs and try again");
  watcher_ = std::thread([this] {
    std::uint64_t count = 0;
    while (read(interrupt_event, &count, sizeof count) < 0 && errno == EINTR) {
    }
    source_.request_stop();
  });
  struct sigaction action {};
  action.sa_handler = on_interrupt;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

InterruptWatch::~InterruptWatch() {
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(interrupt_event, &one, sizeof one);
  watcher_.join();
  close(interrupt_event);
}

}  // namespace formulary::cli
