#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>

#include "host/api/account_elements.hpp"
#include "host/api/accounts_routes.hpp"
#include "host/api/api_time.hpp"
#include "host/api/authentication_routes.hpp"
#include "host/api/elements_routes.hpp"
#include "host/api/error_policy.hpp"
#include "host/api/formula_services.hpp"
#include "host/api/guess_guard.hpp"
#include "host/api/hub_calls.hpp"
#include "host/api/identity_authorizer.hpp"
#include "host/api/instance_docs_routes.hpp"
#include "host/api/instances_routes.hpp"
#include "host/api/organizations_routes.hpp"
#include "host/api/platform_calls.hpp"
#include "host/api/platform_server.hpp"
#include "host/api/roles.hpp"
#include "host/api/usage_routes.hpp"
#include "host/api/users_routes.hpp"
#include "host/base/error.hpp"
#include "host/base/text.hpp"
#include "host/cli/commands.hpp"
#include "host/cli/first_secrets.hpp"
#include "host/cli/line_log.hpp"
#include "host/engine/scheduler.hpp"
#include "host/engine/worker_pool.hpp"
#include "host/formula/trigger_input.hpp"
#include "host/store/element_store.hpp"
#include "host/store/identity_store.hpp"
#include "host/store/request_log.hpp"

namespace formulary::cli {
namespace {

using api::ApiRequest;
using api::Principal;

constexpr std::chrono::days requests_kept{30};

/// What the server's handlers stand on, and the server itself. Made and ended by one thread.
class Platform {
 public:
  Platform(Session& session, const ServeOptions& options)
      : session_(session),
        identity_(session.storage()),
        elements_(session.storage()),
        requests_(*session.storage()),
        formulas_(session.formulas(), session.clock()),
        scheduler_(scheduler_ports()),
        formula_instances_(session.formulas(), formulas_, session.clock(), formula_instance_ports()),
        error_policy_(
            formula_instances_, session.clock(), [this](const api::FormulaNotice& notice) { tell(notice); },
            [this](const std::string& sentence) { warn(sentence); }),
        authorizer_(identity_, session.clock(), guard_),
        log_(open_line_log(session)) {
    session_.adapt_engine([this](EnginePorts& ports) { adapt(ports); });
    starter_ = std::make_unique<api::FormulaStarter>(session.formulas(), formula_instances_, session.engine(),
                                                     [this](const std::string& sentence) { warn(sentence); });
    first_ = bootstrap(options);
    account_elements_ = api::account_elements(elements_ports());
    server_ = std::make_unique<api::PlatformServer>(parts());
  }
  Platform(const Platform&) = delete;
  Platform& operator=(const Platform&) = delete;
  /// The engine, which outlives this, tells nobody any more.
  ~Platform() {
    sweeper_ = {};
    firing_.stop();
    session_.engine().stop(std::chrono::milliseconds::zero());
  }

  /// What lets the first user in, if this was the first start.
  [[nodiscard]] const std::optional<FirstSecrets>& first() const noexcept { return first_; }

  std::uint16_t start() {
    server_->start();
    session_.engine().start();
    formula_instances_.schedule_all();
    scheduler_.start();
    registered_ = true;
    sweeper_ = std::jthread([this](const std::stop_token& stop) { sweep_regularly(stop); });
    return server_->port();
  }

  /// True if nothing had to be parked.
  bool stop() {
    const std::chrono::milliseconds grace(session_.settings().integer("server.stop_ms"));
    server_->stop(grace);
    return session_.engine().stop(grace);
  }

 private:
  std::optional<FirstSecrets> bootstrap(const ServeOptions& options) {
    const auto now = std::chrono::floor<std::chrono::milliseconds>(session_.clock().wall().time_since_epoch()).count();
    FirstSecrets wished = options.secrets_file.empty() ? FirstSecrets{} : read_first_secrets(options.secrets_file);
    return identity_.bootstrap(std::move(wished), now);
  }

  void warn(const std::string& sentence) const { session_.io().err << "warning: " + printable(sentence) + '\n'; }

