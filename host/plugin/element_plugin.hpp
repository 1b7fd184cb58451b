/// \file
/// A loaded plugin as C++ values and `Error`. The only header through which the host calls into plugins; nothing of the
/// C ABI shows here.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/base/error.hpp"
#include "host/base/redactor.hpp"
#include "host/base/spool.hpp"
#include "host/plugin/manifest.hpp"

namespace formulary {

/// Whether the same request may be sent again.
enum class RetryClass { unknown, no, safe, if_idempotent };

/// What a hook reported. The code of the base class is derived from the ABI's status; `plugin_code()` is the plugin's
/// own stable code. All texts have passed the call's redactor.
class PluginError : public Error {
 public:
  struct Report {
    std::int32_t status = 2;  ///< Canonical status, 0..16.
    std::string plugin_code;
    std::string details;  ///< A JSON object or empty.
    int http_status = 0;
    RetryClass retry = RetryClass::unknown;
    std::optional<std::chrono::milliseconds> retry_after;
  };
  PluginError(ErrorCode code, const std::string& message, Report report)
      : Error(code, message), report_(std::move(report)) {}
  [[nodiscard]] const Report& report() const noexcept { return report_; }

 private:
  Report report_;
};

/// What the host knows about one call. Values are borrowed for the call.
struct CallContext {
  std::chrono::milliseconds time_limit{60'000};
  std::stop_token stop;  ///< A request to stop cancels the hook within 100 ms.
  std::uint32_t attempt = 1;
  std::string idempotency_key;
  std::string trace_parent;
  std::int64_t instance_id = 0;  ///< Whose call it is, for the log; 0: none yet.
  std::string instance_name;
  std::int64_t formula_instance = 0;  ///< Whose step calls; 0: none's. It may call only what its account has.
  std::size_t output_max = 32U << 20U;
  /// What invoke() answers beyond what this holds goes to it; none: all is held in memory. One call's.
  std::shared_ptr<Spool> spool;
  const Redactor* redactor = nullptr;  ///< Applied to everything that the plugin says in errors and logs.
};

enum class ConnectMode { vendor, platform };

struct Connection {
  ConnectMode mode = ConnectMode::vendor;
  std::string base_url;       ///< Empty: the plugin's default.
  std::string authorization;  ///< Platform mode only.
  std::string ca_file;
};

struct ResourceRequest {
  std::string method;
  std::string path;    ///< Below the hub.
  json::object query;  ///< Decoded parameters, values are strings (or arrays of strings).
  json::object headers;
  std::string body;
  std::shared_ptr<Spool> spooled_body;  ///< Instead of `body`: one that is too large to hold.
  std::string content_type;
};

struct ResourceAnswer {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string content_type;
  std::string next_page;  ///< Empty on the last page.
  int retry_attempts = 0;
  std::string body;
  std::shared_ptr<const Spool> spool;  ///< Instead of `body`: CallContext::spool, if it was needed.
  std::size_t spooled_from = 0;        ///< Where the body begins in it.
};

/// A live handle of one element instance. Any thread may call invoke(); calls wait as the plugin's declared concurrency
/// demands. Keeps its library loaded.
class ElementHandle {
 public:
  ElementHandle() = default;
  ElementHandle(const ElementHandle&) = delete;
  ElementHandle& operator=(const ElementHandle&) = delete;
  virtual ~ElementHandle() = default;

  /// Throws PluginError; Error(plugin_failed) when the answer breaks the framing.
  [[nodiscard]] virtual ResourceAnswer invoke(const CallContext& context, const ResourceRequest& request) = 0;
};

/// One started plugin. Any thread may use it. Every function throws PluginError when the hook fails, and
/// Error(plugin_failed) when what it wrote is not UTF-8 JSON within bounds.
class ElementPlugin {
 public:
  ElementPlugin() = default;
  ElementPlugin(const ElementPlugin&) = delete;
  ElementPlugin& operator=(const ElementPlugin&) = delete;
  virtual ~ElementPlugin() = default;

  [[nodiscard]] virtual const Manifest& manifest() const noexcept = 0;
  [[nodiscard]] virtual std::string serialize_config(const CallContext& context, std::string_view draft) = 0;
  [[nodiscard]] virtual std::string authenticate(const CallContext& context, std::string_view request,
                                                 const Connection& connection) = 0;
  [[nodiscard]] virtual std::string parse_instance(const CallContext& context, std::string_view answer) = 0;
  [[nodiscard]] virtual std::unique_ptr<ElementHandle> open_instance(const CallContext& context,
                                                                     std::string_view document) = 0;
};

}  // namespace formulary
