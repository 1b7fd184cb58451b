#include "host/cli/terminal.hpp"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>

#include "host/base/error.hpp"
#include "host/base/text.hpp"

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

void wake(int event) {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(event, &one, sizeof one);
}

std::string read_line(const InterruptibleReader& reader) {
  std::string line;
  std::array<char, 256> chunk{};
  while (line.empty() || line.back() != '\n') {
    const std::size_t count = reader.read(chunk.data(), chunk.size());
    if (count == 0) break;
    line.append(chunk.data(), count);
  }
  OPENSSL_cleanse(chunk.data(), chunk.size());
  return line;
}

}  // namespace

InterruptibleReader::InterruptibleReader(int descriptor, const std::stop_token& stop)
    : descriptor_(descriptor),
      event_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      on_stop_(stop, [event = event_.get()] { wake(event); }) {
  if (!event_.valid())
    throw Error(ErrorCode::internal, "eventfd: no descriptor free; close other programs and try again");
}

std::size_t InterruptibleReader::read(char* bytes, std::size_t size) const {
  std::array<pollfd, 2> waited{pollfd{descriptor_, POLLIN, 0}, pollfd{event_.get(), POLLIN, 0}};
  for (;;) {
    if (poll(waited.data(), waited.size(), -1) < 0) {
      if (errno == EINTR) continue;
      return 0;
    }
    if (waited[1].revents != 0) return 0;
    const ssize_t count = ::read(descriptor_, bytes, size);
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR && errno != EAGAIN) return 0;
  }
}

InterruptibleInput::~InterruptibleInput() {
  OPENSSL_cleanse(buffer_.data(), buffer_.size());
}

InterruptibleInput::int_type InterruptibleInput::underflow() {
  const std::size_t count = reader_.read(buffer_.data(), buffer_.size());
  setg(buffer_.data(), buffer_.data(), buffer_.data() + count);
  return count == 0 ? traits_type::eof() : traits_type::to_int_type(buffer_.front());
}

std::string ask_on_terminal(const std::string& prompt, const std::stop_token& stop) {
  const Descriptor terminal(open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!terminal.valid())
    throw Error(ErrorCode::unavailable, "terminal: none to ask on; give the secret by --secret KEY=@FILE");
  const InterruptibleReader reader(terminal.get(), stop);
  const WithoutEcho quiet(terminal.get());
  [[maybe_unused]] const ssize_t shown = write(terminal.get(), prompt.data(), prompt.size());
  std::string line = read_line(reader);
  if (stop.stop_requested()) {
    wipe(line);
    [[maybe_unused]] const ssize_t ended = write(terminal.get(), "\n", 1);
    throw Error(ErrorCode::cancelled, "interrupted while a secret was asked for");
  }
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
  wake(interrupt_event);
  watcher_.join();
  close(interrupt_event);
}

}  // namespace formulary::cli
