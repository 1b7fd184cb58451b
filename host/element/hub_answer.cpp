#include "host/element/hub_answer.hpp"

#include <optional>
#include <set>
#include <utility>

#include "host/base/error.hpp"
#include "host/base/json.hpp"

namespace formulary {
namespace {

/// The text of a query's parameter, taken out; of several the first.
std::string take_text(json::object& query, std::string_view name) {
  const auto found = query.find(name);
  if (found == query.end()) return {};
  json::value value = std::move(found->value());
  query.erase(found);
  if (auto* list = value.if_array(); list != nullptr && !list->empty()) {
    json::value first = std::move(list->front());
    value = std::move(first);
  }
  return value.is_string() ? std::string(value.get_string()) : value.is_null() ? std::string() : to_text(value);
}

bool keeps_nulls(const InstanceRecord& instance) {
  // The document is ours and small; most instances do not have the entry at all.
  if (instance.document.find("filter.response.nulls") == std::string::npos) return false;
  const json::value document = parse_json(instance.document, "instance");
  const json::value* platform = document.as_object().if_contains("platformConfiguration");
  const json::value* value = platform == nullptr ? nullptr : platform->as_object().if_contains("filter.response.nulls");
  return value != nullptr && (*value == json::value("false") || *value == json::value(false));
}

/// Nothing if it is too large to be held as values, or no JSON whatever its type says: then it passes as it is.
std::optional<json::value> parsed_answer(const std::string& body) {
  try {
    return parse_json(body, "answer");
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::string object_name(std::string_view pattern) {
  pattern.remove_prefix(std::min<std::size_t>(1, pattern.size()));
  return std::string(pattern.substr(0, pattern.find('/')));
}

ResourceAnswer json_answer(const json::value& document) {
  return {.status = 200, .content_type = "application/json", .body = to_text(document)};
}

}  // namespace

std::string path_without_hub(std::string_view path) {
  constexpr std::string_view hubs = "/hubs/";
  if (!path.starts_with(hubs)) return std::string(path);
  path.remove_prefix(hubs.size());
  const std::size_t slash = path.find('/');
  return slash == std::string_view::npos ? "/" : std::string(path.substr(slash));
}

AnswerView take_view(json::object& query) {
  AnswerView view;
  if (const std::string fields = take_text(query, "fields"); !fields.empty()) view.fields = parse_fields(fields);
  if (const std::string order = take_text(query, "orderBy"); !order.empty()) view.order = parse_order(order);
  return view;
}

bool is_json_type(std::string_view content_type) {
  const std::string_view type = content_type.substr(0, content_type.find(';'));
  return type == "application/json" || type.ends_with("+json");
}

void shape_answer(ResourceAnswer& answer, const AnswerView& view, const InstanceRecord& instance) {
  if (answer.status >= 200 && answer.status < 300) answer.status = 200;
  answer.headers.emplace_back("elements-element-instance-id", std::to_string(instance.id));
  if (answer.body.empty() || !is_json_type(answer.content_type)) return;
  std::optional<json::value> document = parsed_answer(answer.body);
  if (!document) return;
  if (document->is_array()) {
    answer.headers.emplace_back("Elements-Returned-Count", std::to_string(document->get_array().size()));
  }
  bool changed = !view.order.empty() || !view.fields.empty();
  if (answer.body.find("null") != std::string::npos && !keeps_nulls(instance)) {
    remove_nulls(*document);
    changed = true;
  }
  if (!view.order.empty()) sort_by(*document, view.order);
  if (!view.fields.empty()) select_fields(*document, view.fields);
  if (changed) answer.body = to_text(*document);
}

json::array object_list(const Manifest& manifest, bool detailed) {
  std::set<std::string> names;
  for (const ManifestResource& resource : manifest.resources) names.insert(object_name(resource.path));
  json::array list;
  for (const std::string& name : names) {
    if (detailed) {
      list.push_back(json::object{{"name", name}, {"vendorName", name}, {"type", "vendor"}});
    } else {
      list.emplace_back(name);
    }
  }
  return list;
}

json::object ping_document(const InstanceRecord& instance, const Clock& clock) {
  return {{"dateTime", iso8601(clock.wall())}, {"endpoint", instance.element_key}};
}

ResourceAnswer call_through_hub(Instances& instances, const InstanceRecord& instance, const Clock& clock,
                                ResourceRequest request, const CallContext& context) {
  const std::string path = path_without_hub(request.path);
  const bool own = request.method == "GET" && !instance.disabled;
  if (own && path == "/objects") return json_answer(object_list(instances.manifest(instance.element_key), false));
  if (own && path == "/ping") return json_answer(ping_document(instance, clock));
  const AnswerView view = take_view(request.query);
  ResourceAnswer answer = instances.call(instance.id, request, context);
  shape_answer(answer, view, instance);
  return answer;
}

}  // namespace formulary
