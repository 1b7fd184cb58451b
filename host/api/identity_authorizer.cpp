#include "host/api/identity_authorizer.hpp"

#include <chrono>
#include <utility>

#include "host/api/roles.hpp"
#include "host/base/digest.hpp"
#include "host/base/error.hpp"
#include "host/base/text.hpp"

namespace formulary::api {
namespace {

constexpr std::string_view refusal =
    "Authorization: this is nobody's; send: User <secret>, Organization <secret>[, Element <token>]";

/// Tells guesses of one secret from those of another, and is of no use to whoever reads it.
std::string beginning_of(const Credentials& credentials) {
  const std::string& secret = credentials.bearer.empty() ? credentials.user : credentials.bearer;
  return "secret:" + sha256(std::string_view(secret).substr(0, 8)).substr(0, 8);
}

void refuse_inactive(const KnownUser& known) {
  if (!known.account_active) {
    throw Error(ErrorCode::permission_denied, "account " + std::to_string(known.user.account) +
                                                  ": it is not active; ask who administrates the organization");
  }
  if (!known.user.active) {
    throw Error(ErrorCode::permission_denied,
                "user " + known.user.email + ": not active; ask who administrates the account");
  }
}

}  // namespace

Principal IdentityAuthorizer::authorize(const ApiRequest& request) {
  const std::optional<std::string_view> header = request.header("authorization");
  if (!header || header->empty()) throw Error(ErrorCode::unauthenticated, std::string(refusal));
  const Credentials credentials = parse_authorization(*header);
  if (std::optional<Principal> principal = principal_of(credentials)) return std::move(*principal);
  const std::string peer = "peer:" + request.peer;
  const std::string secret = beginning_of(credentials);
  guard_.check(peer);
  guard_.check(secret);
  guard_.failed(peer);
  guard_.failed(secret);
  throw Error(ErrorCode::unauthenticated, std::string(refusal));
}

std::optional<Principal> IdentityAuthorizer::principal_of(const Credentials& credentials) const {
  const bool by_session = !credentials.bearer.empty();
  if (by_session == !credentials.user.empty()) return std::nullopt;  // one of both
  const bool has_second = !credentials.organization.empty() || !credentials.element.empty();
  if (!by_session && !has_second) return std::nullopt;

  const auto now = std::chrono::floor<std::chrono::milliseconds>(clock_.wall().time_since_epoch()).count();
  std::optional<KnownUser> known =
      by_session ? store_.user_of_session(credentials.bearer, now) : store_.user_of_secret(credentials.user);
  if (!known) return std::nullopt;
  if (!credentials.organization.empty() &&
      !equal_in_constant_time(sha256(credentials.organization), known->organization_secret_sha256)) {
    return std::nullopt;
  }
  Principal principal{.organization = known->organization,
                      .account = known->user.account,
                      .user = known->user.id,
                      .email = known->user.email,
                      .role = strongest(known->user.roles)};
  if (!credentials.element.empty()) {
    const std::optional<TokenOwner> owner = store_.owner_of_token(credentials.element);
    if (!owner || owner->account != principal.account) return std::nullopt;
    principal.instance = owner->instance;
  }
  refuse_inactive(*known);
  return principal;
}

}  // namespace formulary::api
