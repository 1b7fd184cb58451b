/// \file
/// The global scope that scripts run in.
#pragma once

#include <v8.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "host/script/worker/script_reads.hpp"
#include "host/script/worker/scripts.hpp"

namespace formulary {

struct CompiledScript {
  v8::Global<v8::Function> function;
  ScriptReads reads;
};

/// A shared realm serves the scripts of one formula version, run after run: built-in objects, globals and modules are
/// frozen, and what else a run could leave is taken back before the next. A realm that is not shared serves one run, is
/// not frozen, and costs less to make.
class Realm {
 public:
  enum class Kind { shared, of_one_run };

  /// Our own JavaScript cannot fail to compile or run, except for want of memory, which ends the process.
  Realm(v8::Isolate* isolate, EmbeddedScripts& scripts, Kind kind, v8::FunctionCallback callback);
  Realm(const Realm&) = delete;
  Realm& operator=(const Realm&) = delete;
  ~Realm();

  [[nodiscard]] Kind kind() const { return kind_; }
  [[nodiscard]] v8::Local<v8::Context> context() const { return context_.Get(isolate_); }
  [[nodiscard]] v8::Local<v8::Function> done() const { return done_.Get(isolate_); }

  /// Compiled when it is first asked for. Nothing if it is no JavaScript; then an exception waits.
  [[nodiscard]] const CompiledScript* compile(const std::string& name, const std::string& body);

  /// Takes back what the run before may have left.
  void begin() const;
  /// Runs what promises have made ready, until nothing is.
  void run_microtasks() const;
  /// Runs the timer that is due first. False if there is none, if it threw or if it was stopped.
  [[nodiscard]] bool run_timer() const;

  /// To be run another time in a realm of its own: what it did to the shared one was refused.
  void remember_misfit(const std::string& body) { misfits_.insert(body); }
  [[nodiscard]] bool is_misfit(const std::string& body) const { return misfits_.count(body) > 0; }

 private:
  void share(v8::Local<v8::Context> context, EmbeddedScripts& scripts, v8::Local<v8::Object> prelude);
  [[nodiscard]] v8::MaybeLocal<v8::Function> compile_body(v8::Local<v8::Context> context, const std::string& name,
                                                          const std::string& body);

  v8::Isolate* isolate_;
  Kind kind_;
  std::unique_ptr<v8::MicrotaskQueue> microtasks_;
  v8::Global<v8::Context> context_;
  v8::Global<v8::Function> done_;
  v8::Global<v8::Function> begin_;
  v8::Global<v8::Function> next_timer_;
  std::unordered_map<std::string, std::unique_ptr<CompiledScript>> compiled_;  ///< By body; the name is in it as well.
  std::size_t compiled_bytes_ = 0;
  std::unordered_set<std::string> misfits_;
};

}  // namespace formulary
