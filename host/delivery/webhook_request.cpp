#include "host/delivery/webhook_request.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <chrono>
#include <optional>

#include "host/base/clock.hpp"
#include "host/base/error.hpp"
#include "host/base/text.hpp"

namespace formulary::delivery {
namespace {

/// The bytes that Standard Webhooks signs with.
std::string standard_key(const std::string& key) {
  constexpr std::string_view prefix = "whsec_";
  if (!key.starts_with(prefix)) return key;
  return from_base64(std::string_view(key).substr(prefix.size())).value_or(key);
}

std::string body_of(const NotificationRecord& notification) {
  const Clock::WallTime created{std::chrono::milliseconds(notification.created_ms)};
  return to_text(json::object{{"id", notification.id},
                              {"severity", notification.severity},
                              {"topic", notification.topic},
                              {"message", parse_json(notification.message, "notification.message")},
                              {"from", notification.sender},
                              {"createdDate", iso8601(created)}});
}

void add_authorization(HttpRequest& request, const JsonReader& secrets) {
  const std::string user = secrets.text_or("userName", "");
  std::string password = secrets.text_or("password", "");
  const WipeAtExit guard(password);
  if (user.empty()) return;
  request.headers.emplace_back("Authorization", "Basic " + to_base64(user + ':' + password));
}

void add_signatures(HttpRequest& request, const std::string& uid, const std::string& seconds,
                    const JsonReader& secrets) {
  std::string key = secrets.text_or("signatureKey", "");
  const WipeAtExit guard(key);
  if (key.empty()) return;
  request.headers.emplace_back("elements-webhook-signature", "sha256=" + to_base64(hmac_sha256(key, request.body)));
  std::string standard = standard_key(key);
  const WipeAtExit standard_guard(standard);
  request.headers.emplace_back("webhook-signature",
                               "v1," + to_base64(hmac_sha256(standard, uid + '.' + seconds + '.' + request.body)));
}

}  // namespace

std::string hmac_sha256(std::string_view key, std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned size = 0;
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), data, bytes.size(), out.data(), &size) == nullptr) {
    throw Error(ErrorCode::internal, "delivery: OpenSSL did not sign; report this");
  }
  return {out.begin(), out.begin() + size};
}

std::string secrets_text(const Destination& destination) {
  json::object secrets;
  if (!destination.signature_key.empty()) secrets["signatureKey"] = destination.signature_key;
  if (!destination.user_name.empty()) secrets["userName"] = destination.user_name;
  if (!destination.password.empty()) secrets["password"] = destination.password;
  return to_text(secrets);
}

HttpRequest webhook_request(const NotificationRecord& notification, const SubscriptionRecord& subscription,
                            std::int64_t now_s) {
  HttpRequest request;
  request.method = "POST";
  request.url = subscription.url;
  request.body = body_of(notification);
  const std::string seconds = std::to_string(now_s);
  request.headers = {{"Content-Type", "application/json"},
                     {"elements-webhook-id", notification.uid},
                     {"webhook-id", notification.uid},
                     {"webhook-timestamp", seconds}};
  const json::value secrets =
      subscription.secrets.empty() ? json::object{} : parse_json(subscription.secrets, "secrets");
  const JsonReader reader(secrets, "secrets");
  add_signatures(request, notification.uid, seconds, reader);
  add_authorization(request, reader);
  return request;
}

}  // namespace formulary::delivery
