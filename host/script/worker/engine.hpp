/// \file
/// V8 in the worker: runs one chain after the other, each script within its limits.
#pragma once

#include <v8.h>

#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <utility>

#include "host/script/script_frame.hpp"
#include "host/script/worker/bounded_buffers.hpp"
#include "host/script/worker/fixed_clock_platform.hpp"
#include "host/script/worker/inputs.hpp"
#include "host/script/worker/natives.hpp"
#include "host/script/worker/realm.hpp"
#include "host/script/worker/run_record.hpp"
#include "host/script/worker/watchdog.hpp"

namespace formulary {

/// One per process, since V8 can be started once. Used by one thread.
class JavaScriptEngine {
 public:
  struct Options {
    std::size_t heap_bytes = 64U << 20U;
    std::size_t array_buffer_bytes = 64U << 20U;
    int host = -1;  ///< The socket whose end ends the process; -1 for none.
  };
  /// What the engine asks of the host while a chain runs.
  struct Host {
    std::function<void(const script_frame::Reply&)> send;
    Inputs::Fetch fetch;
  };

  explicit JavaScriptEngine(const Options& options);
  JavaScriptEngine(const JavaScriptEngine&) = delete;
  JavaScriptEngine& operator=(const JavaScriptEngine&) = delete;
  ~JavaScriptEngine() = delete;  ///< The process ends with _exit: V8 needs no tidying up.

  /// Runs a chain and sends its results. False: memory ran out, and the process is to end; the last reply says so.
  [[nodiscard]] bool run(script_frame::Job job, const Host& host);
  /// Does what can be done while there is nothing to do.
  void prepare();
  /// What confine() should allow this engine to use.
  [[nodiscard]] std::size_t data_max() const;

 private:
  using Step = ScriptChain::Step;

  static std::size_t near_heap_limit(void* engine, std::size_t current, std::size_t initial);
  static void promise_rejected(v8::PromiseRejectMessage message);
  static void done(const v8::FunctionCallbackInfo<v8::Value>& call);

  [[nodiscard]] ScriptResult run_step(const script_frame::Job& job, const Step& step);
  [[nodiscard]] Realm& shared_realm(const std::string& version);
  void drop_shared_realm(const std::string& version);
  /// Runs the step in a realm; false if it must be run again, in a realm of its own.
  [[nodiscard]] bool run_in(Realm& realm, const Step& step);
  void call_script(Realm& realm, const Step& step);
  void run_to_end(Realm& realm, const v8::TryCatch& caught);
  [[nodiscard]] bool read_arguments(Realm& realm, const CompiledScript& script, v8::Local<v8::Value>* into);
  void keep_value(v8::Local<v8::Value> value);
  [[nodiscard]] ScriptResult finish(const script_frame::Job& job, const Step& step, bool fired);
  [[nodiscard]] std::size_t heap_used() const;
  void collect_garbage();

  Options options_;
  FixedClockPlatform platform_;
  BoundedBuffers buffers_;
  v8::Isolate* isolate_ = nullptr;
  std::unique_ptr<EmbeddedScripts> scripts_;
  std::unique_ptr<RunState> state_;
  std::list<std::pair<std::string, std::unique_ptr<Realm>>> shared_;  ///< By version, last used first.
  std::unique_ptr<Realm> spare_;  ///< For a run of its own, made while there was time.
  bool wants_spare_ = false;
  std::unique_ptr<RunRecord> record_;  ///< Of the run that is going on.
  const Step* step_ = nullptr;         ///< The same.
  std::size_t output_max_ = 0;
  std::size_t heap_reserve_used_ = 0;  ///< Over the limit, so that a script can be stopped in good order.
  bool spoiled_ = false;               ///< No other run may follow in this process.
  std::unique_ptr<Watchdog> watchdog_;
};

}  // namespace formulary
