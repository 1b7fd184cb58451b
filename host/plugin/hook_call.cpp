#include "host/plugin/hook_call.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <functional>
#include <optional>
#include <stop_token>
#include <utility>

#include "host/base/error.hpp"
#include "host/base/json.hpp"
#include "host/plugin/call_record.hpp"

namespace formulary {
namespace {

using namespace std::chrono_literals;

constexpr auto time_limit_max = std::chrono::hours(24);
constexpr auto overstay = 1s;
constexpr std::int64_t retry_after_ms_max = 24LL * 3600 * 1000;

std::string sentence(const HookPlace& place, std::string_view what) {
  return std::string(place.element) + ": " + std::string(what);
}

/// Tells the call to end when its deadline passes, and the log when the hook does not.
class Watch {
 public:
  Watch(const HookPlace& place, CallRecord& record, Clock::MonotonicTime deadline)
      : place_(place), record_(record), ticket_(record.ticket()) {
    alarm_ = place.runtime->timers.set(
        deadline, [record = &record_, ticket = ticket_] { record->end_early(ticket, ELEMENT_DEADLINE_EXCEEDED); });
    report_ = set_report(deadline + overstay);
  }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  ~Watch() {
    place_.runtime->timers.cancel(alarm_);
    place_.runtime->timers.cancel(report_);
    if (cancel_report_) place_.runtime->timers.cancel(*cancel_report_);
  }

  /// On the thread that asks for it; the destructor of the stop callback waits for it.
  void cancel() {
    record_.end_early(ticket_, ELEMENT_CANCELLED);
    cancel_report_ = set_report(place_.runtime->clock->monotonic() + overstay);
  }

 private:
  DeadlineTimers::Alarm set_report(Clock::MonotonicTime when) {
    auto report = [host = place_.host, hook = std::string(place_.hook), record = &record_, ticket = ticket_] {
      if (record->ticket() != ticket) return;
      host->note(ELEMENT_LOG_ERROR,
                 "the hook still runs one second after it was told to end; its thread is lost until it returns",
                 {{"hook", hook}, {"progress", std::to_string(record->progress())}}, record->origin(ticket));
    };
    return place_.runtime->timers.set(when, std::move(report));
  }

  const HookPlace& place_;
  CallRecord& record_;
  std::uint64_t ticket_;
  DeadlineTimers::Alarm alarm_;
  DeadlineTimers::Alarm report_;
  std::optional<DeadlineTimers::Alarm> cancel_report_;
};

/// While the hook runs, what the plugin logs is searched for this call's secrets.
class KnownSecrets {
 public:
  KnownSecrets(PluginHost& host, const Redactor* redactor) : host_(host), redactor_(redactor) {
    host_.know_secrets(redactor_);
  }
  KnownSecrets(const KnownSecrets&) = delete;
  KnownSecrets& operator=(const KnownSecrets&) = delete;
  ~KnownSecrets() { host_.forget_secrets(redactor_); }

