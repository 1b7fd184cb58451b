/// \file
/// One hook call of the fake host: sink, error slot, deadline, cancellation, and who may use them when.
#pragma once

#include <formulary/fake_host/host.hpp>

#include <algorithm>
#include <cstring>
#include <optional>
#include <stop_token>
#include <thread>

namespace element::testing {

struct call_options {
  std::uint32_t attempt = 1;
  std::string idempotency_key{};
  std::string trace_parent{};
  std::optional<std::chrono::nanoseconds> time_limit{};  ///< On the fake clock, from the start of the hook.
  std::optional<std::chrono::nanoseconds>
      cancel_after{};                   ///< Cancels when the fake clock gets there: no thread needed.
  std::stop_token stop{};               ///< Cancels when a test's thread asks for it.
  std::size_t output_max = 32U << 20U;  ///< The sink refuses more.
};

/// What a plugin said with ops->fail().
struct reported_error {
  element_status status = ELEMENT_OK;
  std::string code{};
  std::string message{};
  std::string details{};
  std::int32_t http_status = 0;
  retry retry_class = retry::unknown;
  std::int64_t retry_after_ms = -1;
};

/// What came of one hook.
struct outcome {
  element_status status = ELEMENT_UNKNOWN;  ///< What the hook returned; RESOURCE_EXHAUSTED once the sink has refused.
  std::string output{};                     ///< Empty unless status is ELEMENT_OK.
  std::optional<reported_error> error{};    ///< Set if the hook failed and said why.
  std::uint32_t heartbeats = 0;

  [[nodiscard]] bool ok() const noexcept { return status == ELEMENT_OK; }
  /// The two parts of invoke()'s output.
  [[nodiscard]] std::string_view head() const noexcept { return std::string_view(output).substr(0, output.find('\n')); }
  [[nodiscard]] std::string_view body() const noexcept {
    const std::size_t end = output.find('\n');
    return end == std::string::npos ? std::string_view{} : std::string_view(output).substr(end + 1);
  }
};

namespace detail {

class fake_call {
 public:
  fake_call(fake_host& host, std::string hook, const call_options& options)
      : host_(host), hook_(std::move(hook)), options_(options), thread_(std::this_thread::get_id()) {
    static constexpr element_call_ops ops = {
        sizeof(element_call_ops), 0, poll, on_cancel, reserve, commit, write, fail, heartbeat,
    };
    call_.size = sizeof call_;
    call_.attempt = options_.attempt;
    if (options_.time_limit) call_.deadline_ns = (host.now() + *options_.time_limit).count();
    if (options_.cancel_after) cancel_at_ = host.now() + *options_.cancel_after;
    call_.idempotency_key = raw(options_.idempotency_key);
    call_.trace_parent = raw(options_.trace_parent);
    call_.ops = &ops;
    call_.host_data = this;
    linked_.emplace(options_.stop, cancel_source{&cancel_});
    ++hooks_on_this_thread;
  }
  fake_call(const fake_call&) = delete;
  fake_call& operator=(const fake_call&) = delete;

  [[nodiscard]] const element_call* get() const noexcept { return &call_; }
  static fake_call& self(const element_call* call) noexcept { return *static_cast<fake_call*>(call->host_data); }

  /// The hook has returned `status`: judges it and gives what came of it.
  outcome finish(element_status status) {
    --hooks_on_this_thread;
    open_ = false;
    if (function_) violation("returned without taking its on_cancel function back");
    function_.reset();
    linked_.reset();
    outcome result{status, {}, std::move(error_), heartbeats_.load()};
    if (status < ELEMENT_OK || status > ELEMENT_UNAUTHENTICATED) {
      violation("returned the status " + std::to_string(status) + ", which is none of 0 to 16");
      result.status = ELEMENT_UNKNOWN;
    }
    if (refused_) {
      if (result.ok()) violation("returned ELEMENT_OK although the sink had refused a part of the output");
      result.status = ELEMENT_RESOURCE_EXHAUSTED;
    }
    if (result.ok()) {
      result.error.reset();
      result.output = std::move(output_);
    } else if (!result.error) {
      violation("failed with status " + std::to_string(status) + " without telling ops->fail() why");
    } else if (result.error->status != status) {
      violation("returned status " + std::to_string(status) + " but told ops->fail() " +
                std::to_string(result.error->status));
    }
    return result;
  }

