#include "host/delivery/deliveries.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "host/base/error.hpp"
#include "host/base/ids.hpp"
#include "host/base/text.hpp"
#include "host/delivery/webhook_request.hpp"
#include "host/http/outbound_url.hpp"

namespace formulary::delivery {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t destinations_max = 100;
constexpr std::size_t message_bytes_max = 1U << 20U;
constexpr std::size_t error_bytes_max = 500;
/// How long after its time limit an attempt may still be at work on the disk, before its host is taken for dead.
constexpr milliseconds lease_margin{5'000};
/// What another host that died has left is found by then.
constexpr std::chrono::seconds scan_every{30};
constexpr milliseconds store_pause{5'000};

/// What a host is bounded by. A URL that cannot be read fails when it is sent, as its own host.
std::string host_of(const std::string& url) {
  try {
    return parse_outbound_url(url).host;
  } catch (const Error&) {
    return url;
  }
}

void check(const Notification& what, std::size_t destinations) {
  constexpr std::array<std::string_view, 3> severities = {"low", "medium", "high"};
  if (std::find(severities.begin(), severities.end(), what.severity) == severities.end()) {
    throw Error(ErrorCode::bad_input, "notification.severity: give low, medium or high");
  }
  if (what.topic.empty()) throw Error(ErrorCode::bad_input, "notification.topic: missing");
  if (destinations > destinations_max) {
    throw Error(ErrorCode::bad_input,
                "notification: it has over " + std::to_string(destinations_max) + " destinations; give fewer URLs");
  }
}

SubscriptionRecord subscription_of(std::int64_t account, const Destination& destination, std::int64_t now_ms) {
  return {.id = 0,
          .account = account,
          .owner = destination.owner,
          .channel = "webhook",
          .topics = {},
          .url = destination.url,
          .config = "{}",
          .secrets = secrets_text(destination),
          .active = true,
          .created_ms = now_ms,
          .updated_ms = now_ms};
}

/// 1, 4, 16, … times `base`, without overflow.
milliseconds retry_delay(milliseconds base, std::int64_t retry) {
  constexpr std::int64_t shifts_max = 15;
  return base * (std::int64_t{1} << (2 * std::clamp<std::int64_t>(retry - 1, 0, shifts_max)));
}

}  // namespace

Deliveries::Deliveries(DeliveryPorts ports, const DeliveryLimits& limits)
    : ports_(std::move(ports)), limits_(limits), lanes_(limits.lanes) {}

Deliveries::~Deliveries() {
  stop();
}

std::int64_t Deliveries::now_ms() const {
  return std::chrono::floor<milliseconds>(ports_.clock->wall().time_since_epoch()).count();
}

std::int64_t Deliveries::notify(std::int64_t account, const Notification& what,
                                const std::vector<Destination>& destinations) {
  check(what, destinations.size());
  const std::int64_t now = now_ms();
  NotificationRecord record{.id = 0,
                            .account = account,
                            .uid = uuid_v7(ports_.clock->wall()),
                            .severity = what.severity,
                            .topic = what.topic,
                            .message = to_text(what.message),
                            .sender = what.from,
                            .created_ms = now};
  if (record.message.size() > message_bytes_max) {
    throw Error(ErrorCode::limit_reached, "notification.message: it is over 1 MiB; send less at once");
  }
  std::vector<SubscriptionRecord> receivers;
  receivers.reserve(destinations.size());
  for (const Destination& one : destinations) receivers.push_back(subscription_of(account, one, now));
  std::vector<DueDeliveries> due;
  const std::int64_t id = ports_.store->post(record, receivers, due);
  for (SubscriptionRecord& one : receivers) wipe(one.secrets);
  wake(due);
  return id;
}

void Deliveries::release(std::int64_t account, const std::vector<std::int64_t>& deliveries) {
  wake(ports_.store->release(account, deliveries, now_ms()));
}

void Deliveries::wake(const std::vector<DueDeliveries>& due) {
  if (due.empty()) return;
  {
    const std::lock_guard lock(mutex_);
    for (const DueDeliveries& one : due) lanes_.add(one.subscription, host_of(one.url), one.due_ms);
    ++changes_;
  }
  changed_.notify_all();
}

void Deliveries::start() {
  rescan();
  const std::size_t count = std::max<std::size_t>(limits_.lanes.workers, 1);
  for (std::size_t i = 0; i < count; ++i) {
    workers_.emplace_back([this](const std::stop_token& stop) { work(stop); });
  }
}

void Deliveries::stop() {
  for (std::jthread& worker : workers_) worker.request_stop();
  workers_.clear();
}

void Deliveries::look() {
  {
    const std::lock_guard lock(mutex_);
    ++changes_;
  }
  changed_.notify_all();
}

void Deliveries::rescan() {
  {
    const std::lock_guard lock(mutex_);
    scanned_ = ports_.clock->monotonic();
  }
  wake(ports_.store->due());
}

DeliveryCounters Deliveries::counters() const {
  const std::lock_guard lock(mutex_);
  DeliveryCounters counters = counters_;
  counters.in_flight = lanes_.in_flight();
  return counters;
}

void Deliveries::work(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    const std::int64_t now = now_ms();
    const std::uint64_t seen = changes_;
    std::optional<Lanes::Turn> turn;
    if (ports_.clock->monotonic() - scanned_ < scan_every) turn = lanes_.take(now);
    if (turn) {
      lock.unlock();
      serve(*turn, stop);
      lock.lock();
      continue;
    }
    if (ports_.clock->monotonic() - scanned_ >= scan_every) {
      lock.unlock();
      try {
        rescan();
      } catch (const Error& error) {
        ports_.warn(error.what());  // the next scan tries again
      }
      lock.lock();
      continue;
    }
    const milliseconds until_due(lanes_.first_due(now).value_or(now + milliseconds(scan_every).count()) - now);
    changed_.wait_for(lock, stop, std::min<milliseconds>(until_due, scan_every), [&] { return changes_ != seen; });
  }
}

void Deliveries::serve(const Lanes::Turn& turn, const std::stop_token& stop) {
  std::int64_t next_ms = 0;
  std::optional<bool> well;
  try {
    well = attempt(turn.destination, stop, next_ms);
  } catch (const std::exception& error) {
    next_ms = now_ms() + store_pause.count();
    ports_.warn(error.what());
  }
  {
    const std::lock_guard lock(mutex_);
    if (next_ms != 0) lanes_.add(turn.destination, turn.host, next_ms);
    lanes_.ended(turn, well);
    ++changes_;
  }
  changed_.notify_all();
}

std::optional<bool> Deliveries::attempt(std::int64_t subscription, const std::stop_token& stop, std::int64_t& next_ms) {
  const std::int64_t now = now_ms();
  const std::int64_t until = now + (limits_.time_limit + lease_margin).count();
  std::optional<ClaimedDelivery> claimed = ports_.store->claim(subscription, now, until, next_ms);
  if (!claimed) return std::nullopt;
  const WipeAtExit guard(claimed->subscription.secrets);
  {
    // The next one to the same receiver need not wait for this one.
    const std::lock_guard lock(mutex_);
    if (next_ms != 0) lanes_.add(subscription, host_of(claimed->subscription.url), next_ms);
    ++changes_;
  }
  changed_.notify_all();
  next_ms = 0;
  bool given_up = false;
  claimed->delivery.error = send(*claimed, stop, given_up);
  const bool well = claimed->delivery.error.empty();
  settle(*claimed, given_up, stop.stop_requested() && !well);
  if (claimed->delivery.status == DeliveryStatus::retry) next_ms = claimed->delivery.due_ms;
  return well;
}

/// Empty if the receiver has it, else why not.
std::string Deliveries::send(const ClaimedDelivery& claimed, const std::stop_token& stop, bool& given_up) {
  try {
    if (claimed.subscription.channel != "webhook") {
      given_up = true;
      return "delivery: this host sends nothing by " + claimed.subscription.channel + "; subscribe by webhook";
    }
    ports_.policy.check_url(claimed.subscription.url);
    HttpRequest request = webhook_request(claimed.notification, claimed.subscription, now_ms() / 1'000);
    request.time_limit = limits_.time_limit;
    request.body_max = limits_.answer_max;
    request.stop = stop;
    const HttpResponse answer = ports_.transport->send(request);
    for (auto& [name, value] : request.headers) wipe(value);
    if (answer.status >= 200 && answer.status < 300) return {};
    return "delivery: the receiver answered " + std::to_string(answer.status) + "; it has to answer 200 to 299";
  } catch (const Error& error) {
    given_up = error.code() == ErrorCode::permission_denied || error.code() == ErrorCode::bad_input;
    return std::string(error.what()).substr(0, error_bytes_max);
  }
}

void Deliveries::settle(ClaimedDelivery& claimed, bool given_up, bool stopping) {
  DeliveryRecord& delivery = claimed.delivery;
  const std::int64_t now = now_ms();
  delivery.updated_ms = now;
  delivery.due_ms = now;
  bool exhausted = false;
  if (delivery.error.empty()) {
    delivery.status = DeliveryStatus::delivered;
  } else if (given_up) {
    delivery.status = DeliveryStatus::failed;
  } else if (stopping) {
    delivery.status = DeliveryStatus::retry;
  } else if (ports_.queues_failures && ports_.queues_failures(delivery.account)) {
    delivery.status = DeliveryStatus::queued;
  } else if (delivery.attempts > limits_.retries_max) {
    delivery.status = DeliveryStatus::queued;
    exhausted = true;
  } else {
    delivery.status = DeliveryStatus::retry;
    delivery.due_ms = now + retry_delay(limits_.retry_base, delivery.attempts).count();
  }
  ports_.store->settle(delivery);
  if (exhausted) ports_.store->hold(delivery.subscription, now);
  count(delivery.status);
  if (ports_.ended) {
    ports_.ended({.account = delivery.account,
                  .notification = delivery.notification,
                  .owner = claimed.subscription.owner,
                  .status = delivery.status,
                  .error = delivery.error});
  }
}

void Deliveries::count(DeliveryStatus status) {
  const std::lock_guard lock(mutex_);
  if (status == DeliveryStatus::delivered) ++counters_.delivered;
  if (status == DeliveryStatus::retry) ++counters_.retried;
  if (status == DeliveryStatus::queued) ++counters_.queued;
  if (status == DeliveryStatus::failed) ++counters_.failed;
}

}  // namespace formulary::delivery
