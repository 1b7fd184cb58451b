/// \file
/// Why a plugin is not used.
#pragma once

#include <string>
#include <utility>

#include "host/base/error.hpp"

namespace formulary {

/// A stable code ("plugin.not_elf") and a sentence that says what to do. The message of the base class is the sentence.
class PluginRefusal : public Error {
 public:
  PluginRefusal(std::string reason_code, const std::string& sentence)
      : Error(ErrorCode::plugin_refused, sentence), reason_code_(std::move(reason_code)) {}
  [[nodiscard]] const std::string& reason_code() const noexcept { return reason_code_; }

 private:
  std::string reason_code_;
};

}  // namespace formulary
