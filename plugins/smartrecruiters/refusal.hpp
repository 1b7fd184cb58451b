/// \file
/// How a caller's mistake is refused before the vendor hears of it.
#pragma once

#include <formulary/element/error.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace smartrecruiters {

/// element::error(INVALID_ARGUMENT, code, sentence) with the HTTP status for who called over HTTP (0: nobody did); the
/// same request would fail again.
[[nodiscard]] inline element::error refusal(std::string code, const std::string& sentence, int http_status = 400) {
  return element::error(ELEMENT_INVALID_ARGUMENT, std::move(code), sentence)
      .with_http_status(http_status)
      .with_retry(element::retry::no);
}

/// The start of a caller's text, fit for a sentence: at most 100 bytes, everything but printable ASCII as "?".
[[nodiscard]] inline std::string shown(std::string_view text) {
  std::string out(text.substr(0, 100));
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c < 0x20 || c > 0x7e; }, '?');
  return out;
}

}  // namespace smartrecruiters
