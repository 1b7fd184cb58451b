#include "host/api/hub_calls.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <set>
#include <utility>

#include "host/api/answer_filter.hpp"
#include "host/base/error.hpp"

namespace formulary::api {
namespace {

constexpr std::size_t held_answer_max = 32U << 20U;  ///< Of JSON, which is held to be filtered.

// What a client may say to the vendor; everything else in its head is between the client and the host.
constexpr std::array<std::string_view, 6> headers_passed_on = {"accept",        "accept-language", "if-match",
                                                               "if-none-match", "prefer",          "range"};

bool is_json(std::string_view content_type) {
  const std::string_view type = content_type.substr(0, content_type.find(';'));
  return type == "application/json" || type.ends_with("+json");
}

json::object query_of(const ApiRequest& request) {
  json::object query;
  for (const auto& [name, value] : request.query) {
    if (name == "fields" || name == "orderBy") continue;
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

bool keeps_nulls(const InstanceRecord& instance) {
  // The document is ours and small; most instances do not have the entry at all.
  if (instance.document.find("filter.response.nulls") == std::string::npos) return false;
  const json::value document = parse_json(instance.document, "instance");
  const json::value* platform = document.as_object().if_contains("platformConfiguration");
  const json::value* value = platform == nullptr ? nullptr : platform->as_object().if_contains("filter.response.nulls");
  return value != nullptr && (*value == json::value("false") || *value == json::value(false));
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

/// Nothing if it is too large to be held as values, or no JSON whatever its type says: then it passes as it is.
std::optional<json::value> parsed_answer(const std::string& body) {
  try {
    return parse_json(body, "answer");
  } catch (const Error&) {
    return std::nullopt;
  }
}

/// What is small or may be changed is held; the rest is read from where it lies.
void put_body(ResourceAnswer&& answer, ApiAnswer& result) {
  if (!answer.spool) {
    result.body = std::move(answer.body);
    return;
  }
  const std::uint64_t length = answer.spool->size() - answer.spooled_from;
  if (length <= held_answer_max && is_json(result.content_type)) {
    result.body.resize(static_cast<std::size_t>(length));
    std::size_t done = 0;
    while (const std::size_t count =
               answer.spool->read(answer.spooled_from + done, std::span(result.body).subspan(done)))
      done += count;
    return;
  }
  result.source = [spool = answer.spool, at = std::uint64_t{answer.spooled_from}](std::span<char> room) mutable {
    const std::size_t count = spool->read(at, room);
    at += count;
    return count;
  };
}

std::string object_name(std::string_view pattern) {
  pattern.remove_prefix(std::min<std::size_t>(1, pattern.size()));
  return std::string(pattern.substr(0, pattern.find('/')));
}

std::set<std::string> object_names(const Manifest& manifest) {
  std::set<std::string> names;
  for (const ManifestResource& resource : manifest.resources) names.insert(object_name(resource.path));
  return names;
}

}  // namespace

std::string path_without_hub(std::string_view path) {
  constexpr std::string_view hubs = "/hubs/";
  if (!path.starts_with(hubs)) return std::string(path);
  path.remove_prefix(hubs.size());
  const std::size_t slash = path.find('/');
  return slash == std::string_view::npos ? "/" : std::string(path.substr(slash));
}

HubCalls::HubCalls(HubPorts ports) : ports_(std::move(ports)) {}

ApiAnswer HubCalls::handle(ApiRequest& request) const {
  const std::optional<InstanceRecord> instance = ports_.store->shown_instance(request.principal.instance.value_or(0));
  if (!instance) {
    throw Error(ErrorCode::unauthenticated, "Authorization: the instance of this element token was deleted meanwhile");
  }
  const std::string path = path_without_hub(request.path);
  if (path == "/objects" && request.method == "GET") {
    return objects(request, ports_.instances->manifest(instance->element_key));
  }
  if (instance->disabled) {
    throw Error(ErrorCode::permission_denied, "instance " + std::to_string(instance->id) +
                                                  ": it is disabled; enable it with PUT /instances/" +
                                                  std::to_string(instance->id) + "/enabled");
  }
  if (path == "/ping" && request.method == "GET") {
    return answer_json(json::object{{"dateTime", iso8601(ports_.clock->wall())}, {"endpoint", instance->element_key}});
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
  sent.headers = headers_of(request);
  take_body(request, sent);
  CallContext context = ports_.call_context(request);
  if (request.allow_body) {  // it came over the wire, and so goes the answer
    context.output_max = static_cast<std::size_t>(ports_.stream_max);
    context.spool = std::make_shared<Spool>(ports_.spool_folder, SpoolLimits{.bytes_max = ports_.stream_max});
  }
  ApiAnswer answer = answer_of(request, instance, ports_.instances->call(instance.id, sent, context));
  if (ports_.answered) ports_.answered(request, instance.id, sent, answer);
  return answer;
}

void HubCalls::take_body(ApiRequest& request, ResourceRequest& sent) const {
  sent.content_type = std::string(request.header("content-type").value_or(""));
  if (sent.content_type.empty() || is_json(sent.content_type) || !request.allow_body) {
    sent.body = request.body_text();
    if (sent.body == "null" && sent.method == "DELETE") sent.body.clear();  // what some clients send for "no body"
    if (sent.body.empty()) sent.content_type.clear();
    return;
  }
  request.allow_body(ports_.stream_max);
  auto spool = std::make_shared<Spool>(ports_.spool_folder, SpoolLimits{.bytes_max = ports_.stream_max});
  std::array<char, 65'536> part;  // NOLINT(*-member-init): read_body writes what is read
  while (const std::size_t count = request.read_body(part)) spool->append({part.data(), count});
  if (spool->size() == 0) sent.content_type.clear();
  if (spool->size() <= request.body_max) {
    sent.body = spool->view();
  } else {
    sent.spooled_body = std::move(spool);
  }
}

ApiAnswer HubCalls::answer_of(const ApiRequest& request, const InstanceRecord& instance, ResourceAnswer answer) const {
  ApiAnswer result;
  result.status = answer.status >= 200 && answer.status < 300 ? 200 : answer.status;
  for (auto& [name, value] : answer.headers) {
    if (passes_back(name)) result.headers.emplace_back(std::move(name), std::move(value));
  }
  result.headers.emplace_back("elements-element-instance-id", std::to_string(instance.id));
  if (!answer.next_page.empty()) result.headers.emplace_back("Elements-Next-Page-Token", answer.next_page);
  if (!answer.content_type.empty()) result.content_type = answer.content_type;
  put_body(std::move(answer), result);
  if (result.body.empty() || !is_json(result.content_type)) return result;

  std::optional<json::value> parsed = parsed_answer(result.body);
  if (!parsed) return result;
  json::value& document = *parsed;
  if (document.is_array()) {
    result.headers.emplace_back("Elements-Returned-Count", std::to_string(document.get_array().size()));
  }
  bool changed = false;
  if (!keeps_nulls(instance) && result.body.find("null") != std::string::npos) {
    remove_nulls(document);
    changed = true;
  }
  if (const auto order = request.query_value("orderBy"); order && !order->empty()) {
    sort_by(document, parse_order(*order));
    changed = true;
  }
  if (const auto fields = request.query_value("fields"); fields && !fields->empty()) {
    select_fields(document, parse_fields(*fields));
    changed = true;
  }
  if (changed) result.body = to_text(document);
  return result;
}

ApiAnswer HubCalls::objects(const ApiRequest& request, const Manifest& manifest) const {
  const bool detailed = request.header("elements-version").value_or("") == "Helium";
  json::array names;
  for (const std::string& name : object_names(manifest)) {
    if (detailed) {
      names.push_back(json::object{{"name", name}, {"vendorName", name}, {"type", "vendor"}});
    } else {
      names.emplace_back(name);
    }
  }
  return answer_json(names);
}

}  // namespace formulary::api
