#include "host/script/worker/error_text.hpp"

namespace formulary {
namespace {

std::string shown(v8::Local<v8::Context> context, v8::Local<v8::Value> thrown) {
  v8::Isolate* isolate = context->GetIsolate();
  const v8::TryCatch ignored(isolate);
  v8::Local<v8::String> text;
  const bool is_plain_object = thrown->IsObject() && !thrown->IsNativeError();
  if (is_plain_object && v8::JSON::Stringify(context, thrown).ToLocal(&text)) return utf8(isolate, text);
  if (!thrown->IsSymbol() && thrown->ToString(context).ToLocal(&text)) return utf8(isolate, text);
  if (thrown->ToDetailString(context).ToLocal(&text)) return utf8(isolate, text);
  return "an exception that cannot be shown";
}

}  // namespace

std::string utf8(v8::Isolate* isolate, v8::Local<v8::Value> string) {
  if (string.IsEmpty() || !string->IsString()) return {};
  const v8::Local<v8::String> text = string.As<v8::String>();
  std::string bytes(static_cast<std::size_t>(text->Utf8Length(isolate)), '\0');
  text->WriteUtf8(isolate, bytes.data(), static_cast<int>(bytes.size()), nullptr,
                  v8::String::NO_NULL_TERMINATION | v8::String::REPLACE_INVALID_UTF8);
  return bytes;
}

std::string error_text(v8::Local<v8::Context> context, v8::Local<v8::Value> thrown, v8::Local<v8::Message> message) {
  std::string text = shown(context, thrown);
  const int line = message.IsEmpty() ? 0 : message->GetLineNumber(context).FromMaybe(0);
  // Without a stack there is no line, and V8 then says 1 of a script of its own.
  if (line > 0 && message->GetScriptOrigin().ResourceName()->IsString()) text += " (line " + std::to_string(line) + ")";
  return text;
}

std::string error_text(v8::Local<v8::Context> context, const v8::TryCatch& caught) {
  return error_text(context, caught.Exception(), caught.Message());
}

}  // namespace formulary
