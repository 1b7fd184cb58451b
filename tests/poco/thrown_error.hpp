/// \file
/// The element::error that a statement throws, as a value to look at.
#pragma once

#include <formulary/element/error.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace element {

/// Nothing if `body` throws no element::error.
template <class Body>
std::optional<error> thrown_error(Body&& body) {
  try {
    body();
  } catch (const error& why) {
    return why;
  }
  return std::nullopt;
}

/// "http.truncated", or "no error": reads well when a comparison fails.
template <class Body>
std::string thrown_code(Body&& body) {
  const auto why = thrown_error(body);
  return why ? why->code() : "no error";
}

}  // namespace element
