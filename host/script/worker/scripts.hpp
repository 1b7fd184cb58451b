/// \file
/// Embedded JavaScript, compiled once for all contexts.
#pragma once

#include <v8.h>

#include <map>
#include <string>
#include <string_view>

namespace formulary {

class EmbeddedScripts {
 public:
  explicit EmbeddedScripts(v8::Isolate* isolate) : isolate_(isolate) {}

  /// What the embedded text of this name evaluates to in the current context: a function, since each is one. Undefined
  /// if there is no such text. Empty if it was stopped.
  [[nodiscard]] v8::MaybeLocal<v8::Value> run(v8::Local<v8::Context> context, std::string_view name);

 private:
  v8::Isolate* isolate_;
  std::map<std::string, v8::Global<v8::UnboundScript>, std::less<>> compiled_;
};

}  // namespace formulary
