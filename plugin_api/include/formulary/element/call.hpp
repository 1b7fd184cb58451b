/// \file
/// One hook call as an author sees it: deadline, cancellation, output sink, log and clock.
#pragma once

#include <formulary/element/error.hpp>
#include <formulary/element_plugin.h>

#include <chrono>
#include <cstring>
#include <functional>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

namespace element {

/// Copies a table by rule R1: what the other side did not fill reads as zero.
template <class Table>
Table adopt(const Table* table) noexcept {
  static_assert(std::is_trivially_copyable_v<Table>);
  Table mine{};
  if (table != nullptr) {
    std::memcpy(&mine, table, table->size < sizeof mine ? table->size : sizeof mine);
  }
  return mine;
}

enum class log_level : std::int32_t {
  trace = ELEMENT_LOG_TRACE,
  debug = ELEMENT_LOG_DEBUG,
  info = ELEMENT_LOG_INFO,
  warn = ELEMENT_LOG_WARN,
  error = ELEMENT_LOG_ERROR,
};

struct field {
  std::string_view key;
  std::string_view value;
};

/// The host's side, good until stop() returns. Any thread may use it. A service that the host does not offer is
/// replaced by the obvious fallback: no log, the system's clocks.
class host {
 public:
  host() noexcept = default;
  explicit host(const element_host* raw_host) noexcept
      : host_(raw_host),
        log_(adopt(service<element_log>(ELEMENT_SERVICE_LOG))),
        clock_(adopt(service<element_clock>(ELEMENT_SERVICE_CLOCK))) {}

  [[nodiscard]] const element_host* get() const noexcept { return host_; }
  [[nodiscard]] bool isolated() const noexcept {
    return host_ != nullptr && (host_->flags & ELEMENT_HOST_ISOLATED) != 0;
  }

  /// The table of a service, or nullptr if this host does not offer it (or does not grant it to this plugin).
  template <class Table>
  [[nodiscard]] const Table* service(std::string_view id) const noexcept {
    if (host_ == nullptr || host_->service == nullptr) return nullptr;
    return static_cast<const Table*>(host_->service(host_, raw(id)));
  }

  [[nodiscard]] bool log_enabled(log_level level) const noexcept {
    return log_.enabled != nullptr && log_.enabled(host_, static_cast<std::int32_t>(level)) != 0;
  }
  void log(log_level level, std::string_view message, std::initializer_list<field> fields = {}) const noexcept {
    write_log(nullptr, level, message, fields);
  }

  [[nodiscard]] std::chrono::nanoseconds monotonic() const noexcept {
    if (clock_.monotonic_ns != nullptr) return std::chrono::nanoseconds(clock_.monotonic_ns(host_));
    return std::chrono::steady_clock::now().time_since_epoch();
  }
  [[nodiscard]] std::chrono::nanoseconds wall() const noexcept {
    if (clock_.wall_ns != nullptr) return std::chrono::nanoseconds(clock_.wall_ns(host_));
    return std::chrono::system_clock::now().time_since_epoch();
  }

 private:
  friend class call;
  void write_log(const element_call* in_call, log_level level, std::string_view message,
                 std::initializer_list<field> fields) const noexcept {
    if (!log_enabled(level) || log_.write == nullptr) return;
    constexpr std::size_t fields_max = 16;
    element_kv pairs[fields_max];
    std::size_t count = 0;
    for (const field& one : fields) {
      if (count == fields_max) break;
      pairs[count++] = {raw(one.key), raw(one.value)};
    }
    log_.write(host_, in_call, static_cast<std::int32_t>(level), raw(message), pairs, count);
  }

  const element_host* host_ = nullptr;
  element_log log_{};
  element_clock clock_{};
};

/// Work outside a hook: while a hold lives the host neither calls stop() nor lets go of the library. Made inside a hook
/// or while another hold lives; may end on any thread. A thread that lives as long as the plugin's object takes none:
/// end and join it in the object's destructor.
class hold {
 public:
  explicit hold(const host& of) noexcept : host_(of.get()) {
    if (host_ != nullptr && host_->hold != nullptr) host_->hold(host_);
  }
  hold(const hold&) = delete;
  hold& operator=(const hold&) = delete;
  hold(hold&& other) noexcept : host_(std::exchange(other.host_, nullptr)) {}
  hold& operator=(hold&&) = delete;
  ~hold() {
    if (host_ != nullptr && host_->release != nullptr) host_->release(host_);
  }

 private:
  const element_host* host_;
};

/// One hook call. Valid only inside the hook that got it, on the hook's thread; check() and cancelled() may be used
/// from any thread while the hook runs.
class call {
 public:
  call(const element_call* raw_call, const host& of) noexcept : call_(raw_call), host_(&of) {}

  [[nodiscard]] const element_call* get() const noexcept { return call_; }
  [[nodiscard]] const element::host& host() const noexcept { return *host_; }

