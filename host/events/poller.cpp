#include "host/events/poller.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "host/base/error.hpp"
#include "host/events/event_settings.hpp"
#include "host/events/poll_turn.hpp"

namespace formulary::events {
namespace {

/// The state that says why an instance's configuration cannot be polled with.
constexpr std::string_view configuration_resource = "*";

std::int64_t milliseconds(Clock::WallTime time) {
  return std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

}  // namespace

Poller::Poller(PollerPorts ports, const PollerSettings& settings) : ports_(std::move(ports)), settings_(settings) {}

Poller::~Poller() {
  stop();
}

void Poller::start() {
  for (std::size_t count = 0; count < settings_.workers; ++count) {
    threads_.emplace_back([this](const std::stop_token& stop) { run(stop); });
  }
}

void Poller::stop() {
  for (std::jthread& thread : threads_) thread.request_stop();
  threads_.clear();
}

void Poller::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    try {
      (void)run_due(stop);
    } catch (const Error& error) {
      if (ports_.warn) ports_.warn(std::string("polling: ") + error.what());
    }
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, stop, std::min<std::chrono::milliseconds>(settings_.look_interval, std::chrono::seconds(1)),
                      [] { return false; });
  }
}

std::size_t Poller::run_due(const std::stop_token& stop) {
  {
    const std::lock_guard lock(mutex_);
    const Clock::MonotonicTime now = ports_.clock->monotonic();
    if (now >= next_look_) {
      next_look_ = now + settings_.look_interval;
      look();
    }
  }
  std::size_t count = 0;
  while (!stop.stop_requested()) {
    std::optional<PollWork> work = next_work();
    if (!work) break;
    poll_once(ports_, settings_, std::move(*work), stop);
    ++count;
  }
  return count;
}

void Poller::look() {
  std::map<std::int64_t, std::vector<PollState>> known;
  for (PollState& state : ports_.polls->all()) known[state.instance].push_back(std::move(state));
  plan_.clear();
  for (const InstanceRecord& instance : ports_.instances->instances()) {
    std::vector<PollState>& states = known[instance.id];
    look_at(instance, states);
    // What is left of them was turned off.
    for (const PollState& state : states) ports_.polls->remove(state.instance, state.resource);
    known.erase(instance.id);
  }
}

/// Takes out of `known` what goes on.
void Poller::look_at(const InstanceRecord& instance, std::vector<PollState>& known) {
  const Manifest* manifest = ports_.manifest(instance.element_key);
  if (!may_have_events(instance, manifest)) return;
  const EventSettings settings = event_settings(instance, manifest);
  if (!settings.enabled || !settings.polls) return;
  // Not served for a while, so nothing is asked; what was told is kept for when it is served again.
  if (instance.disabled || manifest == nullptr || !ports_.is_active(instance.account)) return known.clear();
  const auto take = [&known](std::string_view resource) -> std::optional<PollState> {
    const auto found =
        std::find_if(known.begin(), known.end(), [&](const auto& one) { return one.resource == resource; });
    if (found == known.end()) return std::nullopt;
    PollState state = std::move(*found);
    known.erase(found);
    return state;
  };
  std::vector<PolledResource> resources;
  try {
    resources = parse_poller_configuration(settings.poller_configuration);
  } catch (const Error& error) {
    const std::optional<PollState> told = take(configuration_resource);
    known.clear();
    if (told && told->error == error.what()) return;
    (void)begin(instance, std::string(configuration_resource), error.what());
    return;
  }
  const auto interval =
      std::max(settings_.interval_min, refresh_interval(settings.refresh_interval, settings_.interval_default));
  for (PolledResource& resource : resources) {
    std::optional<PollState> state = take(resource.name);
    if (!state) state = begin(instance, resource.name, {});
    plan_.push_back({.instance = instance,
                     .resource = std::move(resource),
                     .state = std::move(*state),
                     .interval = interval,
                     .hub_key = manifest->hub});
  }
}

PollState Poller::begin(const InstanceRecord& instance, std::string resource, const std::string& problem) {
  const std::int64_t now = milliseconds(ports_.clock->wall());
  PollState state{.instance = instance.id, .resource = std::move(resource), .floor_ms = now, .last_ms = now};
  state.due_ms = problem.empty() ? now : 0;
  state.error = problem;
  if (!problem.empty()) {
    ports_.polls->remove(instance.id, state.resource);
    if (ports_.warn) ports_.warn("instance " + std::to_string(instance.id) + ": " + problem);
  }
  ports_.polls->begin(state);
  return state;
}

std::optional<PollWork> Poller::next_work() {
  const std::int64_t now = milliseconds(ports_.clock->wall());
  const std::lock_guard lock(mutex_);
  while (true) {
    const auto due = std::find_if(plan_.begin(), plan_.end(), [now](const PollWork& one) {
      return one.state.due_ms > 0 && one.state.due_ms <= now;
    });
    if (due == plan_.end()) return std::nullopt;
    PollWork work = std::move(*due);
    plan_.erase(due);
    // Polled meanwhile by another thread or host: the next look knows more.
    if (ports_.polls->claim(work.state, now + poll_lease.count())) return work;
  }
}

}  // namespace formulary::events
