/// \file
/// What `formulary serve` runs, put together.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "host/api/account_elements.hpp"
#include "host/api/api.hpp"
#include "host/api/elements_routes.hpp"
#include "host/api/error_policy.hpp"
#include "host/api/formula_instances.hpp"
#include "host/api/formula_services.hpp"
#include "host/api/formula_starter.hpp"
#include "host/api/formulas.hpp"
#include "host/api/guess_guard.hpp"
#include "host/api/identity_authorizer.hpp"
#include "host/api/identity_parts.hpp"
#include "host/api/platform_server.hpp"
#include "host/cli/line_log.hpp"
#include "host/cli/platform_events.hpp"
#include "host/cli/session.hpp"
#include "host/delivery/deliveries.hpp"
#include "host/engine/scheduler.hpp"
#include "host/engine/worker_pool.hpp"
#include "host/store/element_store.hpp"
#include "host/store/identity_store.hpp"
#include "host/store/notification_store.hpp"
#include "host/store/request_log.hpp"

namespace formulary::cli {

/// What the server's handlers stand on, and the server itself. Made and ended by one thread; `session` outlives it.
class Platform {
 public:
  /// \param wished what the first user shall have; used if there is none yet.
  /// \throws Error if a setting is wrong, or the data folder cannot be used.
  Platform(Session& session, FirstSecrets wished);
  Platform(const Platform&) = delete;
  Platform& operator=(const Platform&) = delete;
  /// The engine, which outlives this, tells nobody any more.
  ~Platform();

  /// What lets the first user in, if this was the first start.
  [[nodiscard]] const std::optional<FirstSecrets>& first() const noexcept { return first_; }

  /// \returns the port that is listened on.
  std::uint16_t start();

  /// True if nothing had to be parked.
  bool stop();

 private:
  void warn(const std::string& sentence) const;
  void tell(const api::FormulaNotice& notice);
  [[nodiscard]] delivery::DeliveryPorts delivery_ports();
  [[nodiscard]] delivery::DeliveryLimits delivery_limits() const;
  [[nodiscard]] bool queues_failures(std::int64_t account) const;
  void sweep_regularly(const std::stop_token& stop);

  SchedulerPorts scheduler_ports();
  api::FormulaInstancePorts formula_instance_ports();
  void adapt(EnginePorts& ports);
  [[nodiscard]] api::Principal owner_of(std::int64_t formula_instance) const;
  void end_account(const api::AccountEnd& end);

  // Of the API: platform_api.cpp.
  api::PlatformServerParts parts();
  [[nodiscard]] std::size_t connections_max(std::size_t wished) const;
  [[nodiscard]] ServerOptions server_options() const;
  void add_routes(api::ApiParts& made);
  void add_identity_routes(api::Router& router);
  void add_element_routes(api::ApiParts& made);
  [[nodiscard]] PlatformEventsPorts events_ports();
  api::ElementsPorts elements_ports();
  api::FormulaServices formula_services();
  void answered(const api::ApiRequest& request, std::int64_t instance, const ResourceRequest& sent,
                const api::ApiAnswer& answer);
  void log_request(const api::RequestSeen& seen) noexcept;
  [[nodiscard]] CallContext call_context(const api::ApiRequest& request) const;
  [[nodiscard]] std::string plugin_of(std::string_view key_or_id, const api::Principal& who) const;
  [[nodiscard]] InstanceOwner owner(const api::Principal& who) const;
  [[nodiscard]] api::Readiness readiness() const;
  [[nodiscard]] std::vector<api::MetricSample> metrics() const;

  Session& session_;
  IdentityStore identity_;
  ElementStore elements_;
  std::shared_ptr<const api::AccountElements> account_elements_;
  RequestLog requests_;
  NotificationStore notifications_;
  delivery::NetworkPolicy callable_;
  std::unique_ptr<Transport> webhooks_;
  delivery::Deliveries deliveries_;
  api::Formulas formulas_;
  Scheduler scheduler_;
  api::FormulaInstances formula_instances_;
  api::ErrorPolicy error_policy_;
  std::unique_ptr<api::FormulaStarter> starter_;
  WorkerPool firing_{2};  ///< A start waits for the disk, which the timers must not.
  std::atomic<bool> registered_ = false;
  api::GuessGuard guard_{session_.clock()};
  api::IdentityAuthorizer authorizer_;
  std::unique_ptr<LineLog> log_;
  std::optional<FirstSecrets> first_;
  std::unique_ptr<PlatformEvents> events_;
  std::unique_ptr<api::PlatformServer> server_;  ///< Its threads use all above.
  std::jthread sweeper_;                         ///< So does this one: declared last.
};

}  // namespace formulary::cli
