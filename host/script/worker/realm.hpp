/// \file
/// The global scope that one script runs in, made afresh for each run.
#pragma once

#include <v8.h>

#include <cstdint>
#include <memory>

namespace formulary {

extern const char* const prelude_text;  ///< prelude.js

/// The worker's functions that the prelude hands to scripts.
struct RealmCallbacks {
  v8::FunctionCallback log;
  v8::FunctionCallback mail;
};

/// Knows nothing of the realm before it, and leaves nothing for the next: built-in objects, globals and pending
/// promises are its own. Making one costs about half a millisecond, so the engine makes the next one while it waits.
class Realm {
 public:
  Realm(v8::Isolate* isolate, const RealmCallbacks& callbacks);
  Realm(const Realm&) = delete;
  Realm& operator=(const Realm&) = delete;
  ~Realm();

  [[nodiscard]] v8::Local<v8::Context> context() const { return context_.Get(isolate_); }
  void seed_random(std::uint64_t seed) const;
  /// The original JSON.stringify, whatever the script did to JSON. Empty if it threw; undefined if JSON has no word
  /// for the value.
  [[nodiscard]] v8::MaybeLocal<v8::Value> stringify(v8::Local<v8::Value> value) const;
  /// Runs what promises have made ready, until nothing is.
  void run_microtasks() const;

 private:
  v8::Isolate* isolate_;
  std::unique_ptr<v8::MicrotaskQueue> microtasks_;
  v8::Global<v8::Context> context_;
  v8::Global<v8::Function> seed_;
  v8::Global<v8::Function> stringify_;
};

}  // namespace formulary
