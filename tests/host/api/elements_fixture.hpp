/// \file
/// The routes of elements and hubs on a data folder of their own, asked as a client asks.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>

#include "host/api/api.hpp"
#include "host/api/elements_routes.hpp"
#include "host/base/error.hpp"
#include "host/base/json.hpp"
#include "host/store/element_store.hpp"
#include "host/store/storage.hpp"
#include "tests/host/element/fake_plugin.hpp"
#include "tests/support/temp_folder.hpp"

namespace formulary::testing {

inline constexpr std::string_view desk_manifest = R"json({
  "id": "com.example.desk", "version": "2.1.0", "key": "desk", "name": "Desk", "hub": "helpdesk",
  "description": "Another made-up vendor", "authentication": {"type": "apiKey"}, "logo": "desk.svg",
  "configuration": [
    {"key": "api.key", "name": "API key", "type": "PASSWORD", "required": true, "secret": true, "help": "Ask for it."},
    {"key": "pages", "name": "Pages", "type": "NUMBER", "required": false, "secret": false, "default": 7},
    {"key": "region", "name": "Region", "type": "COMBO", "required": false, "secret": false, "options": ["eu", "us"], "default": "eu"}
  ],
  "resources": [
    {"method": "GET", "path": "/tickets", "description": "Lists", "idempotency": "safe", "paging": "page",
     "parameters": [{"name": "page", "in": "query", "type": "integer"}, {"name": "status", "in": "query", "type": "array"}]},
    {"method": "GET", "path": "/tickets/{id}", "description": "One", "idempotency": "safe",
     "parameters": [{"name": "id", "in": "path", "type": "string", "required": true}]},
    {"method": "POST", "path": "/tickets", "description": "New", "idempotency": "unsafe",
     "parameters": [{"name": "body", "in": "body", "type": "object", "required": true}]},
    {"method": "POST", "path": "/tickets/{id}/files", "description": "Attaches", "idempotency": "unsafe",
     "parameters": [{"name": "id", "in": "path", "type": "string", "required": true}]}
  ],
  "events": {"types": ["created"], "pollSeconds": 60},
  "abi": {"major": 1, "minor": 0}
})json";

/// Whoever says "User 7" is of account 7.
class AccountAuthorizer final : public api::Authorizer {
 public:
  api::Principal authorize(const api::ApiRequest& request) override {
    const auto header = request.header("authorization");
    if (!header || !header->starts_with("User ")) {
      throw Error(ErrorCode::unauthenticated, "Authorization: it is missing");
    }
    api::Principal principal;
    principal.account = std::stoll(std::string(header->substr(5)));
    principal.user = principal.account;
    return principal;
  }
};

class FixedClock final : public Clock {
 public:
  [[nodiscard]] WallTime wall() const override { return WallTime(std::chrono::seconds(1'700'000'000)); }
  [[nodiscard]] MonotonicTime monotonic() const override { return {}; }
};

struct JsonAnswer {
  int status = 0;
  json::value body;
  api::NamedValues headers;

  [[nodiscard]] std::string header(std::string_view name) const {
    const auto found =
        std::find_if(headers.begin(), headers.end(), [name](const auto& one) { return one.first == name; });
    return found == headers.end() ? std::string() : found->second;
  }
};

class ElementsApiTest : public ::testing::Test {
 protected:
  ElementsApiTest()
      : catalogue(
            {ready_entry(std::make_shared<CrmScript>()), ready_entry(std::make_shared<CrmScript>(), desk_manifest)}),
        store(Storage::open({.folder = folder_.path() / "data"})),
        api_(parts()) {}

  /// `target`: "/elements?abridged=true". `account` 0: without authorization.
  JsonAnswer ask(const std::string& method, const std::string& target, const std::string& body = {},
                 std::int64_t account = 1) {
    api::ApiRequest request;
    request.method = method;
    request.request_id = "53dbca9430045c016b46566c";
    if (account != 0) request.headers.emplace_back("authorization", "User " + std::to_string(account));
    std::string_view rest = body;
    request.read_body = [&rest](std::span<char> part) {
      const std::size_t count = std::min(part.size(), rest.size());
      std::memcpy(part.data(), rest.data(), count);
      rest.remove_prefix(count);
      return count;
    };
    const std::size_t mark = target.find('?');
    const std::string path = std::string(api::api_base_path) + target.substr(0, mark);
    const std::string query = mark == std::string::npos ? std::string() : target.substr(mark + 1);
    const api::ApiAnswer answer = api_.handle(request, path, query);
    return {.status = answer.status,
            .body = answer.body.empty() ? json::value() : parse_json(answer.body, "answer"),
            .headers = answer.headers};
  }

 private:
  api::ApiParts parts() {
    api::ApiParts made;
    api::add_elements_routes(made.router,
                             {.catalogue = &catalogue,
                              .store = &store,
                              .clock = &clock,
                              .authorizer = &authorizer,
                              .instances_of = [this](std::int64_t, std::string_view) { return instances; }});
    made.authorizer = &authorizer;
    made.clock = &clock;
    return made;
  }

  TempFolder folder_;

 protected:
  Catalogue catalogue;
  ElementStore store;
  AccountAuthorizer authorizer;
  FixedClock clock;
  std::size_t instances = 0;

 private:
  api::Api api_;
};

}  // namespace formulary::testing
