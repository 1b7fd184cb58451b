/// \file
/// The one exception type of the host. Each code has a page in host/errors/.
#pragma once

#include <array>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace formulary {

/// What went wrong, for programs. The spelling given by `name()` is stable: it is printed, stored and documented.
enum class ErrorCode {
  bad_input,          ///< What a person or client gave is not acceptable; nothing was changed.
  not_found,          ///< The named thing does not exist.
  conflict,           ///< It exists already, or is in use.
  unauthenticated,    ///< The credentials were refused by the other side.
  permission_denied,  ///< The credentials are good, the right is missing.
  rate_limited,       ///< The other side asks to slow down.
  unavailable,        ///< The other side did not answer properly; trying again may help.
  timed_out,          ///< A deadline passed.
  cancelled,          ///< Somebody no longer wanted the result.
  limit_reached,      ///< A bound on size, time, pages or steps was reached.
  plugin_refused,     ///< A plugin cannot be loaded, with the reason.
  plugin_failed,      ///< A plugin broke a rule of the ABI or failed in itself.
  vendor_failed,      ///< The vendor answered with an error that is none of the above.
  script_failed,      ///< A formula's script threw or could not be compiled.
  formula_invalid,    ///< A formula has problems; all of them are listed.
  store_failed,       ///< The data folder cannot be read or written.
  unsupported,        ///< Not possible here.
  internal,           ///< A mistake of ours.
};

/// All of them, in that order; tests walk it.
inline constexpr std::array all_error_codes = {
    ErrorCode::bad_input,         ErrorCode::not_found,     ErrorCode::conflict,        ErrorCode::unauthenticated,
    ErrorCode::permission_denied, ErrorCode::rate_limited,  ErrorCode::unavailable,     ErrorCode::timed_out,
    ErrorCode::cancelled,         ErrorCode::limit_reached, ErrorCode::plugin_refused,  ErrorCode::plugin_failed,
    ErrorCode::vendor_failed,     ErrorCode::script_failed, ErrorCode::formula_invalid, ErrorCode::store_failed,
    ErrorCode::unsupported,       ErrorCode::internal};

/// "bad_input", "not_found", ...
[[nodiscard]] std::string_view name(ErrorCode code) noexcept;

/// Every failure that ends a unit of work. The message is one sentence, `<where>: <what is wrong>; <what to do>`, with
/// no secret in it.
class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  [[nodiscard]] ErrorCode code() const noexcept { return code_; }

 private:
  ErrorCode code_;
};

}  // namespace formulary
