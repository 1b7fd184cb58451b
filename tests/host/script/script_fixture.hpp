/// \file
/// What the tests of scripts share: one real worker, and requests as values.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "host/script/script_workers.hpp"

namespace formulary {

inline ScriptRequest script(std::string body) {
  ScriptRequest request;
  request.name = "a-step";
  request.body = std::move(body);
  request.context = R"({"trigger":{"id":"t-1"},"steps":{},"info":{},"config":{}})";
  request.now_ms = 1'700'000'000'000;
  request.seed = 7;
  request.time_limit = std::chrono::milliseconds(20'000);  // far away, for machines that are busy
  return request;
}

inline ScriptRequest filter(std::string body) {
  ScriptRequest request = script(std::move(body));
  request.kind = ScriptKind::filter;
  return request;
}

inline ScriptRequest limited(std::string body) {
  ScriptRequest request = script(std::move(body));
  request.time_limit = std::chrono::milliseconds(200);
  return request;
}

/// Of a formula's version, whose runs share a realm.
inline ScriptRequest shared(std::string body, std::string version = "version-1") {
  ScriptRequest request = script(std::move(body));
  request.version = std::move(version);
  return request;
}

inline ScriptInputs::Text json_text(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}

/// Whether the objects that scripts of one version share are as they were, and nothing of an earlier run goes on.
inline constexpr const char* look_for_traces =
    "setTimeout(() => Promise.resolve().then(() => done("
    "Reflect.ownKeys(Object.prototype).length + Reflect.ownKeys(Array.prototype).length + "
    "Reflect.ownKeys(globalThis).length "
    "+ ' ' + typeof globalThis.leak + RegExp.$1 + Math.random() + Date.now() + require('lodash').uniqueId('u'))), 1)";

/// One worker, so that every run of a test meets what the runs before it left.
class ScriptTest : public testing::Test {
 protected:
  ScriptResult run(std::string body) { return workers.run(script(std::move(body))); }
  ScriptResult run_shared(std::string body) { return workers.run(shared(std::move(body))); }

  ScriptWorkers workers{{.program = SCRIPT_WORKER, .workers = 1}};
};

/// The JSON that done() got; a failure shows its sentence instead.
inline std::string value_of(const ScriptResult& result) {
  return result.ok ? result.value : result.error_code + ": " + result.error;
}

MATCHER_P(succeeded_with, value, "") {
  *result_listener << value_of(arg);
  return arg.ok && arg.error.empty() && arg.error_code.empty() && arg.value == value;
}

MATCHER_P2(failed_with, code, part, "") {
  *result_listener << value_of(arg);
  return !arg.ok && arg.value.empty() && arg.error_code == code && arg.error.find(part) != std::string::npos;
}

}  // namespace formulary
