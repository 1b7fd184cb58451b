/// \file
/// The real terminal and standard input: prompts without echo, Ctrl C as a request to stop, and waiting that it ends.
#pragma once

#include <array>
#include <functional>
#include <stop_token>
#include <streambuf>
#include <string>
#include <thread>

#include "host/base/descriptor.hpp"

namespace formulary::cli {

/// Waits for bytes of a descriptor that somebody else owns, or for a stop, whichever comes first.
class InterruptibleReader {
 public:
  InterruptibleReader(int descriptor, const std::stop_token& stop);

  /// Up to `size` bytes; 0 at the end, after a stop, and when the descriptor cannot be read.
  [[nodiscard]] std::size_t read(char* bytes, std::size_t size) const;

 private:
  int descriptor_;
  Descriptor event_;  ///< Readable once a stop was requested.
  std::stop_callback<std::function<void()>> on_stop_;
};

/// The buffer of a std::istream over such a descriptor. To the stream a stop is the end of the input: who reads asks
/// the token afterwards. What went through it is wiped at the end, since secrets may be piped in.
class InterruptibleInput : public std::streambuf {
 public:
  InterruptibleInput(int descriptor, const std::stop_token& stop) : reader_(descriptor, stop) {}
  InterruptibleInput(const InterruptibleInput&) = delete;
  InterruptibleInput& operator=(const InterruptibleInput&) = delete;
  ~InterruptibleInput() override;

 protected:
  int_type underflow() override;

 private:
  InterruptibleReader reader_;
  std::array<char, 16384> buffer_{};
};

/// Shows the prompt on the terminal and reads one line without echo. Error(unavailable) if there is no terminal,
/// Error(cancelled) after a stop; the echo is back on in every case.
[[nodiscard]] std::string ask_on_terminal(const std::string& prompt, const std::stop_token& stop);

/// While it lives, the first SIGINT or SIGTERM requests a stop, and a second one ends the process at once. One per
/// process.
class InterruptWatch {
 public:
  InterruptWatch();
  InterruptWatch(const InterruptWatch&) = delete;
  InterruptWatch& operator=(const InterruptWatch&) = delete;
  ~InterruptWatch();

  [[nodiscard]] std::stop_token token() const { return source_.get_token(); }

 private:
  std::stop_source source_;
  std::thread watcher_;
};

}  // namespace formulary::cli
