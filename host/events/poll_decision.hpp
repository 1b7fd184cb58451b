/// \file
/// Which rows of a poll's answer are events. Pure. Source: CONTRACT 4, "Decision".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "host/base/json.hpp"
#include "host/events/poller_configuration.hpp"

namespace formulary::events {

/// Something that happened to one object at the vendor's.
struct RowEvent {
  std::string object_id;
  std::string type;  ///< CREATED or UPDATED.
  Moment at = 0;     ///< By which it is new: when it was updated, or created.
};

/// What became of a row.
struct RowDecision {
  std::optional<RowEvent> event;
  std::string problem;  ///< Set if the row cannot be judged: no id, no date that can be read.
};

/// With `since`, the moment that was asked for: what is not later is no event. An object whose two dates differ by no
/// more than the tolerance was created, one that is older was updated. Without filter_by_updated the date of creation
/// alone decides, and everything new was created.
[[nodiscard]] RowDecision decide(const PolledResource& resource, const json::value& row, Moment since);

/// The member at "a.b.c", or nullptr.
[[nodiscard]] const json::value* member_at(const json::value& value, std::string_view path);
/// A text as it is, a number or flag as JSON; empty for anything else.
[[nodiscard]] std::string scalar_text(const json::value* value);

}  // namespace formulary::events
