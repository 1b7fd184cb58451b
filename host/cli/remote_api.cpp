#include "host/cli/remote_api.hpp"

#include <algorithm>
#include <array>
#include <chrono>

#include "host/base/error.hpp"
#include "host/base/text.hpp"
#include "host/cli/input.hpp"

namespace formulary::cli {
namespace {

constexpr std::size_t answer_bytes_max = 64U << 20U;
constexpr std::size_t message_bytes_max = 2'000;

bool same_ignoring_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

ErrorCode code_of(int status, std::string_view said) {
  const auto known = std::find_if(all_error_codes.begin(), all_error_codes.end(),
                                  [said](ErrorCode code) { return name(code) == said; });
  if (status != 401 && known != all_error_codes.end()) return *known;
  switch (status) {
    case 400:
    case 422:
      return ErrorCode::bad_input;
    case 401:
      return ErrorCode::unauthenticated;
    case 403:
      return ErrorCode::permission_denied;
    case 404:
      return ErrorCode::not_found;
    case 409:
      return ErrorCode::conflict;
    case 413:
      return ErrorCode::limit_reached;
    case 429:
      return ErrorCode::rate_limited;
    case 504:
      return ErrorCode::timed_out;
    case 502:
    case 503:
      return ErrorCode::unavailable;
    default:
      return ErrorCode::vendor_failed;
  }
}

std::string advice_for(ErrorCode code, const ServerContext& context) {
  switch (code) {
    case ErrorCode::unauthenticated:
      return "log in again: formulary login --server " + context.url +
             (context.name.empty() ? "" : " --name " + context.name);
    case ErrorCode::permission_denied:
      return "ask an administrator of the server for the right, or log in as somebody who has it";
    case ErrorCode::not_found:
      return "list what the server has; formulary context show says which server it is";
    case ErrorCode::rate_limited:
      return "wait a little, then run the command again";
    case ErrorCode::conflict:
      return "look at what the server has of that name";
    case ErrorCode::bad_input:
    case ErrorCode::formula_invalid:
      return "correct what was sent";
    default:
      return "the server's log has more under the request's id";
  }
}

void replace_all(std::string& text, const std::string& secret) {
  constexpr std::size_t shortest = 4;
  if (secret.size() < shortest) return;
  for (std::size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at)) {
    text.replace(at, secret.size(), "********");
  }
}

std::string url_of(const ServerContext& context, const RemoteRequest& request) {
  std::string url = context.url + request.path;
  char separator = '?';
  for (const auto& [key, value] : request.query) {
    url += separator + percent_encode(key) + '=' + percent_encode(value);
    separator = '&';
  }
  return url;
}

/// The server's own words: {"message", "requestId", "code"}, of another server perhaps fewer of them.
json::object failure_of(const HttpResponse& response) {
  try {
    json::value body = parse_json(response.body, "answer");
    if (json::object* object = body.if_object()) return std::move(*object);
  } catch (const Error&) {
    // a proxy's page, or nothing: the status has to do
  }
  return {};
}

}  // namespace

RemoteApi::RemoteApi(Session& session, ServerContext context)
    : session_(session), context_(std::move(context)), transport_(session.transport_to_server(context_.ca_file)) {}

std::string RemoteApi::authorization_of(const RemoteRequest& request) const {
  if (!request.authorization.empty()) return request.authorization;
  if (context_.user_secret.empty()) return {};
  return "User " + context_.user_secret + ", Organization " + context_.organization_secret +
         (request.element_token.empty() ? "" : ", Element " + request.element_token);
}

void RemoteApi::refuse(const RemoteRequest& request, const HttpResponse& response) const {
  const json::value body = failure_of(response);
  const ErrorCode code = code_of(response.status, member_text(body, "code"));
  std::string said = member_text(body, "message");
  if (said.size() > message_bytes_max) said.resize(message_bytes_max);
  if (said.empty()) said = "no reason is given";
  for (const std::string* secret :
       {&context_.user_secret, &context_.organization_secret, &request.element_token, &request.authorization}) {
    replace_all(said, *secret);
  }
  const bool is_vendors = !member_text(body, "providerMessage").empty();
  std::string next = is_vendors ? "look at the instance's credentials with its vendor" : advice_for(code, context_);
  if (const std::size_t parting = said.rfind("; "); parting != std::string::npos) {
    if (response.status != 401 || is_vendors) next = said.substr(parting + 2);
    said.resize(parting);
  }
  std::string id = member_text(body, "requestId");
  if (id.empty()) id = header_of(response, "Elements-Request-Id");
  throw Error(code, said + " (" + context_.url + " answered " + std::to_string(response.status) + " to " +
                        request.method + ' ' + request.path + (id.empty() ? "" : ", request " + id) + "); " + next);
}

