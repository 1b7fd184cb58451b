/// \file
/// What one plugin sees of the host: `element_host` and its services, within bounds and redacted.
#pragma once

#include <formulary/element_plugin.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/base/clock.hpp"
#include "host/base/redactor.hpp"
#include "host/plugin/call_record.hpp"
#include "host/plugin/catalogue.hpp"
#include "host/plugin/deadline_timers.hpp"

namespace formulary {

/// What all plugins of one catalogue share. Immutable but for its parts, which lock themselves.
struct PluginRuntime {
  explicit PluginRuntime(const CatalogueOptions& options);

  std::shared_ptr<const Clock> clock;
  std::function<void(const PluginLogLine&)> log;
  std::function<void(const PluginMetric&)> metric;
  int log_level;
  std::string host_version;
  std::chrono::milliseconds start_time_limit;
  std::chrono::milliseconds stop_time_limit;
  DeadlineTimers timers;
};

/// One plugin's view of the host. Never destroyed, since the library is never unmapped and a stray thread of the plugin
/// may come at any time; after close() every service answers and does nothing. Any thread may use it; nothing throws
/// into the plugin.
class PluginHost {
 public:
  /// Lives for ever.
  [[nodiscard]] static PluginHost& make(const Manifest& manifest, std::shared_ptr<PluginRuntime> runtime);

  [[nodiscard]] const element_host* table() const noexcept { return &table_; }
  [[nodiscard]] const std::string& plugin_id() const noexcept { return plugin_id_; }

  /// Logs in the plugin's name: what the host has to say about it, and on whose behalf it ran.
  void note(int level, std::string_view message, std::initializer_list<std::pair<std::string, std::string>> fields = {},
            CallOrigin origin = {});

  /// While a redactor is known, all that the plugin logs passes through it. It must live until forget_secrets().
  void know_secrets(const Redactor* redactor);
  void forget_secrets(const Redactor* redactor);
  [[nodiscard]] std::string redact(std::string_view text) const;

  /// Whether the plugin's holds are back at 0 within `limit`.
  [[nodiscard]] bool wait_for_holds(std::chrono::milliseconds limit);
  /// Lets go of the runtime: from here on logs and metrics are dropped.
  void close();

 private:
  struct Metric {
    int kind = 0;
    std::string name;
    std::string unit;
  };

  PluginHost(const Manifest& manifest, std::shared_ptr<PluginRuntime> runtime);
  static PluginHost& of(const element_host* host) noexcept { return *static_cast<PluginHost*>(host->host_data); }
  static const void* ELEMENT_ABI service(const element_host* host, element_str id);
  static void ELEMENT_ABI hold(const element_host* host);
  static void ELEMENT_ABI release(const element_host* host);
  static std::int32_t ELEMENT_ABI log_enabled(const element_host* host, std::int32_t level);
  static void ELEMENT_ABI log_write(const element_host* host, const element_call* call, std::int32_t level,
                                    element_str message, const element_kv* fields, std::size_t n_fields);
  static std::uint64_t ELEMENT_ABI metric_define(const element_host* host, std::int32_t kind, element_str name,
                                                 element_str unit, element_str help);
  static void ELEMENT_ABI metric_record(const element_host* host, std::uint64_t handle, double value,
                                        const element_kv* labels, std::size_t n_labels);
  static std::int64_t ELEMENT_ABI wall_ns(const element_host* host);
  static std::int64_t ELEMENT_ABI monotonic_ns(const element_host* host);
  static element_status ELEMENT_ABI sleep(const element_host* host, const element_call* call, std::int64_t ns);

  static const element_log log_service;
  static const element_metrics metrics_service;
  static const element_clock clock_service;

  [[nodiscard]] bool may_log(unsigned& dropped);
  [[nodiscard]] PluginLogLine line(int level, CallOrigin origin) const;
  void send(const PluginLogLine& line) const;
  [[nodiscard]] std::uint64_t define(int kind, std::string name, std::string unit);
  void record(std::uint64_t handle, double value, const element_kv* labels, std::size_t n_labels);
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> copy_pairs(const element_kv* pairs,
                                                                            std::size_t count) const;

  std::string plugin_id_;
  std::string plugin_version_;
  std::string host_version_;
  std::shared_ptr<const Clock> clock_;
  int log_level_;
  element_host table_{};

  mutable std::shared_mutex runtime_mutex_;  ///< Shared while a sink is called, so that close() waits for it.
  std::shared_ptr<PluginRuntime> runtime_;

  mutable std::mutex mutex_;  ///< Guards the rest.
  std::condition_variable released_;
  std::int64_t holds_ = 0;
  std::vector<const Redactor*> redactors_;
  std::vector<Metric> metrics_;
  Clock::MonotonicTime log_window_{};
  unsigned logged_ = 0;
  unsigned dropped_ = 0;
};

}  // namespace formulary
