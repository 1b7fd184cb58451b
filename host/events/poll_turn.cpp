#include "host/events/poll_turn.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "host/base/error.hpp"
#include "host/events/incoming.hpp"
#include "host/events/poll_decision.hpp"

namespace formulary::events {
namespace {

constexpr std::size_t error_bytes_max = 500;

std::int64_t milliseconds(Clock::WallTime time) {
  return std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

/// The rows of an answer.
json::array rows_of(const ResourceAnswer& answer, const std::string& path) {
  if (answer.status >= 400) {
    throw Error(ErrorCode::vendor_failed, path + ": the vendor answered " + std::to_string(answer.status));
  }
  json::value body = parse_json(answer.body.empty() ? "[]" : answer.body, "answer");
  if (!body.is_array()) {
    throw Error(ErrorCode::vendor_failed, path + ": it answers no list, so nothing in it can be polled");
  }
  return std::move(body.get_array());
}

class Turn {
 public:
  Turn(const PollerPorts& ports, const PollerSettings& settings, PollWork& work, const std::stop_token& stop)
      : ports_(ports), settings_(settings), work_(work), stop_(stop), state_(work.state) {}

  void run() {
    if (state_.sweep_ms == 0) state_.sweep_ms = now();
    for (int page = 0; page < settings_.pages_max; ++page) {
      const std::string asked_with = state_.cursor;
      const ResourceAnswer answer = ask();
      json::array rows = rows_of(answer, work_.resource.name);
      state_.cursor = answer.next_page == asked_with ? std::string() : answer.next_page;
      // Some vendors name a next page for ever: an empty one is the last.
      const bool last = state_.cursor.empty() || rows.empty();
      take(rows, last);
      if (last) return;
    }
    // More than a turn's pages: the others come first, then this one goes on.
    state_.due_ms = now();
    ports_.polls->save({.state = state_, .told = {}, .events = {}, .keep_after_ms = since()});
  }

 private:
  [[nodiscard]] std::int64_t now() const { return milliseconds(ports_.clock->wall()); }
  [[nodiscard]] std::int64_t since() const {
    const std::int64_t delay = std::chrono::milliseconds(work_.resource.poll_delay).count();
    return std::max(state_.floor_ms, state_.last_ms - delay);
  }

  [[nodiscard]] ResourceAnswer ask() const {
    PollUrl::Target target = work_.resource.url.at(since());
    if (!target.query.contains("pageSize")) target.query["pageSize"] = std::to_string(work_.resource.page_size);
    if (!state_.cursor.empty()) target.query["nextPage"] = state_.cursor;
    ResourceRequest request;
    request.method = "GET";
    request.path = target.path;
    request.query = target.query;
    request.headers = {{"accept", "application/json"}};
    return ports_.call(work_.instance, request, stop_);
  }

  void take(json::array& rows, bool last) {
    PollPage page;
    std::vector<RowEvent> found;
    std::vector<json::value> found_rows;
    for (json::value& row : rows) {
      RowDecision decision = decide(work_.resource, row, since());
      if (!decision.problem.empty()) problem_ = decision.problem;
      if (!decision.event) continue;
      page.told.push_back({.object_id = decision.event->object_id, .at_ms = decision.event->at});
      found.push_back(std::move(*decision.event));
      found_rows.push_back(std::move(row));
    }
    add_events(page, found, found_rows);
    settle(last);
    page.state = state_;
    page.keep_after_ms = since();
    const bool any = !page.events.empty();
    ports_.polls->save(page);
    if (any && ports_.saved) ports_.saved();
  }

  /// Those that were not told before, in notifications of their own.
  void add_events(PollPage& page, const std::vector<RowEvent>& found, const std::vector<json::value>& rows) {
    const std::vector<bool> told = ports_.polls->were_told(state_, page.told);
    std::map<std::pair<std::string, std::int64_t>, bool> seen;  // a page may have a row twice
    json::array events;
    json::array payload_rows;
    const auto close = [&] {
      if (events.empty()) return;
      page.events.push_back(event_of(events, std::move(payload_rows)));
      events.clear();
      payload_rows = {};
    };
    for (std::size_t at = 0; at < found.size(); ++at) {
      if (told[at] || std::exchange(seen[{found[at].object_id, found[at].at}], true)) continue;
      events.push_back(polled_event(work_.resource.name, found[at].object_id, found[at].type, found[at].at,
                                    {.element_key = work_.instance.element_key, .hub_key = work_.hub_key}, now()));
      payload_rows.push_back(rows[at]);
      if (events.size() == poll_events_max) close();
    }
    close();
  }

  [[nodiscard]] NewEvent event_of(const json::array& events, json::array rows) const {
    json::object payload{{"instance_id", work_.instance.id}, {"objectType", work_.resource.name}};
    payload["events"] = events;
    payload[work_.resource.name] = std::move(rows);
    return {.account = work_.instance.account,
            .instance = work_.instance.id,
            .element_key = work_.instance.element_key,
            .at_ms = now(),
            .vendor_id = {},
            .count = static_cast<std::int64_t>(events.size()),
            .events = to_text(events),
            .payload = to_text(payload)};
  }

  void settle(bool last) {
    if (!last) {
      state_.due_ms = now() + poll_lease.count();
      return;
    }
    state_.last_ms = state_.sweep_ms;
    state_.due_ms = state_.sweep_ms + work_.interval.count();
    state_.sweep_ms = 0;
    state_.cursor.clear();
    if (state_.failures > 0 && ports_.warn) {
      ports_.warn("instance " + std::to_string(work_.instance.id) + ": polling " + work_.resource.name +
                  " goes well again");
    }
    state_.failures = 0;
    state_.error = problem_.empty() ? std::string() : problem_ + "; it was left out, see event.poller.configuration";
  }

  const PollerPorts& ports_;
  const PollerSettings& settings_;
  PollWork& work_;
  const std::stop_token& stop_;
  PollState& state_;
  std::string problem_;  ///< Of a row that could not be judged.
};

std::chrono::milliseconds asked_wait(const Error& error) {
  const auto* plugin = dynamic_cast<const PluginError*>(&error);
  if (plugin == nullptr || !plugin->report().retry_after) return std::chrono::milliseconds(0);
  return std::min<std::chrono::milliseconds>(*plugin->report().retry_after, std::chrono::hours(24));
}

void keep_failure(const PollerPorts& ports, PollWork& work, const Error& error) {
  PollState& state = work.state;
  ++state.failures;
  state.error = std::string(error.what()).substr(0, error_bytes_max);
  state.cursor.clear();  // it may be what fails; from the first page nothing is told twice
  state.sweep_ms = 0;
  const auto wait = std::max(poll_wait(work.interval, state.failures), asked_wait(error));
  state.due_ms = milliseconds(ports.clock->wall()) + wait.count();
  constexpr std::int64_t tell_every = 10;
  if (ports.warn && (state.failures - 1) % tell_every == 0) {
    ports.warn("instance " + std::to_string(work.instance.id) + ": polling " + work.resource.name + " fails (" +
               std::to_string(state.failures) + " in a row): " + state.error);
  }
  ports.polls->save({.state = state, .told = {}, .events = {}, .keep_after_ms = 0});
}

}  // namespace

std::chrono::milliseconds poll_wait(std::chrono::milliseconds interval, std::int64_t failures) {
  constexpr std::int64_t doublings_max = 16;
  const std::chrono::milliseconds longest = std::max<std::chrono::milliseconds>(interval, std::chrono::hours(1));
  const std::int64_t doublings = std::min(std::max<std::int64_t>(failures - 1, 0), doublings_max);
  return std::min(longest, interval * (std::int64_t{1} << doublings));
}

void poll_once(const PollerPorts& ports, const PollerSettings& settings, PollWork work, const std::stop_token& stop) {
  try {
    Turn(ports, settings, work, stop).run();
  } catch (const Error& error) {
    if (error.code() == ErrorCode::store_failed) throw;
    if (error.code() == ErrorCode::cancelled && stop.stop_requested()) {
      work.state.due_ms = milliseconds(ports.clock->wall());  // whoever starts next goes on at once
      ports.polls->save({.state = work.state, .told = {}, .events = {}, .keep_after_ms = 0});
      return;
    }
    keep_failure(ports, work, error);
  }
}

}  // namespace formulary::events
