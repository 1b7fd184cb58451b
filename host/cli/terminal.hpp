/// \file
/// The real terminal: prompts without echo, and Ctrl C as a request to stop.
#pragma once

#include <stop_token>
#include <string>
#include <thread>

namespace formulary::cli {

/// Shows the prompt on the terminal and reads one line without echo. Error(unavailable) if there is no terminal.
[[nodiscard]] std::string ask_on_terminal(const std::string& prompt);

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
