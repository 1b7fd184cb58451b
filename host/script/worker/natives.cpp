#include "host/script/worker/natives.hpp"

#include <poll.h>

#include <algorithm>
#include <optional>
#include <string>

#include "host/script/script_frame.hpp"
#include "host/script/worker/digest.hpp"
#include "host/script/worker/error_text.hpp"

namespace formulary {
namespace {

using Call = v8::FunctionCallbackInfo<v8::Value>;

RunState& state_of(v8::Isolate* isolate) {
  return *static_cast<RunState*>(isolate->GetData(0));
}

v8::Local<v8::String> new_string(v8::Isolate* isolate, std::string_view text) {
  return v8::String::NewFromUtf8(isolate, text.data(), v8::NewStringType::kNormal, static_cast<int>(text.size()))
      .ToLocalChecked();
}

void log(const Call& call) {
  RunState& state = state_of(call.GetIsolate());
  if (state.record != nullptr) state.record->log(utf8(call.GetIsolate(), call[0]));
}

void mail(const Call& call) {
  v8::Isolate* isolate = call.GetIsolate();
  RunState& state = state_of(isolate);
  if (state.record == nullptr || state.record->mail(utf8(isolate, call[0]))) return;
  const std::string sentence = "notify.email: at most " + std::to_string(script_frame::notify_max) + " messages of " +
                               std::to_string(script_frame::notify_bytes_max >> 20U) + " MiB together";
  isolate->ThrowException(v8::Exception::RangeError(new_string(isolate, sentence)));
}

void random(const Call& call) {
  call.GetReturnValue().Set(state_of(call.GetIsolate()).random.fraction());
}

void random_word(const Call& call) {
  call.GetReturnValue().Set(state_of(call.GetIsolate()).random.word());
}

void base64(const Call& call) {
  call.GetReturnValue().Set(new_string(call.GetIsolate(), to_base64(utf8(call.GetIsolate(), call[0]))));
}

void digest_of(const Call& call) {
  v8::Isolate* isolate = call.GetIsolate();
  const std::string algorithm = utf8(isolate, call[0]);
  const std::string encoding = utf8(isolate, call[1]);
  std::optional<std::string> key;
  if (call.Length() > 3) key = utf8(isolate, call[3]);
  const auto bytes = digest(algorithm, key, utf8(isolate, call[2]));
  if (!bytes || (encoding != "hex" && encoding != "base64")) {
    const std::string sentence = bytes ? "CE.hmac: the encoding '" + encoding + "' is unknown; use hex or base64"
                                       : "CE.hmac: the algorithm '" + algorithm +
                                             "' is unknown; use md5, sha1, sha224, sha256, sha384 or sha512";
    isolate->ThrowException(v8::Exception::Error(new_string(isolate, sentence)));
    return;
  }
  call.GetReturnValue().Set(new_string(isolate, encoding == "hex" ? to_hexadecimal(*bytes) : to_base64(*bytes)));
}

void module(const Call& call) {
  v8::Isolate* isolate = call.GetIsolate();
  const std::string name = utf8(isolate, call[0]);
  v8::Local<v8::Value> start;
  // Our own files have no folder; they are not for scripts.
  if (name.find('/') == std::string::npos) return;
  if (state_of(isolate).scripts.run(isolate->GetCurrentContext(), name).ToLocal(&start)) {
    call.GetReturnValue().Set(start);
  }
}

/// Until then, or until the run's time is over: then the watchdog stops it.
void wait(const Call& call) {
  v8::Isolate* isolate = call.GetIsolate();
  RunState& state = state_of(isolate);
  const auto milliseconds = std::chrono::milliseconds(call[0]->IntegerValue(isolate->GetCurrentContext()).FromMaybe(0));
  const auto end = std::chrono::steady_clock::now() + milliseconds;
  while (!state.stopped) {
    const auto now = std::chrono::steady_clock::now();
    if (now >= end) break;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(std::min(end, state.deadline) - now).count();
    poll(nullptr, 0, static_cast<int>(std::clamp<std::int64_t>(left, 1, 60'000)));
  }
  state.now_ms += milliseconds.count();
  state.platform.set_now(state.now_ms);
}

void leave_shared_realm(const Call& call) {
  state_of(call.GetIsolate()).must_leave_shared_realm = true;
}

}  // namespace

v8::Local<v8::Object> make_natives(v8::Local<v8::Context> context) {
  v8::Isolate* isolate = context->GetIsolate();
  const struct {
    const char* name;
    v8::FunctionCallback function;
  } all[] = {{"log", log},
             {"mail", mail},
             {"random", random},
             {"random_word", random_word},
             {"base64", base64},
             {"digest", digest_of},
             {"module", module},
             {"wait", wait},
             {"leave_shared_realm", leave_shared_realm}};
  const v8::Local<v8::Object> natives = v8::Object::New(isolate);
  for (const auto& entry : all) {
    const v8::Local<v8::Function> function =
        v8::Function::New(context, entry.function, {}, 0, v8::ConstructorBehavior::kThrow).ToLocalChecked();
    natives->Set(context, new_string(isolate, entry.name), function).ToChecked();
  }
  return natives;
}

}  // namespace formulary
