/// \file
/// Runs one hook: call record, deadline, cancellation, the last exception barrier, and what came out as a value or an
/// Error.
#pragma once

#include <formulary/element_plugin.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "host/plugin/element_plugin.hpp"
#include "host/plugin/plugin_host.hpp"

namespace formulary {

struct HookPlace {
  PluginHost* host;
  PluginRuntime* runtime;
  std::string_view element;  ///< The element's key; begins each sentence.
  std::string_view hook;     ///< "invoke"
};

/// When a call that begins now must be over.
[[nodiscard]] Clock::MonotonicTime deadline_of(const CallContext& context, const Clock& clock);

/// Calls `hook` on this thread and returns what it wrote. Throws PluginError as the hook failed, Error(cancelled) and
/// Error(timed_out) without calling it when it is already too late, Error(limit_reached) when it wrote too much,
/// Error(plugin_failed) when it broke a rule. All texts have passed the redactors.
[[nodiscard]] std::string run_hook(const HookPlace& place, const CallContext& context, Clock::MonotonicTime deadline,
                                   const std::function<element_status(const element_call*)>& hook);

/// Which of the host's codes a hook's status means. Unknown numbers are ELEMENT_UNKNOWN.
[[nodiscard]] ErrorCode error_code_of(element_status status, bool asks_to_slow_down) noexcept;

}  // namespace formulary
