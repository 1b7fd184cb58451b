/// \file
/// What a waiting operation must ask: how long may I go on, does anybody still want the result?
///
/// Everything in element::http that may wait takes a `control`. A plugin passes its `element::call` and never sees this
/// class; a program that is not a plugin (the host) implements it.
#pragma once

#include <formulary/element/call.hpp>

#include <chrono>
#include <optional>

namespace element::http {

/// Implementations answer from any thread. Time is the control's own, so that tests use a clock that they move.
class control {
 public:
  control() = default;
  control(const control&) = delete;
  control& operator=(const control&) = delete;
  virtual ~control() = default;

  /// ELEMENT_OK, ELEMENT_CANCELLED or ELEMENT_DEADLINE_EXCEEDED. Cheap: asked at least every 25 ms of a wait.
  [[nodiscard]] virtual element_status poll() const noexcept = 0;
  /// Time until the deadline, never negative; nothing if there is none.
  [[nodiscard]] virtual std::optional<std::chrono::nanoseconds> remaining() const noexcept = 0;
  [[nodiscard]] virtual std::chrono::nanoseconds monotonic() const noexcept = 0;
  /// Since 1970, UTC.
  [[nodiscard]] virtual std::chrono::nanoseconds wall() const noexcept = 0;
  /// Waits. Throws `ended` early when the result is no longer wanted.
  virtual void sleep(std::chrono::nanoseconds time) const = 0;

  /// Throws `ended` once the result is no longer wanted.
  void check() const {
    if (const element_status why = poll(); why != ELEMENT_OK) throw ended(why);
  }
};

/// A hook call as a control. The call must outlive it.
class call_control final : public control {
 public:
  explicit call_control(const call& of) noexcept : call_(&of) {}

  [[nodiscard]] element_status poll() const noexcept override { return call_->poll(); }
  [[nodiscard]] std::optional<std::chrono::nanoseconds> remaining() const noexcept override {
    return call_->remaining();
  }
  [[nodiscard]] std::chrono::nanoseconds monotonic() const noexcept override { return call_->host().monotonic(); }
  [[nodiscard]] std::chrono::nanoseconds wall() const noexcept override { return call_->host().wall(); }
  void sleep(std::chrono::nanoseconds time) const override { call_->sleep(time); }

 private:
  const call* call_;
};

}  // namespace element::http
