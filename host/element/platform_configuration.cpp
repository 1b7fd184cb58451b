#include "host/element/platform_configuration.hpp"

#include <algorithm>
#include <array>

#include "host/base/error.hpp"
#include "host/element/instance_document.hpp"

namespace formulary {
namespace {

constexpr std::size_t value_bytes_max = 64U << 10U;

constexpr std::array<std::string_view, 6> families = {"event.", "oauth.",           "pagination.",
                                                      "bulk.",  "filter.response.", "allow."};
constexpr std::array<std::string_view, 6> singles = {
    "authentication.type",    "default.select.fields.map", "fault.handler",
    "http.header.user_agent", "expose.ratelimit.headers",  "cache.enabled"};
constexpr std::array<std::string_view, 8> secrets = {"event.notification.signature.key",
                                                     "event.notification.basic.password",
                                                     "oauth.api.key",
                                                     "oauth.api.secret",
                                                     "oauth.user.token",
                                                     "oauth.user.token.secret",
                                                     "oauth.user.refresh_token",
                                                     "oauth.basic.header"};

void check_platform_value(std::string_view key, const json::value& value) {
  const std::string where = "configuration." + std::string(key);
  const bool scalar = value.is_string() || value.is_number() || value.is_bool() || value.is_null();
  if (!scalar) throw Error(ErrorCode::bad_input, where + ": it is no text, number or flag; write objects as JSON text");
  if (value.is_string() && value.get_string().size() > value_bytes_max) {
    throw Error(ErrorCode::bad_input, where + ": longer than 64 KiB; shorten it");
  }
}

}  // namespace

bool is_platform_entry(std::string_view key) noexcept {
  const bool of_family =
      std::any_of(families.begin(), families.end(), [key](std::string_view family) { return key.starts_with(family); });
  return of_family || std::find(singles.begin(), singles.end(), key) != singles.end();
}

bool is_platform_secret(std::string_view key) noexcept {
  return std::find(secrets.begin(), secrets.end(), key) != secrets.end();
}

PlatformConfiguration take_platform_configuration(json::object& configuration, const Manifest& manifest) {
  PlatformConfiguration taken;
  json::object rest;
  for (const auto& [key_view, value] : configuration) {
    const std::string_view key(key_view.data(), key_view.size());
    const bool of_element = std::any_of(manifest.configuration.begin(), manifest.configuration.end(),
                                        [key](const ConfigurationEntry& entry) { return entry.key == key; });
    if (of_element || !is_platform_entry(key)) {
      rest[key_view] = value;
      continue;
    }
    check_platform_value(key, value);
    const bool is_secret = is_platform_secret(key);
    if (is_secret && value.is_string() &&
        value.get_string() == json::string_view(secret_mask.data(), secret_mask.size())) {
      continue;  // as it was shown: keep what is there
    }
    if (is_secret) taken.hidden[key_view] = value;
    taken.shown[key_view] = is_secret ? json::value(json::string(secret_mask.data(), secret_mask.size())) : value;
  }
  configuration = std::move(rest);
  return taken;
}

}  // namespace formulary
