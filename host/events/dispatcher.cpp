#include "host/events/dispatcher.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "host/base/error.hpp"
#include "host/events/event_settings.hpp"
#include "host/events/incoming.hpp"

namespace formulary::events {
namespace {

/// What a host that died took is another's after that; longer than passing one on takes.
constexpr std::int64_t lease_ms = 20'000;
constexpr std::int64_t attempts_max = 20;
constexpr std::int64_t wait_longest_ms = 600'000;
constexpr std::size_t dispositions_max = 100;
constexpr std::size_t sentence_bytes_max = 500;

std::int64_t milliseconds(Clock::WallTime time) {
  return std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

/// 1 s, 2 s, 4 s, ... 10 minutes.
std::int64_t wait_after(std::int64_t attempts) {
  constexpr std::int64_t doublings_max = 20;
  return std::min(wait_longest_ms,
                  std::int64_t{1'000} << std::min(std::max<std::int64_t>(attempts - 1, 0), doublings_max));
}

/// What became of a notification, while it is passed on.
class Progress {
 public:
  Progress(const EventRecord& record, const Clock& clock) : clock_(clock) {
    progress_.status = std::max(record.status, EventStatus::received);
    const json::value before = parse_json(record.dispositions, "the stored dispositions");
    if (const auto* list = before.if_array()) list_ = *list;
  }

  void reach(EventStatus status) { progress_.status = std::max(progress_.status, status); }
  [[nodiscard]] bool has_reached(EventStatus status) const { return progress_.status >= status; }
  void say(const std::string& sentence, const std::vector<std::int64_t>& executions = {}) {
    if (list_.size() >= dispositions_max) list_.erase(list_.begin());
    json::object line{{"date", iso8601(clock_.wall())}, {"message", sentence.substr(0, sentence_bytes_max)}};
    if (!executions.empty()) line["executions"] = json::array(executions.begin(), executions.end());
    list_.push_back(std::move(line));
  }
  /// `due_ms` 0: nothing is left to be done.
  [[nodiscard]] EventProgress settled(std::int64_t due_ms) {
    progress_.due_ms = due_ms;
    progress_.dispositions = to_text(list_);
    return progress_;
  }

 private:
  const Clock& clock_;
  EventProgress progress_;
  json::array list_;
};

bool may_pass(const Error& error) {
  return error.code() == ErrorCode::rate_limited || error.code() == ErrorCode::unavailable ||
         error.code() == ErrorCode::store_failed || error.code() == ErrorCode::timed_out;
}

std::string numbers(const std::vector<std::int64_t>& list) {
  std::string text;
  for (const std::int64_t number : list) text += (text.empty() ? "" : ", ") + std::to_string(number);
  return text;
}

/// One notification on its way. False from a step: it has to be tried again later.
class Passage {
 public:
  Passage(const DispatcherPorts& ports, const EventRecord& record, Progress& progress)
      : ports_(ports), record_(record), progress_(progress) {}

  [[nodiscard]] bool go() {
    const std::optional<InstanceRecord> instance = ports_.instances->shown_instance(record_.instance);
    const std::int64_t company = ports_.company ? ports_.company(record_.account) : 1;
    if (!instance || company == 0) {
      progress_.say(instance ? "Not passed on: the account is not active" : "Not passed on: the instance was deleted");
      return true;
    }
    const EventSettings settings = event_settings(*instance, nullptr);
    const json::object notification = notification_of({.event_id = record_.id,
                                                       .account = record_.account,
                                                       .company = company,
                                                       .instance = instance->id,
                                                       .element_key = instance->element_key,
                                                       .instance_name = instance->name,
                                                       .tags = settings.tags},
                                                      record_.events, record_.payload);
    if (!progress_.has_reached(EventStatus::dispatched) && !start(*instance, notification)) return false;
    progress_.reach(EventStatus::dispatched);
    if (!settings.callback_urls.empty() && ports_.deliver) ports_.deliver(*instance, notification);
    progress_.reach(EventStatus::notified);
    return true;
  }

 private:
  [[nodiscard]] bool start(const InstanceRecord& instance, const json::object& notification) {
    const StartedFormulas started = ports_.start(instance, notification, record_.attempts <= 1);
    if (!started.executions.empty()) {
      progress_.say("Triggered executions " + numbers(started.executions), started.executions);
    }
    for (const std::string& failure : started.failures) progress_.say("Error starting a formula: " + failure);
    return !started.again || record_.attempts >= attempts_max;
  }

  const DispatcherPorts& ports_;
  const EventRecord& record_;
  Progress& progress_;
};

}  // namespace

Dispatcher::Dispatcher(DispatcherPorts ports) : ports_(std::move(ports)) {}

Dispatcher::~Dispatcher() {
  stop();
}

void Dispatcher::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void Dispatcher::stop() {
  thread_ = {};
}

void Dispatcher::wake() {
  {
    const std::lock_guard lock(mutex_);
    woken_ = true;
  }
  changed_.notify_all();
}

void Dispatcher::run(const std::stop_token& stop) {
  constexpr std::chrono::minutes forget_interval{1};
  Clock::MonotonicTime next_forget = ports_.clock->monotonic();
  while (!stop.stop_requested()) {
    try {
      (void)run_due(stop);
      if (ports_.clock->monotonic() >= next_forget) {
        next_forget = ports_.clock->monotonic() + forget_interval;
        forget_old();
      }
    } catch (const Error& error) {
      if (ports_.warn) ports_.warn(std::string("events: ") + error.what());
    }
    // Others may add too, and what failed comes due: so it looks again now and then.
    constexpr std::chrono::seconds look_again{1};
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, stop, look_again, [this] { return woken_; });
    woken_ = false;
  }
}

std::size_t Dispatcher::run_due(const std::stop_token& stop) {
  std::size_t count = 0;
  while (!stop.stop_requested()) {
    const std::int64_t now = milliseconds(ports_.clock->wall());
    const std::optional<EventRecord> record = ports_.events->take_due(now, now + lease_ms);
    if (!record) break;
    pass_on(*record);
    ++count;
  }
  return count;
}

void Dispatcher::forget_old() {
  (void)ports_.events->forget({.before_ms = milliseconds(ports_.clock->wall() - ports_.kept)});
}

void Dispatcher::pass_on(const EventRecord& record) {
  Progress progress(record, *ports_.clock);
  bool done = false;
  try {
    done = Passage(ports_, record, progress).go();
  } catch (const Error& error) {
    progress.say(std::string("Error delivering event: ") + error.what());
    done = !may_pass(error) || record.attempts >= attempts_max;
    if (ports_.warn) ports_.warn("event " + std::to_string(record.id) + ": " + error.what());
  }
  const std::int64_t now = milliseconds(ports_.clock->wall());
  ports_.events->settle(record.id, progress.settled(done ? 0 : now + wait_after(record.attempts)));
}

}  // namespace formulary::events
