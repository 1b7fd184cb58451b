#include "host/api/authorizer.hpp"

#include <algorithm>

#include "host/base/error.hpp"
#include "host/base/text.hpp"

namespace formulary::api {
namespace {

constexpr std::size_t secret_bytes_max = 1'024;

[[noreturn]] void refuse(const std::string& what) {
  throw Error(ErrorCode::unauthenticated,
              "Authorization: " + what + "; send: User <secret>, Organization <secret>[, Element <token>]");
}

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
}

bool is_scheme(std::string_view text, std::string_view lower_case) {
  return std::ranges::equal(text, lower_case, [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
  });
}

std::string& member_of(Credentials& credentials, std::string_view scheme) {
  if (is_scheme(scheme, "user")) return credentials.user;
  if (is_scheme(scheme, "organization")) return credentials.organization;
  if (is_scheme(scheme, "element")) return credentials.element;
  if (is_scheme(scheme, "bearer")) return credentials.bearer;
  refuse("it has a part that begins with none of User, Organization, Element and Bearer");
}

void read_part(std::string_view part, Credentials& credentials) {
  const std::string_view scheme = part.substr(0, part.find_first_of(" \t"));
  const std::string_view secret = trimmed(part.substr(scheme.size()));
  std::string& member = member_of(credentials, scheme);
  if (!member.empty()) refuse("it has a part twice");
  if (secret.empty()) refuse("a part of it has no secret");
  if (secret.size() > secret_bytes_max) refuse("a part of it is over 1 KiB");
  if (secret.find_first_of(" \t") != std::string_view::npos) refuse("a secret in it has a space");
  member = secret;
}

}  // namespace

Credentials::~Credentials() {
  for (std::string* secret : {&user, &organization, &element, &bearer}) wipe(*secret);
}

Credentials parse_authorization(std::string_view header) {
  Credentials credentials;
  bool any = false;
  while (!header.empty()) {
    const std::string_view part = header.substr(0, header.find(','));
    header.remove_prefix(std::min(header.size(), part.size() + 1));
    if (trimmed(part).empty()) continue;
    read_part(trimmed(part), credentials);
    any = true;
  }
  if (!any) refuse("it is empty");
  return credentials;
}

}  // namespace formulary::api
