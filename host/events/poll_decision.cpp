#include "host/events/poll_decision.hpp"

#include <algorithm>

namespace formulary::events {
namespace {

constexpr std::size_t id_bytes_max = 1'024;

/// Nothing if the row has no such date or it cannot be read. Numbers are milliseconds, or seconds if they are small.
std::optional<Moment> date_of(const std::optional<DateField>& field, const json::value& row) {
  if (!field) return std::nullopt;
  const json::value* value = member_at(row, field->field);
  if (value == nullptr) return std::nullopt;
  constexpr Moment seconds_before = 100'000'000'000;
  if (const auto* number = value->if_int64()) return *number < seconds_before ? *number * 1'000 : *number;
  const auto* text = value->if_string();
  return text == nullptr ? std::nullopt : field->format.parse({text->data(), text->size()}, field->zone);
}

}  // namespace

const json::value* member_at(const json::value& value, std::string_view path) {
  const json::value* at = &value;
  while (!path.empty()) {
    const auto* object = at->if_object();
    if (object == nullptr) return nullptr;
    if (const json::value* whole = object->if_contains(path)) return whole;  // a name may have dots
    const std::size_t dot = std::min(path.find('.'), path.size());
    at = object->if_contains(path.substr(0, dot));
    if (at == nullptr) return nullptr;
    path.remove_prefix(std::min(path.size(), dot + 1));
  }
  return at;
}

std::string scalar_text(const json::value* value) {
  if (value == nullptr || value->is_null() || value->is_object() || value->is_array()) return {};
  const auto* text = value->if_string();
  return text != nullptr ? std::string(*text) : to_text(*value);
}

RowDecision decide(const PolledResource& resource, const json::value& row, Moment since) {
  std::string id = scalar_text(member_at(row, resource.id_field));
  if (id.empty() || id.size() > id_bytes_max) return {.event = {}, .problem = "a row has no " + resource.id_field};
  const std::optional<Moment> created = date_of(resource.created, row);
  const std::optional<Moment> updated = date_of(resource.updated, row);
  const bool by_updated = resource.filter_by_updated && (updated || !created);
  const std::optional<Moment>& at = by_updated ? updated : created;
  if (!at) {
    const bool wants_updated = resource.filter_by_updated && resource.updated.has_value();
    const auto& field = wants_updated || !resource.created ? resource.updated : resource.created;
    return {.event = {}, .problem = "the " + field->field + " of a row is missing, or not of its format"};
  }
  if (*at <= since) return {};
  const auto apart = updated && created ? std::max(*updated, *created) - std::min(*updated, *created) : Moment(0);
  const bool both = updated.has_value() && created.has_value();
  const bool is_new = !by_updated || (both && apart <= std::chrono::milliseconds(resource.created_tolerance).count());
  return {.event = RowEvent{.object_id = std::move(id), .type = is_new ? "CREATED" : "UPDATED", .at = *at},
          .problem = {}};
}

}  // namespace formulary::events
