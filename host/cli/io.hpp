/// \file
/// Everything that a command touches outside the host: streams, terminal, environment. Tests pass their own.
#pragma once

#include <functional>
#include <istream>
#include <optional>
#include <ostream>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace formulary::cli {

/// Data goes to `out`, words to `err`.
struct Io {
  std::istream& in;  ///< Ends when interrupted; who waits on it calls refuse_interrupted() afterwards.
  std::ostream& out;
  std::ostream& err;
  bool in_is_terminal = false;
  bool err_is_terminal = false;
  bool out_is_terminal = false;
  std::function<std::optional<std::string>(std::string_view name)> environment;
  std::function<std::vector<std::string>()> variables;  ///< The names of all environment variables.
  /// Shows the prompt and reads one line without echo. Only called if `in_is_terminal`.
  std::function<std::string(const std::string& prompt)> ask_secret;
  std::stop_token interrupted;  ///< Ctrl C.
};

/// Error(cancelled) if a stop was requested: `what` was being done meanwhile.
void refuse_interrupted(const Io& io, const std::string& what);

}  // namespace formulary::cli
