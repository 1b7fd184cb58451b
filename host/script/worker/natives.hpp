/// \file
/// The worker's own functions that the prelude hands to scripts, and what they need of the run that goes on.
#pragma once

#include <v8.h>

#include <atomic>
#include <chrono>
#include <cstdint>

#include "host/script/worker/fixed_clock_platform.hpp"
#include "host/script/worker/random.hpp"
#include "host/script/worker/run_record.hpp"
#include "host/script/worker/scripts.hpp"

namespace formulary {

class Inputs;

/// One per isolate, as its data 0.
struct RunState {
  FixedClockPlatform& platform;
  EmbeddedScripts& scripts;
  Random random;
  RunRecord* record = nullptr;  ///< None between runs.
  Inputs* inputs = nullptr;     ///< None between chains.
  std::chrono::steady_clock::time_point deadline;
  std::int64_t now_ms = 0;
  std::atomic<bool> stopped = false;     ///< By the watchdog or for its memory.
  bool must_leave_shared_realm = false;  ///< A script wants what would stay for the next run.
};

/// log(text), mail(json), random(), random_word(), base64(text), digest(algorithm, encoding, text, key?), module(name),
/// wait(milliseconds), leave_shared_realm().
[[nodiscard]] v8::Local<v8::Object> make_natives(v8::Local<v8::Context> context);

}  // namespace formulary
