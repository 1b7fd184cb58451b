#include "host/formula/journal_codec.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "host/base/digest.hpp"
#include "host/base/error.hpp"
#include "host/formula/journal_bytes.hpp"
#include "tests/host/formula/random_formula.hpp"

namespace formulary::testing {
namespace {

using namespace plan;

std::string random_text(Dice& dice) {
  static const std::vector<std::string> texts{
      "", "x", "ключ", std::string(64, 'a'), std::string(65, 'b'), std::string(300, 'c'), std::string("a\0b\xFF", 4)};
  return texts[dice.below(texts.size())];
}

Answered random_answered(Dice& dice) {
  Answered answer{.status = static_cast<int>(dice.below(1'000)) - 1, .body = random_text(dice)};
  for (std::size_t count = dice.below(3); count > 0; --count) {
    answer.headers.emplace_back(random_text(dice), random_text(dice));
  }
  answer.content_type = random_text(dice);
  return answer;
}

Outcome any_outcome(Dice& dice) {
  switch (dice.below(5)) {
    case 0:
      return random_answered(dice);
    case 1:
      return ScriptEnded{.ok = dice.one_in(2),
                         .value = random_text(dice),
                         .error = random_text(dice),
                         .error_code = random_text(dice),
                         .console = {random_text(dice), random_text(dice)},
                         .notify = {random_text(dice)}};
    case 2:
      return Broke{.code = all_error_codes.at(dice.below(all_error_codes.size())), .message = random_text(dice)};
    case 3: {
      Streamed streamed{.download = random_answered(dice)};
      if (dice.one_in(2)) streamed.upload = random_answered(dice);
      return streamed;
    }
    default:
      return Delivered{};
  }
}

Clock::WallTime random_time(Dice& dice) {
  return Clock::WallTime(std::chrono::nanoseconds(static_cast<std::int64_t>(dice.below(SIZE_MAX)) / 4));
}

json::value random_json(Dice& dice) {
  return json::object{{"n", dice.below(1'000)}, {"d", 0.1}, {"l", json::array{nullptr, true, -5}}, {"t", "ü"}};
}

Happening random_happening(Dice& dice) {
  const RunId run = dice.below(100'000);
  switch (dice.below(7)) {
    case 0:
      return Started{.execution_id = random_text(dice),
                     .args = dice.one_in(2) ? json::value("text") : random_json(dice),
                     .config = random_json(dice).as_object(),
                     .info = json::object()};
    case 1:
      return TimerFired{.run = run};
    case 2:
      return CancelRequested{.reason = random_text(dice)};
    case 3:
      return Doubted{.run = run};
    case 4:
      return Resolved{.run = run};
    case 5:
      return Resolved{.run = run, .outcome = any_outcome(dice)};
    default:
      return StepEnded{.run = run, .outcome = any_outcome(dice)};
  }
}

StepRecord random_step(Dice& dice) {
  StepRecord step{.run = dice.below(1'000),
                  .parent = dice.below(10),
                  .name = random_text(dice),
                  .type = random_text(dice),
                  .status = static_cast<StepStatus>(dice.below(3)),
                  .attempts = static_cast<int>(dice.below(8)),
                  .started = random_time(dice),
                  .ended = random_time(dice)};
  for (std::size_t count = dice.below(4); count > 0; --count) {
    step.values.emplace_back(random_text(dice), random_text(dice));
  }
  if (dice.one_in(2)) step.error = StepError{.code = random_text(dice), .message = random_text(dice)};
  return step;
}

JournalRecord random_record(Dice& dice) {
  switch (dice.below(6)) {
    case 0:
      return Intent{.run = dice.below(99),
                    .attempt = static_cast<int>(dice.below(9)),
                    .idempotency_key = random_text(dice),
                    .safety = static_cast<Safety>(dice.below(5))};
    case 1:
      return random_step(dice);
    case 2:
      return Sealed{.bytes = random_text(dice)};
    case 3:
      return UnknownRecord{.kind = record_kind_optional + dice.below(99), .content = random_text(dice)};
    default:
      return Event{.at = random_time(dice), .what = random_happening(dice)};
  }
}

// Everything that a record says, written out member by member and not by the codec.

std::string text_of(const Answered& it) {
  std::string text = std::to_string(it.status) + '|' + it.body + '|' + it.content_type;
  for (const auto& [key, value] : it.headers) text += '|' + key + '=' + value;
  return text;
}
std::string text_of(const ScriptEnded& it) {
  std::string text = (it.ok ? "ok|" : "no|") + it.value + '|' + it.error + '|' + it.error_code;
  for (const auto& line : it.console) text += "|c" + line;
  for (const auto& line : it.notify) text += "|n" + line;
  return text;
}
std::string text_of(const Broke& it) {
  return std::string(name(it.code)) + '|' + it.message;
}
std::string text_of(const Streamed& it) {
  return text_of(it.download) + "||" + (it.upload ? text_of(*it.upload) : "none");
}
std::string text_of(const Delivered& /*it*/) {
  return "delivered";
}
std::string text_of(const Outcome& outcome) {
  return std::to_string(outcome.index()) + std::visit([](const auto& it) { return text_of(it); }, outcome);
}
std::string text_of(const Started& it) {
  return it.execution_id + '|' + to_text(it.args) + '|' + to_text(it.config) + '|' + to_text(it.info);
}
std::string text_of(const StepEnded& it) {
  return std::to_string(it.run) + '|' + text_of(it.outcome);
}
std::string text_of(const TimerFired& it) {
  return std::to_string(it.run);
}
std::string text_of(const CancelRequested& it) {
  return it.reason;
}
std::string text_of(const Doubted& it) {
  return std::to_string(it.run);
}
std::string text_of(const Resolved& it) {
  return std::to_string(it.run) + '|' + (it.outcome ? text_of(*it.outcome) : "none");
}
std::string time_text(Clock::WallTime time) {
  return std::to_string(time.time_since_epoch().count());
}
std::string text_of(const Event& it) {
  return time_text(it.at) + '|' + std::to_string(it.what.index()) +
         std::visit([](const auto& what) { return text_of(what); }, it.what);
}
std::string text_of(const Intent& it) {
  return std::to_string(it.run) + '|' + std::to_string(it.attempt) + '|' + it.idempotency_key + '|' +
         std::string(name(it.safety));
}
std::string text_of(const StepRecord& it) {
  std::string text = std::to_string(it.run) + '|' + std::to_string(it.parent) + '|' + it.name + '|' + it.type + '|' +
                     std::string(name(it.status)) + '|' + std::to_string(it.attempts) + '|' + time_text(it.started) +
                     '|' + time_text(it.ended);
  for (const auto& [key, value] : it.values) text += '|' + key + '=' + value;
  return it.error ? text + '|' + it.error->code + '|' + it.error->message : text;
}
std::string text_of(const Sealed& it) {
  return it.bytes;
}
std::string text_of(const UnknownRecord& it) {
  return std::to_string(it.kind) + '|' + it.content;
}
std::string text_of(const JournalRecord& record) {
  return std::to_string(record.index()) + std::visit([](const auto& it) { return text_of(it); }, record);
}

/// Keeps bodies in memory.
struct Bodies {
  std::map<std::string, std::string> kept;
  BodyStore store{.store =
                      [this](std::string_view text) {
                        std::string hash = sha256(text);
                        kept[hash] = text;
                        return hash;
                      },
                  .load = [this](std::string_view hash) { return kept.at(std::string(hash)); }};
};

std::string refusal(const std::string& row, const JournalLimits& limits = {}) {
  try {
    (void)decode(row, {}, limits);
    return "read";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::store_failed);
    return error.what();
  }
}

TEST(JournalCodec, GivesBackWhatWasWritten) {
  for (std::uint64_t seed = 0; seed < 3'000; ++seed) {
    Dice dice(seed);
    Bodies bodies;
    const JournalLimits limits{.body_bytes_min = dice.one_in(2) ? 100U : 1'000U};
    std::vector<JournalRecord> records;
    for (std::size_t count = dice.below(8); count > 0; --count) records.push_back(random_record(dice));
    const std::string row = encode(records, bodies.store, limits);
    const auto read = decode(row, bodies.store, limits);
    ASSERT_EQ(read.size(), records.size()) << "seed " << seed;
    for (std::size_t at = 0; at < read.size(); ++at) {
      ASSERT_EQ(text_of(read[at]), text_of(records[at])) << "seed " << seed;
    }
    ASSERT_EQ(encode(read, bodies.store, limits), row) << "seed " << seed;
  }
}

TEST(JournalCodec, WritesALongTextOncePerRow) {
  const std::string body(10'000, 'x');
  const std::vector<JournalRecord> records{
      Event{.what = StepEnded{.run = 1, .outcome = Answered{.status = 200, .body = body}}},
      StepRecord{.run = 1, .name = "a", .values = {{"a.response.body", body}}}};
  EXPECT_LT(encode(records).size(), body.size() + 200);
}

TEST(JournalCodec, KeepsLargeTextsElsewhere) {
  Bodies bodies;
  const std::string body((256U << 10U) + 1, 'x');
  const std::vector<JournalRecord> records{
      Event{.what = StepEnded{.run = 1, .outcome = Answered{.status = 200, .body = body}}}};
  const std::string row = encode(records, bodies.store);
  EXPECT_LT(row.size(), 200U);
  EXPECT_EQ(bodies.kept.size(), 1U);
  EXPECT_EQ(text_of(decode(row, bodies.store)[0]), text_of(records[0]));
  EXPECT_NE(refusal(row).find("refers to a body"), std::string::npos);
}

std::string sample_row() {
  Dice dice(7);
  std::vector<JournalRecord> records;
  for (int count = 0; count < 6; ++count) records.push_back(random_record(dice));
  return encode(records);
}

TEST(JournalCodec, RefusesARowWithAnyBitFlipped) {
  const std::string row = sample_row();
  for (std::size_t bit = 0; bit < row.size() * 8; ++bit) {
    std::string changed = row;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    ASSERT_NE(refusal(changed), "read") << "bit " << bit;
  }
}

TEST(JournalCodec, RefusesARowThatIsCutOrGoesOn) {
  const std::string row = sample_row();
  for (std::size_t size = 0; size < row.size(); ++size) ASSERT_NE(refusal(row.substr(0, size)), "read") << size;
  EXPECT_NE(refusal(row + '\0'), "read");
  EXPECT_NE(refusal(row + row), "read");
}

TEST(JournalCodec, KeepsUnknownRecordsOnlyOfKindsThatDoNotMatter) {
  const std::vector<JournalRecord> optional{UnknownRecord{.kind = record_kind_optional, .content = "new"}};
  const auto read = decode(encode(optional));
  EXPECT_EQ(text_of(read.at(0)), text_of(optional[0]));
  const std::vector<JournalRecord> needed{UnknownRecord{.kind = 19, .content = "new"}};
  EXPECT_NE(refusal(encode(needed)).find("kind 19"), std::string::npos);
}

TEST(JournalCodec, RefusesAKnownRecordWithMoreMembersThanItKnows) {
  const BodyStore bodies;
  const JournalLimits limits;
  RowWriter out(bodies, limits);
  out.begin_record(3);  // TimerFired
  out.signed_number(5);
  out.number(1);
  out.number(77);
  out.end_record();
  EXPECT_NE(refusal(out.finish()).find("more members"), std::string::npos);
}

TEST(JournalCodec, RefusesToWriteMoreThanItsBounds) {
  const std::vector<JournalRecord> records{
      Event{.what = StepEnded{.run = 1, .outcome = Answered{.body = std::string(1'000, 'x')}}}};
  const auto code = [&](const JournalLimits& limits) {
    try {
      (void)encode(records, {}, limits);
      return std::string("written");
    } catch (const Error& error) {
      return std::string(name(error.code()));
    }
  };
  EXPECT_EQ(code({.row_bytes_max = 900}), "limit_reached");
  EXPECT_EQ(code({.text_bytes_max = 900}), "limit_reached");
  EXPECT_EQ(code({}), "written");
}

TEST(JournalCodec, DoesNotUnfoldASmallRowIntoAnEndlessOne) {
  const std::string body(10'000, 'x');
  std::vector<JournalRecord> records;
  for (int count = 0; count < 1'000; ++count) records.emplace_back(Event{.what = CancelRequested{.reason = body}});
  const std::string row = encode(records);
  EXPECT_LT(row.size(), 30'000U);
  EXPECT_NE(refusal(row, {.text_bytes_max = 1'000'000}).find("more strings than fit"), std::string::npos);
}

}  // namespace
}  // namespace formulary::testing