  element_status sleep(std::int64_t ns) {
    if (!usable("clock.sleep()")) return ELEMENT_FAILED_PRECONDITION;
    if (const element_status why = state(); why != ELEMENT_OK || ns <= 0) return why;
    auto until = host_.now() + std::chrono::nanoseconds(ns);
    if (call_.deadline_ns != 0) until = std::min(until, std::chrono::nanoseconds(call_.deadline_ns));
    if (cancel_at_) until = std::min(until, *cancel_at_);
    host_.advance_to(until);
    return state();
  }

 private:
  struct cancel_source {
    std::stop_source* source;
    void operator()() const { source->request_stop(); }
  };
  struct plugin_function {
    void(ELEMENT_ABI* function)(void*);
    void* argument;
    void operator()() const {
      const bool before = std::exchange(in_cancel_function, true);
      function(argument);
      in_cancel_function = before;
    }
  };

  void violation(const std::string& what) { host_.violation(hook_ + ": " + what); }
  /// [call]: inside the hook, on the hook's thread.
  bool usable(std::string_view function) {
    const std::string name(function);
    if (!open_) {
      violation(name + " was called after the hook had returned");
      return false;
    }
    if (std::this_thread::get_id() == thread_) return true;
    violation(name + " was called from a thread that is not the hook's");
    return false;
  }
  element_status state() {
    if (cancel_at_ && host_.now() >= *cancel_at_) cancel_.request_stop();
    if (cancel_.stop_requested()) return ELEMENT_CANCELLED;
    const bool late = call_.deadline_ns != 0 && host_.now().count() >= call_.deadline_ns;
    return late ? ELEMENT_DEADLINE_EXCEEDED : ELEMENT_OK;
  }
  element_status append(std::string_view bytes) {
    if (refused_ || bytes.size() > options_.output_max - output_.size()) {
      refused_ = true;
      return ELEMENT_RESOURCE_EXHAUSTED;
    }
    output_ += bytes;
    return ELEMENT_OK;
  }
  std::string text(element_str given, std::string_view member) {
    if (given.ptr == nullptr && given.len != 0) {
      violation("ops->fail() got NULL with a length for " + std::string(member));
      return {};
    }
    return std::string(view(given));
  }

