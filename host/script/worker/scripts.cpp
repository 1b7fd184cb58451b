#include "host/script/worker/scripts.hpp"

#include <algorithm>

#include "host/script/worker/embedded_text.hpp"

namespace formulary {
namespace {

/// Lets V8 read the text where it lies in the program.
class Resource final : public v8::String::ExternalOneByteStringResource {
 public:
  explicit Resource(std::string_view text) : text_(text) {}
  [[nodiscard]] const char* data() const override { return text_.data(); }
  [[nodiscard]] size_t length() const override { return text_.size(); }

 private:
  std::string_view text_;
};

v8::MaybeLocal<v8::String> source_of(v8::Isolate* isolate, std::string_view text) {
  const bool ascii = std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 128; });
  if (ascii) return v8::String::NewExternalOneByte(isolate, new Resource(text));  // V8 deletes it
  return v8::String::NewFromUtf8(isolate, text.data(), v8::NewStringType::kNormal, static_cast<int>(text.size()));
}

}  // namespace

v8::MaybeLocal<v8::Value> EmbeddedScripts::run(v8::Local<v8::Context> context, std::string_view name) {
  auto found = compiled_.find(name);
  if (found == compiled_.end()) {
    const EmbeddedText* embedded = find_embedded_text(name);
    if (embedded == nullptr) return v8::Undefined(isolate_);
    v8::Local<v8::String> text;
    v8::Local<v8::UnboundScript> script;
    if (!source_of(isolate_, embedded->text()).ToLocal(&text)) return {};
    const v8::ScriptOrigin origin(
        isolate_, v8::String::NewFromUtf8(isolate_, embedded->name, v8::NewStringType::kInternalized).ToLocalChecked());
    v8::ScriptCompiler::Source source(text, origin);
    if (!v8::ScriptCompiler::CompileUnboundScript(isolate_, &source).ToLocal(&script)) return {};
    found = compiled_.emplace(name, v8::Global<v8::UnboundScript>(isolate_, script)).first;
  }
  return found->second.Get(isolate_)->BindToCurrentContext()->Run(context);
}

}  // namespace formulary
