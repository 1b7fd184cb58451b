/// \file
/// What one run has brought so far: its outcome, its lines, its rejected promises.
#pragma once

#include <v8.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "host/script/script_runner.hpp"

namespace formulary {

/// The first outcome holds: what comes after done() or after an exception cannot change it, but is kept as a console
/// line, so that nobody has to guess.
class RunRecord {
 public:
  [[nodiscard]] bool settled() const { return settled_; }
  void succeed(std::string value);
  void fail(std::string_view code, std::string sentence);

  /// Of the failure, if it failed.
  [[nodiscard]] const std::string& error() const { return result_.error; }

  /// Bounded in number and size; the last line says so if lines were dropped.
  void log(std::string line);
  /// False if there are too many.
  [[nodiscard]] bool mail(std::string message);

  /// A promise was rejected with nobody to handle it, yet.
  void reject(v8::Isolate* isolate, v8::Local<v8::Promise> promise, v8::Local<v8::Value> reason);
  void handle(v8::Isolate* isolate, v8::Local<v8::Promise> promise);
  /// The reason of the first promise that is still unhandled; empty if there is none.
  [[nodiscard]] v8::Local<v8::Value> first_unhandled(v8::Isolate* isolate) const;

  [[nodiscard]] ScriptResult take() { return std::move(result_); }

 private:
  struct Rejection {
    v8::Global<v8::Promise> promise;
    v8::Global<v8::Value> reason;
  };

  ScriptResult result_;
  bool settled_ = false;
  bool console_full_ = false;
  std::size_t console_bytes_ = 0;
  std::size_t notify_bytes_ = 0;
  std::vector<Rejection> rejections_;
};

}  // namespace formulary
