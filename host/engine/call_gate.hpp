/// \file
/// How many calls an element instance takes at the same time; those beyond wait without a thread.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace formulary {

/// Any thread may use it.
class CallGate {
 public:
  /// True: the call may be made now. False: `later` is called, once, by whoever calls leave() when its turn has come;
  /// it has then entered. `calls_max` of 0 is no bound.
  bool enter(const std::string& instance, std::size_t calls_max, std::function<void()> later);
  /// The call that entered is over.
  void leave(const std::string& instance);

 private:
  struct Instance {
    std::size_t calls = 0;
    std::deque<std::function<void()>> waiting;
  };
  std::mutex mutex_;
  std::map<std::string, Instance, std::less<>> instances_;
};

}  // namespace formulary
