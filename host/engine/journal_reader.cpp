#include "host/engine/journal_reader.hpp"

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "host/base/error.hpp"
#include "host/engine/journal_place.hpp"

namespace formulary {

void JournalReader::read(std::int64_t execution, const std::function<bool(JournalRecord&)>& take) const {
  // The rows are copied first: a body that is kept apart is read over the same connection.
  std::vector<std::string> rows;
  store_.read_journal(execution, [&rows](std::string_view data) {
    rows.emplace_back(data);
    return true;
  });
  const BodyStore bodies{.load = [this](std::string_view hash) { return store_.body(hash); }};
  for (const std::string& row : rows) {
    for (JournalRecord& record : decode(row, bodies)) {
      const auto* sealed = std::get_if<Sealed>(&record);
      if (sealed == nullptr) {
        if (!take(record)) return;
        continue;
      }
      for (JournalRecord& inner : decode(vault_.open(sealed->bytes, journal_place(execution)))) {
        if (!take(inner)) return;
      }
    }
  }
}

Replayed replay(const JournalReader& reader, std::int64_t execution, const Formula& formula,
                const plan::Limits& limits) {
  Replayed replayed;
  replayed.state.limits = limits;
  const auto take_event = [&](plan::Event& event) {
    if (const auto* started = std::get_if<plan::Started>(&event.what)) replayed.configuration = started->config;
    for (plan::Action& action : plan::advance(formula, replayed.state, std::move(event))) {
      if (auto* finish = std::get_if<plan::Finish>(&action)) replayed.finish = std::move(*finish);
    }
  };
  reader.read(execution, [&](JournalRecord& record) {
    if (auto* event = std::get_if<plan::Event>(&record)) {
      take_event(*event);
    } else if (const auto* intent = std::get_if<Intent>(&record)) {
      replayed.intents.emplace(intent->run, intent->attempt);
    } else if (std::holds_alternative<plan::StepRecord>(record)) {
      ++replayed.steps;
    }
    return true;
  });
  return replayed;
}

json::object configuration_of(const JournalReader& reader, std::int64_t execution) {
  std::optional<json::object> configuration;
  reader.read(execution, [&](JournalRecord& record) {
    auto* event = std::get_if<plan::Event>(&record);
    auto* started = event == nullptr ? nullptr : std::get_if<plan::Started>(&event->what);
    if (started != nullptr) configuration = std::move(started->config);
    return !configuration;
  });
  if (!configuration) {
    throw Error(ErrorCode::store_failed, "execution " + std::to_string(execution) + ": its journal has no start");
  }
  return *configuration;
}

}  // namespace formulary
