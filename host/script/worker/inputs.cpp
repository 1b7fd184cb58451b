#include "host/script/worker/inputs.hpp"

#include <algorithm>

#include "host/script/worker/natives.hpp"

namespace formulary {
namespace {

// To make a lazy member costs as much as to parse this many bytes.
constexpr std::size_t eager_max = 512;

v8::MaybeLocal<v8::String> new_string(v8::Isolate* isolate, std::string_view text) {
  if (text.size() > static_cast<std::size_t>(v8::String::kMaxLength)) return {};
  return v8::String::NewFromUtf8(isolate, text.data(), v8::NewStringType::kNormal, static_cast<int>(text.size()));
}

}  // namespace

Inputs::Inputs(script_frame::Job& job, const Fetch& fetch) : fetch_(fetch) {
  entries_.reserve(job.parts.size() + job.steps.size());
  for (std::size_t index = 0; index < job.parts.size(); ++index) {
    Entry entry{.name = {}, .text = std::move(job.parts[index].text), .part = index, .held = job.parts[index].held > 0};
    if (index >= script_frame::part_first_step) {
      entry.name = std::move(job.step_names[index - script_frame::part_first_step]);
    }
    entries_.push_back(std::move(entry));
  }
}

v8::MaybeLocal<v8::Value> Inputs::parse(v8::Local<v8::Context> context, std::size_t index) {
  v8::Isolate* isolate = context->GetIsolate();
  Entry& entry = entries_[index];
  if (entry.held) {
    entry.text = fetch_(entry.part);
    entry.held = false;
  }
  if (entry.text == "{}") return v8::Object::New(isolate);
  v8::Local<v8::String> text;
  if (!new_string(isolate, entry.text).ToLocal(&text)) {
    isolate->ThrowException(v8::Exception::RangeError(new_string(isolate, "an input is too long").ToLocalChecked()));
    return {};
  }
  return v8::JSON::Parse(context, text);
}

v8::MaybeLocal<v8::Value> Inputs::steps(v8::Local<v8::Context> context, const ScriptReads& reads) {
  const v8::Local<v8::Object> steps = v8::Object::New(context->GetIsolate());
  for (std::size_t index = script_frame::part_first_step; index < entries_.size(); ++index) {
    if (reads.steps && !std::binary_search(reads.steps->begin(), reads.steps->end(), entries_[index].name)) continue;
    if (!define(context, steps, index)) return {};
  }
  return steps;
}

bool Inputs::define(v8::Local<v8::Context> context, v8::Local<v8::Object> steps, std::size_t index) {
  v8::Isolate* isolate = context->GetIsolate();
  const Entry& entry = entries_[index];
  v8::Local<v8::String> name;
  if (!new_string(isolate, entry.name).ToLocal(&name)) return false;
  if (entry.held || entry.text.size() > eager_max) {
    const v8::Local<v8::Value> data = v8::Integer::NewFromUnsigned(isolate, static_cast<std::uint32_t>(index));
    return steps->SetLazyDataProperty(context, name, read, data).IsJust();
  }
  v8::Local<v8::Value> value;
  return parse(context, index).ToLocal(&value) && steps->CreateDataProperty(context, name, value).IsJust();
}

void Inputs::read(v8::Local<v8::Name> /*name*/, const v8::PropertyCallbackInfo<v8::Value>& call) {
  v8::Isolate* isolate = call.GetIsolate();
  Inputs* self = static_cast<RunState*>(isolate->GetData(0))->inputs;
  const std::size_t index = call.Data().As<v8::Uint32>()->Value();
  v8::Local<v8::Value> value;
  if (self != nullptr && index < self->entries_.size() &&
      self->parse(isolate->GetCurrentContext(), index).ToLocal(&value)) {
    call.GetReturnValue().Set(value);
  }
}

void Inputs::set(const std::string& name, std::string json) {
  const auto found = std::find_if(entries_.begin() + script_frame::part_first_step, entries_.end(),
                                  [&](const Entry& entry) { return entry.name == name; });
  Entry entry{.name = name, .text = std::move(json)};
  if (found != entries_.end()) {
    *found = std::move(entry);
  } else {
    entries_.push_back(std::move(entry));
  }
}

}  // namespace formulary
