#include "host/api/error_policy.hpp"

#include <chrono>
#include <exception>
#include <optional>
#include <utility>

#include "host/api/api_time.hpp"

namespace formulary::api {
namespace {

constexpr std::int64_t warned_from = 51;
constexpr std::int64_t stopped_from = 101;
constexpr std::chrono::hours old_from{24};

/// "a@x.org, b@x.org" in two.
std::vector<std::string> listed(const json::object& settings, std::string_view key) {
  std::vector<std::string> all;
  const json::value* value = settings.if_contains(key);
  if (value == nullptr || !value->is_string()) return all;
  std::string_view rest = value->get_string();
  while (!rest.empty()) {
    std::string_view one = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), one.size() + 1));
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    if (!one.empty()) all.emplace_back(one);
  }
  return all;
}

}  // namespace

ErrorPolicy::ErrorPolicy(FormulaInstances& instances, const Clock& clock,
                         std::function<void(const FormulaNotice&)> notify,
                         std::function<void(const std::string& sentence)> warn)
    : instances_(instances), clock_(clock), notify_(std::move(notify)), warn_(std::move(warn)), thread_([this] {
        work();
      }) {}

ErrorPolicy::~ErrorPolicy() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void ErrorPolicy::on_ended(const ExecutionEnded& ended) {
  if (ended.formula_instance == 0) return;
  if (ended.status != plan::ExecutionStatus::failed && ended.status != plan::ExecutionStatus::success) return;
  {
    const std::lock_guard lock(mutex_);
    heard_.push_back(ended);
  }
  changed_.notify_all();
}

void ErrorPolicy::settle() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return heard_.empty() && !busy_; });
}

void ErrorPolicy::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return ending_ || !heard_.empty(); });
    if (heard_.empty()) return;
    const ExecutionEnded ended = heard_.front();
    heard_.pop_front();
    busy_ = true;
    lock.unlock();
    try {
      take(ended);
    } catch (const std::exception& error) {
      // One count that is lost does no harm; a thread that ends would.
      if (warn_) warn_("formula instance " + std::to_string(ended.formula_instance) + ": " + error.what());
    }
    lock.lock();
    busy_ = false;
    changed_.notify_all();
  }
}

void ErrorPolicy::take(const ExecutionEnded& ended) {
  if (ended.status == plan::ExecutionStatus::success && !instances_.has_errors(ended.formula_instance)) return;
  bool warned = false;
  bool stopped = false;
  const auto instance = instances_.edit(ended.formula_instance, [&](FormulaInstanceRecord& record) {
    if (ended.status == plan::ExecutionStatus::success) {
      record.consecutive_errors = 0;
      record.first_error_ms = 0;
      record.warnings = 0;
      return;
    }
    const Clock::WallTime now = clock_.wall();
    ++record.consecutive_errors;
    if (record.first_error_ms == 0) record.first_error_ms = milliseconds_of(now);
    const bool is_old = now - time_of(record.first_error_ms) >= old_from;
    warned = record.consecutive_errors >= warned_from && record.warnings == 0 && is_old;
    stopped = record.consecutive_errors >= stopped_from && record.active;
    if (warned) ++record.warnings;
    if (stopped) record.active = false;
  });
  if (instance && ended.status == plan::ExecutionStatus::failed) tell(*instance, ended, warned, stopped);
}

void ErrorPolicy::tell(const FormulaInstanceRecord& instance, const ExecutionEnded& ended, bool warned, bool stopped) {
  if (!notify_) return;
  const json::value settings = parse_json(instance.settings, "settings");
  FormulaNotice notice{.account = instance.account,
                       .formula_instance = instance.id,
                       .severity = "medium",
                       .topic = std::string(error_notice_topic),
                       .emails = listed(settings.as_object(), "notification.email"),
                       .webhooks = listed(settings.as_object(), "notification.webhook.url")};
  const std::string who = "formula instance '" + instance.name + "' (" + std::to_string(instance.id) + ")";
  if (!notice.emails.empty() || !notice.webhooks.empty()) {
    notice.message = who + ": execution " + std::to_string(ended.execution) + " failed";
    notify_(notice);
  }
  if (!warned && !stopped) return;
  notice.severity = "high";
  notice.topic = error_alert_topic;
  const std::string count = who + ": " + std::to_string(instance.consecutive_errors) + " executions in a row failed";
  const std::string what_next =
      who + (stopped ? ": it is not active any more; mend what fails, then make it active again"
                     : ": it will be made inactive at " + std::to_string(stopped_from) + " failures in a row");
  for (const std::string& message : {count, what_next}) {
    notice.message = message;
    notify_(notice);
  }
}

}  // namespace formulary::api
