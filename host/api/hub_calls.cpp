#include "host/api/hub_calls.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <set>
#include <utility>

#include "host/base/error.hpp"

namespace formulary::api {
namespace {

constexpr std::size_t held_answer_max = 32U << 20U;  ///< Of JSON, which is held to be filtered.

// What a client may say to the vendor; everything else in its head is between the client and the host.
constexpr std::array<std::string_view, 6> headers_passed_on = {"accept",        "accept-language", "if-match",
                                                               "if-none-match", "prefer",          "range"};

json::object query_of(const ApiRequest& request) {
  json::object query;
  for (const auto& [name, value] : request.query) {
    json::value& at = query[name];
    if (at.is_null()) {
      at = value;
    } else if (at.is_array()) {
      at.get_array().emplace_back(value);
    } else {
      at = json::array{at, json::value(value)};
    }
  }
  return query;
}

json::object headers_of(const ApiRequest& request) {
  json::object headers;
  for (const std::string_view name : headers_passed_on) {
    if (const auto value = request.header(name)) headers[name] = *value;
  }
  return headers;
}

/// What a client may hear of the vendor's head.
bool passes_back(std::string_view name) {
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  static const std::set<std::string, std::less<>> known = {"content-disposition", "content-language", "etag",
                                                           "last-modified",       "retry-after",      "location"};
  return known.contains(lower) || lower.starts_with("elements-");
}

/// JSON is held, since it may be changed; the rest is read from where it lies.
void hold_json(ResourceAnswer& answer) {
  if (!answer.spool || !is_json_type(answer.content_type)) return;
  const std::uint64_t length = answer.spool->size() - answer.spooled_from;
  if (length > held_answer_max) return;
  answer.body.resize(static_cast<std::size_t>(length));
  std::size_t done = 0;
  while (const std::size_t count = answer.spool->read(answer.spooled_from + done, std::span(answer.body).subspan(done)))
    done += count;
  answer.spool.reset();
}

std::function<std::size_t(std::span<char>)> source_of(const ResourceAnswer& answer) {
  return [spool = answer.spool, at = std::uint64_t{answer.spooled_from}](std::span<char> room) mutable {
    const std::size_t count = spool->read(at, room);
    at += count;
    return count;
  };
}

}  // namespace

HubCalls::HubCalls(HubPorts ports) : ports_(std::move(ports)) {}

ApiAnswer HubCalls::handle(ApiRequest& request) const {
  const std::optional<InstanceRecord> instance = ports_.store->shown_instance(request.principal.instance.value_or(0));
  if (!instance) {
    throw Error(ErrorCode::unauthenticated, "Authorization: the instance of this element token was deleted meanwhile");
  }
  const std::string path = path_without_hub(request.path);
  if (path == "/objects" && request.method == "GET") {
    const bool detailed = request.header("elements-version").value_or("") == "Helium";
    return answer_json(object_list(ports_.instances->manifest(instance->element_key), detailed));
  }
  if (instance->disabled) {
    throw Error(ErrorCode::permission_denied, "instance " + std::to_string(instance->id) +
                                                  ": it is disabled; enable it with PUT /instances/" +
                                                  std::to_string(instance->id) + "/enabled");
  }
  if (path == "/ping" && request.method == "GET") {
    return answer_json(ping_document(*instance, *ports_.clock));
  }
  return call(request, *instance, path);
}

ApiAnswer HubCalls::call(ApiRequest& request, const InstanceRecord& instance, const std::string& path) const {
  const Manifest& manifest = ports_.instances->manifest(instance.element_key);
  const std::string method = request.method == "HEAD" ? "GET" : request.method;
  if (manifest.find_resource(method, path) == nullptr) {
    throw Error(ErrorCode::bad_input, method + " " + path.substr(0, 200) + ": element '" + instance.element_key +
                                          "' has no such resource; GET /elements/" + instance.element_key +
                                          "/resources shows those that it has");
  }
  ResourceRequest sent;
  sent.method = method;
  sent.path = path;
  sent.query = query_of(request);
  const AnswerView view = take_view(sent.query);
  sent.headers = headers_of(request);
  take_body(request, sent);
  CallContext context = ports_.call_context(request);
  if (request.allow_body) {  // it came over the wire, and so goes the answer
    context.output_max = static_cast<std::size_t>(ports_.stream_max);
    context.spool = std::make_shared<Spool>(ports_.spool_folder, SpoolLimits{.bytes_max = ports_.stream_max});
  }
  ApiAnswer answer = answer_of(instance, view, ports_.instances->call(instance.id, sent, context));
  if (ports_.answered) ports_.answered(request, instance.id, sent, answer);
  return answer;
}

void HubCalls::take_body(ApiRequest& request, ResourceRequest& sent) const {
  sent.content_type = std::string(request.header("content-type").value_or(""));
  if (sent.content_type.empty() || is_json_type(sent.content_type) || !request.allow_body) {
    sent.body = request.body_text();
    if (sent.body == "null" && sent.method == "DELETE") sent.body.clear();  // what some clients send for "no body"
    if (sent.body.empty()) sent.content_type.clear();
    return;
  }
  request.allow_body(ports_.stream_max);
  auto spool = std::make_shared<Spool>(ports_.spool_folder, SpoolLimits{.bytes_max = ports_.stream_max});
  std::array<char, 65'536> part{};
  while (const std::size_t count = request.read_body(part)) spool->append({part.data(), count});
  if (spool->size() == 0) sent.content_type.clear();
  if (spool->size() <= request.body_max) {
    sent.body = spool->view();
  } else {
    sent.spooled_body = std::move(spool);
  }
}

ApiAnswer HubCalls::answer_of(const InstanceRecord& instance, const AnswerView& view, ResourceAnswer answer) const {
  hold_json(answer);
  shape_answer(answer, view, instance);
  ApiAnswer result;
  result.status = answer.status;
  for (auto& [name, value] : answer.headers) {
    if (passes_back(name)) result.headers.emplace_back(std::move(name), std::move(value));
  }
  if (!answer.next_page.empty()) result.headers.emplace_back("Elements-Next-Page-Token", answer.next_page);
  if (!answer.content_type.empty()) result.content_type = answer.content_type;
  if (answer.spool) result.source = source_of(answer);
  result.body = std::move(answer.body);
  return result;
}

}  // namespace formulary::api
