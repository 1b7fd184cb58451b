/// \file
/// What `event.poller.configuration` says of each resource. Pure. Source: CONTRACT 4.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/events/java_date_format.hpp"
#include "host/events/poll_url.hpp"

namespace formulary::events {

/// Where a row has a date, and how it is written.
struct DateField {
  std::string field;  ///< "updatedOn", or "meta.updated" for a member of a member.
  JavaDateFormat format;
  TimeZone zone;
};

struct PolledResource {
  std::string name;  ///< "candidates": the objectType of its events.
  PollUrl url;
  std::string id_field;
  std::optional<DateField> updated;
  std::optional<DateField> created;
  bool filter_by_updated = true;  ///< Otherwise only what was created since the last poll is an event.
  std::chrono::seconds created_tolerance{0};
  std::chrono::seconds poll_delay{60};  ///< Each poll looks this far behind the last one.
  int page_size = 100;
};

inline constexpr std::size_t polled_resources_max = 50;

/// The text of a configuration entry:
///
///   {"candidates":{"url":"/hubs/x/candidates?where=...","idField":"id","filterByUpdatedDate":true,
///     "datesConfiguration":{"updatedDateField":"updatedOn","updatedDateFormat":"...","updatedDateTimezone":"GMT",
///                           "createdDateField":"createdOn","createdDateFormat":"...","createdDateTimezone":"GMT"},
///     "createdCheckTolerance":60,"pageSize":20,"pollDelay":60}}
///
/// Numbers and flags may be texts. Without pageSize a url with `where` is read by 100 rows, one without by 20. Throws
/// Error(bad_input) that names the member.
[[nodiscard]] std::vector<PolledResource> parse_poller_configuration(std::string_view text);

/// `event.poller.refresh_interval`: minutes, also with a fraction; `otherwise` if it is empty or no number above 0. At
/// most a week.
[[nodiscard]] std::chrono::milliseconds refresh_interval(std::string_view minutes, std::chrono::milliseconds otherwise);

}  // namespace formulary::events
