#include "host/api/api.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "host/api/failure.hpp"
#include "host/api/openapi.hpp"
#include "host/base/error.hpp"
#include "host/base/text.hpp"

namespace formulary::api {
namespace {

constexpr std::size_t path_bytes_max = 8U << 10U;
// Byte for byte what clients compare. Source: CONTRACT 1.1, "CORS".
constexpr std::string_view exposed_headers =
    "Elements-Returned-Count, Elements-Total-Count, Elements-Request-Id, Elements-Next-Page-Token, Elements-Trace-Id, "
    "Elements-Error, Content-Disposition";
constexpr std::string_view allowed_headers =
    "Authorization, Content-Type, Accept, Elements-Async-Request, Elements-Async-Callback-Url, "
    "Elements-Formula-Instance-Id, Elements-Version, Elements-User-Password, Traceparent";

bool has_element_token(const ApiRequest& request) {
  const auto header = request.header("authorization");
  return header && !parse_authorization(*header).element.empty();
}

/// "/accounts": a resource of the platform and of many elements; with an element token the element's.
bool belongs_to_elements_too(std::string_view path) {
  return path == "/accounts" || path.starts_with("/accounts/");
}

bool is_under(std::string_view path, std::string_view base) {
  return path.starts_with(base) && (path.size() == base.size() || path[base.size()] == '/');
}

void finish(ApiAnswer& answer, const ApiRequest& request) {
  answer.headers.emplace_back("Elements-Request-Id", request.request_id);
  answer.headers.emplace_back("Access-Control-Expose-Headers", exposed_headers);
  answer.headers.emplace_back("Access-Control-Allow-Origin", "*");
  answer.headers.emplace_back("Cache-Control", "no-store");
  answer.headers.emplace_back("X-Content-Type-Options", "nosniff");
}

/// "." and ".." lead elsewhere at whoever normalises them: a proxy, a vendor. An encoded slash is one letter to us and
/// two segments to others; so is a backslash.
void refuse_wandering(std::string_view decoded_path) {
  for (std::size_t begin = 0; begin < decoded_path.size();) {
    const std::size_t end = std::min(decoded_path.find_first_of("/\\", begin), decoded_path.size());
    const std::string_view segment = decoded_path.substr(begin, end - begin);
    if (segment == "." || segment == "..") {
      throw Error(ErrorCode::bad_input, "path: a part of it is '.' or '..'; write the path that is meant");
    }
    begin = end + 1;
  }
}

bool has_encoded_slash(std::string_view raw) {
  for (std::size_t at = raw.find('%'); at != std::string_view::npos; at = raw.find('%', at + 1)) {
    const std::string_view code = raw.substr(at + 1, 2);
    if (code == "2f" || code == "2F") return true;
  }
  return false;
}

ApiAnswer answer_preflight() {
  ApiAnswer answer;
  answer.headers.emplace_back("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS");
  answer.headers.emplace_back("Access-Control-Allow-Headers", allowed_headers);
  answer.headers.emplace_back("Access-Control-Max-Age", "3600");
  return answer;
}

ApiAnswer answer_wrong_method(const ApiRequest& request, const Router::Match& match) {
  std::string allowed;
  for (const std::string& method : match.allowed) allowed += (allowed.empty() ? "" : ", ") + method;
  ApiAnswer answer = failure_answer(
      405, "bad_input", request.method + " " + request.path + ": this path takes " + allowed, request.request_id);
  answer.headers.emplace_back("Allow", allowed);
  return answer;
}

}  // namespace

Api::Api(ApiParts parts) : parts_(std::move(parts)) {
  parts_.router.add({.method = "GET",
                     .pattern = "/openapi.json",
                     .access = RouteAccess::open,
                     .summary = "This document",
                     .handler = [this](ApiRequest& request) {
                       const std::string host(request.header("host").value_or("localhost"));
                       return answer_json(openapi_of(parts_.router, "//" + host + std::string(api_base_path)));
                     }});
}

ApiAnswer Api::handle(ApiRequest& request, std::string_view raw_path, std::string_view raw_query) noexcept {
  const Clock::MonotonicTime began = parts_.clock->monotonic();
  const Clock::WallTime wall = parts_.clock->wall();
  std::string pattern;
  std::string failure;
  ApiAnswer answer;
  try {
    answer = this->answer(request, raw_path, raw_query, pattern);
  } catch (const std::exception& error) {
    answer = failure_answer(error, request.request_id);
    failure = error.what();
    if (answer.status == 500 && parts_.warn) parts_.warn(request.request_id, failure);
  }
  try {
    finish(answer, request);
    if (parts_.seen) {
      const auto took = parts_.clock->monotonic() - began;
      parts_.seen({.request_id = request.request_id,
                   .method = request.method,
                   .path = request.path,
                   .pattern = pattern,
                   .peer = request.peer,
                   .principal = request.principal,
                   .status = answer.status,
                   .began = wall,
                   .duration = std::chrono::duration_cast<std::chrono::microseconds>(took),
                   .failure = failure});
    }
  } catch (const std::exception&) {
    answer = {};
    answer.status = 500;  // no memory for headers
  }
  return answer;
}

ApiAnswer Api::answer(ApiRequest& request, std::string_view raw_path, std::string_view raw_query,
                      std::string& pattern) {
  request.path = "/";
  if (raw_path.size() > path_bytes_max) {
    return failure_answer(414, "limit_reached", "path: it is over 8 KiB", request.request_id);
  }
  if (!is_under(raw_path, api_base_path)) {
    throw Error(ErrorCode::not_found, "path: there is nothing here; the API is below " + std::string(api_base_path));
  }
  const std::string_view below = raw_path.substr(api_base_path.size());
  const std::optional<std::string> decoded = percent_decode(below.empty() ? "/" : below);
  if (!decoded || !is_utf8(*decoded)) {
    throw Error(ErrorCode::bad_input, "path: it is not UTF-8 in RFC 3986's encoding");
  }
  const bool has_control =
      std::ranges::any_of(*decoded, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
  if (has_control) throw Error(ErrorCode::bad_input, "path: it has control characters");
  refuse_wandering(*decoded);
  request.path = *decoded;
  if (request.method == "OPTIONS") return answer_preflight();
  request.query = parse_query(raw_query);
  return answer_below(request, below, pattern);
}

ApiAnswer Api::answer_below(ApiRequest& request, std::string_view below, std::string& pattern) {
  const std::string_view method = request.method == "HEAD" ? "GET" : std::string_view(request.method);
  Router::Match match = parts_.router.match(method, below);
  if (match.route == nullptr) return answer_without_route(request, below, match);
  pattern = match.route->pattern;
  request.parameters = std::move(match.parameters);
  if (match.route->access == RouteAccess::open) return match.route->handler(request);
  if (belongs_to_elements_too(request.path) && has_element_token(request))
    return answer_without_route(request, below, match);
  if (!request.vouched) request.principal = parts_.authorizer->authorize(request);
  if (match.route->access == RouteAccess::element && !request.principal.instance) {
    throw Error(ErrorCode::unauthenticated,
                "Authorization: this path is about the instance whose token comes with it; add Element <token>");
  }
  return match.route->handler(request);
}

ApiAnswer Api::answer_without_route(ApiRequest& request, std::string_view below, const Router::Match& match) {
  if (!request.vouched) request.principal = parts_.authorizer->authorize(request);
  if (request.principal.instance) {
    if (has_encoded_slash(below)) {
      throw Error(ErrorCode::bad_input, "path: it has an encoded slash, which no resource of an element takes");
    }
    return parts_.element_resource(request);
  }
  if (!match.allowed.empty()) return answer_wrong_method(request, match);
  if (parts_.formula_resource) {
    if (std::optional<ApiAnswer> answer = parts_.formula_resource(request)) return std::move(*answer);
  }
  throw Error(ErrorCode::unauthenticated,
              request.method + " " + request.path +
                  ": the platform has no such resource; for a resource of an element add Element <token> to the "
                  "Authorization header, for a formula's the header Elements-Formula-Instance-Id");
}

}  // namespace formulary::api
