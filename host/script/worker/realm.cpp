#include "host/script/worker/realm.hpp"

#include <utility>

#include "host/script/worker/natives.hpp"

namespace formulary {
namespace {

// A formula has some dozens of scripts; whoever makes them up by the thousand compiles them again.
constexpr std::size_t compiled_bytes_max = 4U << 20U;

v8::Local<v8::String> literal(v8::Isolate* isolate, const char* text) {
  return v8::String::NewFromUtf8(isolate, text, v8::NewStringType::kInternalized).ToLocalChecked();
}

v8::Local<v8::Function> member(v8::Local<v8::Context> context, v8::Local<v8::Object> object, const char* name) {
  return object->Get(context, literal(context->GetIsolate(), name)).ToLocalChecked().As<v8::Function>();
}

v8::Local<v8::Function> function_of(EmbeddedScripts& scripts, v8::Local<v8::Context> context, const char* file) {
  return scripts.run(context, file).ToLocalChecked().As<v8::Function>();
}

void freeze(v8::Local<v8::Context> context, v8::Local<v8::Value> value) {
  if (value->IsObject()) value.As<v8::Object>()->SetIntegrityLevel(context, v8::IntegrityLevel::kFrozen).Check();
}

}  // namespace

Realm::Realm(v8::Isolate* isolate, EmbeddedScripts& scripts, Kind kind, v8::FunctionCallback callback)
    : isolate_(isolate), kind_(kind), microtasks_(v8::MicrotaskQueue::New(isolate, v8::MicrotasksPolicy::kExplicit)) {
  const v8::HandleScope handles(isolate);
  const v8::Local<v8::Context> context = v8::Context::New(isolate, nullptr, {}, {}, {}, microtasks_.get());
  const v8::Context::Scope entered(context);
  context_.Reset(isolate, context);
  // eval and the Function constructors, also those reached through an object's constructor.
  context->AllowCodeGenerationFromStrings(false);

  const v8::Local<v8::Object> parts = v8::Object::New(isolate);
  for (const auto& [name, file] : {std::pair{"timers", "timers.js"}, std::pair{"helpers", "helpers.js"},
                                   std::pair{"regions", "regions.js"}, std::pair{"modules", "modules.js"}}) {
    parts->Set(context, literal(isolate, name), function_of(scripts, context, file)).Check();
  }
  v8::Local<v8::Value> arguments[] = {context->Global(), make_natives(context), parts};
  const v8::Local<v8::Object> prelude = function_of(scripts, context, "prelude.js")
                                            ->Call(context, v8::Undefined(isolate), 3, arguments)
                                            .ToLocalChecked()
                                            .As<v8::Object>();
  begin_.Reset(isolate, member(context, prelude, "begin"));
  next_timer_.Reset(isolate, member(context, prelude, "next_timer"));
  done_.Reset(isolate, v8::Function::New(context, callback, {}, 1, v8::ConstructorBehavior::kThrow).ToLocalChecked());
  if (kind == Kind::shared) share(context, scripts, prelude);
}

Realm::~Realm() = default;

void Realm::share(v8::Local<v8::Context> context, EmbeddedScripts& scripts, v8::Local<v8::Object> prelude) {
  v8::Local<v8::Value> global[] = {context->Global()};
  v8::Local<v8::Value> freeze_all =
      function_of(scripts, context, "freeze.js")->Call(context, v8::Undefined(isolate_), 1, global).ToLocalChecked();
  member(context, prelude, "share")->Call(context, v8::Undefined(isolate_), 1, &freeze_all).ToLocalChecked();
  freeze(context, done());
}

const CompiledScript* Realm::compile(const std::string& name, const std::string& body) {
  std::string key = name + '\0' + body;
  const auto found = compiled_.find(key);
  if (found != compiled_.end()) return found->second.get();
  const v8::Local<v8::Context> context = this->context();
  v8::Local<v8::Function> function;
  if (!compile_body(context, name, body).ToLocal(&function)) return nullptr;
  if (kind_ == Kind::shared) {
    // No script can reach it; should one find a way, there is nothing to be left on it.
    freeze(context, function->Get(context, literal(isolate_, "prototype")).ToLocalChecked());
    freeze(context, function);
  }
  if (compiled_bytes_ + key.size() > compiled_bytes_max) {
    compiled_.clear();
    compiled_bytes_ = 0;
  }
  compiled_bytes_ += key.size();
  auto script = std::make_unique<CompiledScript>();
  script->function.Reset(isolate_, function);
  script->reads = find_reads(body);
  return compiled_.emplace(std::move(key), std::move(script)).first->second.get();
}

v8::MaybeLocal<v8::Function> Realm::compile_body(v8::Local<v8::Context> context, const std::string& name,
                                                 const std::string& body) {
  // Compiled as the body of a function, not pasted between braces: "}" cannot leave it, and its first line is line 1.
  static constexpr std::string_view strict = "'use strict';";
  v8::Local<v8::String> file;
  v8::Local<v8::String> text;
  const std::string whole = std::string(strict) + body;
  if (!v8::String::NewFromUtf8(isolate_, name.data(), {}, static_cast<int>(name.size())).ToLocal(&file) ||
      !v8::String::NewFromUtf8(isolate_, whole.data(), {}, static_cast<int>(whole.size())).ToLocal(&text)) {
    return {};
  }
  v8::Local<v8::String> parameters[5];
  v8::Local<v8::String>* parameter = parameters;
  for (const char* word : {"trigger", "steps", "info", "config", "done"}) *parameter++ = literal(isolate_, word);
  const v8::ScriptOrigin origin(isolate_, file, 0, -static_cast<int>(strict.size()));
  v8::ScriptCompiler::Source source(text, origin);
  return v8::ScriptCompiler::CompileFunction(context, &source, 5, parameters);
}

void Realm::begin() const {
  // It cannot throw; it can be stopped, which the run notices by itself.
  v8::Local<v8::Value> nothing;
  [[maybe_unused]] const bool began =
      begin_.Get(isolate_)->Call(context(), v8::Undefined(isolate_), 0, nullptr).ToLocal(&nothing);
}

void Realm::run_microtasks() const {
  microtasks_->PerformCheckpoint(isolate_);
}

bool Realm::run_timer() const {
  v8::Local<v8::Value> ran;
  return next_timer_.Get(isolate_)->Call(context(), v8::Undefined(isolate_), 0, nullptr).ToLocal(&ran) && ran->IsTrue();
}

}  // namespace formulary
