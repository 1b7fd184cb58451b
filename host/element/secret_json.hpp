/// \file
/// Secrets inside JSON: found, and wiped when they have served.
#pragma once

#include <string>
#include <vector>

#include "host/base/json.hpp"

namespace formulary {

/// Overwrites every text in `value`, at any depth. Names of members are no secrets and stay.
void wipe(json::value& value) noexcept;

/// Wipes when the scope ends, however it ends. Borrows it.
class WipeJsonAtExit {
 public:
  explicit WipeJsonAtExit(json::value& value) noexcept : value_(value) {}
  WipeJsonAtExit(const WipeJsonAtExit&) = delete;
  WipeJsonAtExit& operator=(const WipeJsonAtExit&) = delete;
  ~WipeJsonAtExit() { wipe(value_); }

 private:
  json::value& value_;
};

/// Appends each text and number in `value`, at any depth, as text.
void collect_texts(const json::value& value, std::vector<std::string>& texts);

}  // namespace formulary