HttpResponse RemoteApi::send(const RemoteRequest& request) {
  HttpRequest sent;
  sent.method = request.method;
  sent.url = url_of(context_, request);
  sent.headers = request.headers;
  std::string authorization = authorization_of(request);
  const WipeAtExit guard(authorization);
  if (!authorization.empty()) sent.headers.emplace_back("Authorization", authorization);
  if (!request.body.empty()) sent.headers.emplace_back("Content-Type", request.content_type);
  sent.body = request.body;
  sent.time_limit = std::chrono::milliseconds(session_.settings().integer("http.time_limit_ms"));
  sent.body_max = answer_bytes_max;
  sent.stop = session_.io().interrupted;
  HttpResponse response;
  try {
    response = transport_->send(sent);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::unavailable) throw;
    std::string said = error.what();
    said.resize(std::min(said.size(), said.rfind("; ")));
    throw Error(error.code(), "server " + context_.url + ": " + said +
                                  "; look whether the server runs and its address and certificate are right: formulary "
                                  "context show");
  }
  if (response.status >= 300 && response.status < 400) {
    throw Error(ErrorCode::unavailable, "server " + context_.url +
                                            ": it answers that the API is elsewhere; log in at "
                                            "the address where it is, redirects are not followed with secrets");
  }
  if (response.status >= 400) refuse(request, response);
  return response;
}

json::value RemoteApi::ask(const RemoteRequest& request) {
  const HttpResponse response = send(request);
  if (response.body.empty()) return nullptr;
  try {
    return parse_json(response.body, "answer", {.bytes_max = answer_bytes_max});
  } catch (const Error&) {
    throw Error(ErrorCode::unavailable, "server " + context_.url + ": " + request.method + ' ' + request.path +
                                            " was answered with something that is no JSON; look whether the address is "
                                            "that of an API v2: formulary context show");
  }
}

json::value RemoteApi::get(const std::string& path, RemoteQuery query) {
  return ask({.path = path, .query = std::move(query)});
}

json::value RemoteApi::send_json(std::string_view method, const std::string& path, const json::value& body) {
  RemoteRequest request{.method = std::string(method), .path = path};
  if (!body.is_null()) request.body = to_text(body);
  const WipeAtExit guard(request.body);
  return ask(request);
}

json::array RemoteApi::list(const std::string& path, RemoteQuery query, std::size_t page_size) {
  constexpr std::size_t pages_max = 1'000;
  constexpr std::size_t entries_max = 100'000;
  if (page_size != 0) query.emplace_back("pageSize", std::to_string(page_size));
  const std::string where = "server " + context_.url + ": the list " + path;
  json::array all;
  std::string cursor;
  for (std::size_t page = 0; page < pages_max; ++page) {
    RemoteRequest request{.path = path, .query = query};
    if (!cursor.empty()) request.query.emplace_back("nextPage", cursor);
    const HttpResponse response = send(request);
    json::value entries = parse_json(response.body, "answer", {.bytes_max = answer_bytes_max});
    if (!entries.is_array()) throw Error(ErrorCode::unavailable, where + " is no list; look at the server's address");
    if (all.size() + entries.get_array().size() > entries_max) {
      throw Error(ErrorCode::limit_reached, where + " has over 100000 entries; ask the API itself for a part of it");
    }
    for (json::value& entry : entries.get_array()) all.push_back(std::move(entry));
    std::string next = header_of(response, "Elements-Next-Page-Token");
    if (next.empty()) return all;
    if (next == cursor)
      throw Error(ErrorCode::unavailable, where + " repeats a page's token; tell who runs the server");
    cursor = std::move(next);
  }
  throw Error(ErrorCode::limit_reached, where + " has over 1000 pages; give a larger --page-size");
}

std::filesystem::path contexts_file(const Session& session) {
  if (const std::string file = session.settings().text("config"); !file.empty()) return file;
  const auto& environment = session.io().environment;
  if (const auto home = environment("XDG_CONFIG_HOME"); home && !home->empty()) {
    return std::filesystem::path(*home) / "formulary" / "contexts.json";
  }
  if (const auto home = environment("HOME"); home && !home->empty()) {
    return std::filesystem::path(*home) / ".config" / "formulary" / "contexts.json";
  }
  return {};
}

bool speaks_to_server(const Session& session) {
  if (const std::string named = session.settings().text("context"); !named.empty()) return named != local_context;
  const std::filesystem::path file = contexts_file(session);
  return !file.empty() && !Contexts::load(file).current().empty();
}

RemoteApi open_remote(Session& session) {
  const Contexts contexts = Contexts::load(contexts_file(session));
  const std::string named = session.settings().text("context");
  const std::string name = named.empty() ? contexts.current() : named;
  if (name.empty() || name == local_context) {
    throw UsageError(
        "context: this command speaks to a server, and none is chosen; formulary login --server URL, then "
        "--context NAME or formulary context use NAME");
  }
  ServerContext context = contexts.find(name);
  if (context.user_secret.empty()) {
    throw Error(ErrorCode::unauthenticated, "context " + name + ": nobody is logged in; formulary login --server " +
                                                context.url + " --name " + name);
  }
  return {session, std::move(context)};
}

std::string member_text(const json::value& document, std::string_view name) {
  const json::object* object = document.if_object();
  const json::value* value = object == nullptr ? nullptr : object->if_contains(name);
  if (value == nullptr || value->is_null()) return {};
  return value->is_string() ? std::string(value->get_string()) : to_text(*value);
}

std::string header_of(const HttpResponse& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (same_ignoring_case(key, name)) return value;
  }
  return {};
}

void hide_secrets(json::value& document) {
  static constexpr std::array<std::string_view, 5> hidden = {"token", "secret", "password", "userSecret",
                                                             "organizationSecret"};
  json::object* object = document.if_object();
  if (object == nullptr) return;
  for (const std::string_view name : hidden) object->erase(name);
}

}  // namespace formulary::cli
