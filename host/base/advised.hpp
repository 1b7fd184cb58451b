/// \file
/// What to do, for errors of parsers that cannot know where their text comes from.
#pragma once

#include <string>
#include <string_view>

#include "host/base/error.hpp"

namespace formulary {

/// The same error with "; <advice>" behind its sentence, unless that says already what to do.
[[nodiscard]] inline Error advised(const Error& error, std::string_view advice) {
  const std::string sentence = error.what();
  if (sentence.find("; ") != std::string::npos) return error;
  return {error.code(), sentence + "; " + std::string(advice)};
}

}  // namespace formulary