  /// 1, 2, ... for retries of the same step.
  [[nodiscard]] std::uint32_t attempt() const noexcept { return call_->attempt; }
  /// The same for each attempt of one step; may be empty.
  [[nodiscard]] std::string_view idempotency_key() const noexcept { return view(call_->idempotency_key); }
  /// W3C traceparent; may be empty.
  [[nodiscard]] std::string_view trace_parent() const noexcept { return view(call_->trace_parent); }

  /// ELEMENT_OK, ELEMENT_CANCELLED or ELEMENT_DEADLINE_EXCEEDED.
  [[nodiscard]] element_status poll() const noexcept { return call_->ops->poll(call_); }
  [[nodiscard]] bool wanted() const noexcept { return poll() == ELEMENT_OK; }
  /// Throws `ended` once the host no longer wants the result.
  void check() const {
    if (const element_status why = poll(); why != ELEMENT_OK) throw ended(why);
  }
  /// Time until the deadline, never negative; nothing if there is no deadline.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> remaining() const noexcept {
    if (call_->deadline_ns == 0) return std::nullopt;
    const auto left = std::chrono::nanoseconds(call_->deadline_ns) - host_->monotonic();
    return left.count() > 0 ? left : std::chrono::nanoseconds(0);
  }

  /// Waits on the host's clock; throws `ended` early when the call is cancelled or its deadline passes. Never sleep in
  /// any other way: nobody could wake the hook, and a test would have to wait with it.
  void sleep(std::chrono::nanoseconds time) const;

  /// Appends to the result, for hooks that write more than they return. Throws error(ELEMENT_RESOURCE_EXHAUSTED,
  /// "output.limit") over the host's bound.
  void write(std::string_view bytes) const {
    if (call_->ops->write(call_, bytes.data(), bytes.size()) != ELEMENT_OK) throw over_limit();
  }
  /// Zero-copy form: `fill(char* to, size_t room)` writes at most `room` bytes (at least `want`) and returns how many.
  template <class Fill>
  void fill(std::size_t want, Fill&& fill_bytes) const {
    std::size_t room = 0;
    void* to = call_->ops->reserve(call_, want, &room);
    if (to == nullptr) throw over_limit();
    const std::size_t used = std::forward<Fill>(fill_bytes)(static_cast<char*>(to), room);
    if (call_->ops->commit(call_, used) != ELEMENT_OK) throw over_limit();
  }

  /// Tells the host's watchdog that a long hook is alive; `done` is 0..1000.
  void heartbeat(std::uint32_t done, std::string_view note = {}) const noexcept {
    call_->ops->heartbeat(call_, done, raw(note));
  }

  void log(log_level level, std::string_view message, std::initializer_list<field> fields = {}) const noexcept {
    host_->write_log(call_, level, message, fields);
  }

 private:
  static error over_limit() {
    return {ELEMENT_RESOURCE_EXHAUSTED, "output.limit", "the result is over the host's limit"};
  }

  const element_call* call_;
  const element::host* host_;
};

/// While it lives, a cancellation of the call runs `on_cancel` from another thread, once (at once, on this thread, if
/// the call is already cancelled). `on_cancel` must not block and must not touch the scope. One scope at a time per
/// call: a second one throws error(ELEMENT_FAILED_PRECONDITION, "call.on_cancel"). A passing deadline need not run it;
/// bound the wait by call::remaining().
class cancel_scope {
 public:
  cancel_scope(const call& of, std::function<void()> on_cancel) : call_(of.get()), on_cancel_(std::move(on_cancel)) {
    if (call_->ops->on_cancel(call_, &cancel_scope::run, this) != ELEMENT_OK) {
      throw error(ELEMENT_FAILED_PRECONDITION, "call.on_cancel",
                  "the call has a cancel_scope already; end it before the next one begins");
    }
  }
  cancel_scope(const cancel_scope&) = delete;
  cancel_scope& operator=(const cancel_scope&) = delete;
  /// Waits for a running `on_cancel`.
  ~cancel_scope() { call_->ops->on_cancel(call_, nullptr, nullptr); }

 private:
  static void run(void* self) noexcept {
    try {
      static_cast<cancel_scope*>(self)->on_cancel_();
    } catch (...) {  // nothing may pass through the host's frames
    }
  }
  const element_call* call_;
  std::function<void()> on_cancel_;
};

inline void call::sleep(std::chrono::nanoseconds time) const {
  if (host_->clock_.sleep != nullptr) {
    if (const element_status why = host_->clock_.sleep(host_->get(), call_, time.count()); why != ELEMENT_OK)
      throw ended(why);
    return;
  }
  throw error(ELEMENT_FAILED_PRECONDITION, "host.no_clock",
              "the host offers no element.clock/1; a plugin may not wait without it");
}

}  // namespace element
