/// \file
/// What a running formula knows: its trigger, the outputs of finished steps, its configuration and about itself.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "host/base/json.hpp"

namespace formulary {

/// Values are shared and never changed, so a copy is a snapshot: a step that runs beside others sees what was there
/// when it began. Copies may be read by any thread.
class Scope {
 public:
  using Value = std::shared_ptr<const json::value>;

  Value trigger;
  Value config;
  Value info;
  std::map<std::string, Value, std::less<>> steps;  ///< By step name; a step that ran again replaces its output.
};

/// {"trigger":…,"steps":{…},"info":…,"config":…}: what scripts get. Missing parts are {}.
[[nodiscard]] std::string script_context(const Scope& scope);

}  // namespace formulary
