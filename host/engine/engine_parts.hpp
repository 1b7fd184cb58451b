/// \file
/// The inside of the engine: which executions are open, whose turn it is, and what becomes of them. Not for others.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "host/engine/engine.hpp"
#include "host/engine/journal_reader.hpp"
#include "host/engine/open_execution.hpp"
#include "host/engine/turn_queue.hpp"
#include "host/store/execution_store.hpp"
#include "host/store/formula_store.hpp"
#include "host/store/host_lease.hpp"

namespace formulary {

/// Any thread may use it. Conductors hold no reference that keeps it alive: shut_down() ends their work first.
class EngineParts : public std::enable_shared_from_this<EngineParts> {
 public:
  EngineParts(const EnginePorts& given_ports, const EngineSettings& given_settings);
  EngineParts(const EngineParts&) = delete;
  EngineParts& operator=(const EngineParts&) = delete;
  ~EngineParts();

  // engine_submission.cpp
  std::int64_t submit(const ExecutionOrder& order);
  Execution run(const ExecutionOrder& order, const std::stop_token& stop);
  std::optional<Execution> wait(std::int64_t id, std::chrono::milliseconds time_limit, const std::stop_token& stop);
  void tell(std::int64_t id, OpenExecution::Word word);
  void observe(std::int64_t id, std::function<void(const StepLine&)> observer);

  // engine_recovery.cpp
  void start();

  // engine_parts.cpp
  bool stop(std::chrono::milliseconds grace);
  void shut_down();
  [[nodiscard]] bool ready() const;
  [[nodiscard]] EngineCounters counters() const;
  [[nodiscard]] std::int64_t violations() const;

 private:
  using Lock = std::unique_lock<std::mutex>;
  struct Submission {
    const ExecutionOrder& order;
    bool start_at_once = true;
    Conductor::Where where = Conductor::Where::pool;
    std::shared_ptr<Handover<Execution>> waiting;  ///< May be empty.
  };

  // engine_submission.cpp
  std::int64_t begin(const Submission& submission, const std::shared_ptr<Handover<std::int64_t>>& started);
  void refuse_more_than_bound();
  [[nodiscard]] std::unique_ptr<ExecutionLog> new_log(const ExecutionOrder& order, std::int64_t id,
                                                      std::shared_ptr<const Redactor> redactor, ExecutionState state);
  void queue_start(std::int64_t id, ExecutionLog& log, const plan::Started& started);
  void on_queued(std::int64_t id, JournalResult result);
  [[nodiscard]] std::shared_ptr<const Redactor> redactor_for(const Formula& formula,
                                                             const json::object& configuration) const;
  [[nodiscard]] std::int64_t version_of(const Formula& formula);
  [[nodiscard]] std::shared_ptr<const Formula> formula_of(std::int64_t version);
  [[nodiscard]] Execution ended_execution(const ExecutionRecord& record);

  // engine_parts.cpp
  void on_started(std::int64_t id);
  void on_ending(std::int64_t id, Ending ending, Execution execution, const Wake& wake);
  void finish(Lock& lock, std::int64_t id, const std::variant<Execution, Error>& word);
  void give_up_turn(OpenExecution& open);
  void wake_later(std::int64_t id, const Wake& wake);
  void look_at_sleeper(std::int64_t id, const Wake& wake);
  void warn(const std::string& sentence) const;

  // engine_recovery.cpp
  void take_over_regularly();
  void take_over();
  void inherit(const ExecutionRecord& record);
  void quarantine(const ExecutionRecord& record);
  void next_suspect(Lock& lock);
  void request_turn(Lock& lock, std::int64_t id);
  void load(Lock& lock, std::int64_t id);
  void load_with_turn(std::int64_t id, OpenExecution& open);
  void load_some();
  void load_now(std::int64_t id);
  void set_aside(std::int64_t id, const std::string& why);

  const EnginePorts ports_;
  const EngineSettings settings_;
  const std::shared_ptr<Workshop> shop_;
  FormulaStore formulas_;
  ExecutionStore executions_;
  HostLease lease_;
  Journal journal_;
  Retention retention_;
  JournalReader reader_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::unordered_map<std::int64_t, OpenExecution> open_;
  TurnQueue turns_;
  std::deque<std::int64_t> loads_;
  std::size_t loaders_ = 0;
  std::deque<std::int64_t> suspects_;
  std::int64_t suspect_ = 0;  ///< Runs, to see whether it is the one; 0: none.
  bool stopping_ = false;
  bool parking_ = false;
  std::size_t conducted_ = 0;
  EngineCounters counters_;

  std::mutex formulas_mutex_;
  std::map<std::string, std::int64_t> versions_;                                ///< By content id.
  std::map<std::int64_t, std::shared_ptr<const Formula>> formulas_by_version_;  ///< Those that were read.
};

}  // namespace formulary
