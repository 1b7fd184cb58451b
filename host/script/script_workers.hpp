/// \file
/// The ScriptRunner of the host: a few worker processes, started when first needed, renewed and replaced.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "host/script/script_runner.hpp"
#include "host/script/worker_process.hpp"

namespace formulary {

/// Where the program `script-worker` lies: beside the library that this function is in, or in ../lib/formulary of its
/// folder. Empty if in neither.
[[nodiscard]] std::filesystem::path find_script_worker();

/// Any thread may use it; at most `workers` scripts run at once, the other callers wait. A worker that dies, hangs or
/// breaks the protocol costs its own run and no other. When the host ends, however it ends, its workers end.
class ScriptWorkers final : public ScriptRunner {
 public:
  struct Options {
    std::filesystem::path program = find_script_worker();
    unsigned workers = 2;
    std::size_t heap_mib = 64;  ///< JavaScript values of one run; beyond it the run fails with "script.memory".
    std::size_t array_buffers_mib = 64;      ///< The bytes of its ArrayBuffers, which lie outside that heap.
    std::uint64_t runs_per_worker = 10'000;  ///< Then it is renewed; the new one starts ahead of time.
    /// A worker stops a script at its time limit by itself. One that is silent for this long afterwards is killed.
    std::chrono::milliseconds grace{1'000};
    std::chrono::milliseconds start_limit{10'000};
  };

  struct Counts {
    std::uint64_t runs = 0;     ///< Scripts that were begun.
    std::uint64_t started = 0;  ///< Workers, over the whole life.
    std::uint64_t killed = 0;   ///< Workers that had to be killed at the hard limit.
    std::uint64_t crashed = 0;  ///< Workers that died by themselves or spoke nonsense.
  };

  /// Starts no process yet.
  ScriptWorkers();
  explicit ScriptWorkers(Options options);
  ~ScriptWorkers() override;

  /// Starts all workers without waiting for them, so that the first scripts do not. Throws Error(unavailable) if the
  /// program cannot be started.
  void start();

  [[nodiscard]] ScriptResult run(const ScriptRequest& request) override;
  /// Crosses to a worker once for as many steps as lead to each other.
  [[nodiscard]] std::vector<ChainedResult> run_chain(const ScriptChain& chain) override;

  [[nodiscard]] Counts counts() const;
  /// The processes of the workers that are idle or busy now.
  [[nodiscard]] std::vector<pid_t> processes() const;

 private:
  struct Slot {
    std::unique_ptr<WorkerProcess> worker;  ///< Only whoever took the slot may touch it.
    std::unique_ptr<WorkerProcess> next;    ///< Takes over when this one had its runs; the same.
    std::uint64_t runs = 0;
    pid_t pid = 0;        ///< Guarded by mutex_.
    std::string version;  ///< Of the last chain; the same.
  };
  class Lease;

  struct Answer;

  [[nodiscard]] std::vector<ChainedResult> run_on(Slot& slot, const ScriptChain& chain, bool one_by_one);
  [[nodiscard]] Answer ask(Slot& slot, const ScriptChain& chain, bool one_by_one);
  void collect(WorkerProcess& worker, const ScriptChain& chain, bool one_by_one, Answer& answer) const;
  [[nodiscard]] std::unique_ptr<WorkerProcess> new_worker();
  void start_worker(Slot& slot);
  void start_next(Slot& slot);
  void retire(Slot& slot);
  void renew(Slot& slot);
  void count(std::uint64_t Counts::*what, std::uint64_t by = 1);

  Options options_;
  mutable std::mutex mutex_;
  std::condition_variable_any freed_;
  std::vector<Slot> slots_;  ///< Never resized.
  std::deque<Slot*> free_;   ///< Last used first.
  Counts counts_;
};

}  // namespace formulary
