#include "host/plugin/loaded_plugin.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "host/base/error.hpp"
#include "host/base/json.hpp"
#include "host/plugin/answer_framing.hpp"
#include "host/plugin/hook_call.hpp"

namespace formulary {
namespace {

element_str borrowed(std::string_view text) {
  return {text.data(), text.size()};
}

/// What every hook of one plugin needs.
struct PluginCore {
  std::shared_ptr<LoadedLibrary> library;
  std::string key;

  [[nodiscard]] HookPlace place(std::string_view hook) const {
    return {.host = &library->host(), .runtime = &library->runtime(), .element = key, .hook = hook};
  }

  /// Waits for its turn as the plugin's declared concurrency demands; `instance_gate` is null for a provisioning hook,
  /// which counts as one of an instance of its own.
  [[nodiscard]] std::string run(std::string_view hook, Gate* instance_gate, const CallContext& context,
                                const std::function<element_status(const element_call*)>& call) const {
    const Clock& clock = *library->runtime().clock;
    const auto deadline = deadline_of(context, clock);
    Gate::Pass pass;
    if (Gate* gate = gate_of(instance_gate); gate != nullptr) {
      pass = gate->enter(context.stop, deadline - clock.monotonic());
      if (!pass && context.stop.stop_requested()) throw Error(ErrorCode::cancelled, key + ": the call was cancelled");
      if (!pass) {
        throw Error(ErrorCode::timed_out, key + ": waited for its turn until the time limit; it runs one " +
                                              (instance_gate == gate ? "request of an instance" : "hook") +
                                              " at a time: give calls more time or make fewer at once");
      }
    }
    return run_hook(place(hook), context, deadline, call);
  }

 private:
  [[nodiscard]] Gate* gate_of(Gate* instance_gate) const {
    switch (library->concurrency()) {
      case ELEMENT_CONCURRENT_ALL:
        return nullptr;
      case ELEMENT_CONCURRENT_INSTANCES:
        return instance_gate;
      default:
        return &library->gate();
    }
  }
};

/// A head is words: shown, logged and stored where a body is not.
void redact_head(ResourceAnswer& answer, const Redactor* redactor, const PluginHost& host) {
  const auto clean = [&](std::string& text) {
    text = host.redact(redactor == nullptr ? text : redactor->redact(text));
  };
  for (auto& [name, value] : answer.headers) clean(value);
  clean(answer.content_type);
  clean(answer.next_page);
}

/// Calls share it, so that close_instance() comes after the last of them has returned, whoever lets go first.
struct OpenInstance {
  OpenInstance(PluginCore of, const Redactor* known) : core(std::move(of)) {
    if (known != nullptr) redactor = *known;
    core.library->host().know_secrets(&redactor);
  }
  OpenInstance(const OpenInstance&) = delete;
  OpenInstance& operator=(const OpenInstance&) = delete;
  ~OpenInstance() {
    close();
    core.library->host().forget_secrets(&redactor);
  }

  PluginCore core;
  Redactor redactor;  ///< A copy: the plugin may log in this instance's name as long as it is open.
  Gate gate;
  element_instance* raw = nullptr;

 private:
  void close() {
    if (raw == nullptr) return;
    const LoadedLibrary& library = *core.library;
    Gate::Pass pass;
    if (library.concurrency() == ELEMENT_CONCURRENT_ONE) {
      pass = library.gate().enter({}, library.runtime().stop_time_limit);
      if (!pass) {
        library.host().note(ELEMENT_LOG_ERROR, "an instance is not closed: another hook does not return");
        return;
      }
    }
    try {
      library.table().close_instance(raw);
    } catch (...) {
      library.host().note(ELEMENT_LOG_ERROR, "close_instance let an exception out, which the ABI forbids");
    }
  }
};

class LoadedHandle final : public ElementHandle {
 public:
  explicit LoadedHandle(std::shared_ptr<OpenInstance> instance) : instance_(std::move(instance)) {}

