#include <chrono>
#include <memory>
#include <utility>

#include "host/api/accounts_routes.hpp"
#include "host/api/authentication_routes.hpp"
#include "host/api/hub_calls.hpp"
#include "host/api/instance_docs_routes.hpp"
#include "host/api/instances_routes.hpp"
#include "host/api/notifications_routes.hpp"
#include "host/api/organizations_routes.hpp"
#include "host/api/usage_routes.hpp"
#include "host/api/users_routes.hpp"
#include "host/base/error.hpp"
#include "host/base/process.hpp"
#include "host/base/text.hpp"
#include "host/cli/platform.hpp"
#include "host/formula/trigger_input.hpp"

namespace formulary::cli {
namespace {

using api::ApiRequest;
using api::Principal;

json::value json_or_text(const std::string& text) {
  if (text.empty()) return nullptr;
  try {
    return parse_json(text, "body");
  } catch (const Error&) {
    return json::value(text);
  }
}

}  // namespace

api::PlatformServerParts Platform::parts() {
  api::PlatformServerParts made;
  made.http = server_options();
  made.clock = &session_.clock();
  made.readiness = [this] { return readiness(); };
  made.metrics = [this] { return metrics(); };
  if (log_) {
    made.access_log = [this](const AccessRecord& record) { log_->write(api::access_line(record)); };
  }
  made.api.authorizer = &authorizer_;
  made.api.clock = &session_.clock();
  made.api.warn = [this](const std::string& request, const std::string& sentence) {
    session_.io().err << "error: request " + request + ": " + printable(sentence) + '\n';
  };
  add_routes(made.api);
  return made;
}

void Platform::add_routes(api::ApiParts& made) {
  add_identity_routes(made.router);
  add_element_routes(made);
  const api::FormulaServices services = formula_services();
  api::add_all_formula_routes(made.router, services);
  made.formula_resource = [services](ApiRequest& request) { return api::call_formula_resource(services, request); };
  const api::EventParts events = events_->parts(authorizer_, guard_);
  api::add_event_inlet_routes(made.router, events);
  api::add_events_routes(made.router, events);
  const api::NotificationServices notifications{
      .store = &notifications_, .deliveries = &deliveries_, .clock = &session_.clock()};
  api::add_notifications_routes(made.router, notifications);
  api::add_subscriptions_routes(made.router, notifications);
  api::add_usage_routes(made.router, requests_, session_.clock());
  made.seen = [this](const api::RequestSeen& seen) { log_request(seen); };
}

void Platform::add_element_routes(api::ApiParts& made) {
  const auto context = [this](const ApiRequest& request) { return call_context(request); };
  api::add_instances_routes(
      made.router, {.instances = &session_.instances(),
                    .store = &session_.store(),
                    .element_key = [this](std::string_view key, const Principal& who) { return plugin_of(key, who); },
                    .owner = [this](const Principal& who) { return owner(who); },
                    .call_context = context});
  api::add_elements_routes(made.router, elements_ports());
  api::add_instance_docs_routes(made.router, session_.store(), account_elements_);
  const auto hub = std::make_shared<const api::HubCalls>(api::HubPorts{
      .instances = &session_.instances(),
      .store = &session_.store(),
      .clock = &session_.clock(),
      .call_context = context,
      .spool_folder = session_.storage()->folder(),
      .stream_max = static_cast<std::uint64_t>(session_.settings().integer("server.stream_max_mb")) << 20U,
      .answered = [this](const auto&... what) { answered(what...); }});
  made.element_resource = [hub](ApiRequest& request) { return hub->handle(request); };
}

void Platform::add_identity_routes(api::Router& router) {
  const api::IdentityParts identity{
      .store = identity_,
      .clock = session_.clock(),
      .guard = guard_,
      .session_life = std::chrono::hours(session_.settings().integer("server.session_hours")),
      .account_ends = [this](const api::AccountEnd& end) { end_account(end); }};
  api::add_authentication_routes(router, identity);
  api::add_accounts_routes(router, identity);
  api::add_users_routes(router, identity);
  api::add_organizations_routes(router, identity);
}

api::ElementsPorts Platform::elements_ports() {
  return {
      .catalogue = &session_.catalogue(), .store = &elements_, .clock = &session_.clock(), .authorizer = &authorizer_};
}

api::FormulaServices Platform::formula_services() {
  return {.store = &session_.formulas(),
          .formulas = &formulas_,
          .instances = &formula_instances_,
          .starter = starter_.get(),
          .engine = &session_.engine(),
          .history = &session_.history(),
          .storage = session_.storage(),
          .clock = &session_.clock(),
          .standing = [this](std::int64_t instance) { return scheduler_.standing(instance); }};
}

PlatformEventsPorts Platform::events_ports() {
  return {.session = &session_,
          .starter = starter_.get(),
          .organization = [this](std::int64_t id) -> std::int64_t {
            const std::optional<AccountRecord> account = identity_.account(id);
            return account && account->active ? account->organization : 0;
          },
          .notifier = &deliveries_,
          .warn = [this](const std::string& sentence) { warn(sentence); }};
}

/// Formulas that wait for that call begin.
void Platform::answered(const ApiRequest& request, std::int64_t instance, const ResourceRequest& sent,
                        const api::ApiAnswer& answer) {
  const std::optional<InstanceRecord> record = session_.store().shown_instance(instance);
  if (!record || answer.status >= 400) return;
  plan::ElementRequestSeen seen{
      .method = sent.method, .path = sent.path, .query = sent.query, .headers = sent.headers, .status = answer.status};
  seen.body = json_or_text(sent.body);
  seen.response_body = json_or_text(answer.body);
  for (const auto& [name, value] : answer.headers) seen.response_headers[name] = value;
  (void)starter_->on_element_request(request.principal.account, {std::to_string(instance), record->name}, seen);
}

void Platform::log_request(const api::RequestSeen& seen) noexcept {
  try {
    if (seen.principal.account != 0) requests_.add(api::request_log_record(seen, session_.store()));
  } catch (const std::exception&) {
    // What cannot be logged was answered all the same.
  }
}

/// As many as are wished, or as the system lets us have files, of which some are needed for what the requests ask for.
std::size_t Platform::connections_max(std::size_t wished) const {
  constexpr std::size_t other_files = 512;
  const std::uint64_t files = raise_open_files_limit();
  if (files >= wished + other_files) return wished;
  const std::size_t possible = files > 2 * other_files ? static_cast<std::size_t>(files) - other_files : other_files;
  warn("server.connections_max: " + std::to_string(wished) + " are wished, but the system allows " +
       std::to_string(files) + " open files, so it is " + std::to_string(possible) + "; raise `ulimit -Hn`");
  return possible;
}

ServerOptions Platform::server_options() const {
  const Settings& settings = session_.settings();
  ServerOptions options;
  options.address = settings.text("server.address");
  options.port = static_cast<std::uint16_t>(settings.integer("server.port"));
  options.workers = static_cast<std::size_t>(settings.integer("server.workers"));
  options.connections_max = connections_max(static_cast<std::size_t>(settings.integer("server.connections_max")));
  options.body_max = static_cast<std::uint64_t>(settings.integer("server.body_max_mb")) << 20U;
  const std::string certificate = settings.text("server.certificate");
  const std::string key = settings.text("server.key");
  if (certificate.empty() != key.empty()) {
    throw Error(ErrorCode::bad_input, "server.certificate and server.key: only one is set; HTTPS needs both files");
  }
  if (!certificate.empty()) options.tls = ServerTls{.certificate_file = certificate, .key_file = key};
  return options;
}

CallContext Platform::call_context(const ApiRequest& request) const {
  CallContext context = session_.call_context();
  context.stop = request.stop;
  context.trace_parent = request.trace_parent;
  return context;
}

/// The key of the plugin that serves the element: its own, or that of which it is a clone.
std::string Platform::plugin_of(std::string_view key_or_id, const Principal& who) const {
  const api::AccountElements::Found found = account_elements_->find(who.account, key_or_id);
  const std::string plugin = found.is_system ? found.key : found.origin;
  if (!plugin.empty()) return session_.catalogue().element(plugin)->manifest().key;
  throw Error(ErrorCode::unsupported, "element '" + found.key +
                                          "': only its description is kept, no plugin serves it; drop one with that "
                                          "key into the plugins folder");
}

InstanceOwner Platform::owner(const Principal& who) const {
  const std::optional<UserRecord> user = identity_.user(who.user);
  if (!user) return {};
  return {.email = user->email, .first_name = user->first_name, .last_name = user->last_name};
}

api::Readiness Platform::readiness() const {
  if (!registered_) return {.ready = false, .reason = "the schedules of formulas are not registered yet"};
  const bool ready = session_.engine().ready();
  return {.ready = ready, .reason = ready ? "" : "the engine takes no executions now: the disk fails, or it stops"};
}

std::vector<api::MetricSample> Platform::metrics() const {
  const EngineCounters engine = session_.engine().counters();
  const delivery::DeliveryCounters deliveries = deliveries_.counters();
  const auto gauge = [](std::string name, std::string help, double value) {
    return api::MetricSample{.name = std::move(name), .help = std::move(help), .value = value};
  };
  const auto counter = [](std::string name, std::string help, std::uint64_t value) {
    return api::MetricSample{
        .name = std::move(name), .help = std::move(help), .counter = true, .value = static_cast<double>(value)};
  };
  return {
      counter("formulary_executions_submitted_total", "Executions that were acknowledged.", engine.submitted),
      counter("formulary_executions_ended_total", "Executions that ended.", engine.ended),
      counter("formulary_executions_refused_total", "Executions that were not taken.", engine.refused),
      counter("formulary_executions_recovered_total", "Executions taken over after a restart.", engine.recovered),
      counter("formulary_executions_poisoned_total", "Executions given up after crashes.", engine.poisoned),
      gauge("formulary_executions_open", "Executions that have not ended.", static_cast<double>(engine.open)),
      gauge("formulary_executions_in_doubt", "Executions that wait for a person.",
            static_cast<double>(engine.in_doubt)),
      gauge("formulary_executions_queued", "Executions that wait for their formula instance.",
            static_cast<double>(engine.queued)),
      counter("formulary_deliveries_delivered_total", "Notifications that a webhook took.", deliveries.delivered),
      counter("formulary_deliveries_retried_total", "Calls of webhooks that failed and come again.",
              deliveries.retried),
      counter("formulary_deliveries_queued_total", "Notifications that are held after a failure.", deliveries.queued),
      counter("formulary_deliveries_failed_total", "Notifications given up.", deliveries.failed),
      gauge("formulary_deliveries_in_flight", "Webhooks that are being called.",
            static_cast<double>(deliveries.in_flight))};
}

}  // namespace formulary::cli
