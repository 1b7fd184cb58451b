/// \file
/// Streams in memory for tests of the command line.
#pragma once

#include <optional>
#include <sstream>
#include <string>
#include <string_view>

#include "host/cli/io.hpp"

namespace formulary::cli {

struct TestIo {
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;

  [[nodiscard]] Io io(bool terminal = false) {
    return {.in = in,
            .out = out,
            .err = err,
            .in_is_terminal = terminal,
            .err_is_terminal = terminal,
            .out_is_terminal = terminal,
            .environment = [](std::string_view) -> std::optional<std::string> { return std::nullopt; },
            .ask_secret =
                [this](const std::string& prompt) {
                  asked = prompt;
                  return answer;
                }};
  }
  std::string asked;
  std::string answer = "typed-secret\n";
};

}  // namespace formulary::cli
