/// \file
/// JavaScript's failures as sentences.
#pragma once

#include <v8.h>

#include <string>

namespace formulary {

/// UTF-8, with U+FFFD for what is none. Empty if the string cannot be had.
[[nodiscard]] std::string utf8(v8::Isolate* isolate, v8::Local<v8::Value> string);

/// "TypeError: x is not a function (line 3)", where the line is that of the script's body. A thrown text stands for
/// itself, another value is shown as JSON. May run code of the script, such as toString; never throws.
[[nodiscard]] std::string error_text(v8::Local<v8::Context> context, v8::Local<v8::Value> thrown,
                                     v8::Local<v8::Message> message);
[[nodiscard]] std::string error_text(v8::Local<v8::Context> context, const v8::TryCatch& caught);

}  // namespace formulary
