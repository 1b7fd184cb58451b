/// \file
/// What the engine remembers of an execution that has not ended: little, since there may be a hundred thousand.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "host/base/error.hpp"
#include "host/engine/conductor.hpp"
#include "host/engine/execution.hpp"

namespace formulary {

/// Where somebody waits for a value or an error that another thread leaves, once. Any thread may use it.
template <class Value>
class Handover {
 public:
  using Word = std::variant<Value, Error>;

  void leave(Word word) {
    {
      const std::lock_guard lock(mutex_);
      if (!word_) word_.emplace(std::move(word));
    }
    arrived_.notify_all();
  }

  [[nodiscard]] Value take() {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [this] { return word_.has_value(); });
    return opened();
  }

  /// Nothing: the time is up or `stop` was requested.
  [[nodiscard]] std::optional<Value> take_within(std::chrono::milliseconds time, const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    if (!arrived_.wait_for(lock, stop, time, [this] { return word_.has_value(); })) return std::nullopt;
    return opened();
  }

 private:
  Value opened() {
    if (const auto* error = std::get_if<Error>(&*word_)) throw Error(*error);
    return std::get<Value>(*word_);
  }

  std::mutex mutex_;
  std::condition_variable_any arrived_;
  std::optional<Word> word_;
};

struct OpenExecution {
  enum class Place {
    starting,   ///< Waits for its turn or for its start to be on the disk.
    loading,    ///< Has its turn and is read from its journal.
    conducted,  ///< `conductor` works on it.
    asleep,     ///< Until a timer; keeps its turn.
    in_doubt,   ///< Until a person decides.
    parked,     ///< The engine stops.
  };
  using Cancel = Conductor::Cancel;
  using Resolve = Conductor::Resolve;
  using Word = Conductor::Word;

  Place place = Place::starting;
  std::int64_t group = 0;
  std::size_t group_max = 0;
  bool has_turn = false;
  bool on_disk = false;
  bool woken = false;  ///< Its timer is due.
  bool keep_steps = false;
  bool suspect = false;  ///< Hosts crashed while they worked on it.
  std::shared_ptr<Conductor> conductor;
  std::vector<Word> words;  ///< For the next conductor.
  std::function<void(const StepLine&)> observe;
  std::shared_ptr<Handover<std::int64_t>> started;  ///< Until the start is on the disk.
  std::vector<std::shared_ptr<Handover<Execution>>> waiting;
};

}  // namespace formulary