  void tell(const api::FormulaNotice& notice) const {
    session_.io().err << "notice: " + printable(notice.topic) + ": " + printable(notice.message) + '\n';
  }

  SchedulerPorts scheduler_ports() {
    return {.storage = session_.storage(),
            .timers = &session_.timers(),
            .clock = &session_.clock(),
            .fire = [this](std::int64_t instance,
                           Clock::WallTime) { firing_.run([this, instance] { starter_->fire(instance); }); },
            .warn = [this](const std::string& sentence) { warn(sentence); }};
  }

  api::FormulaInstancePorts formula_instance_ports() {
    return {.has_element_instance =
                [this](std::int64_t account, std::string_view selector) {
                  const std::vector<InstanceRecord> found = session_.store().find_instances(selector);
                  return std::any_of(found.begin(), found.end(),
                                     [account](const InstanceRecord& one) { return one.account == account; });
                },
            .put_schedule = [this](Schedule schedule) { scheduler_.put(std::move(schedule)); },
            .remove_schedule = [this](std::int64_t instance) { scheduler_.remove(instance); },
            .warn = [this](const std::string& sentence) { warn(sentence); }};
  }

  void adapt(EnginePorts& ports) {
    ports.ended = [this](const ExecutionEnded& ended) { error_policy_.on_ended(ended); };
    ports.steps.call_platform = [this](const plan::RequestCall& call, const CallContext& context) {
      return api::answer_platform_call(server_->api(), call, context, owner_of(context.formula_instance));
    };
  }

  /// Who owns a formula instance may do through its steps what he may do himself.
  [[nodiscard]] Principal owner_of(std::int64_t formula_instance) const {
    const std::optional<FormulaInstanceRecord> instance = session_.formulas().instance(formula_instance);
    const std::optional<UserRecord> user = instance ? identity_.user(instance->user) : std::nullopt;
    const std::optional<AccountRecord> account = instance ? identity_.account(instance->account) : std::nullopt;
    if (account && !account->active) {
      throw Error(ErrorCode::permission_denied, "formula: its account is not active, so it may not call the platform");
    }
    if (!account) throw Error(ErrorCode::unauthenticated, "formula: nobody owns it, so it may not call the platform");
    Principal owner{.organization = account->organization, .account = account->id};
    if (user && user->active) {
      owner.user = user->id;
      owner.email = user->email;
      owner.role = api::strongest(user->roles);
    }
    return owner;
  }

  api::ElementsPorts elements_ports() {
    return {.catalogue = &session_.catalogue(),
            .store = &elements_,
            .clock = &session_.clock(),
            .authorizer = &authorizer_};
  }

