#include "host/formula/journal_codec.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "host/base/error.hpp"
#include "host/base/json.hpp"
#include "host/formula/journal_bytes.hpp"

namespace formulary {
namespace {

using namespace plan;

/// On the disk: never change the meaning of one.
enum Kind : std::uint64_t {
  kind_started = 1,
  kind_step_ended = 2,
  kind_timer_fired = 3,
  kind_cancel_requested = 4,
  kind_doubted = 5,
  kind_resolved = 6,
  kind_intent = 16,
  kind_step_record = 17,
  kind_sealed = 18,
};
enum OutcomeKind : std::uint64_t {
  outcome_answered = 0,
  outcome_script = 1,
  outcome_broke = 2,
  outcome_streamed = 3,
  outcome_delivered = 4,
  outcome_kinds = 5,
};

class Encoder {
 public:
  explicit Encoder(RowWriter& out) : out_(out) {}

  void operator()(const Event& event) const {
    std::visit([&](const auto& what) { this->write(event.at, what); }, event.what);
  }
  void operator()(const Intent& intent) const {
    out_.begin_record(kind_intent);
    out_.number(intent.run);
    count(intent.attempt);
    out_.text(intent.idempotency_key);
    out_.number(static_cast<std::uint64_t>(intent.safety));
    out_.end_record();
  }
  void operator()(const StepRecord& step) const {
    out_.begin_record(kind_step_record);
    out_.number(step.run);
    out_.number(step.parent);
    out_.text(step.name);
    out_.text(step.type);
    out_.number(static_cast<std::uint64_t>(step.status));
    count(step.attempts);
    time(step.started);
    time(step.ended);
    pairs(step.values);
    out_.number(step.error ? 1 : 0);
    if (step.error) {
      out_.text(step.error->code);
      out_.text(step.error->message);
    }
    out_.end_record();
  }
  void operator()(const Sealed& sealed) const { out_.record(kind_sealed, sealed.bytes); }
  void operator()(const UnknownRecord& record) const { out_.record(record.kind, record.content); }

 private:
  void write(Clock::WallTime at, const Started& event) const {
    begin(kind_started, at);
    out_.text(event.execution_id);
    out_.text(to_text(event.args));
    out_.text(to_text(event.config));
    out_.text(to_text(event.info));
    out_.end_record();
  }
  void write(Clock::WallTime at, const StepEnded& event) const {
    begin(kind_step_ended, at);
    out_.number(event.run);
    outcome(event.outcome);
    out_.end_record();
  }
  void write(Clock::WallTime at, const TimerFired& event) const { of_run(kind_timer_fired, at, event.run); }
  void write(Clock::WallTime at, const Doubted& event) const { of_run(kind_doubted, at, event.run); }
  void write(Clock::WallTime at, const CancelRequested& event) const {
    begin(kind_cancel_requested, at);
    out_.text(event.reason);
    out_.end_record();
  }
  void write(Clock::WallTime at, const Resolved& event) const {
    begin(kind_resolved, at);
    out_.number(event.run);
    out_.number(event.outcome ? 1 : 0);
    if (event.outcome) outcome(*event.outcome);
    out_.end_record();
  }

  void of_run(Kind kind, Clock::WallTime at, RunId run) const {
    begin(kind, at);
    out_.number(run);
    out_.end_record();
  }
  void begin(Kind kind, Clock::WallTime at) const {
    out_.begin_record(kind);
    time(at);
  }
  void time(Clock::WallTime at) const {
    out_.signed_number(std::chrono::duration_cast<std::chrono::nanoseconds>(at.time_since_epoch()).count());
  }
  void count(int value) const { out_.signed_number(value); }
  void pairs(const std::vector<std::pair<std::string, std::string>>& list) const {
    out_.number(list.size());
    for (const auto& [key, value] : list) {
      out_.text(key);
      out_.text(value);
    }
  }
  void texts(const std::vector<std::string>& list) const {
    out_.number(list.size());
    for (const auto& text : list) out_.text(text);
  }

  void outcome(const Outcome& outcome) const {
    std::visit([this](const auto& kind) { this->write_outcome(kind); }, outcome);
  }
  void write_outcome(const Answered& answer) const {
    out_.number(outcome_answered);
    answered(answer);
  }
  void write_outcome(const ScriptEnded& script) const {
    out_.number(outcome_script);
    out_.number(script.ok ? 1 : 0);
    out_.text(script.value);
    out_.text(script.error);
    out_.text(script.error_code);
    texts(script.console);
    texts(script.notify);
  }
  void write_outcome(const Broke& broke) const {
    out_.number(outcome_broke);
    out_.text(name(broke.code));
    out_.text(broke.message);
  }
  void write_outcome(const Streamed& streamed) const {
    out_.number(outcome_streamed);
    answered(streamed.download);
    out_.number(streamed.upload ? 1 : 0);
    if (streamed.upload) answered(*streamed.upload);
  }
  void write_outcome(const Delivered& /*delivered*/) const { out_.number(outcome_delivered); }
  void answered(const Answered& answer) const {
    count(answer.status);
    pairs(answer.headers);
    out_.text(answer.body);
    out_.text(answer.content_type);
  }

  RowWriter& out_;
};

class Decoder {
 public:
  Decoder(RowReader& in, const JournalLimits& limits) : in_(in), limits_(limits) {}

  JournalRecord record() const {
    const std::uint64_t kind = in_.begin_record();
    JournalRecord record = read(kind);
    in_.end_record();
    return record;
  }

