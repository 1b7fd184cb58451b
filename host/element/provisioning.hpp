/// \file
/// From a draft to a new element instance: the three provisioning hooks, and what the host checks between them.
#pragma once

#include <string>

#include "host/base/redactor.hpp"
#include "host/element/instance_document.hpp"
#include "host/plugin/element_plugin.hpp"

namespace formulary {

/// serialize_config, authenticate, parse_instance, and open_instance to prove that the result opens. `draft` has passed
/// check_draft(). Throws what the hooks throw, Error(plugin_failed) for an answer that is none or that shows a secret
/// outside the configuration, Error(bad_input) for a draft that does. No secret outlives the call but in the result.
[[nodiscard]] NewInstance provision(ElementPlugin& plugin, const InstanceDraft& draft, const Connection& connection,
                                    const CallContext& context, const std::string& created);

}  // namespace formulary
