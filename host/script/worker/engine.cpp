#include "host/script/worker/engine.hpp"

#include <unistd.h>

#include <chrono>
#include <new>
#include <optional>
#include <utility>
#include <vector>

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
    "--single-threaded --jitless --no-expose-wasm --no-harmony-sharedarraybuffer --no-flush-bytecode --stack-size=800";

[[noreturn]] void end_process(WorkerExit why) {
  _exit(static_cast<int>(why));
}

// Formulas whose realms a worker holds at once, some hundred kilobytes each.
constexpr std::size_t shared_realms_max = 8;

JavaScriptEngine& engine_of(v8::Isolate* isolate) {
  return *static_cast<JavaScriptEngine*>(isolate->GetData(1));
}

/// What V8 says when a script changes what is frozen. In a realm of its own it may.
bool is_refused_change(std::string_view error) {
  for (const char* words :
       {"Cannot assign to read only property", "object is not extensible", "Cannot redefine property",
        "Cannot delete property", "is not extensible", "not in a shared realm"}) {
    if (error.find(words) != std::string_view::npos) return true;
  }
  return false;
}

/// JSON can say halves of surrogate pairs only as \\udXXX, which strict readers of JSON refuse; they become U+FFFD, as
/// everywhere else where text becomes UTF-8.
void replace_lone_surrogates(std::string& json) {
  std::size_t position = 0;
  while ((position = json.find('\\', position)) != std::string::npos) {
    if (json.compare(position, 3, "\\ud") == 0) json.replace(position, 6, "\xEF\xBF\xBD");
    position += 2;
  }
}

std::string mebibytes(std::size_t bytes) {
  return std::to_string(bytes >> 20U) + " MiB";
}

void fail(ScriptResult& result, std::string_view code, std::string sentence) {
  result.ok = false;
  result.value.clear();
  result.error_code = code;
  result.error = std::move(sentence);
}

void append_json_string(std::string& json, std::string_view text) {
  static constexpr char digits[] = "0123456789abcdef";
  json += '"';
  for (const char letter : text) {
    const auto code = static_cast<unsigned char>(letter);
    if (code < 0x20) {
      json.append("\\u00").append({digits[code >> 4U], digits[code & 15U]});
      continue;
    }
    if (letter == '"' || letter == '\\') json += '\\';
    json += letter;
  }
  json += '"';
}

/// What later steps see of it.
std::string output_of(const ScriptChain::Step& step, const ScriptResult& result) {
  if (!result.ok) {
    std::string json = R"({"error":)";
    append_json_string(json, result.error);
    return json + '}';
  }
  if (step.kind == ScriptKind::filter) return R"({"continue":)" + result.value + '}';
  return result.value.empty() ? "{}" : result.value;
}

std::size_t size_of(const ScriptResult& result) {
  std::size_t size = result.value.size() + result.error.size() + 64;
  for (const std::string& line : result.console) size += line.size() + 4;
  for (const std::string& mail : result.notify) size += mail.size() + 4;
  return size;
}

}  // namespace

JavaScriptEngine::JavaScriptEngine(const Options& options) : options_(options), buffers_(options.array_buffer_bytes) {
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
  scripts_ = std::make_unique<EmbeddedScripts>(isolate_);
  state_.reset(new RunState{.platform = platform_, .scripts = *scripts_, .random = {}, .deadline = {}});
  isolate_->SetData(0, state_.get());
  isolate_->SetData(1, this);
  isolate_->SetMicrotasksPolicy(v8::MicrotasksPolicy::kExplicit);
  isolate_->AddNearHeapLimitCallback(near_heap_limit, this);
  isolate_->SetPromiseRejectCallback(promise_rejected);
  watchdog_ = std::make_unique<Watchdog>(options.host, [this] {
    state_->stopped = true;
    isolate_->TerminateExecution();
  });
}

std::size_t JavaScriptEngine::data_max() const {
  return options_.heap_bytes + heap_reserve_max + options_.array_buffer_bytes + native_bytes;
}

