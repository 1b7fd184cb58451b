/// \file
/// What a chain's scripts see, turned into values when they touch it.
#pragma once

#include <v8.h>

#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "host/script/script_frame.hpp"
#include "host/script/worker/script_reads.hpp"

namespace formulary {

/// One per chain. The outputs of its own steps join those that came with it.
class Inputs {
 public:
  /// Gets a text that the host held back.
  using Fetch = std::function<std::string(std::size_t part)>;

  Inputs(script_frame::Job& job, const Fetch& fetch);

  /// The values are the caller's to change: each call makes new ones. Empty if it was stopped, or if the text is no
  /// JSON; then an exception waits.
  [[nodiscard]] v8::MaybeLocal<v8::Value> trigger(v8::Local<v8::Context> context) { return parse(context, 0); }
  [[nodiscard]] v8::MaybeLocal<v8::Value> info(v8::Local<v8::Context> context) { return parse(context, 1); }
  [[nodiscard]] v8::MaybeLocal<v8::Value> config(v8::Local<v8::Context> context) { return parse(context, 2); }
  /// An object with a member for each step that the script can reach; a large one becomes a value when it is first
  /// read.
  [[nodiscard]] v8::MaybeLocal<v8::Value> steps(v8::Local<v8::Context> context, const ScriptReads& reads);

  /// A step's output, in place of the one that it had before.
  void set(const std::string& name, std::string json);

 private:
  struct Entry {
    std::string name;  ///< Of the step; empty for the other parts.
    std::string text;
    std::size_t part = 0;  ///< To ask for, if `held`.
    bool held = false;
  };

  static void read(v8::Local<v8::Name> name, const v8::PropertyCallbackInfo<v8::Value>& call);
  /// False if it was stopped.
  [[nodiscard]] bool define(v8::Local<v8::Context> context, v8::Local<v8::Object> steps, std::size_t index);
  [[nodiscard]] v8::MaybeLocal<v8::Value> parse(v8::Local<v8::Context> context, std::size_t index);

  const Fetch& fetch_;
  std::vector<Entry> entries_;
};

}  // namespace formulary
