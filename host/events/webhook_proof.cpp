#include "host/events/webhook_proof.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <optional>

#include "host/base/error.hpp"
#include "host/base/text.hpp"

namespace formulary::events {
namespace {

constexpr std::string_view basic = "basic ";

bool has_password(std::string_view authorization, const EventSecrets& secrets) {
  std::optional<std::string> given = from_base64(authorization.substr(basic.size()));
  if (!given) return false;
  const WipeAtExit given_guard(*given);
  std::string expected = secrets.username + ':' + secrets.password;
  const WipeAtExit expected_guard(expected);
  return equal_in_constant_time(*given, expected);
}

}  // namespace

std::string webhook_signature(std::string_view key, std::string_view body) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  const auto* bytes = reinterpret_cast<const unsigned char*>(body.data());
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes, body.size(), digest.data(), &size) ==
      nullptr) {
    throw Error(ErrorCode::internal, "HMAC: OpenSSL could not compute it; check the installation of libcrypto");
  }
  return "sha256=" + to_base64({reinterpret_cast<const char*>(digest.data()), size});
}

bool is_basic(std::string_view authorization) noexcept {
  return authorization.size() > basic.size() &&
         std::equal(basic.begin(), basic.end(), authorization.begin(), [](char lower, char given) {
           return lower == (given >= 'A' && given <= 'Z' ? static_cast<char>(given - 'A' + 'a') : given);
         });
}

WebhookProof check_webhook(const WebhookClaim& claim, const EventSecrets& secrets) {
  if (secrets.signature_key.empty() && secrets.password.empty()) return WebhookProof::none_needed;
  if (!secrets.signature_key.empty() && !claim.signature.empty() &&
      equal_in_constant_time(claim.signature, webhook_signature(secrets.signature_key, claim.body))) {
    return WebhookProof::good;
  }
  const bool proved =
      !secrets.password.empty() && is_basic(claim.authorization) && has_password(claim.authorization, secrets);
  return proved ? WebhookProof::good : WebhookProof::wrong;
}

}  // namespace formulary::events