void JavaScriptEngine::prepare() {
  platform_.run_pending_tasks(isolate_);
  if (wants_spare_ && !spare_) spare_ = std::make_unique<Realm>(isolate_, *scripts_, Realm::Kind::of_one_run, done);
}

bool JavaScriptEngine::run(script_frame::Job job, const Host& host) {
  Inputs inputs(job, host.fetch);
  state_->inputs = &inputs;
  script_frame::Reply reply;
  std::size_t held_bytes = 0;
  std::vector<bool> ran(job.steps.size(), false);
  std::optional<std::size_t> next = 0;
  while (next) {
    const Step& step = job.steps[*next];
    ran[*next] = true;
    reply.results.push_back({.step = *next, .result = run_step(job, step)});
    const ScriptResult& result = reply.results.back().result;
    reply.last = spoiled_;
    held_bytes += size_of(result);
    next = next_step(step, result);
    if (!next || ran[*next] || reply.last || held_bytes > script_frame::results_batch) break;
    inputs.set(step.name, output_of(step, result));
    if (!job.one_by_one) continue;
    reply.more = true;
    host.send(reply);
    reply = {};
  }
  state_->inputs = nullptr;
  host.send(reply);
  return !reply.last;
}

ScriptResult JavaScriptEngine::run_step(const script_frame::Job& job, const Step& step) {
  const auto begun = std::chrono::steady_clock::now();
  state_->deadline = begun + job.time_limit;
  state_->stopped = false;
  watchdog_->arm(state_->deadline);
  buffers_.take_refused();
  step_ = &step;
  output_max_ = job.output_max;
  const auto reset = [&] {
    record_ = std::make_unique<RunRecord>();
    state_->record = record_.get();
    state_->random.seed(step.seed);
    state_->now_ms = job.now_ms;
    state_->must_leave_shared_realm = false;
    platform_.set_now(job.now_ms);
  };
  reset();
  const v8::HandleScope handles(isolate_);
  bool finished = false;
  if (!job.version.empty()) {
    Realm& realm = shared_realm(job.version);
    finished = !realm.is_misfit(step.body) && run_in(realm, step);
    if (!finished && !state_->stopped) realm.remember_misfit(step.body);
    // What was stopped may have left promises that would go on in the next run.
    if (state_->stopped) drop_shared_realm(job.version);
  }
  if (!finished && !state_->stopped) {
    reset();
    wants_spare_ = job.version.empty();
    std::unique_ptr<Realm> realm = std::move(spare_);
    if (!realm) realm = std::make_unique<Realm>(isolate_, *scripts_, Realm::Kind::of_one_run, done);
    (void)run_in(*realm, step);
  }
  const bool fired = watchdog_->disarm();
  isolate_->CancelTerminateExecution();
  ScriptResult result = finish(job, step, fired);
  state_->record = nullptr;
  record_.reset();
  if (heap_reserve_used_ > 0) {
    spoiled_ = true;
  } else {
    collect_garbage();
  }
  return result;
}

Realm& JavaScriptEngine::shared_realm(const std::string& version) {
  for (auto entry = shared_.begin(); entry != shared_.end(); ++entry) {
    if (entry->first != version) continue;
    shared_.splice(shared_.begin(), shared_, entry);
    return *shared_.front().second;
  }
  if (shared_.size() == shared_realms_max) shared_.pop_back();
  shared_.emplace_front(version, std::make_unique<Realm>(isolate_, *scripts_, Realm::Kind::shared, done));
  return *shared_.front().second;
}

void JavaScriptEngine::drop_shared_realm(const std::string& version) {
  shared_.remove_if([&](const auto& entry) { return entry.first == version; });
}

bool JavaScriptEngine::run_in(Realm& realm, const Step& step) {
  const v8::HandleScope handles(isolate_);
  const v8::Context::Scope entered(realm.context());
  realm.begin();
  call_script(realm, step);
  if (realm.kind() == Realm::Kind::of_one_run) return true;
  return !state_->must_leave_shared_realm && !is_refused_change(record_->error());
}

