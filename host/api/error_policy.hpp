/// \file
/// What becomes of formula instances that fail again and again. Source: CONTRACT 2.6, "error policy".
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "host/api/formula_instances.hpp"
#include "host/base/clock.hpp"
#include "host/engine/engine.hpp"

namespace formulary::api {

/// For the people behind a formula instance.
struct FormulaNotice {
  std::int64_t account = 0;
  std::int64_t formula_instance = 0;
  std::string severity;  ///< "high" or "medium"
  std::string topic;
  std::string message;
  /// Besides the account's subscriptions: as the instance's settings notification.email and notification.webhook.url
  /// say.
  std::vector<std::string> emails;
  std::vector<std::string> webhooks;
};

inline constexpr std::string_view error_alert_topic = "threat-level-midnight";
inline constexpr std::string_view error_notice_topic = "formula-execution-error";

/// Counts the failures of an instance that follow each other. From the 51st on, if the first is a day old, it warns,
/// once: two notices; at the 101st it makes the instance inactive: two notices again. A success begins anew.
///
/// Any thread may use it. It has a thread of its own, since what it writes has to wait for the disk.
class ErrorPolicy {
 public:
  /// Borrows `instances` and `clock`. `notify` is called by that thread; `warn` hears of what went wrong with itself.
  ErrorPolicy(FormulaInstances& instances, const Clock& clock, std::function<void(const FormulaNotice&)> notify,
              std::function<void(const std::string& sentence)> warn);
  ErrorPolicy(const ErrorPolicy&) = delete;
  ErrorPolicy& operator=(const ErrorPolicy&) = delete;
  /// Works off what it has heard.
  ~ErrorPolicy();

  /// For EnginePorts::ended.
  void on_ended(const ExecutionEnded& ended);
  /// Waits until everything that was heard so far is worked off.
  void settle();

 private:
  void work();
  void take(const ExecutionEnded& ended);
  void tell(const FormulaInstanceRecord& instance, const ExecutionEnded& ended, bool warned, bool stopped);

  FormulaInstances& instances_;
  const Clock& clock_;
  const std::function<void(const FormulaNotice&)> notify_;
  const std::function<void(const std::string& sentence)> warn_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<ExecutionEnded> heard_;
  bool busy_ = false;
  bool ending_ = false;
  std::thread thread_;  ///< Uses all above: declared last.
};

}  // namespace formulary::api
