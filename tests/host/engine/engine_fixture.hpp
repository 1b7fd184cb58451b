/// \file
/// A durable engine on a data folder of its own, with a vendor and scripts that are functions.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "host/engine/engine.hpp"
#include "host/engine/history.hpp"
#include "host/store/storage.hpp"
#include "tests/host/store/store_fixture.hpp"
#include "tests/support/engine_fakes.hpp"

namespace formulary::testing {

inline std::string http_step(const std::string& name, const std::string& method, const std::string& more = "",
                             const std::string& edges = "") {
  return R"({"name":")" + name + R"(","type":"httpRequest","properties":{"method":")" + method +
         R"(","url":"https://x.org/)" + name + "\"" + more + "}" + edges + "}";
}

inline std::shared_ptr<const Formula> formula_of(const std::string& start, const std::string& steps) {
  return Formula::parse(R"({"id":9,"name":"f","triggers":[{"type":"manual","onSuccess":[)" + start +
                        R"(]}],"steps":[)" + steps + "]}");
}

class EngineTest : public StoreTest {
 protected:
  [[nodiscard]] std::shared_ptr<Storage> storage() {
    if (!storage_) storage_ = Storage::open({.folder = folder});
    return storage_;
  }
  [[nodiscard]] EnginePorts ports() {
    return {.steps = {.transport = &transport, .scripts = &scripts, .timers = &timers, .clock = &clock},
            .storage = storage(),
            .redactor = [this](const Formula&, const json::object&) { return Redactor(secrets); },
            .warn =
                [this](const std::string& sentence) {
                  const std::lock_guard lock(mutex_);
                  warnings_.push_back(sentence);
                }};
  }
  [[nodiscard]] static EngineSettings settings() {
    EngineSettings settings;
    settings.steps.workers = 8;
    settings.takeover_interval = std::chrono::hours(1);
    settings.retention.interval = std::chrono::hours(1);
    return settings;
  }
  [[nodiscard]] std::unique_ptr<Engine> engine(const EngineSettings& given = settings()) {
    auto made = std::make_unique<Engine>(ports(), given);
    made->start();
    return made;
  }
  [[nodiscard]] std::vector<std::string> sent() const {
    const std::lock_guard lock(mutex_);
    return sent_;
  }
  [[nodiscard]] std::vector<std::string> warnings() const {
    const std::lock_guard lock(mutex_);
    return warnings_;
  }
  static HttpResponse ok(const std::string& body = "{}") { return {.status = 200, .body = body}; }

  std::vector<std::string> secrets;
  std::function<HttpResponse(const HttpRequest&)> answer = [](const HttpRequest&) { return ok(); };
  FunctionTransport transport{[this](const HttpRequest& request) {
    {
      const std::lock_guard lock(mutex_);
      sent_.push_back(request.method + ' ' + request.url.substr(request.url.rfind('/') + 1));
    }
    return answer(request);
  }};
  FunctionScripts scripts{[](const ScriptRequest& request) {
    return ScriptResult{.ok = true, .value = request.kind == ScriptKind::filter ? "true" : R"({"made":1})"};
  }};
  PromptTimers timers;
  SetClock clock;

 private:
  std::shared_ptr<Storage> storage_;
  mutable std::mutex mutex_;
  std::vector<std::string> sent_;
  std::vector<std::string> warnings_;
};

}  // namespace formulary::testing