void JavaScriptEngine::call_script(Realm& realm, const Step& step) {
  const v8::Local<v8::Context> context = realm.context();
  v8::TryCatch caught(isolate_);
  const CompiledScript* script = realm.compile(step.name, step.body);
  if (script == nullptr) {
    if (caught.HasCaught()) {
      record_->fail("script.syntax", error_text(context, caught));
    } else {
      record_->fail("script.input", "the script is too long");
    }
    return;
  }
  v8::Local<v8::Value> arguments[5];
  if (!read_arguments(realm, *script, arguments)) {
    if (!caught.HasTerminated()) record_->fail("script.input", "an input of the script is no JSON");
    return;
  }
  v8::Local<v8::Value> returned;
  if (script->function.Get(isolate_)->Call(context, v8::Undefined(isolate_), 5, arguments).ToLocal(&returned) &&
      step.returns && !returned->IsUndefined()) {
    keep_value(returned);
  }
  run_to_end(realm, caught);
}

void JavaScriptEngine::run_to_end(Realm& realm, const v8::TryCatch& caught) {
  const v8::Local<v8::Context> context = realm.context();
  if (caught.HasCaught() && !caught.HasTerminated()) record_->fail("script.exception", error_text(context, caught));
  // Also after an exception: nothing may be left over.
  while (!state_->stopped) {
    realm.run_microtasks();
    if (record_->settled()) break;
    const v8::TryCatch timer_caught(isolate_);
    if (realm.run_timer()) continue;
    if (!timer_caught.HasCaught() || timer_caught.HasTerminated()) break;
    record_->fail("script.exception", error_text(context, timer_caught));
  }
  if (state_->stopped) return;
  const v8::Local<v8::Value> reason = record_->first_unhandled(isolate_);
  if (!reason.IsEmpty()) {
    record_->fail("script.exception", error_text(context, reason, v8::Exception::CreateMessage(isolate_, reason)));
  }
  if (record_->settled()) return;
  record_->fail("script.no_result", step_->returns
                                        ? "The step did not return any values"
                                        : "the script ended without calling done(); call done(value) on every way to "
                                          "its end");
}

bool JavaScriptEngine::read_arguments(Realm& realm, const CompiledScript& script, v8::Local<v8::Value>* into) {
  const v8::Local<v8::Context> context = realm.context();
  Inputs& inputs = *state_->inputs;
  for (int index = 0; index < 4; ++index) into[index] = v8::Undefined(isolate_);
  if (script.reads.trigger && !inputs.trigger(context).ToLocal(&into[0])) return false;
  if (!inputs.steps(context, script.reads).ToLocal(&into[1])) return false;
  if (script.reads.info && !inputs.info(context).ToLocal(&into[2])) return false;
  if (script.reads.config && !inputs.config(context).ToLocal(&into[3])) return false;
  into[4] = realm.done();
  return true;
}

void JavaScriptEngine::keep_value(v8::Local<v8::Value> value) {
  if (step_->kind == ScriptKind::filter) return record_->succeed(value->BooleanValue(isolate_) ? "true" : "false");
  if (value->IsUndefined()) return record_->succeed({});
  if (value->IsString() && static_cast<std::size_t>(value.As<v8::String>()->Length()) > output_max_) {
    // Before its JSON takes as much memory again.
    return record_->fail("script.output", "done() got a text of " + std::to_string(value.As<v8::String>()->Length()) +
                                              " characters; at most " + std::to_string(output_max_) +
                                              " bytes of JSON are kept");
  }
  const v8::Local<v8::Context> context = isolate_->GetCurrentContext();
  const v8::TryCatch caught(isolate_);
  v8::Local<v8::String> json;
  // V8's own, whatever the script did to JSON.
  if (!v8::JSON::Stringify(context, value).ToLocal(&json)) {
    if (caught.HasTerminated()) return;
    return record_->fail("script.output",
                         "done() got a value that JSON cannot say: " + error_text(context, caught.Exception(), {}));
  }
  const auto length = static_cast<std::size_t>(json->Utf8Length(isolate_));
  if (length > output_max_) {
    return record_->fail("script.output", "done() got " + std::to_string(length) + " bytes of JSON; at most " +
                                              std::to_string(output_max_) + " are kept");
  }
  std::string text = utf8(isolate_, json);
  // What V8 writes for a value that has no JSON, and for no other.
  if (text == "undefined") {
    return record_->fail("script.output",
                         "done() got a value that JSON cannot say: " + utf8(isolate_, value->TypeOf(isolate_)));
  }
  replace_lone_surrogates(text);
  record_->succeed(std::move(text));
}