  static element_status ELEMENT_ABI poll(const element_call* call) {
    fake_call& me = self(call);
    if (me.open_) return me.state();
    me.violation("ops->poll() was called after the hook had returned");
    return ELEMENT_CANCELLED;
  }
  static element_status ELEMENT_ABI on_cancel(const element_call* call, void(ELEMENT_ABI* function)(void*),
                                              void* argument) {
    fake_call& me = self(call);
    if (!me.usable("ops->on_cancel()")) return ELEMENT_FAILED_PRECONDITION;
    if (function == nullptr) {
      me.function_.reset();  // waits for one that runs
      return ELEMENT_OK;
    }
    if (me.function_) {
      me.violation("ops->on_cancel() was called while another function was set");
      return ELEMENT_FAILED_PRECONDITION;
    }
    me.function_.emplace(me.cancel_.get_token(), plugin_function{function, argument});
    return ELEMENT_OK;
  }
  static void* ELEMENT_ABI reserve(const element_call* call, std::size_t want, std::size_t* got) {
    fake_call& me = self(call);
    if (!me.usable("ops->reserve()")) return nullptr;
    me.drop_reserved();
    const std::size_t room = std::max<std::size_t>(want, 1);
    if (me.refused_ || room > me.options_.output_max - me.output_.size()) {
      me.refused_ = true;
      return nullptr;
    }
    // Exactly what was asked for, in a block of its own: a sanitizer and the guard bytes see who writes beyond.
    me.room_ = room;
    me.reserved_ = std::make_unique<char[]>(room + guard.size());
    std::memcpy(me.reserved_.get() + room, guard.data(), guard.size());
    if (got != nullptr) *got = room;
    return me.reserved_.get();
  }
  static element_status ELEMENT_ABI commit(const element_call* call, std::size_t used) {
    fake_call& me = self(call);
    if (!me.usable("ops->commit()")) return ELEMENT_FAILED_PRECONDITION;
    if (me.reserved_ == nullptr || used > me.room_) {
      me.violation("ops->commit() of " + std::to_string(used) + " bytes, but " + std::to_string(me.room_) +
                   " were reserved");
      me.drop_reserved();
      me.refused_ = true;
      return ELEMENT_OUT_OF_RANGE;
    }
    const element_status status = me.append({me.reserved_.get(), used});
    me.drop_reserved();
    return status;
  }
  static element_status ELEMENT_ABI write(const element_call* call, const void* data, std::size_t len) {
    fake_call& me = self(call);
    if (!me.usable("ops->write()")) return ELEMENT_FAILED_PRECONDITION;
    me.drop_reserved();
    if (data == nullptr && len != 0) {
      me.violation("ops->write() got NULL for " + std::to_string(len) + " bytes");
      return ELEMENT_INVALID_ARGUMENT;
    }
    return me.append({static_cast<const char*>(data), len});
  }
  static void ELEMENT_ABI fail(const element_call* call, const element_error* error) {
    fake_call& me = self(call);
    if (!me.usable("ops->fail()")) return;
    if (error == nullptr || error->size < sizeof(element_error)) {
      me.violation("ops->fail() got a record that is smaller than in ABI 1.0");
      return;
    }
    if (error->status <= ELEMENT_OK || error->status > ELEMENT_UNAUTHENTICATED) {
      me.violation("ops->fail() got the status " + std::to_string(error->status) + ", which is no failure");
    }
    me.error_ = reported_error{error->status,
                               me.text(error->code, "code"),
                               me.text(error->message, "message"),
                               me.text(error->details, "details"),
                               error->http_status,
                               static_cast<retry>(error->retry),
                               error->retry_after_ms};
    if (me.error_->code.empty()) me.violation("ops->fail() got no code");
  }
  static void ELEMENT_ABI heartbeat(const element_call* call, std::uint32_t done, element_str) {
    fake_call& me = self(call);
    if (!me.open_) me.violation("ops->heartbeat() was called after the hook had returned");
    if (done > 1000) me.violation("ops->heartbeat() got " + std::to_string(done) + " of 1000");
    ++me.heartbeats_;
  }

  void drop_reserved() {
    if (reserved_ != nullptr && std::memcmp(reserved_.get() + room_, guard.data(), guard.size()) != 0) {
      violation("wrote beyond the " + std::to_string(room_) + " bytes that it had reserved");
    }
    reserved_.reset();
    room_ = 0;
  }

  static constexpr std::string_view guard = "beyond the end!";

  fake_host& host_;
  const std::string hook_;
  const call_options options_;
  const std::thread::id thread_;
  element_call call_{};
  std::atomic<bool> open_{true};
  std::atomic<std::uint32_t> heartbeats_{0};
  std::optional<std::chrono::nanoseconds> cancel_at_;
  std::stop_source cancel_;
  std::optional<std::stop_callback<cancel_source>> linked_;
  std::optional<std::stop_callback<plugin_function>> function_;
  std::optional<reported_error> error_;
  std::string output_;
  std::unique_ptr<char[]> reserved_;
  std::size_t room_ = 0;
  bool refused_ = false;
};

inline element_status sleep_in_call(const element_call* in, std::int64_t ns) {
  return fake_call::self(in).sleep(ns);
}

}  // namespace detail
}  // namespace element::testing