 private:
  PluginHost& host_;
  const Redactor* redactor_;
};

struct Answer {
  element_status status = ELEMENT_UNKNOWN;
  element_status verdict = ELEMENT_OK;
  bool threw = false;
  CallResult result;
};

Answer call_hook(const HookPlace& place, const CallContext& context, Clock::MonotonicTime deadline,
                 const std::function<element_status(const element_call*)>& hook) {
  CallRecord& record = CallRecord::begin({
      .attempt = context.attempt,
      .deadline_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(deadline.time_since_epoch()).count(),
      .idempotency_key = context.idempotency_key,
      .trace_parent = context.trace_parent,
      .instance_id = context.instance_id,
      .instance_name = context.instance_name,
      .output_max = context.output_max,
      .spool = context.spool.get(),
      .timers = &place.runtime->timers,
  });
  Answer answer;
  {
    Watch watch(place, record, deadline);
    const std::stop_callback on_stop(context.stop, [&watch] { watch.cancel(); });
    try {
      answer.status = hook(record.call());
    } catch (...) {  // a last resort: a plugin with a runtime of its own has ended the process by now
      answer.threw = true;
    }
  }
  answer.verdict = record.verdict();
  answer.result = record.finish();
  return answer;
}

CallOrigin origin_of(const CallContext& context) {
  return {
      .instance_id = context.instance_id, .instance_name = context.instance_name, .trace_parent = context.trace_parent};
}

/// A JSON object's text, or nothing: details that are no object help nobody.
std::string object_text(const std::string& text) {
  if (text.empty()) return {};
  try {
    return parse_json(text, "details").is_object() ? text : std::string{};
  } catch (const Error&) {
    return {};
  }
}

RetryClass retry_class(std::int32_t retry) {
  switch (retry) {
    case ELEMENT_RETRY_NO:
      return RetryClass::no;
    case ELEMENT_RETRY_SAFE:
      return RetryClass::safe;
    case ELEMENT_RETRY_IF_IDEMPOTENT:
      return RetryClass::if_idempotent;
    default:
      return RetryClass::unknown;
  }
}

std::string words_without_reason(const HookPlace& place, element_status status) {
  if (status == ELEMENT_CANCELLED) return "the call was cancelled";
  if (status == ELEMENT_DEADLINE_EXCEEDED) return "the time limit of the call has passed";
  return std::string(place.hook) + " failed with status " + std::to_string(status) +
         " and gave no reason; tell the plugin's author";
}

[[noreturn]] void throw_failure(const HookPlace& place, const Answer& answer) {
  const bool known = answer.status >= ELEMENT_CANCELLED && answer.status <= ELEMENT_UNAUTHENTICATED;
  // Why the host ended the call outweighs what the plugin made of it.
  const element_status status = answer.verdict != ELEMENT_OK ? answer.verdict : known ? answer.status : ELEMENT_UNKNOWN;
  const FailureReport said = answer.result.failure.value_or(FailureReport{});
  PluginError::Report report{
      .status = status,
      .plugin_code = place.host->redact(said.code),
      .details = object_text(place.host->redact(said.details)),
      .http_status = said.http_status >= 100 && said.http_status <= 599 ? said.http_status : 0,
      .retry = retry_class(said.retry),
      .retry_after = std::nullopt,
  };
  if (said.retry_after_ms >= 0) {
    report.retry_after = std::chrono::milliseconds(std::min(said.retry_after_ms, retry_after_ms_max));
  }
  std::string words = place.host->redact(said.message);
  if (words.empty()) words = words_without_reason(place, answer.verdict != ELEMENT_OK ? status : answer.status);
  // An author who already begins with the element's name is not made to stammer.
  const bool named = words.rfind(std::string(place.element) + ": ", 0) == 0;
  const bool slow_down = report.http_status == 429 || report.retry_after.has_value();
  throw PluginError(error_code_of(status, slow_down), named ? words : sentence(place, words), std::move(report));
}

}  // namespace

Clock::MonotonicTime deadline_of(const CallContext& context, const Clock& clock) {
  return clock.monotonic() + std::min<std::chrono::milliseconds>(context.time_limit, time_limit_max);
}

std::string run_hook(const HookPlace& place, const CallContext& context, Clock::MonotonicTime deadline,
                     const std::function<element_status(const element_call*)>& hook) {
  if (context.stop.stop_requested()) throw Error(ErrorCode::cancelled, sentence(place, "the call was cancelled"));
  if (place.runtime->clock->monotonic() >= deadline) {
    throw Error(ErrorCode::timed_out, sentence(place, "the time limit of the call had passed before it began"));
  }
  const KnownSecrets secrets(*place.host, context.redactor);
  Answer answer = call_hook(place, context, deadline, hook);
  const std::string hook_name(place.hook);
  if (answer.result.left_cancel_function) {
    place.host->note(ELEMENT_LOG_WARN, "the hook returned without taking its cancel function back",
                     {{"hook", hook_name}}, origin_of(context));
  }
  if (answer.threw) {
    throw Error(ErrorCode::plugin_failed,
                sentence(place, hook_name + " let an exception out, which the ABI forbids; tell the plugin's author"));
  }
  if (!answer.result.broken_rule.empty()) {
    throw Error(ErrorCode::plugin_failed,
                sentence(place, hook_name + ' ' + answer.result.broken_rule + "; tell the plugin's author"));
  }
  if (!answer.result.spool_fault.empty()) {
    throw Error(ErrorCode::store_failed, sentence(place, answer.result.spool_fault));
  }
  // A hook that was told to end says so; one that claims to be done when its output was cut is never believed.
  if (answer.result.over_limit && (answer.verdict == ELEMENT_OK || answer.status == ELEMENT_OK)) {
    throw Error(ErrorCode::limit_reached,
                sentence(place, hook_name + " wrote more than " + std::to_string(context.output_max) +
                                    " bytes; ask for less at once, for instance smaller pages"));
  }
  if (answer.status != ELEMENT_OK) throw_failure(place, answer);
  return std::move(answer.result.output);
}

ErrorCode error_code_of(element_status status, bool asks_to_slow_down) noexcept {
  switch (status) {
    case ELEMENT_CANCELLED:
      return ErrorCode::cancelled;
    case ELEMENT_INVALID_ARGUMENT:
    case ELEMENT_OUT_OF_RANGE:
      return ErrorCode::bad_input;
    case ELEMENT_DEADLINE_EXCEEDED:
      return ErrorCode::timed_out;
    case ELEMENT_NOT_FOUND:
      return ErrorCode::not_found;
    case ELEMENT_ALREADY_EXISTS:
    case ELEMENT_FAILED_PRECONDITION:
    case ELEMENT_ABORTED:
      return ErrorCode::conflict;
    case ELEMENT_PERMISSION_DENIED:
      return ErrorCode::permission_denied;
    case ELEMENT_RESOURCE_EXHAUSTED:
      return asks_to_slow_down ? ErrorCode::rate_limited : ErrorCode::limit_reached;
    case ELEMENT_UNIMPLEMENTED:
      return ErrorCode::unsupported;
    case ELEMENT_UNAVAILABLE:
      return ErrorCode::unavailable;
    case ELEMENT_DATA_LOSS:
      return ErrorCode::vendor_failed;
    case ELEMENT_UNAUTHENTICATED:
      return ErrorCode::unauthenticated;
    default:  // UNKNOWN, INTERNAL, and numbers of a later minor
      return ErrorCode::plugin_failed;
  }
}

}  // namespace formulary
