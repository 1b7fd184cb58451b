/// \file
/// A data folder with its first organization, and requests to the API by who is in it.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/api/accounts_routes.hpp"
#include "host/api/api.hpp"
#include "host/api/authentication_routes.hpp"
#include "host/api/identity_authorizer.hpp"
#include "host/api/identity_parts.hpp"
#include "host/api/organizations_routes.hpp"
#include "host/api/users_routes.hpp"
#include "host/base/error.hpp"
#include "host/store/storage.hpp"
#include "tests/host/store/store_fixture.hpp"

namespace formulary::testing {

/// Stands still until it is moved.
class HandClock final : public Clock {
 public:
  [[nodiscard]] WallTime wall() const override { return WallTime(std::chrono::seconds(1'700'000'000)) + since_; }
  [[nodiscard]] MonotonicTime monotonic() const override { return MonotonicTime() + since_; }
  void advance(std::chrono::seconds by) { since_ += by; }

 private:
  std::chrono::seconds since_{1'000};
};

inline constexpr PasswordCost cheap_password{.n = 16, .r = 1, .p = 1};

struct Answer {
  int status = 0;
  json::value body;
  api::NamedValues headers;

  [[nodiscard]] const json::value& at(std::string_view key) const { return body.as_object().at(key); }
  [[nodiscard]] std::string text(std::string_view key) const { return std::string(at(key).as_string()); }
  [[nodiscard]] std::int64_t id() const { return at("id").as_int64(); }
  [[nodiscard]] std::string header(std::string_view name) const {
    const auto found = std::ranges::find(headers, name, &api::NamedValues::value_type::first);
    return found == headers.end() ? "" : found->second;
  }
};

class IdentityTest : public StoreTest {
 protected:
  IdentityTest()
      : storage(Storage::open({.folder = folder})),
        store(storage, cheap_password),
        secrets(*store.bootstrap({.email = "admin@example.com", .password = "Str0ng!word"}, 1'700'000'000'000)),
        admin(*store.user_of_email("admin@example.com")),
        organization(store.account(admin.account)->organization) {
    api::Router router;
    api::add_authentication_routes(router, parts);
    api::add_accounts_routes(router, parts);
    api::add_users_routes(router, parts);
    api::add_organizations_routes(router, parts);
    router.add({.method = "GET", .pattern = "/whoami", .handler = [](api::ApiRequest& request) {
                  return api::answer_json(json::object{{"account", request.principal.account},
                                                       {"user", request.principal.user},
                                                       {"email", request.principal.email},
                                                       {"instance", request.principal.instance.value_or(0)}});
                }});
    api_.emplace(api::ApiParts{.router = std::move(router),
                               .authorizer = &authorizer,
                               .clock = &clock,
                               .element_resource = [](api::ApiRequest&) { return api::answer_empty(); }});
  }

  [[nodiscard]] std::string authorization() const {
    return "User " + secrets.user_secret + ", Organization " + secrets.organization_secret;
  }

  struct Call {
    std::string method = "GET";
    std::string path;
    std::string body;
    std::optional<std::string> authorization;  ///< Nothing: the first user's.
    std::string peer = "192.0.2.1";
  };
  Answer send(const Call& call) {
    api::ApiRequest request;
    request.method = call.method;
    request.request_id = "0123456789abcdef01234567";
    request.peer = call.peer;
    const std::string header = call.authorization.value_or(authorization());
    if (!header.empty()) request.headers.emplace_back("authorization", header);
    std::string rest = call.body;
    request.read_body = [&rest](std::span<char> part) {
      const std::size_t count = std::min(part.size(), rest.size());
      std::memcpy(part.data(), rest.data(), count);
      rest.erase(0, count);
      return count;
    };
    const std::size_t question = call.path.find('?');
    const std::string query = question == std::string::npos ? "" : call.path.substr(question + 1);
    const api::ApiAnswer answer =
        api_->handle(request, std::string(api::api_base_path) + call.path.substr(0, question), query);
    return {.status = answer.status,
            .body = answer.body.empty() ? json::value() : parse_json(answer.body, "answer"),
            .headers = answer.headers};
  }
  /// A new user straight in the store; what lets him in.
  std::string add_user(std::int64_t account, const std::string& email, std::vector<std::string> roles = {}) {
    const std::string secret = new_user_secret();
    (void)store.add_user({.account = account, .email = email, .roles = std::move(roles)}, "", secret);
    return "User " + secret + ", Organization " + store.organization_secret(store.account(account)->organization);
  }
  std::int64_t add_account(const std::string& external_id) {
    return post("/accounts", to_text(json::object{{"externalId", external_id}})).id();
  }
  /// The status of a request by whom that header lets in; nothing: by the first user.
  int status(const std::string& method, const std::string& path, const std::string& body = "",
             std::optional<std::string> header = {}) {
    return send({.method = method, .path = path, .body = body, .authorization = std::move(header)}).status;
  }
  Answer get(const std::string& path) { return send({.path = path}); }
  Answer post(const std::string& path, const std::string& body) {
    return send({.method = "POST", .path = path, .body = body});
  }

  HandClock clock;
  std::shared_ptr<Storage> storage;
  IdentityStore store;
  FirstSecrets secrets;
  UserRecord admin;
  std::int64_t organization;
  api::GuessGuard guard{clock, {.free_failures = 3}};
  std::vector<api::AccountEnd> ended;
  bool fail_end = false;
  api::IdentityParts parts{
      .store = store, .clock = clock, .guard = guard, .account_ends = [this](const api::AccountEnd& end) {
        if (fail_end) throw Error(ErrorCode::unavailable, "the end of an account fails");
        ended.push_back(end);
      }};
  api::IdentityAuthorizer authorizer{store, clock, guard};

 private:
  std::optional<api::Api> api_;
};

}  // namespace formulary::testing
