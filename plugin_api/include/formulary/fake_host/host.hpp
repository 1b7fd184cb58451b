/// \file
/// The host's side that outlives single calls: services, clock, holds, and the list of broken rules.
#pragma once

#include <formulary/element/metrics.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace element::testing {

struct host_options {
  bool log =
      true;  ///< Which services it offers: a plugin must do without any of them, but for the clock when it waits.
  bool metrics = true;
  bool clock = true;
  std::uint64_t flags = 0;  ///< ELEMENT_HOST_*
  log_level log_from = log_level::trace;
};

using text_pairs = std::vector<std::pair<std::string, std::string>>;

struct log_line {
  log_level level = log_level::trace;
  std::string message{};
  text_pairs fields{};
  bool in_call = false;  ///< Whether the plugin named the call that it was in.
};

struct sample {
  std::string metric{};
  double value = 0;
  text_pairs labels{};
};

namespace detail {

/// True on a thread while it runs a plugin's on_cancel function, which may call nothing of the host but poll().
inline thread_local bool in_cancel_function = false;
/// How many hooks this thread is inside of; hold() is only for them and for who already holds.
inline thread_local int hooks_on_this_thread = 0;

/// What the fake clock asks of a call. Implemented in call.hpp.
inline element_status sleep_in_call(const element_call* in, std::int64_t ns);

}  // namespace detail

/// Any thread may use it, as the rules tell the plugin. It must outlive the plugin_runner and every thread of the
/// plugin.
class fake_host {
 public:
  explicit fake_host(host_options options = {}) : options_(options) {
    host_.size = sizeof host_;
    host_.magic = ELEMENT_MAGIC;
    host_.abi_major = ELEMENT_ABI_MAJOR;
    host_.abi_minor = ELEMENT_ABI_MINOR;
    host_.flags = options.flags;
    host_.name = raw("fake_host");
    host_.version = raw("1.0.0");
    host_.host_data = this;
    host_.service = service;
    host_.hold = hold;
    host_.release = release;
  }
  fake_host(const fake_host&) = delete;
  fake_host& operator=(const fake_host&) = delete;

  [[nodiscard]] const element_host* get() const noexcept { return &host_; }

  /// Monotonic time. Moves by advance() and by a plugin's sleep, never by itself.
  [[nodiscard]] std::chrono::nanoseconds now() const noexcept { return std::chrono::nanoseconds(now_ns_.load()); }
  void advance(std::chrono::nanoseconds by) { advance_to(now() + by); }
  void advance_to(std::chrono::nanoseconds when) {
    std::int64_t seen = now_ns_.load();
    while (seen < when.count() && !now_ns_.compare_exchange_weak(seen, when.count())) {
    }
  }

  [[nodiscard]] std::vector<log_line> log() const { return copy_of(log_); }
  [[nodiscard]] std::vector<sample> samples() const { return copy_of(samples_); }
  /// The rules that the plugin broke so far, a sentence each.
  [[nodiscard]] std::vector<std::string> violations() const { return copy_of(violations_); }
  [[nodiscard]] std::int64_t holds() const noexcept { return holds_.load(); }

  /// For the other parts of the fake.
  void violation(std::string sentence) {
    const std::lock_guard lock(mutex_);
    violations_.push_back(std::move(sentence));
  }
  /// Keeps a finished call for a while, so that a late use of it is a sentence and no crash.
  void keep(std::shared_ptr<const void> call) {
    constexpr std::size_t kept_max = 1'000;
    const std::lock_guard lock(mutex_);
    kept_.push_back(std::move(call));
    if (kept_.size() > kept_max) kept_.pop_front();
  }
  void set_stopped(bool stopped) noexcept { stopped_ = stopped; }

 private:
  static fake_host& self(const element_host* host) noexcept { return *static_cast<fake_host*>(host->host_data); }

  template <class Some>
  std::vector<Some> copy_of(const std::vector<Some>& list) const {
    const std::lock_guard lock(mutex_);
    return list;
  }
  /// Notes the rules that hold for every function of the host.
  void used(std::string_view function) {
    const std::string name(function);
    if (stopped_) violation(name + " was called after stop() had returned");
    if (detail::in_cancel_function) violation(name + " was called from an on_cancel function, which may only poll()");
  }
  text_pairs copied(const element_kv* fields, std::size_t count, std::string_view function) {
    text_pairs all;
    if (fields == nullptr && count != 0)
      violation(std::string(function) + " got NULL for " + std::to_string(count) + " pairs");
    for (std::size_t at = 0; fields != nullptr && at < count; ++at) {
      all.emplace_back(view(fields[at].key), view(fields[at].value));
    }
    return all;
  }

