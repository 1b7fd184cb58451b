/// \file
/// How a notification looks to its receiver. Source: CONTRACT 4, "Delivered notification"; Standard Webhooks 1.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "host/delivery/notifier.hpp"
#include "host/http/transport.hpp"
#include "host/store/notification_store.hpp"

namespace formulary::delivery {

/// 32 bytes. Throws Error(internal) if OpenSSL refuses.
[[nodiscard]] std::string hmac_sha256(std::string_view key, std::string_view bytes);

/// What a subscription keeps sealed, as text. The caller wipes it.
[[nodiscard]] std::string secrets_text(const Destination& destination);

/// The POST of one attempt, at `now_s` seconds since 1970:
///
///   elements-webhook-id: <uid>
///   webhook-id: <uid>
///   webhook-timestamp: <seconds>
///   elements-webhook-signature: sha256=<base64>      of the body, if there is a key
///   webhook-signature: v1,<base64>                   of "<uid>.<seconds>.<body>", if there is a key
///   Authorization: Basic <base64>                    if there is a user name
///
///   {"id":7,"severity":"medium","topic":"…","message":…,"from":"…","createdDate":"2018-04-04T20:44:36Z"}
///
/// A key "whsec_<base64>" signs elements-webhook-signature as the text that it is, since its receivers know no other.
[[nodiscard]] HttpRequest webhook_request(const NotificationRecord& notification,
                                          const SubscriptionRecord& subscription, std::int64_t now_s);

}  // namespace formulary::delivery
