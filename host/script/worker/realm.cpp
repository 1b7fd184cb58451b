#include "host/script/worker/realm.hpp"

namespace formulary {
namespace {

v8::Local<v8::String> literal(v8::Isolate* isolate, const char* text) {
  return v8::String::NewFromUtf8(isolate, text).ToLocalChecked();
}

v8::Local<v8::Function> member(v8::Local<v8::Context> context, v8::Local<v8::Value> object, const char* name) {
  return object.As<v8::Object>()
      ->Get(context, literal(context->GetIsolate(), name))
      .ToLocalChecked()
      .As<v8::Function>();
}

}  // namespace

Realm::Realm(v8::Isolate* isolate, const RealmCallbacks& callbacks)
    : isolate_(isolate), microtasks_(v8::MicrotaskQueue::New(isolate, v8::MicrotasksPolicy::kExplicit)) {
  const v8::HandleScope handles(isolate);
  const v8::Local<v8::Context> context = v8::Context::New(isolate, nullptr, {}, {}, {}, microtasks_.get());
  const v8::Context::Scope entered(context);
  context_.Reset(isolate, context);
  // eval and the Function constructors, also those reached through an object's constructor.
  context->AllowCodeGenerationFromStrings(false);

  // The prelude is ours: a failure in it is a failed build, hence ToLocalChecked, which ends the process.
  const v8::Local<v8::Function> prelude = v8::Script::Compile(context, literal(isolate, prelude_text))
                                              .ToLocalChecked()
                                              ->Run(context)
                                              .ToLocalChecked()
                                              .As<v8::Function>();
  v8::Local<v8::Value> arguments[] = {context->Global(), v8::Function::New(context, callbacks.log).ToLocalChecked(),
                                      v8::Function::New(context, callbacks.mail).ToLocalChecked()};
  const v8::Local<v8::Value> made = prelude->Call(context, v8::Undefined(isolate), 3, arguments).ToLocalChecked();
  seed_.Reset(isolate, member(context, made, "seed"));
  stringify_.Reset(isolate, member(context, made, "stringify"));
}

Realm::~Realm() = default;

void Realm::seed_random(std::uint64_t seed) const {
  v8::Local<v8::Value> halves[] = {v8::Integer::NewFromUnsigned(isolate_, static_cast<std::uint32_t>(seed >> 32U)),
                                   v8::Integer::NewFromUnsigned(isolate_, static_cast<std::uint32_t>(seed))};
  v8::Local<v8::Value> nothing;
  // It cannot throw; it can be stopped, which the run notices by itself.
  [[maybe_unused]] const bool seeded =
      seed_.Get(isolate_)->Call(context(), v8::Undefined(isolate_), 2, halves).ToLocal(&nothing);
}

v8::MaybeLocal<v8::Value> Realm::stringify(v8::Local<v8::Value> value) const {
  return stringify_.Get(isolate_)->Call(context(), v8::Undefined(isolate_), 1, &value);
}

void Realm::run_microtasks() const {
  microtasks_->PerformCheckpoint(isolate_);
}

}  // namespace formulary