 private:
  [[nodiscard]] JournalRecord read(std::uint64_t kind) const {
    switch (kind) {
      case kind_intent:
        return intent();
      case kind_step_record:
        return step();
      case kind_sealed:
        return Sealed{.bytes = in_.take_content()};
      default:
        break;
    }
    if (kind >= record_kind_optional) return UnknownRecord{.kind = kind, .content = in_.take_content()};
    if (kind < kind_started || kind > kind_resolved) {
      RowReader::refuse("has a record of the kind " + std::to_string(kind) + ", which only a newer version knows");
    }
    const Clock::WallTime at = time();
    return Event{.at = at, .what = happening(kind)};
  }

  [[nodiscard]] Happening happening(std::uint64_t kind) const {
    switch (kind) {
      case kind_started:
        return started();
      case kind_step_ended: {
        const RunId run = in_.number();
        return StepEnded{.run = run, .outcome = outcome()};
      }
      case kind_timer_fired:
        return TimerFired{.run = in_.number()};
      case kind_cancel_requested:
        return CancelRequested{.reason = in_.text()};
      case kind_doubted:
        return Doubted{.run = in_.number()};
      default: {
        Resolved event{.run = in_.number()};
        if (in_.choice(2) == 1) event.outcome = outcome();
        return event;
      }
    }
  }

  [[nodiscard]] Started started() const {
    Started event{.execution_id = in_.text()};
    event.args = json_value();
    event.config = json_object();
    event.info = json_object();
    return event;
  }

  [[nodiscard]] Intent intent() const {
    Intent intent{.run = in_.number()};
    intent.attempt = count();
    intent.idempotency_key = in_.text();
    intent.safety = static_cast<Safety>(in_.choice(static_cast<std::uint64_t>(Safety::unsafe) + 1));
    return intent;
  }

  [[nodiscard]] StepRecord step() const {
    StepRecord step{.run = in_.number()};
    step.parent = in_.number();
    step.name = in_.text();
    step.type = in_.text();
    step.status = static_cast<StepStatus>(in_.choice(static_cast<std::uint64_t>(StepStatus::cancelled) + 1));
    step.attempts = count();
    step.started = time();
    step.ended = time();
    step.values = pairs();
    if (in_.choice(2) == 1) {
      step.error.emplace();
      step.error->code = in_.text();
      step.error->message = in_.text();
    }
    return step;
  }

  [[nodiscard]] Outcome outcome() const {
    switch (in_.choice(outcome_kinds)) {
      case outcome_answered:
        return answered();
      case outcome_script:
        return script();
      case outcome_broke: {
        Broke broke{.code = error_code()};
        broke.message = in_.text();
        return broke;
      }
      case outcome_streamed: {
        Streamed streamed{.download = answered()};
        if (in_.choice(2) == 1) streamed.upload = answered();
        return streamed;
      }
      default:
        return Delivered{};
    }
  }

  [[nodiscard]] Answered answered() const {
    Answered answer{.status = count()};
    answer.headers = pairs();
    answer.body = in_.text();
    answer.content_type = in_.text();
    return answer;
  }

  [[nodiscard]] ScriptEnded script() const {
    ScriptEnded script{.ok = in_.choice(2) == 1};
    script.value = in_.text();
    script.error = in_.text();
    script.error_code = in_.text();
    script.console = texts();
    script.notify = texts();
    return script;
  }

  [[nodiscard]] ErrorCode error_code() const {
    const std::string said = in_.text();
    const auto* found = std::find_if(all_error_codes.begin(), all_error_codes.end(),
                                     [&said](ErrorCode code) { return name(code) == said; });
    if (found == all_error_codes.end()) RowReader::refuse("has an unknown error code");
    return *found;
  }

  [[nodiscard]] Clock::WallTime time() const {
    return Clock::WallTime(
        std::chrono::duration_cast<Clock::WallTime::duration>(std::chrono::nanoseconds(in_.signed_number())));
  }
  [[nodiscard]] int count() const {
    const std::int64_t value = in_.signed_number();
    if (value < std::numeric_limits<int>::min() || value > std::numeric_limits<int>::max()) {
      RowReader::refuse("has an improper number");
    }
    return static_cast<int>(value);
  }
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> pairs() const {
    std::vector<std::pair<std::string, std::string>> list;
    for (std::size_t left = in_.count(); left > 0; --left) {
      std::string key = in_.text();
      list.emplace_back(std::move(key), in_.text());
    }
    return list;
  }
  [[nodiscard]] std::vector<std::string> texts() const {
    std::vector<std::string> list;
    for (std::size_t left = in_.count(); left > 0; --left) list.push_back(in_.text());
    return list;
  }

  [[nodiscard]] json::value json_value() const {
    const std::string text = in_.text();
    try {
      return parse_json(text, "journal row",
                        {.bytes_max = limits_.text_bytes_max, .depth_max = limits_.json_depth_max});
    } catch (const Error&) {
      RowReader::refuse("has improper JSON");
    }
  }
  [[nodiscard]] json::object json_object() const {
    json::value value = json_value();
    if (!value.is_object()) RowReader::refuse("has improper JSON");
    return std::move(value.as_object());
  }

  RowReader& in_;
  const JournalLimits& limits_;
};

}  // namespace

std::string encode(std::span<const JournalRecord> records, const BodyStore& bodies, const JournalLimits& limits) {
  RowWriter out(bodies, limits);
  for (const auto& record : records) std::visit(Encoder(out), record);
  return out.finish();
}

std::vector<JournalRecord> decode(std::string_view row, const BodyStore& bodies, const JournalLimits& limits) {
  RowReader in(row, bodies, limits);
  std::vector<JournalRecord> records;
  const Decoder decoder(in, limits);
  while (in.records_left() > 0) records.push_back(decoder.record());
  return records;
}

}  // namespace formulary