  ResourceAnswer invoke(const CallContext& context, const ResourceRequest& request) override {
    const std::shared_ptr<OpenInstance> instance = instance_;
    const std::string query = to_text(request.query);
    const std::string headers = to_text(request.headers);
    const element_request raw{
        .size = sizeof raw,
        .flags = 0,
        .method = borrowed(request.method),
        .path = borrowed(request.path),
        .query = borrowed(query),
        .headers = borrowed(headers),
        .body = borrowed(request.spooled_body ? request.spooled_body->view() : std::string_view(request.body)),
        .content_type = borrowed(request.content_type),
    };
    std::string framed = instance->core.run("invoke", &instance->gate, context, [&](const element_call* call) {
      return instance->core.library->table().invoke(instance->raw, call, &raw);
    });
    const bool spooled = context.spool && context.spool->size() > 0;
    ResourceAnswer answer =
        spooled ? parse_answer(context.spool, instance->core.key) : parse_answer(std::move(framed), instance->core.key);
    redact_head(answer, context.redactor, instance->core.library->host());
    return answer;
  }

 private:
  std::shared_ptr<OpenInstance> instance_;
};

class LoadedPlugin final : public ElementPlugin {
 public:
  LoadedPlugin(std::shared_ptr<LoadedLibrary> library, Manifest manifest)
      : core_{std::move(library), manifest.key}, manifest_(std::move(manifest)) {}

  [[nodiscard]] const Manifest& manifest() const noexcept override { return manifest_; }

  std::string serialize_config(const CallContext& context, std::string_view draft) override {
    return document("serialize_config", context, [&](const element_call* call) {
      return table().serialize_config(core_.library->state(), call, borrowed(draft));
    });
  }

  std::string authenticate(const CallContext& context, std::string_view request,
                           const Connection& connection) override {
    const element_connection raw{
        .size = sizeof raw,
        .mode = connection.mode == ConnectMode::platform ? static_cast<std::uint32_t>(ELEMENT_CONNECT_PLATFORM)
                                                         : static_cast<std::uint32_t>(ELEMENT_CONNECT_VENDOR),
        .base_url = borrowed(connection.base_url),
        .authorization = borrowed(connection.authorization),
        .ca_file = borrowed(connection.ca_file),
    };
    return document("authenticate", context, [&](const element_call* call) {
      return table().authenticate(core_.library->state(), call, borrowed(request), &raw);
    });
  }

  std::string parse_instance(const CallContext& context, std::string_view answer) override {
    return document("parse_instance", context, [&](const element_call* call) {
      return table().parse_instance(core_.library->state(), call, borrowed(answer));
    });
  }

  std::unique_ptr<ElementHandle> open_instance(const CallContext& context, std::string_view document) override {
    auto instance = std::make_shared<OpenInstance>(core_, context.redactor);
    element_instance* raw = nullptr;
    (void)core_.run("open_instance", nullptr, context, [&](const element_call* call) {
      return table().open_instance(core_.library->state(), call, borrowed(document), &raw);
    });
    if (raw == nullptr) {
      throw Error(ErrorCode::plugin_failed,
                  core_.key + ": open_instance returned no instance; tell the plugin's author");
    }
    instance->raw = raw;
    return std::make_unique<LoadedHandle>(std::move(instance));
  }

 private:
  [[nodiscard]] const element_plugin& table() const { return core_.library->table(); }

  /// What a provisioning hook wrote, after it was found to be JSON.
  std::string document(std::string_view hook, const CallContext& context,
                       const std::function<element_status(const element_call*)>& call) {
    std::string text = core_.run(hook, nullptr, context, call);
    try {
      (void)parse_json(text, hook, {.bytes_max = context.output_max});
    } catch (const Error& error) {
      throw Error(ErrorCode::plugin_failed, core_.key + ": what the hook wrote is no JSON document: " +
                                                core_.library->host().redact(error.what()) +
                                                "; tell the plugin's author");
    }
    return text;
  }

  PluginCore core_;
  Manifest manifest_;
};

}  // namespace

std::shared_ptr<ElementPlugin> make_plugin(std::shared_ptr<LoadedLibrary> library, Manifest manifest) {
  return std::make_shared<LoadedPlugin>(std::move(library), std::move(manifest));
}

}  // namespace formulary
