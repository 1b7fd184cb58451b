#include "host/cli/platform.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "host/api/api_time.hpp"
#include "host/api/platform_calls.hpp"
#include "host/api/roles.hpp"
#include "host/base/error.hpp"
#include "host/base/text.hpp"

namespace formulary::cli {
namespace {

using api::Principal;

constexpr std::chrono::days requests_kept{30};
constexpr std::chrono::days notifications_kept{30};
constexpr std::int64_t notifications_max = 1'000'000;

}  // namespace

Platform::Platform(Session& session, FirstSecrets wished)
    : session_(session),
      identity_(session.storage()),
      elements_(session.storage()),
      requests_(*session.storage()),
      notifications_(session.storage()),
      callable_(session.settings().text("delivery.allowed_networks")),
      webhooks_(session.vetted_transport([this](const std::string& address) { callable_.check_address(address); })),
      deliveries_(delivery_ports(), delivery_limits()),
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
  first_ = identity_.bootstrap(std::move(wished), api::milliseconds_of(session.clock().wall()));
  account_elements_ = api::account_elements(elements_ports());
  events_ = std::make_unique<PlatformEvents>(events_ports());
  server_ = std::make_unique<api::PlatformServer>(parts());
}

Platform::~Platform() {
  sweeper_ = {};
  events_->stop();
  deliveries_.stop();
  firing_.stop();
  session_.engine().stop(std::chrono::milliseconds::zero());
}

std::uint16_t Platform::start() {
  server_->start();
  session_.engine().start();
  formula_instances_.schedule_all();
  scheduler_.start();
  events_->start();
  deliveries_.start();
  registered_ = true;
  sweeper_ = std::jthread([this](const std::stop_token& stop) { sweep_regularly(stop); });
  return server_->port();
}

bool Platform::stop() {
  const std::chrono::milliseconds grace(session_.settings().integer("server.stop_ms"));
  server_->stop(grace);
  events_->stop();
  return session_.engine().stop(grace);
}

void Platform::warn(const std::string& sentence) const {
  session_.io().err << "warning: " + printable(sentence) + '\n';
}

/// On the record of the host, and to whoever subscribed to it or is named in the instance's settings.
void Platform::tell(const api::FormulaNotice& notice) {
  session_.io().err << "notice: " + printable(notice.topic) + ": " + printable(notice.message) + '\n';
  if (notice.account == 0) return;  // of nobody, before the first account was made
  std::vector<delivery::Destination> destinations;
  for (const std::string& url : notice.webhooks) {
    delivery::Destination& one = destinations.emplace_back();
    one.owner = "formula-instance:" + std::to_string(notice.formula_instance);
    one.url = url;
  }
  delivery::Notification what;
  what.severity = notice.severity;
  what.topic = notice.topic;
  what.message = json::value(notice.message);
  what.from = "formula-instance:" + std::to_string(notice.formula_instance);
  deliveries_.notify(notice.account, what, destinations);
}

delivery::DeliveryPorts Platform::delivery_ports() {
  return {.store = &notifications_,
          .clock = &session_.clock(),
          .transport = webhooks_.get(),
          .policy = callable_,
          .queues_failures = [this](std::int64_t account) { return queues_failures(account); },
          .ended = {},
          .warn = [this](const std::string& sentence) { warn(sentence); }};
}

delivery::DeliveryLimits Platform::delivery_limits() const {
  const Settings& settings = session_.settings();
  delivery::DeliveryLimits limits;
  limits.lanes.workers = static_cast<std::size_t>(settings.integer("delivery.workers"));
  limits.time_limit = std::chrono::milliseconds(settings.integer("delivery.time_limit_ms"));
  limits.retry_base = std::chrono::milliseconds(settings.integer("delivery.retry_base_ms"));
  return limits;
}

bool Platform::queues_failures(std::int64_t account) const {
  const std::optional<AccountRecord> record = identity_.account(account);
  if (!record) return false;
  const json::value settings = parse_json(record->settings, "account.settings");
  const json::value* policy = settings.as_object().if_contains("notification.webhook.failure.policy");
  return policy != nullptr && policy->is_string() && policy->as_string() == "queue";
}

/// At the start and every hour: instances of formulas whose time to live is over, and requests that are old.
void Platform::sweep_regularly(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any woken;
  std::unique_lock lock(mutex);
  while (!stop.stop_requested()) {
    try {
      const Clock::WallTime oldest = session_.clock().wall() - requests_kept;
      requests_.forget_before(api::milliseconds_of(oldest));
      const Clock::WallTime oldest_notification = session_.clock().wall() - notifications_kept;
      notifications_.forget(api::milliseconds_of(oldest_notification), notifications_max);
      formula_instances_.remove_expired();
    } catch (const Error& error) {
      warn(error.what());  // the next hour tries again
    }
    woken.wait_for(lock, stop, std::chrono::hours(1), [] { return false; });
  }
}

SchedulerPorts Platform::scheduler_ports() {
  return {.storage = session_.storage(),
          .timers = &session_.timers(),
          .clock = &session_.clock(),
          .fire = [this](std::int64_t instance,
                         Clock::WallTime) { firing_.run([this, instance] { starter_->fire(instance); }); },
          .warn = [this](const std::string& sentence) { warn(sentence); }};
}

api::FormulaInstancePorts Platform::formula_instance_ports() {
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

void Platform::adapt(EnginePorts& ports) {
  ports.ended = [this](const ExecutionEnded& ended) { error_policy_.on_ended(ended); };
  ports.steps.call_platform = [this](const plan::RequestCall& call, const CallContext& context) {
    return api::answer_platform_call(server_->api(), call, context, owner_of(context.formula_instance));
  };
}

/// Who owns a formula instance may do through its steps what he may do himself.
Principal Platform::owner_of(std::int64_t formula_instance) const {
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

/// What runs by itself first, then what it calls.
void Platform::end_account(const api::AccountEnd& end) {
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

}  // namespace formulary::cli
