/// \file
/// An element plugin without a library: each hook can be told what to do.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/plugin/catalogue.hpp"
#include "host/plugin/element_plugin.hpp"

namespace formulary::testing {

inline constexpr std::string_view crm_manifest = R"json({
  "id": "com.example.crm", "version": "1.0.0", "key": "crm", "name": "CRM", "hub": "sales",
  "description": "A made-up vendor", "authentication": {"type": "custom"},
  "configuration": [
    {"key": "api.key", "name": "API key", "type": "PASSWORD", "description": "The key of an API user.", "required": true,
     "secret": true},
    {"key": "base.url", "name": "Base URL", "type": "TEXTFIELD_128", "required": false, "secret": false},
    {"key": "verbose", "name": "Verbose", "type": "BOOLEAN", "required": false, "secret": false},
    {"key": "pin", "name": "PIN", "type": "PASSWORD", "required": false, "secret": true}
  ],
  "resources": [
    {"method": "GET", "path": "/contacts/{id}", "description": "One", "idempotency": "safe"},
    {"method": "POST", "path": "/contacts", "description": "New", "idempotency": "keyed"}
  ],
  "abi": {"major": 1, "minor": 0}
})json";

/// What the hooks saw and what they shall do.
struct CrmScript {
  using Hook = std::function<std::string(const CallContext&, std::string_view)>;

  Hook serialize_config;
  Hook authenticate;
  Hook parse_instance;
  std::function<void(const CallContext&, std::string_view)> open_instance;
  std::function<ResourceAnswer(const CallContext&, const ResourceRequest&)> invoke;

  std::atomic<int> asked{0};  ///< Calls of authenticate().
  std::atomic<int> opened{0};
  std::atomic<int> closed{0};
  std::mutex mutex;
  std::vector<std::string> documents;  ///< What open_instance() was handed.
  std::vector<Connection> connections;
};

class CrmHandle final : public ElementHandle {
 public:
  explicit CrmHandle(std::shared_ptr<CrmScript> script) : script_(std::move(script)) {}
  CrmHandle(const CrmHandle&) = delete;
  CrmHandle& operator=(const CrmHandle&) = delete;
  ~CrmHandle() override { ++script_->closed; }

  ResourceAnswer invoke(const CallContext& context, const ResourceRequest& request) override {
    if (script_->invoke) return script_->invoke(context, request);
    return {.status = 200, .content_type = "text/plain", .body = request.method + " " + request.path};
  }

 private:
  std::shared_ptr<CrmScript> script_;
};

class CrmPlugin final : public ElementPlugin {
 public:
  CrmPlugin(std::shared_ptr<CrmScript> script, std::string_view manifest)
      : script_(std::move(script)), manifest_(parse_manifest(manifest, "element.json")) {}

  const Manifest& manifest() const noexcept override { return manifest_; }

  std::string serialize_config(const CallContext& context, std::string_view draft) override {
    if (script_->serialize_config) return script_->serialize_config(context, draft);
    json::value request = parse_json(draft, "draft");
    request.as_object()["element"] = json::object{{"key", manifest_.key}};
    return to_text(request);
  }

  std::string authenticate(const CallContext& context, std::string_view request,
                           const Connection& connection) override {
    ++script_->asked;
    script_->connections.push_back(connection);
    if (script_->authenticate) return script_->authenticate(context, request);
    return R"({"account": {"id": "a-1", "name": "Acme Ltd"}, "plan": "gold"})";
  }

  std::string parse_instance(const CallContext& context, std::string_view answer) override {
    return script_->parse_instance ? script_->parse_instance(context, answer) : std::string(answer);
  }

  std::unique_ptr<ElementHandle> open_instance(const CallContext& context, std::string_view document) override {
    {
      const std::lock_guard lock(script_->mutex);
      script_->documents.emplace_back(document);
    }
    if (script_->open_instance) script_->open_instance(context, document);
    ++script_->opened;
    return std::make_unique<CrmHandle>(script_);
  }

 private:
  std::shared_ptr<CrmScript> script_;
  Manifest manifest_;
};

inline PluginEntry ready_entry(const std::shared_ptr<CrmScript>& script, std::string_view manifest = crm_manifest) {
  const auto plugin = std::make_shared<CrmPlugin>(script, manifest);
  PluginEntry entry;
  entry.folder = "crm";
  entry.state = PluginState::ready;
  entry.manifest = plugin->manifest();
  entry.plugin = plugin;
  return entry;
}

}  // namespace formulary::testing
