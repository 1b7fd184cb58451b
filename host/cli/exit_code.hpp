/// \file
/// What the program's exit status says; scripts may rely on it. `formulary help exit-codes` prints this table.
#pragma once

#include <string_view>

#include "host/base/error.hpp"

namespace formulary::cli {

enum class ExitCode : int {
  done = 0,
  failed = 1,
  usage = 2,
  unauthenticated = 4,
  not_found = 5,
  invalid = 6,
  unreachable = 7,
  timed_out = 8,
  differs = 10,
  interrupted = 130,
};

/// The text of `formulary help exit-codes`.
[[nodiscard]] std::string_view exit_code_table() noexcept;

[[nodiscard]] ExitCode exit_code(ErrorCode code) noexcept;

/// What to do next when an error's own sentence does not say so; empty if nothing is called for.
[[nodiscard]] std::string_view hint(ErrorCode code) noexcept;

}  // namespace formulary::cli
