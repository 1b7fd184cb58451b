/// \file
/// How a hook fails: one exception type that carries what `element_error` carries over the ABI.
#pragma once

#include <formulary/element_plugin.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace element {

/// A borrowed view as the ABI wants it. The bytes must outlive the call that gets it.
inline element_str raw(std::string_view text) noexcept {
  return {text.data(), text.size()};
}

/// A view of what the other side lent; empty when it lent nothing.
inline std::string_view view(element_str text) noexcept {
  return text.ptr == nullptr ? std::string_view{} : std::string_view{text.ptr, text.len};
}

/// Whether the same request may be sent again; the host combines it with the resource's idempotency.
enum class retry : std::int32_t {
  unknown = ELEMENT_RETRY_UNKNOWN,
  no = ELEMENT_RETRY_NO,
  safe = ELEMENT_RETRY_SAFE,
  if_idempotent = ELEMENT_RETRY_IF_IDEMPOTENT,
};

/// The one exception an author throws. `status` is one of ELEMENT_CANCELLED to ELEMENT_UNAUTHENTICATED (anything else
/// reaches the host as ELEMENT_INTERNAL), `code` is stable and machine-readable ("smartrecruiters.rate_limited"), the
/// message is a sentence for people that says what failed and what to do next. None of the three may hold a secret. The
/// optional members are set by the chained setters:
///
///   throw element::error(ELEMENT_UNAVAILABLE, "acme.busy", "acme answered 503; try again later")
///       .with_http_status(503).with_retry(element::retry::safe).with_retry_after_ms(2000);
class error : public std::runtime_error {
 public:
  error(element_status status, std::string code, const std::string& message)
      : std::runtime_error(message), status_(status), code_(std::move(code)) {}

  [[nodiscard]] element_status status() const noexcept { return status_; }
  [[nodiscard]] const std::string& code() const noexcept { return code_; }
  [[nodiscard]] const std::string& details() const noexcept { return details_; }
  [[nodiscard]] std::int32_t http_status() const noexcept { return http_status_; }
  [[nodiscard]] retry retry_class() const noexcept { return retry_; }
  /// -1 if the other side did not say.
  [[nodiscard]] std::int64_t retry_after_ms() const noexcept { return retry_after_ms_; }

  /// `json` is a JSON object, for instance the other side's own error document.
  error& with_details(std::string json) {
    details_ = std::move(json);
    return *this;
  }
  error& with_http_status(std::int32_t status) noexcept {
    http_status_ = status;
    return *this;
  }
  error& with_retry(retry value) noexcept {
    retry_ = value;
    return *this;
  }
  error& with_retry_after_ms(std::int64_t value) noexcept {
    retry_after_ms_ = value;
    return *this;
  }

 private:
  element_status status_;
  std::string code_;
  std::string details_;
  std::int32_t http_status_ = 0;
  retry retry_ = retry::unknown;
  std::int64_t retry_after_ms_ = -1;
};

/// Thrown by call::check() and call::sleep(): the host no longer wants the result. Let it pass.
struct ended : error {
  explicit ended(element_status why)
      : error(why, why == ELEMENT_DEADLINE_EXCEEDED ? "call.deadline_exceeded" : "call.cancelled",
              why == ELEMENT_DEADLINE_EXCEEDED ? "the call's deadline has passed" : "the call was cancelled") {}
};

}  // namespace element
