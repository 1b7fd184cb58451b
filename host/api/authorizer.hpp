/// \file
/// Who a request is from.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "host/api/api_request.hpp"

namespace formulary::api {

/// The Authorization header in its parts, in whatever order they came. Holds secrets: wipes them.
struct Credentials {
  std::string user;          ///< "User …"
  std::string organization;  ///< "Organization …"
  std::string element;       ///< "Element …"
  std::string bearer;        ///< "Bearer …", of POST /authentication.

  Credentials() = default;
  Credentials(Credentials&&) = default;
  Credentials& operator=(Credentials&&) = delete;
  ~Credentials();
};

/// "User a=, Organization b, Element c=" in any order, schemes in any case, secrets with = + and /.
/// Error(unauthenticated) for a part that is none of these, comes twice or is over 1 KiB; the sentence shows no secret.
[[nodiscard]] Credentials parse_authorization(std::string_view header);

/// Any thread may use it.
class Authorizer {
 public:
  Authorizer() = default;
  Authorizer(const Authorizer&) = delete;
  Authorizer& operator=(const Authorizer&) = delete;
  virtual ~Authorizer() = default;

  /// Error(unauthenticated) if the header is missing, says something else than it must, or a secret is unknown (the
  /// same sentence for each of them); Error(permission_denied) for a user or account that is not active;
  /// Error(rate_limited) for a client that guesses.
  [[nodiscard]] virtual Principal authorize(const ApiRequest& request) = 0;
};

}  // namespace formulary::api