  static const void* ELEMENT_ABI service(const element_host* host, element_str id) {
    static constexpr element_log log_table = {sizeof(element_log), 0, log_enabled, write_log};
    static constexpr element_metrics metrics_table = {sizeof(element_metrics), 0, define_metric, record_metric};
    static constexpr element_clock clock_table = {sizeof(element_clock), 0, wall_ns, monotonic_ns, sleep};
    fake_host& me = self(host);
    me.used("service()");
    if (view(id) == ELEMENT_SERVICE_LOG && me.options_.log) return &log_table;
    if (view(id) == ELEMENT_SERVICE_METRICS && me.options_.metrics) return &metrics_table;
    if (view(id) == ELEMENT_SERVICE_CLOCK && me.options_.clock) return &clock_table;
    return nullptr;
  }
  static void ELEMENT_ABI hold(const element_host* host) {
    fake_host& me = self(host);
    me.used("hold()");
    if (me.holds_.fetch_add(1) == 0 && detail::hooks_on_this_thread == 0) {
      me.violation("hold() was called outside a hook and without another hold");
    }
  }
  static void ELEMENT_ABI release(const element_host* host) {
    fake_host& me = self(host);
    me.used("release()");
    if (me.holds_.fetch_sub(1) > 0) return;
    me.holds_.fetch_add(1);
    me.violation("release() was called without a hold()");
  }

  static std::int32_t ELEMENT_ABI log_enabled(const element_host* host, std::int32_t level) {
    return level >= static_cast<std::int32_t>(self(host).options_.log_from) ? 1 : 0;
  }
  static void ELEMENT_ABI write_log(const element_host* host, const element_call* call, std::int32_t level,
                                    element_str message, const element_kv* fields, std::size_t count) {
    fake_host& me = self(host);
    me.used("log.write()");
    if (level < ELEMENT_LOG_TRACE || level > ELEMENT_LOG_ERROR)
      me.violation("log.write() got the level " + std::to_string(level));
    log_line line{static_cast<log_level>(level), std::string(view(message)), me.copied(fields, count, "log.write()"),
                  call != nullptr};
    const std::lock_guard lock(me.mutex_);
    me.log_.push_back(std::move(line));
  }

  static std::uint64_t ELEMENT_ABI define_metric(const element_host* host, std::int32_t kind, element_str name,
                                                 element_str, element_str) {
    fake_host& me = self(host);
    me.used("metrics.define()");
    const std::lock_guard lock(me.mutex_);
    for (std::size_t at = 0; at < me.metrics_.size(); ++at) {
      if (me.metrics_[at].first == view(name)) return me.metrics_[at].second == kind ? at + 1 : 0;
    }
    me.metrics_.emplace_back(view(name), kind);
    return me.metrics_.size();
  }
  static void ELEMENT_ABI record_metric(const element_host* host, std::uint64_t handle, double value,
                                        const element_kv* labels, std::size_t count) {
    fake_host& me = self(host);
    me.used("metrics.record()");
    text_pairs copies = me.copied(labels, count, "metrics.record()");
    const std::lock_guard lock(me.mutex_);
    if (handle == 0 || handle > me.metrics_.size()) {
      me.violations_.push_back("metrics.record() got the handle " + std::to_string(handle) +
                               ", which define() never gave");
      return;
    }
    me.samples_.push_back({me.metrics_[handle - 1].first, value, std::move(copies)});
  }

  static std::int64_t ELEMENT_ABI monotonic_ns(const element_host* host) {
    self(host).used("clock.monotonic_ns()");
    return self(host).now_ns_.load();
  }
  static std::int64_t ELEMENT_ABI wall_ns(const element_host* host) {
    self(host).used("clock.wall_ns()");
    return wall_start_ns + self(host).now_ns_.load();
  }
  static element_status ELEMENT_ABI sleep(const element_host* host, const element_call* call, std::int64_t ns) {
    self(host).used("clock.sleep()");
    if (call != nullptr) return detail::sleep_in_call(call, ns);
    self(host).violation("clock.sleep() was called without a call");
    return ELEMENT_INVALID_ARGUMENT;
  }

  static constexpr std::int64_t wall_start_ns = 1'700'000'000'000'000'000;  // a day in November 2023

  const host_options options_;
  element_host host_{};
  std::atomic<std::int64_t> now_ns_{1'000'000'000'000};  // not 0, which means "no deadline"
  std::atomic<std::int64_t> holds_{0};
  std::atomic<bool> stopped_{false};
  mutable std::mutex mutex_;
  std::vector<log_line> log_;
  std::vector<sample> samples_;
  std::vector<std::string> violations_;
  std::vector<std::pair<std::string, std::int32_t>> metrics_;  // name and kind; the handle is the place + 1
  std::deque<std::shared_ptr<const void>> kept_;
};

}  // namespace element::testing
