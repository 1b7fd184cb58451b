#include "host/script/worker/engine.hpp"

#include <unistd.h>

#include <chrono>
#include <new>
#include <utility>

#include "host/script/worker/error_text.hpp"

namespace formulary {
namespace {

using script_frame::WorkerExit;

// What a script may use beyond its limit until it has stopped: it is interrupted at its next loop or call, not at once.
constexpr std::size_t heap_reserve_step = 16U << 20U;
constexpr std::size_t heap_reserve_max = 64U << 20U;
// V8's own needs, the code, a request and a reply of the largest size.
constexpr std::size_t native_bytes = 256U << 20U;

// One thread besides the watchdog: a filter that need not allow new threads. No compiled code: a fresh realm has
// nothing that could stay compiled, so most scripts are faster without, and no memory need ever become executable
// (host/decisions, 0009). No WebAssembly: a second language for nothing that a formula needs. The stack is well below a
// process's 8 MiB.
constexpr const char* engine_flags =
    "--single-threaded --jitless --no-expose-wasm --no-harmony-sharedarraybuffer --stack-size=800";

[[noreturn]] void end_process(WorkerExit why) {
  _exit(static_cast<int>(why));
}

v8::MaybeLocal<v8::String> new_string(v8::Isolate* isolate, std::string_view text) {
  if (text.size() > static_cast<std::size_t>(v8::String::kMaxLength)) return {};
  return v8::String::NewFromUtf8(isolate, text.data(), v8::NewStringType::kNormal, static_cast<int>(text.size()));
}

Engine& engine_of(v8::Isolate* isolate) {
  return *static_cast<Engine*>(isolate->GetData(0));
}

std::string mebibytes(std::size_t bytes) {
  return std::to_string(bytes >> 20U) + " MiB";
}

}  // namespace

Engine::Engine(const Options& options) : options_(options), buffers_(options.array_buffer_bytes) {
  v8::V8::SetFlagsFromString(engine_flags);
  v8::V8::InitializePlatform(&platform_);
  v8::V8::Initialize();

  v8::Isolate::CreateParams parameters;
  parameters.array_buffer_allocator = &buffers_;
  parameters.constraints.ConfigureDefaultsFromHeapSize(0, options.heap_bytes);
  parameters.oom_error_callback = [](const char*, bool) { end_process(WorkerExit::out_of_memory); };
  parameters.fatal_error_callback = [](const char*, const char*) { end_process(WorkerExit::engine_failed); };
  std::set_new_handler([] { end_process(WorkerExit::out_of_memory); });

  isolate_ = v8::Isolate::New(parameters);
  isolate_->Enter();
  isolate_->SetData(0, this);
  isolate_->SetMicrotasksPolicy(v8::MicrotasksPolicy::kExplicit);
  isolate_->AddNearHeapLimitCallback(near_heap_limit, this);
  isolate_->SetPromiseRejectCallback(promise_rejected);
  watchdog_ = std::make_unique<Watchdog>(options.host, [isolate = isolate_] { isolate->TerminateExecution(); });
}

std::size_t Engine::data_max() const {
  return options_.heap_bytes + heap_reserve_max + options_.array_buffer_bytes + native_bytes;
}

void Engine::prepare() {
  platform_.run_pending_tasks(isolate_);
  if (!realm_) realm_ = std::make_unique<Realm>(isolate_, RealmCallbacks{.log = log, .mail = mail});
}

script_frame::Reply Engine::run(const ScriptRequest& request) {
  watchdog_->arm(std::chrono::steady_clock::now() + request.time_limit);
  record_ = std::make_unique<RunRecord>(request);
  buffers_.take_refused();
  platform_.set_now(request.now_ms);
  {
    const v8::HandleScope handles(isolate_);
    prepare();
    execute(request);
  }
  const bool fired = watchdog_->disarm();
  isolate_->CancelTerminateExecution();
  script_frame::Reply reply = finish(request, fired);
  record_.reset();
  realm_.reset();
  return reply;
}

void Engine::execute(const ScriptRequest& request) {
  const v8::Local<v8::Context> context = realm_->context();
  const v8::Context::Scope entered(context);
  const v8::TryCatch caught(isolate_);
  realm_->seed_random(request.seed);

  v8::Local<v8::Value> arguments[5];
  if (!read_arguments(context, request.context, arguments)) return;
  v8::Local<v8::Function> script;
  if (!compile(context, request).ToLocal(&script)) {
    if (caught.HasCaught()) record_->fail("script.syntax", error_text(context, caught));
    return;
  }
  v8::Local<v8::Value> returned;
  if (script->Call(context, v8::Undefined(isolate_), 5, arguments).ToLocal(&returned)) realm_->run_microtasks();
  if (caught.HasTerminated()) return;
  if (caught.HasCaught()) record_->fail("script.exception", error_text(context, caught));

  const v8::Local<v8::Value> reason = record_->first_unhandled(isolate_);
  if (!reason.IsEmpty()) {
    record_->fail("script.exception", error_text(context, reason, v8::Exception::CreateMessage(isolate_, reason)));
  }
  if (!record_->settled()) {
    record_->fail("script.no_result",
                  "the script ended without calling done(); call done(value) on every way to its end");
  }
}

bool Engine::read_arguments(v8::Local<v8::Context> context, std::string_view json, v8::Local<v8::Value>* into) {
  v8::Local<v8::String> text;
  v8::Local<v8::Value> parsed;
  if (!new_string(isolate_, json).ToLocal(&text) || !v8::JSON::Parse(context, text).ToLocal(&parsed) ||
      !parsed->IsObject()) {
    record_->fail("script.input", "the context of the script is no JSON object");
    return false;
  }
  for (const char* name : {"trigger", "steps", "info", "config"}) {
    const v8::Local<v8::String> key = v8::String::NewFromUtf8(isolate_, name).ToLocalChecked();
    if (!parsed.As<v8::Object>()->Get(context, key).ToLocal(into)) return false;
    ++into;
  }
  v8::Local<v8::Function> callback;
  if (!v8::Function::New(context, done, {}, 1, v8::ConstructorBehavior::kThrow).ToLocal(&callback)) return false;
  *into = callback;
  return true;
}

v8::MaybeLocal<v8::Function> Engine::compile(v8::Local<v8::Context> context, const ScriptRequest& request) {
  // Compiled as the body of a function, not pasted between braces: "}" cannot leave it, and its first line is line 1.
  static constexpr std::string_view strict = "'use strict';";
  v8::Local<v8::String> name;
  v8::Local<v8::String> body;
  if (!new_string(isolate_, request.name).ToLocal(&name) ||
      !new_string(isolate_, std::string(strict) + request.body).ToLocal(&body)) {
    record_->fail("script.input", "the script is too long");
    return {};
  }
  v8::Local<v8::String> parameters[5];
  v8::Local<v8::String>* parameter = parameters;
  for (const char* word : {"trigger", "steps", "info", "config", "done"}) {
    *parameter++ = v8::String::NewFromUtf8(isolate_, word, v8::NewStringType::kInternalized).ToLocalChecked();
  }
  const v8::ScriptOrigin origin(isolate_, name, 0, -static_cast<int>(strict.size()));
  v8::ScriptCompiler::Source source(body, origin);
  return v8::ScriptCompiler::CompileFunction(context, &source, 5, parameters);
}

void Engine::keep_value(v8::Local<v8::Value> value) {
  const ScriptRequest& request = record_->request();
  if (request.kind == ScriptKind::filter) return record_->succeed(value->BooleanValue(isolate_) ? "true" : "false");
  if (value->IsUndefined()) return record_->succeed({});
  const v8::TryCatch caught(isolate_);
  v8::Local<v8::Value> json;
  if (!realm_->stringify(value).ToLocal(&json)) {
    if (caught.HasTerminated()) return;
    return record_->fail("script.output", "done() got a value that JSON cannot say: " +
                                              error_text(realm_->context(), caught.Exception(), {}));
  }
  if (!json->IsString()) {
    return record_->fail("script.output",
                         "done() got a value that JSON cannot say: " + utf8(isolate_, value->TypeOf(isolate_)));
  }
  const auto length = static_cast<std::size_t>(json.As<v8::String>()->Utf8Length(isolate_));
  if (length > request.output_max) {
    return record_->fail("script.output", "done() got " + std::to_string(length) + " bytes of JSON; at most " +
                                              std::to_string(request.output_max) + " are kept");
  }
  record_->succeed(utf8(isolate_, json));
}

script_frame::Reply Engine::finish(const ScriptRequest& request, bool fired) {
  const bool heap_exceeded = heap_reserve_used_ > 0;
  const bool buffers_refused = buffers_.take_refused();
  script_frame::Reply reply{.result = record_->take(), .last = heap_exceeded};
  ScriptResult& result = reply.result;
  if (!heap_exceeded && !fired && !(buffers_refused && !result.ok)) return reply;
  // A limit overrules what the script had brought until then: it did not end by itself.
  result.ok = false;
  result.value.clear();
  if (heap_exceeded) {
    result.error_code = "script.memory";
    result.error = "the script needed more than " + mebibytes(options_.heap_bytes) + " of memory; it was stopped";
  } else if (fired) {
    result.error_code = "script.timeout";
    result.error =
        "the script did not end within " + std::to_string(request.time_limit.count()) + " ms; it was stopped";
  } else {
    result.error_code = "script.memory";
    result.error += "; the buffers of a script may have " + mebibytes(options_.array_buffer_bytes);
  }
  return reply;
}

std::size_t Engine::near_heap_limit(void* engine, std::size_t current, std::size_t /*initial*/) {
  auto& self = *static_cast<Engine*>(engine);
  if (self.heap_reserve_used_ >= heap_reserve_max) end_process(WorkerExit::out_of_memory);
  self.heap_reserve_used_ += heap_reserve_step;
  self.isolate_->TerminateExecution();
  return current + heap_reserve_step;
}

void Engine::promise_rejected(v8::PromiseRejectMessage message) {
  v8::Isolate* isolate = v8::Isolate::GetCurrent();
  Engine& self = engine_of(isolate);
  if (!self.record_) return;
  if (message.GetEvent() == v8::kPromiseRejectWithNoHandler) {
    self.record_->reject(isolate, message.GetPromise(), message.GetValue());
  } else if (message.GetEvent() == v8::kPromiseHandlerAddedAfterReject) {
    self.record_->handle(isolate, message.GetPromise());
  }
}

void Engine::log(const v8::FunctionCallbackInfo<v8::Value>& call) {
  Engine& self = engine_of(call.GetIsolate());
  if (self.record_) self.record_->log(utf8(call.GetIsolate(), call[0]));
}

void Engine::mail(const v8::FunctionCallbackInfo<v8::Value>& call) {
  v8::Isolate* isolate = call.GetIsolate();
  Engine& self = engine_of(isolate);
  if (!self.record_ || self.record_->mail(utf8(isolate, call[0]))) return;
  const std::string sentence = "notify.email: at most " + std::to_string(script_frame::notify_max) + " messages of " +
                               mebibytes(script_frame::notify_bytes_max) + " together";
  isolate->ThrowException(
      v8::Exception::RangeError(v8::String::NewFromUtf8(isolate, sentence.c_str()).ToLocalChecked()));
}

void Engine::done(const v8::FunctionCallbackInfo<v8::Value>& call) {
  Engine& self = engine_of(call.GetIsolate());
  if (self.record_) self.keep_value(call[0]);
}

}  // namespace formulary