  api::FormulaServices formula_services() {
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

  /// Formulas that wait for that call begin.
  void answered(const ApiRequest& request, std::int64_t instance, const ResourceRequest& sent,
                const api::ApiAnswer& answer) {
    const std::optional<InstanceRecord> record = session_.store().shown_instance(instance);
    if (!record || answer.status >= 400) return;
    plan::ElementRequestSeen seen{.method = sent.method,
                                  .path = sent.path,
                                  .query = sent.query,
                                  .headers = sent.headers,
                                  .status = answer.status};
    seen.body = json_or_text(sent.body);
    seen.response_body = json_or_text(answer.body);
    for (const auto& [name, value] : answer.headers) seen.response_headers[name] = value;
    (void)starter_->on_element_request(request.principal.account, {std::to_string(instance), record->name}, seen);
  }

  static json::value json_or_text(const std::string& text) {
    if (text.empty()) return nullptr;
    try {
      return parse_json(text, "body");
    } catch (const Error&) {
      return json::value(text);
    }
  }

  api::PlatformServerParts parts() {
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

  void add_routes(api::ApiParts& made) {
    const auto context = [this](const ApiRequest& request) { return call_context(request); };
    add_identity_routes(made.router);
    api::add_instances_routes(
        made.router, {.instances = &session_.instances(),
                      .store = &session_.store(),
                      .element_key = [this](std::string_view key, const Principal& who) { return plugin_of(key, who); },
                      .owner = [this](const Principal& who) { return owner(who); },
                      .call_context = context});
    api::add_elements_routes(made.router, elements_ports());
    api::add_instance_docs_routes(made.router, session_.store(), account_elements_);
    const auto hub = std::make_shared<const api::HubCalls>(
        api::HubPorts{.instances = &session_.instances(),
                      .store = &session_.store(),
                      .clock = &session_.clock(),
                      .call_context = context,
                      .answered = [this](const auto&... what) { answered(what...); }});
    const api::FormulaServices services = formula_services();
    api::add_all_formula_routes(made.router, services);
    made.formula_resource = [services](ApiRequest& request) { return api::call_formula_resource(services, request); };
    api::add_usage_routes(made.router, requests_, session_.clock());
    made.seen = [this](const api::RequestSeen& seen) { log_request(seen); };
    made.element_resource = [hub](ApiRequest& request) { return hub->handle(request); };
  }

  /// At the start and every hour: instances of formulas whose time to live is over, and requests that are old.
  void sweep_regularly(const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any woken;
    std::unique_lock lock(mutex);
    while (!stop.stop_requested()) {
      try {
        const Clock::WallTime oldest = session_.clock().wall() - requests_kept;
        requests_.forget_before(api::milliseconds_of(oldest));
        formula_instances_.remove_expired();
      } catch (const Error& error) {
        warn(error.what());  // the next hour tries again
      }
      woken.wait_for(lock, stop, std::chrono::hours(1), [] { return false; });
    }
  }

  void log_request(const api::RequestSeen& seen) noexcept {
    try {
      if (seen.principal.account != 0) requests_.add(api::request_log_record(seen, session_.store()));
    } catch (const std::exception&) {
      // What cannot be logged was answered all the same.
    }
  }

  void add_identity_routes(api::Router& router) {
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

  /// What runs by itself first, then what it calls.
  void end_account(const api::AccountEnd& end) {
    for (const FormulaInstanceRecord& instance : formula_instances_.list(end.account)) {
      if (end.removed) {
        formula_instances_.remove(end.account, instance.id);
      } else if (instance.active) {
        (void)formula_instances_.set_active(end.account, instance.id, false);
      }
    }
    for (const InstanceRecord& instance : session_.store().instances(end.account)) {
      if (end.removed) {
        session_.instances().remove(instance.id);
      } else {
        session_.instances().set_disabled(instance.id, true);
      }
    }
    if (!end.removed) return;
    for (const api::KeptFormula& formula : formulas_.list(end.account)) {
      formulas_.remove(end.account, formula.record.id);
    }
  }

  [[nodiscard]] ServerOptions server_options() const {
    const Settings& settings = session_.settings();
    ServerOptions options;
    options.address = settings.text("server.address");
    options.port = static_cast<std::uint16_t>(settings.integer("server.port"));
    options.workers = static_cast<std::size_t>(settings.integer("server.workers"));
    options.connections_max = static_cast<std::size_t>(settings.integer("server.connections_max"));
    options.body_max = static_cast<std::uint64_t>(settings.integer("server.body_max_mb")) << 20U;
    const std::string certificate = settings.text("server.certificate");
    const std::string key = settings.text("server.key");
    if (certificate.empty() != key.empty()) {
      throw Error(ErrorCode::bad_input, "server.certificate and server.key: only one is set; HTTPS needs both files");
    }
    if (!certificate.empty()) options.tls = ServerTls{.certificate_file = certificate, .key_file = key};
    return options;
  }

  [[nodiscard]] CallContext call_context(const ApiRequest& request) const {
    CallContext context = session_.call_context();
    context.stop = request.stop;
    context.trace_parent = request.trace_parent;
    return context;
  }

  /// The key of the plugin that serves the element: its own, or that of which it is a clone.
  [[nodiscard]] std::string plugin_of(std::string_view key_or_id, const Principal& who) const {
    const api::AccountElements::Found found = account_elements_->find(who.account, key_or_id);
    const std::string plugin = found.is_system ? found.key : found.origin;
    if (!plugin.empty()) return session_.catalogue().element(plugin)->manifest().key;
    throw Error(ErrorCode::unsupported, "element '" + found.key +
                                            "': only its description is kept, no plugin serves it; drop one with that "
                                            "key into the plugins folder");
  }

  [[nodiscard]] InstanceOwner owner(const Principal& who) const {
    const std::optional<UserRecord> user = identity_.user(who.user);
    if (!user) return {};
    return {.email = user->email, .first_name = user->first_name, .last_name = user->last_name};
  }

  [[nodiscard]] api::Readiness readiness() const {
    if (!registered_) return {.ready = false, .reason = "the schedules of formulas are not registered yet"};
    const bool ready = session_.engine().ready();
    return {.ready = ready, .reason = ready ? "" : "the engine takes no executions now: the disk fails, or it stops"};
  }

  [[nodiscard]] std::vector<api::MetricSample> metrics() const {
    const EngineCounters engine = session_.engine().counters();
    const auto gauge = [](std::string name, std::string help, double value) {
      return api::MetricSample{.name = std::move(name), .help = std::move(help), .value = value};
    };
    const auto counter = [](std::string name, std::string help, std::uint64_t value) {
      return api::MetricSample{
          .name = std::move(name), .help = std::move(help), .counter = true, .value = static_cast<double>(value)};
    };
    return {counter("formulary_executions_submitted_total", "Executions that were acknowledged.", engine.submitted),
            counter("formulary_executions_ended_total", "Executions that ended.", engine.ended),
            counter("formulary_executions_refused_total", "Executions that were not taken.", engine.refused),
            counter("formulary_executions_recovered_total", "Executions taken over after a restart.", engine.recovered),
            counter("formulary_executions_poisoned_total", "Executions given up after crashes.", engine.poisoned),
            gauge("formulary_executions_open", "Executions that have not ended.", static_cast<double>(engine.open)),
            gauge("formulary_executions_in_doubt", "Executions that wait for a person.",
                  static_cast<double>(engine.in_doubt)),
            gauge("formulary_executions_queued", "Executions that wait for their formula instance.",
                  static_cast<double>(engine.queued))};
  }

  Session& session_;
  IdentityStore identity_;
  ElementStore elements_;
  std::shared_ptr<const api::AccountElements> account_elements_;
  RequestLog requests_;
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
  std::unique_ptr<api::PlatformServer> server_;  ///< Its threads use all above.
  std::jthread sweeper_;                         ///< So does this one: declared last.
};

void wait_for(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any stopped;
  std::unique_lock lock(mutex);
  stopped.wait(lock, stop, [] { return false; });
}

std::string base_url(const Settings& settings, std::uint16_t port) {
  const std::string address = settings.text("server.address");
  const std::string host = address.find(':') == std::string::npos ? address : '[' + address + ']';
  const std::string scheme = settings.text("server.certificate").empty() ? "http" : "https";
  return scheme + "://" + host + ':' + std::to_string(port) + std::string(api::api_base_path);
}

void say_started(Session& session, const std::string& url, const std::optional<FirstSecrets>& first) {
  const Io& io = session.io();
  if (session.json()) {
    json::object line{{"api", url}};
    if (first) {
      line["email"] = first->email;
      line["password"] = first->password;
      line["userSecret"] = first->user_secret;
      line["organizationSecret"] = first->organization_secret;
    }
    io.out << to_text(line) << std::endl;
    return;
  }
  io.out << "API      " << url << '\n'
         << "plugins  " << session.plugins_folder().string() << '\n'
         << "data     " << session.data_folder().string() << '\n';
  if (first) {
    io.out << "\nThe first start made a user. These are shown this once; keep them:\n"
           << "email          " << first->email << '\n'
           << "password       " << first->password << '\n'
           << "Authorization  User " << first->user_secret << ", Organization " << first->organization_secret << '\n';
  }
  io.out << std::flush;
}

}  // namespace

ExitCode serve(Session& session, const ServeOptions& options) {
  Platform platform(session, options);
  const std::uint16_t port = platform.start();
  say_started(session, base_url(session.settings(), port), platform.first());
  wait_for(session.io().interrupted);
  if (!platform.stop()) session.io().err << "warning: executions that still ran are parked; the next start goes on\n";
  return ExitCode::done;
}

}  // namespace formulary::cli
