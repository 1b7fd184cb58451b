#include <formulary/poco/rate_limiter.hpp>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <utility>

namespace element::http {

using std::chrono::nanoseconds;

/// One lane's state. The first of `waiting` is the only one who may enter.
struct rate_limiter::gate {
  explicit gate(lane what) : rule(std::move(what)) {}

  lane rule;
  std::mutex lock;
  std::condition_variable changed;
  std::deque<const void*> waiting;
  std::deque<nanoseconds> entered;  ///< The last `requests_max` times, oldest first.
  nanoseconds paused_until{0};
  std::size_t inside = 0;

  [[nodiscard]] bool full() const noexcept { return rule.concurrent_max != 0 && inside >= rule.concurrent_max; }

  /// When the next one may enter as far as time goes; in the past if it may now.
  [[nodiscard]] nanoseconds open_at() const noexcept {
    if (rule.requests_max == 0 || entered.size() < rule.requests_max) return paused_until;
    return std::max<nanoseconds>(paused_until, entered.front() + rule.window);
  }

  void note_entry(nanoseconds now) {
    ++inside;
    if (rule.requests_max == 0) return;
    if (entered.size() == rule.requests_max) entered.pop_front();
    entered.push_back(now);
  }

  void enter(const control& within);
  void leave() noexcept {
    {
      const std::lock_guard guard(lock);
      --inside;
    }
    changed.notify_all();
  }
};

namespace {

// How long somebody who waits for others goes without asking whether the result is still wanted.
constexpr std::chrono::milliseconds slice{20};

/// A place in a lane's queue, given up on every way out.
template <class Gate>
class queue_place {
 public:
  explicit queue_place(Gate& of) : gate_(of) { gate_.waiting.push_back(this); }
  queue_place(const queue_place&) = delete;
  queue_place& operator=(const queue_place&) = delete;
  ~queue_place() {  // the gate's lock is held
    gate_.waiting.erase(std::find(gate_.waiting.begin(), gate_.waiting.end(), this));
    gate_.changed.notify_all();
  }
  [[nodiscard]] bool first() const noexcept { return gate_.waiting.front() == this; }

 private:
  Gate& gate_;
};

void refuse_if_hopeless(const control& within, const lane& rule, nanoseconds wait) {
  const auto left = within.remaining();
  if (!left || wait < *left) return;
  const auto wait_ms = std::chrono::ceil<std::chrono::milliseconds>(wait).count();
  error late(ELEMENT_DEADLINE_EXCEEDED, "http.rate_limited",
             "the rate limit '" + rule.name + "' lets the next request pass in " + std::to_string(wait_ms) +
                 " ms, after the call's deadline; try again later or send fewer requests");
  throw late.with_retry(retry::safe).with_retry_after_ms(wait_ms);
}

}  // namespace

void rate_limiter::gate::enter(const control& within) {
  std::unique_lock guard(lock);
  const queue_place<gate> place(*this);
  for (;;) {
    within.check();
    if (!place.first() || full()) {
      changed.wait_for(guard, slice);
      continue;
    }
    const nanoseconds now = within.monotonic();
    const nanoseconds wait = open_at() - now;
    if (wait.count() <= 0) {
      note_entry(now);
      return;
    }
    refuse_if_hopeless(within, rule, wait);
    // The first in the queue waits on the control's clock, so that a test's clock decides; nobody overtakes meanwhile.
    guard.unlock();
    try {
      within.sleep(wait);
    } catch (...) {
      guard.lock();  // the queue place is given up under the lock
      throw;
    }
    guard.lock();
  }
}

struct permit::seat {
  rate_limiter::gate* gate;
};

permit::permit() noexcept = default;
permit::permit(std::vector<seat> seats) noexcept : seats_(std::move(seats)) {}
permit::permit(permit&& other) noexcept : seats_(std::exchange(other.seats_, {})) {}
permit& permit::operator=(permit&& other) noexcept {
  if (this != &other) {
    leave();
    seats_ = std::exchange(other.seats_, {});
  }
  return *this;
}
permit::~permit() {
  leave();
}

void permit::leave() noexcept {
  for (const seat& one : seats_) one.gate->leave();
  seats_.clear();
}

rate_limiter::rate_limiter(std::vector<lane> lanes) {
  for (lane& one : lanes) gates_.push_back(std::make_unique<gate>(std::move(one)));
}
rate_limiter::~rate_limiter() = default;

rate_limiter::gate& rate_limiter::find(std::string_view name) {
  for (const auto& one : gates_) {
    if (one->rule.name == name) return *one;
  }
  throw std::out_of_range("the rate limiter has no lane '" + std::string(name) + '\'');
}

permit rate_limiter::enter(const control& within, std::initializer_list<std::string_view> names) {
  std::vector<bool> wanted(gates_.size());
  for (const std::string_view name : names) {
    const gate* one = &find(name);
    for (std::size_t index = 0; index < gates_.size(); ++index) {
      if (gates_[index].get() == one) wanted[index] = true;
    }
  }
  // Always in one order, so that two callers never wait for each other; what was entered is left when a later lane
  // throws.
  permit held;
  held.seats_.reserve(gates_.size());
  for (std::size_t index = 0; index < gates_.size(); ++index) {
    if (!wanted[index]) continue;
    gates_[index]->enter(within);
    held.seats_.push_back({gates_[index].get()});
  }
  return held;
}

void rate_limiter::tighten(std::string_view name, std::size_t requests_max, std::size_t concurrent_max) {
  const auto lower = [](std::size_t& limit, std::size_t to) {
    if (to != 0 && (limit == 0 || to < limit)) limit = to;
  };
  gate& one = find(name);
  const std::lock_guard guard(one.lock);
  lower(one.rule.requests_max, requests_max);
  lower(one.rule.concurrent_max, concurrent_max);
  while (one.entered.size() > one.rule.requests_max) one.entered.pop_front();
}

void rate_limiter::pause(const control& clock, std::string_view name, nanoseconds time) {
  gate& one = find(name);
  const std::lock_guard guard(one.lock);
  one.paused_until = std::max(one.paused_until, clock.monotonic() + time);
}

}  // namespace element::http
