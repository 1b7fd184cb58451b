/// \file
/// `EXPECT_THAT([&] { load(); }, throws_error(ErrorCode::bad_input, "name: missing"))`
#pragma once

#include <gmock/gmock.h>

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "host/base/error.hpp"

namespace formulary::testing {

/// Matches a callable that throws an Error of that code whose sentence contains `part`.
class ThrowsError {
 public:
  using is_gtest_matcher = void;

  ThrowsError(ErrorCode code, std::string part) : code_(code), part_(std::move(part)) {}

  template <class Callable>
  bool MatchAndExplain(const Callable& callable, std::ostream* out) const {
    const auto say = [out](const std::string& text) {
      if (out != nullptr) *out << text;
    };
    try {
      callable();
    } catch (const Error& error) {
      say("which throws " + std::string(name(error.code())) + ": " + error.what());
      return error.code() == code_ && std::string_view(error.what()).find(part_) != std::string_view::npos;
    } catch (const std::exception& other) {
      say(std::string("which throws something else: ") + other.what());
      return false;
    }
    say("which throws nothing");
    return false;
  }

  void DescribeTo(std::ostream* out) const { *out << "throws Error(" << name(code_) << ") with \"" << part_ << '"'; }
  void DescribeNegationTo(std::ostream* out) const {
    *out << "does not throw Error(" << name(code_) << ") with \"" << part_ << '"';
  }

 private:
  ErrorCode code_;
  std::string part_;
};

inline ThrowsError throws_error(ErrorCode code, std::string part) {
  return {code, std::move(part)};
}

}  // namespace formulary::testing
