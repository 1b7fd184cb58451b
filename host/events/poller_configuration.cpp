#include "host/events/poller_configuration.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "host/base/error.hpp"
#include "host/base/json.hpp"

namespace formulary::events {
namespace {

constexpr std::int64_t seconds_max = 7LL * 24 * 3'600;
constexpr std::int64_t page_size_max = 2'000;
constexpr int page_size_without_where = 20;
constexpr std::string_view iso_format = "yyyy-MM-dd'T'HH:mm:ssX";

/// A member that is a number or a text with one.
std::int64_t number_or(const JsonReader& reader, std::string_view name, std::int64_t otherwise, std::int64_t most) {
  if (!reader.has(name)) return otherwise;
  const json::value& value = reader.value(name);
  std::int64_t number = -1;
  if (value.is_int64()) {
    number = value.get_int64();
  } else if (const auto* text = value.if_string()) {
    const auto [end, problem] = std::from_chars(text->data(), text->data() + text->size(), number);
    if (problem != std::errc() || end != text->data() + text->size()) number = -1;
  }
  if (number < 0 || number > most) {
    throw Error(ErrorCode::bad_input,
                reader.where() + '.' + std::string(name) + ": no whole number from 0 to " + std::to_string(most));
  }
  return number;
}

bool flag_or(const JsonReader& reader, std::string_view name, bool otherwise) {
  if (!reader.has(name)) return otherwise;
  const json::value& value = reader.value(name);
  if (value == json::value("true")) return true;
  if (value == json::value("false")) return false;
  return reader.flag_or(name, otherwise);
}

std::optional<DateField> date_field(const JsonReader& dates, const std::string& prefix) {
  const std::string field = dates.text_or(prefix + "DateField", "");
  if (field.empty()) return std::nullopt;
  const std::string zone_name = dates.text_or(prefix + "DateTimezone", "GMT");
  const std::optional<TimeZone> zone = java_time_zone(zone_name.empty() ? "GMT" : zone_name);
  if (!zone) {
    throw Error(ErrorCode::bad_input, dates.where() + '.' + prefix +
                                          "DateTimezone: no time zone of that name; write GMT or one as Europe/Berlin");
  }
  const std::string pattern = dates.text_or(prefix + "DateFormat", iso_format);
  return DateField{.field = field, .format = {pattern, dates.where() + '.' + prefix + "DateFormat"}, .zone = *zone};
}

PolledResource resource_of(const std::string& name, const JsonReader& reader) {
  PolledResource resource{.name = name,
                          .url = {reader.text("url"), reader.where() + ".url"},
                          .id_field = reader.text_or("idField", "id"),
                          .updated = {},
                          .created = {}};
  if (reader.has("datesConfiguration")) {
    const JsonReader dates = reader.object("datesConfiguration");
    resource.updated = date_field(dates, "updated");
    resource.created = date_field(dates, "created");
  }
  if (!resource.updated && !resource.created) {
    throw Error(ErrorCode::bad_input, reader.where() +
                                          ".datesConfiguration: it names neither an updatedDateField nor a "
                                          "createdDateField, so nothing tells what is new; add one");
  }
  resource.filter_by_updated = flag_or(reader, "filterByUpdatedDate", true);
  resource.created_tolerance = std::chrono::seconds(number_or(reader, "createdCheckTolerance", 0, seconds_max));
  resource.poll_delay = std::chrono::seconds(number_or(reader, "pollDelay", resource.poll_delay.count(), seconds_max));
  const int otherwise = resource.url.has_parameter("where") ? resource.page_size : page_size_without_where;
  resource.page_size = static_cast<int>(number_or(reader, "pageSize", otherwise, page_size_max));
  if (resource.page_size == 0) resource.page_size = otherwise;
  return resource;
}

}  // namespace

std::vector<PolledResource> parse_poller_configuration(std::string_view text) {
  const std::string where = "event.poller.configuration";
  if (text.empty()) {
    throw Error(ErrorCode::bad_input, where +
                                          ": it is not set, so nothing is polled; set it, or set event.vendor.type "
                                          "to webhook");
  }
  const json::value document = parse_json(text, where);
  const JsonReader reader(document, where);
  if (reader.raw().size() > polled_resources_max) {
    throw Error(ErrorCode::bad_input, where + ": over " + std::to_string(polled_resources_max) + " resources");
  }
  std::vector<PolledResource> resources;
  for (const auto& member : reader.raw()) {
    resources.push_back(resource_of(std::string(member.key()), reader.object(member.key())));
  }
  if (resources.empty()) throw Error(ErrorCode::bad_input, where + ": it names no resource; add one");
  return resources;
}

std::chrono::milliseconds refresh_interval(std::string_view minutes, std::chrono::milliseconds otherwise) {
  constexpr double milliseconds_per_minute = 60'000;
  double number = 0;
  const auto [end, problem] = std::from_chars(minutes.data(), minutes.data() + minutes.size(), number);
  const bool whole = problem == std::errc() && end == minutes.data() + minutes.size();
  if (!whole || !std::isfinite(number) || number <= 0) return otherwise;
  const double bounded = std::min(number * milliseconds_per_minute, static_cast<double>(seconds_max) * 1'000);
  return std::chrono::milliseconds(static_cast<std::int64_t>(bounded));
}

}  // namespace formulary::events
