/// \file
/// The host's half of one hook call: what stands behind `element_call` and its functions.
#pragma once

#include <formulary/element_plugin.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "host/base/spool.hpp"
#include "host/plugin/deadline_timers.hpp"

namespace formulary {

/// What the plugin said through fail(), copied within bounds; texts that are not UTF-8 are left out.
struct FailureReport {
  std::string code;
  std::string message;
  std::string details;
  std::int32_t http_status = 0;
  std::int32_t retry = ELEMENT_RETRY_UNKNOWN;
  std::int64_t retry_after_ms = -1;
};

/// On whose behalf a call is made: what the host adds to what is logged in it.
struct CallOrigin {
  std::int64_t instance_id = 0;
  std::string instance_name;
  std::string trace_parent;
};

/// What one call needs to know. The views must live until finish().
struct CallTerms {
  std::uint32_t attempt = 1;
  std::int64_t deadline_ns = 0;
  std::string_view idempotency_key;
  std::string_view trace_parent;
  std::int64_t instance_id = 0;
  std::string_view instance_name;
  std::size_t output_max = 0;
  Spool* spool = nullptr;  ///< Takes the output beyond `held_max`. May be none. Must outlive the call.
  std::size_t held_max = 256U << 10U;
  DeadlineTimers* timers = nullptr;  ///< For element.clock/1's sleep. Must outlive the call.
};

/// What a hook left behind.
struct CallResult {
  std::string output;  ///< Empty if all of it is in the spool.
  std::optional<FailureReport> failure;
  std::string spool_fault;  ///< Why the spool took no more; empty: it did.
  bool over_limit = false;
  bool left_cancel_function = false;  ///< on_cancel() was not taken back.
  std::string broken_rule;            ///< What it did that makes the output worthless; empty: nothing.
};

/// Records are made once, never freed, and used again in turn. A plugin that keeps an `element_call` after its hook has
/// returned and uses it is answered ELEMENT_CANCELLED or ELEMENT_FAILED_PRECONDITION: each use of a record has a ticket
/// of its own, and 256 other calls go by before a record's memory is used again.
class CallRecord {
 public:
  /// A free record, begun for a hook on this thread. Throws Error(limit_reached) when 4096 calls are under way.
  [[nodiscard]] static CallRecord& begin(const CallTerms& terms);
  /// The record behind a call that is under way, or nullptr. Any thread.
  [[nodiscard]] static CallRecord* find(const element_call* call) noexcept;

  /// Ends the call: waits for a cancel function that is running, and gives the record back. Once, by the hook's thread.
  [[nodiscard]] CallResult finish();

  [[nodiscard]] const element_call* call() const noexcept { return &call_; }
  [[nodiscard]] std::uint64_t ticket() const noexcept { return ticket_.load(std::memory_order_acquire); }
  /// ELEMENT_OK, ELEMENT_CANCELLED or ELEMENT_DEADLINE_EXCEEDED. Any thread.
  [[nodiscard]] element_status verdict() const noexcept { return verdict_.load(std::memory_order_acquire); }
  /// The last heartbeat's progress, 0..1000. Any thread.
  [[nodiscard]] std::uint32_t progress() const noexcept { return progress_.load(std::memory_order_relaxed); }

  /// Whose call it is; empty if it is not under way any more. Any thread.
  [[nodiscard]] static CallOrigin origin_of(const element_call* call);
  [[nodiscard]] CallOrigin origin(std::uint64_t ticket);

  /// Tells the hook to end and runs its cancel function, if the call of `ticket` is still under way and was not told
  /// before. Any thread; the cancel function runs on it.
  void end_early(std::uint64_t ticket, element_status why) noexcept;

  /// Waits until `until`, or until end_early(). The hook's thread. Returns the verdict.
  element_status sleep_until(DeadlineTimers::Time until);

  [[nodiscard]] bool is_on_hook_thread() const noexcept {
    return thread_.load(std::memory_order_acquire) == std::this_thread::get_id();
  }

  // What element_call_ops offers; the first five only on the hook's thread.
  element_status on_cancel(void(ELEMENT_ABI* function)(void*), void* argument) noexcept;
  void* reserve(std::size_t want, std::size_t* got) noexcept;
  element_status commit(std::size_t used) noexcept;
  element_status write(const void* data, std::size_t size) noexcept;
  void fail(const element_error* error) noexcept;
  void heartbeat(std::uint32_t done) noexcept { progress_.store(done > 1000 ? 1000 : done, std::memory_order_relaxed); }

 private:
  friend class CallPool;
  explicit CallRecord(std::uint64_t index) noexcept : index_(index) {}
  void start(const CallTerms& terms);
  void run_cancel(std::unique_lock<std::mutex>& lock) noexcept;
  void break_rule(std::string_view sentence) noexcept;
  /// Bytes of the output that are not in the spool.
  [[nodiscard]] std::size_t held() const noexcept { return committed_ - spooled_; }
  void spool_out();

  const std::uint64_t index_;
  std::uint64_t generation_ = 0;
  element_call call_{};
  std::atomic<std::uint64_t> ticket_{0};
  std::atomic<element_status> verdict_{ELEMENT_OK};
  std::atomic<std::uint32_t> progress_{0};
  std::atomic<std::thread::id> thread_{};

  // The hook's thread alone.
  DeadlineTimers* timers_ = nullptr;
  std::size_t output_max_ = 0;
  Spool* spool_ = nullptr;
  std::size_t held_max_ = 0;
  std::size_t committed_ = 0;
  std::size_t spooled_ = 0;  ///< Of these.
  std::size_t reserved_ = 0;
  CallResult result_;
  std::uint64_t sleeps_ = 0;

  std::mutex mutex_;  ///< Guards the rest, and each change of ticket_ and verdict_.
  std::condition_variable changed_;
  void(ELEMENT_ABI* cancel_function_)(void*) = nullptr;
  void* cancel_argument_ = nullptr;
  std::thread::id cancel_thread_;  ///< Where the function runs now.
  std::uint64_t woken_ = 0;        ///< The sleep that is over.
  std::int64_t instance_id_ = 0;
  std::string_view instance_name_;  ///< Lives as long as the ticket.
};

}  // namespace formulary
