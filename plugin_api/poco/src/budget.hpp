/// \file
/// How long one send() may still take, and whether anybody still wants it.
#pragma once

#include <formulary/poco/control.hpp>

#include <chrono>
#include <string>

namespace element::http {

/// Where a send() is; decides what a time-out means.
enum class phase { waiting_for_session, resolving, connecting, handshake, sending, awaiting, reading };

/// The limits of one send(), in the control's time. Not thread-safe.
class budget {
 public:
  /// `where` begins each sentence ("GET https://host:443") and must outlive the budget.
  budget(const control& within, std::chrono::nanoseconds total, const std::string& where)
      : control_(within), where_(where), ends_(within.monotonic() + total), phase_ends_(ends_) {}

  void enter(phase now) noexcept {
    phase_ = now;
    phase_ends_ = ends_;
  }
  /// A phase with a limit of its own.
  void enter(phase now, std::chrono::nanoseconds ends_at) noexcept {
    phase_ = now;
    phase_ends_ = ends_at < ends_ ? ends_at : ends_;
  }

  /// Throws `ended`, or the phase's time-out.
  void check() const;
  /// Returns once `fd` has one of `events` (as poll(2) names them) and what it has. Throws as check().
  short wait(int fd, short events) const;
  /// At most 25 ms, so that a cancellation is seen in time.
  [[nodiscard]] std::chrono::milliseconds slice() const noexcept;

  [[nodiscard]] std::chrono::nanoseconds now() const noexcept { return control_.monotonic(); }
  [[nodiscard]] const std::string& where() const noexcept { return where_; }

 private:
  [[noreturn]] void time_out() const;

  const control& control_;
  const std::string& where_;
  std::chrono::nanoseconds ends_;
  std::chrono::nanoseconds phase_ends_;
  phase phase_ = phase::waiting_for_session;
};

}  // namespace element::http
