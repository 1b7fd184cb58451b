/// \file
/// V8 in the worker: runs one script after the other, each in a realm of its own, within its limits.
#pragma once

#include <v8.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "host/script/script_frame.hpp"
#include "host/script/worker/bounded_buffers.hpp"
#include "host/script/worker/fixed_clock_platform.hpp"
#include "host/script/worker/realm.hpp"
#include "host/script/worker/run_record.hpp"
#include "host/script/worker/watchdog.hpp"

namespace formulary {

/// One per process, since V8 can be started once. Used by one thread.
class Engine {
 public:
  struct Options {
    std::size_t heap_bytes = 64U << 20U;
    std::size_t array_buffer_bytes = 64U << 20U;
    int host = -1;  ///< The socket whose end ends the process; -1 for none.
  };

  explicit Engine(const Options& options);
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  ~Engine() = delete;  ///< The process ends with _exit: V8 needs no tidying up.

  /// Runs a script to its end. `last` in the reply means that memory ran out: end the process.
  [[nodiscard]] script_frame::Reply run(const ScriptRequest& request);
  /// Makes the realm of the next run, so that the run need not wait for it.
  void prepare();
  /// What confine() should allow this engine to use.
  [[nodiscard]] std::size_t data_max() const;

 private:
  static std::size_t near_heap_limit(void* engine, std::size_t current, std::size_t initial);
  static void promise_rejected(v8::PromiseRejectMessage message);
  static void log(const v8::FunctionCallbackInfo<v8::Value>& call);
  static void mail(const v8::FunctionCallbackInfo<v8::Value>& call);
  static void done(const v8::FunctionCallbackInfo<v8::Value>& call);

  void execute(const ScriptRequest& request);
  [[nodiscard]] bool read_arguments(v8::Local<v8::Context> context, std::string_view json, v8::Local<v8::Value>* into);
  [[nodiscard]] v8::MaybeLocal<v8::Function> compile(v8::Local<v8::Context> context, const ScriptRequest& request);
  void keep_value(v8::Local<v8::Value> value);
  [[nodiscard]] script_frame::Reply finish(const ScriptRequest& request, bool fired);

  Options options_;
  FixedClockPlatform platform_;
  BoundedBuffers buffers_;
  v8::Isolate* isolate_ = nullptr;
  std::unique_ptr<Realm> realm_;
  std::unique_ptr<RunRecord> record_;  ///< Of the run that is going on.
  std::size_t heap_reserve_used_ = 0;  ///< Over the limit, so that a script can be stopped in good order.
  std::unique_ptr<Watchdog> watchdog_;
};

}  // namespace formulary
