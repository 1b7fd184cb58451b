#include "host/base/error.hpp"

namespace formulary {

std::string_view name(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::bad_input:
      return "bad_input";
    case ErrorCode::not_found:
      return "not_found";
    case ErrorCode::conflict:
      return "conflict";
    case ErrorCode::unauthenticated:
      return "unauthenticated";
    case ErrorCode::permission_denied:
      return "permission_denied";
    case ErrorCode::rate_limited:
      return "rate_limited";
    case ErrorCode::unavailable:
      return "unavailable";
    case ErrorCode::timed_out:
      return "timed_out";
    case ErrorCode::cancelled:
      return "cancelled";
    case ErrorCode::limit_reached:
      return "limit_reached";
    case ErrorCode::plugin_refused:
      return "plugin_refused";
    case ErrorCode::plugin_failed:
      return "plugin_failed";
    case ErrorCode::vendor_failed:
      return "vendor_failed";
    case ErrorCode::script_failed:
      return "script_failed";
    case ErrorCode::formula_invalid:
      return "formula_invalid";
    case ErrorCode::store_failed:
      return "store_failed";
    case ErrorCode::unsupported:
      return "unsupported";
    case ErrorCode::internal:
      return "internal";
  }
  return "internal";
}

}  // namespace formulary
