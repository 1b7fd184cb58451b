#include "plugins/smartrecruiters/platform.hpp"

#include <formulary/element/error.hpp>

#include <algorithm>
#include <utility>
#include <vector>

#include "plugins/smartrecruiters/json_slices.hpp"
#include "plugins/smartrecruiters/refusal.hpp"
#include "plugins/smartrecruiters/secret_header.hpp"
#include "plugins/smartrecruiters/vendor_error.hpp"

namespace smartrecruiters {
namespace {

namespace http = element::http;

constexpr std::string_view what = "POST /instances";

element::error invalid_connection(const std::string& sentence) {
  return refusal("smartrecruiters.invalid_connection", sentence, 0);
}

void check_connection(const element::connection& to) {
  if (to.base_url.empty()) {
    throw invalid_connection(
        "base URL: missing; give the platform's, for instance https://api.example.com/elements/api-v2");
  }
  if (to.authorization.empty()) {
    throw invalid_connection("authorization: missing; give \"User <secret>, Organization <secret>\"");
  }
  const bool sendable =
      std::all_of(to.authorization.begin(), to.authorization.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
  if (!sendable) throw invalid_connection("authorization: has characters that an HTTP header cannot carry");
}

/// The secrets of "User <secret>, Organization <secret>" one by one, since an answer may repeat a single one.
std::vector<std::string_view> secrets_of(std::string_view authorization) {
  std::vector<std::string_view> secrets = {authorization};
  while (!authorization.empty()) {
    const std::size_t end = std::min(authorization.find_first_of(", "), authorization.size());
    const std::string_view word = authorization.substr(0, end);
    if (word != "User" && word != "Organization" && word != "Element") secrets.push_back(word);
    authorization.remove_prefix(std::min(end + 1, authorization.size()));
  }
  return secrets;
}

element::error platform_error(element::call& in, const http::response& reply, std::vector<std::string_view> secrets) {
  element::error error = vendor_error(
      reply, {.subject = "the element platform", .what = what, .secrets = std::move(secrets), .now = in.host().wall()});
  if (reply.status != 401) return error;
  return element::error(ELEMENT_UNAUTHENTICATED, "smartrecruiters.platform_unauthenticated",
                        std::string(what) +
                            ": the element platform answered 401; check the user secret and the organization secret, "
                            "then the API key")
      .with_http_status(401)
      .with_details(error.details())
      .with_retry(element::retry::no);
}

}  // namespace

std::string create_at_platform(element::call& in, std::string_view request, const element::connection& to,
                               const TransportFactory& connect) {
  check_connection(to);
  const Settings settings = settings_of(request);
  const std::unique_ptr<Transport> transport =
      connect({.base_url = std::string(to.base_url),
               .ca_file = std::string(to.ca_file.empty() ? settings.ca_file : to.ca_file),
               .user_agent = "formulary-smartrecruiters/1.0"});
  http::request message = {.method = "POST",
                           .target = "/instances",
                           .headers = {{"Accept", "application/json"}},
                           .body = request,
                           .content_type = "application/json"};
  const SecretHeader authorization(message.headers, "Authorization", to.authorization);
  http::response reply = transport->send(http::call_control(in), message);
  if (reply.status < 200 || reply.status > 299) {
    std::vector<std::string_view> secrets = secrets_of(to.authorization);
    secrets.push_back(settings.key.view());
    throw platform_error(in, reply, std::move(secrets));
  }
  if (json_kind(reply.body) != JsonKind::object) {
    throw element::error(ELEMENT_DATA_LOSS, "smartrecruiters.unexpected_answer",
                         std::string(what) + ": the element platform answered " + std::to_string(reply.status) +
                             " without a JSON object; check the base URL, and whether the instance was made")
        .with_http_status(reply.status)
        .with_retry(element::retry::no);
  }
  return std::move(reply.body);
}

}  // namespace smartrecruiters
