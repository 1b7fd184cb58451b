/// \file
/// How somebody who posts events without a token of ours proves that the instance's owner sent him.
#pragma once

#include <string>
#include <string_view>

#include "host/events/event_settings.hpp"

namespace formulary::events {

/// "sha256=" and base64 of the HMAC-SHA256 of the body. Error(internal) if OpenSSL fails.
[[nodiscard]] std::string webhook_signature(std::string_view key, std::string_view body);

/// What a request brings; empty: not there.
struct WebhookClaim {
  std::string_view signature;      ///< The header elements-webhook-signature.
  std::string_view authorization;  ///< The header Authorization, if it begins with Basic.
  std::string_view body;
};

enum class WebhookProof {
  good,
  wrong,
  none_needed,  ///< The instance has neither a key nor a password to prove anything with.
};

/// Takes the same time for every wrong secret.
[[nodiscard]] WebhookProof check_webhook(const WebhookClaim& claim, const EventSecrets& secrets);

/// "Basic dXNlcjpw...": the scheme in any case.
[[nodiscard]] bool is_basic(std::string_view authorization) noexcept;

}  // namespace formulary::events
