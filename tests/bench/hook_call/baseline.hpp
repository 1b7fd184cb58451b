/// \file
/// What a hook call is measured against: a virtual call into a shared library, as two C++ programs of one compiler do.
#pragma once

#include <string_view>

struct Baseline {
  Baseline() = default;
  Baseline(const Baseline&) = delete;
  Baseline& operator=(const Baseline&) = delete;
  virtual ~Baseline() = default;
  virtual int nothing(std::string_view document) = 0;
  /// Copies `document` to `to` and returns how many bytes.
  virtual std::size_t echo(std::string_view document, char* to) = 0;
};
