/// \file
/// Entries of an instance's configuration that belong to the platform, whatever the element: events, paging, the form
/// of answers. Source: CONTRACT 4 and 5.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/base/json.hpp"
#include "host/plugin/manifest.hpp"

namespace formulary {

/// Whether the platform knows the key; `event.notification.enabled`, `filter.response.nulls`, ...
[[nodiscard]] bool is_platform_entry(std::string_view key) noexcept;
/// Whether its value is never shown: `event.notification.signature.key`, `oauth.api.secret`, ...
[[nodiscard]] bool is_platform_secret(std::string_view key) noexcept;

/// A configuration's platform entries in their two parts; texts, numbers and flags alike as they were given.
struct PlatformConfiguration {
  json::object shown;   ///< Secret ones masked.
  json::object hidden;  ///< The secret ones in clear.
};

/// Takes the platform's entries out of `configuration`; one that the manifest has too is the element's.
/// Error(bad_input) for a value that is no text, number or flag, or is over 64 KiB.
[[nodiscard]] PlatformConfiguration take_platform_configuration(json::object& configuration, const Manifest& manifest);

}  // namespace formulary
