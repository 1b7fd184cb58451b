/// \file
/// What of its inputs a script can touch, as its text shows.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace formulary {

struct ScriptReads {
  bool trigger = false;
  bool info = false;
  bool config = false;
  /// The steps that it names, sorted; nothing if it can reach any, such as by `steps[name]`.
  std::optional<std::vector<std::string>> steps;
};

/// Errs on the side of more: what is not listed here cannot be touched, whatever the body does.
[[nodiscard]] ScriptReads find_reads(std::string_view body);

}  // namespace formulary
