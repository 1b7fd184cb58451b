/// \file
/// What stands behind a Runner in tests: requests answered from a list, scripts by step name, timers that do not wait.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/base/error.hpp"
#include "host/engine/runner.hpp"
#include "tests/support/set_clock.hpp"

namespace formulary::testing {

/// Fires short delays at once and remembers them; keeps longer ones until fire_kept().
class PromptTimers final : public Timers {
 public:
  explicit PromptTimers(std::chrono::milliseconds prompt_up_to = std::chrono::seconds(5))
      : prompt_up_to_(prompt_up_to) {}

  void after(std::chrono::milliseconds delay, std::function<void()> callback) override {
    {
      const std::lock_guard lock(mutex_);
      if (delay > prompt_up_to_) {
        kept_.push_back(std::move(callback));
        return;
      }
      delays_.push_back(delay);
    }
    callback();
  }
  void fire_kept() {
    std::vector<std::function<void()>> due;
    {
      const std::lock_guard lock(mutex_);
      due.swap(kept_);
    }
    for (const auto& callback : due) callback();
  }
  [[nodiscard]] std::vector<std::chrono::milliseconds> delays() const {
    const std::lock_guard lock(mutex_);
    return delays_;
  }
  [[nodiscard]] std::size_t kept() const {
    const std::lock_guard lock(mutex_);
    return kept_.size();
  }

 private:
  const std::chrono::milliseconds prompt_up_to_;
  mutable std::mutex mutex_;
  std::vector<std::chrono::milliseconds> delays_;
  std::vector<std::function<void()>> kept_;
};

/// Answers by a function; counts nothing and remembers nothing by itself. The function may be called by several
/// threads.
class FunctionTransport final : public Transport {
 public:
  explicit FunctionTransport(std::function<HttpResponse(const HttpRequest&)> answer) : answer_(std::move(answer)) {}
  [[nodiscard]] HttpResponse send(const HttpRequest& request) override { return answer_(request); }

 private:
  std::function<HttpResponse(const HttpRequest&)> answer_;
};

class FunctionPublisher final : public Publisher {
 public:
  explicit FunctionPublisher(std::function<void(const AmqpMessage&)> take) : take_(std::move(take)) {}
  void publish(const AmqpMessage& message) override { take_(message); }

 private:
  std::function<void(const AmqpMessage&)> take_;
};

class FunctionScripts final : public ScriptRunner {
 public:
  explicit FunctionScripts(std::function<ScriptResult(const ScriptRequest&)> run) : run_(std::move(run)) {}
  [[nodiscard]] ScriptResult run(const ScriptRequest& request) override { return run_(request); }

 private:
  std::function<ScriptResult(const ScriptRequest&)> run_;
};

}  // namespace formulary::testing