ScriptResult JavaScriptEngine::finish(const script_frame::Job& job, const Step& step, bool fired) {
  static constexpr std::string_view v1_prefix = "Script execution failed with message: ";
  const bool buffers_refused = buffers_.take_refused();
  ScriptResult result = record_->take();
  // V8 lets one huge text pass its limit once, without a call to near_heap_limit().
  if (heap_reserve_used_ > 0 || heap_used() > options_.heap_bytes) {
    // A limit overrules what the script had brought until then: it did not end by itself.
    fail(result, "script.memory",
         "the script needed more than " + mebibytes(options_.heap_bytes) + " of memory; it was stopped");
  } else if (fired) {
    const std::string limit = std::to_string(job.time_limit.count());
    fail(
        result, "script.timeout",
        step.returns ? "Script execution timed out" : "the script did not end within " + limit + " ms; it was stopped");
    return result;
  } else if (buffers_refused && !result.ok) {
    fail(result, "script.memory",
         result.error + "; the buffers of a script may have " + mebibytes(options_.array_buffer_bytes));
  }
  if (step.returns && !result.ok && result.error_code != "script.no_result") result.error.insert(0, v1_prefix);
  return result;
}

std::size_t JavaScriptEngine::heap_used() const {
  v8::HeapStatistics heap;
  isolate_->GetHeapStatistics(&heap);
  return heap.used_heap_size();
}

void JavaScriptEngine::collect_garbage() {
  if (heap_used() < options_.heap_bytes / 2) return;
  isolate_->LowMemoryNotification();
  if (heap_used() < options_.heap_bytes / 4) return;
  shared_.clear();
  spare_.reset();
  isolate_->LowMemoryNotification();
  // Something that no realm holds, such as registered symbols: the next process has none of it.
  if (heap_used() > options_.heap_bytes / 4) spoiled_ = true;
}

std::size_t JavaScriptEngine::near_heap_limit(void* engine, std::size_t current, std::size_t /*initial*/) {
  auto& self = *static_cast<JavaScriptEngine*>(engine);
  if (self.heap_reserve_used_ >= heap_reserve_max) end_process(WorkerExit::out_of_memory);
  self.heap_reserve_used_ += heap_reserve_step;
  self.state_->stopped = true;
  self.isolate_->TerminateExecution();
  return current + heap_reserve_step;
}

void JavaScriptEngine::promise_rejected(v8::PromiseRejectMessage message) {
  v8::Isolate* isolate = v8::Isolate::GetCurrent();
  JavaScriptEngine& self = engine_of(isolate);
  if (!self.record_) return;
  if (message.GetEvent() == v8::kPromiseRejectWithNoHandler) {
    self.record_->reject(isolate, message.GetPromise(), message.GetValue());
  } else if (message.GetEvent() == v8::kPromiseHandlerAddedAfterReject) {
    self.record_->handle(isolate, message.GetPromise());
  }
}

void JavaScriptEngine::done(const v8::FunctionCallbackInfo<v8::Value>& call) {
  JavaScriptEngine& self = engine_of(call.GetIsolate());
  if (self.record_) self.keep_value(call[0]);
}

}  // namespace formulary
