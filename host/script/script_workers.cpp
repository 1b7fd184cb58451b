#include "host/script/script_workers.hpp"

#include <dlfcn.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "host/base/error.hpp"
#include "host/script/script_frame.hpp"
#include "host/script/worker_process.hpp"

namespace formulary {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::chrono::hours time_limit_max{24};

ScriptResult failed(std::string_view code, std::string sentence) {
  ScriptResult result;
  result.error_code = code;
  result.error = std::move(sentence);
  return result;
}

ScriptResult cancelled() {
  return failed("script.cancelled", "the script was cancelled");
}

ScriptResult timed_out(const ScriptChain& chain, const ScriptChain::Step& step) {
  if (step.returns) return failed("script.timeout", "Script execution timed out");
  return failed("script.timeout",
                "the script did not end within " + std::to_string(chain.time_limit.count()) + " ms; it was stopped");
}

ScriptResult crashed(const WorkerProcess::End& end) {
  using script_frame::WorkerExit;
  if (end.killed_by_signal) {
    return failed("script.crashed", "the process that ran the script was ended by signal " +
                                        std::to_string(end.number) + "; the next script gets a new one");
  }
  if (end.number == static_cast<int>(WorkerExit::out_of_memory)) {
    return failed("script.memory", "the script needed more memory than it may have; it was stopped");
  }
  return failed("script.crashed", "the process that ran the script ended with status " + std::to_string(end.number) +
                                      "; the next script gets a new one");
}

/// Nothing if the worker spoke nonsense: then it is not to be trusted any more.
std::optional<script_frame::Reply> parse(std::string_view payload) {
  try {
    return script_frame::parse_reply(payload);
  } catch (const Error&) {
    return std::nullopt;
  }
}

/// Why a chain cannot be given to a worker; empty if it can.
std::string fault_of(const ScriptChain& chain) {
  if (chain.steps.empty() || chain.steps.size() > script_frame::chain_max) {
    return "a chain has 1 to " + std::to_string(script_frame::chain_max) + " steps; this one has " +
           std::to_string(chain.steps.size());
  }
  if (chain.output_max > script_frame::output_max || chain.time_limit.count() < 1 ||
      chain.time_limit > time_limit_max) {
    return "the step's limits are out of range; at most " + std::to_string(script_frame::output_max) +
           " bytes, and 1 ms to 24 h";
  }
  std::size_t size = chain.version.size();
  for (const auto& step : chain.steps) size += step.name.size() + step.body.size() + 64;
  const std::size_t parts = script_frame::part_first_step + chain.inputs.steps.size();
  for (const auto& step : chain.inputs.steps) size += step.first.size();
  for (std::size_t index = 0; index < parts; ++index) size += script_frame::part_of(chain.inputs, index).size() + 16;
  if (size <= script_frame::inputs_max && parts <= script_frame::parts_max) return {};
  return "the script and its inputs have " + std::to_string(size) + " bytes; at most " +
         std::to_string(script_frame::inputs_max) + " can be given to a script";
}

ScriptChain chain_of(const ScriptRequest& request) {
  ScriptChain chain;
  chain.steps.push_back({.kind = request.kind,
                         .name = request.name,
                         .body = request.body,
                         .returns = request.returns,
                         .seed = request.seed,
                         .on_success = {},
                         .on_failure = {}});
  chain.inputs = request.context.empty() ? request.inputs : split_script_context(request.context);
  chain.version = request.version;
  chain.now_ms = request.now_ms;
  chain.time_limit = request.time_limit;
  chain.output_max = request.output_max;
  chain.stop = request.stop;
  return chain;
}

}  // namespace

std::filesystem::path find_script_worker() {
  Dl_info here{};
  if (dladdr(reinterpret_cast<const void*>(&find_script_worker), &here) == 0 || here.dli_fname == nullptr) return {};
  std::error_code ignored;
  const auto folder = std::filesystem::canonical(here.dli_fname, ignored).parent_path();
  for (const auto& candidate : {folder / "script-worker", folder / "../lib/formulary/script-worker"}) {
    if (std::filesystem::exists(candidate, ignored)) return candidate.lexically_normal();
  }
  return {};
}

/// One slot, given back whatever happens. None if it was cancelled before one was free.
class ScriptWorkers::Lease {
 public:
  explicit Lease(ScriptWorkers& owner, const std::string& version = {}, const std::stop_token& stop = {})
      : owner_(owner) {
    std::unique_lock lock(owner_.mutex_);
    if (!owner_.freed_.wait(lock, stop, [this] { return !owner_.free_.empty(); })) return;
    slot_ = *std::max_element(owner_.free_.begin(), owner_.free_.end(), [&version](const Slot* one, const Slot* other) {
      return fitness(*one, version) < fitness(*other, version);
    });
    slot_->version = version;
    owner_.free_.erase(std::find(owner_.free_.begin(), owner_.free_.end(), slot_));
  }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  ~Lease() {
    if (slot_ == nullptr) return;
    {
      const std::lock_guard lock(owner_.mutex_);
      owner_.free_.push_front(slot_);
    }
    owner_.freed_.notify_one();
  }

  [[nodiscard]] Slot* slot() const { return slot_; }

 private:
  /// One that has the formula's objects at hand, before one that runs at all, so that a host with few scripts keeps few
  /// processes. Of equals the one that was used last: its memory is in the processor's caches.
  static int fitness(const Slot& slot, const std::string& version) {
    if (slot.pid == 0) return 0;
    return slot.version == version ? 2 : 1;
  }

  ScriptWorkers& owner_;
  Slot* slot_ = nullptr;
};

/// What a worker had to say to a chain.
struct ScriptWorkers::Answer {
  std::vector<ChainedResult> results;
  WorkerProcess::Ending ending = WorkerProcess::Ending::died;  ///< `replied` if it said all.
  bool last = false;
};

ScriptWorkers::ScriptWorkers() : ScriptWorkers(Options{}) {}

ScriptWorkers::ScriptWorkers(Options options) : options_(std::move(options)), slots_(std::max(1U, options_.workers)) {
  for (Slot& slot : slots_) free_.push_back(&slot);
}

ScriptWorkers::~ScriptWorkers() = default;

void ScriptWorkers::start() {
  std::vector<std::unique_ptr<Lease>> all_idle;
  for (std::size_t count = 0; count < slots_.size(); ++count) all_idle.push_back(std::make_unique<Lease>(*this));
  for (const auto& lease : all_idle) {
    if (!lease->slot()->worker) start_worker(*lease->slot());
  }
}

ScriptResult ScriptWorkers::run(const ScriptRequest& request) {
  try {
    return std::move(run_chain(chain_of(request)).front().result);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::bad_input && error.code() != ErrorCode::limit_reached) throw;
    return failed("script.input", error.what());
  }
}

std::vector<ChainedResult> ScriptWorkers::run_chain(const ScriptChain& chain) {
  std::vector<ChainedResult> results;
  if (const std::string fault = fault_of(chain); !fault.empty()) {
    results.push_back({.step = 0, .result = failed("script.input", fault)});
    return results;
  }
  const Lease lease(*this, chain.version, chain.stop);
  if (lease.slot() == nullptr || chain.stop.stop_requested()) {
    results.push_back({.step = 0, .result = cancelled()});
    return results;
  }
  results = run_on(*lease.slot(), chain, false);
  // The worker died, and with it what it knew about the steps before the one that killed it. They end as they ended.
  if (results.empty()) results = run_on(*lease.slot(), chain, true);
  return results;
}

std::vector<ChainedResult> ScriptWorkers::run_on(Slot& slot, const ScriptChain& chain, bool one_by_one) {
  Answer answer = ask(slot, chain, one_by_one);
  if (answer.ending == WorkerProcess::Ending::replied) {
    if (answer.last || slot.runs >= options_.runs_per_worker) {
      renew(slot);
    } else if (slot.runs >= options_.runs_per_worker - options_.runs_per_worker / 100) {
      start_next(slot);
    }
    return std::move(answer.results);
  }
  // The step that was running.
  std::size_t index = 0;
  if (!answer.results.empty()) {
    const ChainedResult& before = answer.results.back();
    index = next_step(chain.steps[before.step], before.result).value_or(before.step);
  }
  if (chain.stop.stop_requested()) {
    renew(slot);
    answer.results.push_back({.step = index, .result = cancelled()});
    return std::move(answer.results);
  }
  const bool hung = answer.ending == WorkerProcess::Ending::deadline;
  count(hung ? &Counts::killed : &Counts::crashed);
  const WorkerProcess::End end = slot.worker->end();
  renew(slot);
  if (chain.steps.size() > 1 && !one_by_one) return {};
  answer.results.push_back({.step = index, .result = hung ? timed_out(chain, chain.steps[index]) : crashed(end)});
  return std::move(answer.results);
}

ScriptWorkers::Answer ScriptWorkers::ask(Slot& slot, const ScriptChain& chain, bool one_by_one) {
  // An idle worker may have been killed from outside, by the kernel's memory killer for one; no script is to blame.
  if (slot.worker && !slot.worker->alive()) retire(slot);
  if (!slot.worker) start_worker(slot);
  // Whatever the script does just then; the next one gets a new process.
  const std::stop_callback kill_it(chain.stop, [&worker = *slot.worker] { worker.kill(); });
  Answer answer;
  try {
    slot.worker->wait_until_ready(Steady::now() + options_.start_limit);
  } catch (...) {
    if (chain.stop.stop_requested()) return answer;
    retire(slot);
    throw;
  }
  count(&Counts::runs);
  collect(*slot.worker, chain, one_by_one, answer);
  const std::size_t runs = std::max<std::size_t>(1, answer.results.size());
  slot.runs += runs;
  count(&Counts::runs, runs - 1);
  return answer;
}

void ScriptWorkers::collect(WorkerProcess& worker, const ScriptChain& chain, bool one_by_one, Answer& answer) const {
  using Ending = WorkerProcess::Ending;
  const auto steps = static_cast<int>(one_by_one ? 1 : chain.steps.size());
  auto deadline = Steady::now() + chain.time_limit * steps + options_.grace;
  const std::size_t parts = script_frame::part_first_step + chain.inputs.steps.size();
  answer.ending = worker.send(script_frame::encode_request(chain, one_by_one), deadline);
  while (answer.ending == Ending::replied) {
    const auto exchange = worker.receive(chain.output_max + script_frame::reply_extra_max, deadline);
    answer.ending = exchange.ending;
    if (exchange.ending != Ending::replied) return;
    std::optional<script_frame::Reply> reply = parse(exchange.reply);
    answer.ending = Ending::broken;
    if (!reply) return;
    if (reply->wanted) {
      if (*reply->wanted >= parts) return;
      const std::string_view part = script_frame::part_of(chain.inputs, *reply->wanted);
      answer.ending = worker.send(script_frame::encode(part), deadline);
      continue;
    }
    for (ChainedResult& entry : reply->results) {
      if (entry.step >= chain.steps.size() || answer.results.size() == chain.steps.size()) return;
      answer.results.push_back(std::move(entry));
    }
    answer.ending = Ending::replied;
    answer.last = reply->last;
    if (!reply->more) return;
    if (one_by_one) deadline = Steady::now() + chain.time_limit + options_.grace;
  }
}

std::unique_ptr<WorkerProcess> ScriptWorkers::new_worker() {
  auto worker = std::make_unique<WorkerProcess>(WorkerProcess::Options{
      .program = options_.program, .heap_mib = options_.heap_mib, .array_buffers_mib = options_.array_buffers_mib});
  count(&Counts::started);
  return worker;
}

void ScriptWorkers::start_worker(Slot& slot) {
  slot.worker = slot.next && slot.next->alive() ? std::move(slot.next) : new_worker();
  slot.next.reset();
  slot.runs = 0;
  const std::lock_guard lock(mutex_);
  slot.pid = slot.worker->pid();
}

void ScriptWorkers::start_next(Slot& slot) {
  if (slot.next) return;
  try {
    slot.next = new_worker();
  } catch (const Error&) {
    // It is tried again when it is needed, and reported then.
  }
}

void ScriptWorkers::retire(Slot& slot) {
  slot.worker.reset();
  const std::lock_guard lock(mutex_);
  slot.pid = 0;
}

void ScriptWorkers::renew(Slot& slot) {
  retire(slot);
  try {
    // Now and not when the next script comes, which would wait for it.
    start_worker(slot);
  } catch (const Error&) {
    // The run that just ended has its result; the next one tries again and reports.
  }
}

void ScriptWorkers::count(std::uint64_t Counts::*what, std::uint64_t by) {
  const std::lock_guard lock(mutex_);
  counts_.*what += by;
}

ScriptWorkers::Counts ScriptWorkers::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

std::vector<pid_t> ScriptWorkers::processes() const {
  const std::lock_guard lock(mutex_);
  std::vector<pid_t> found;
  for (const Slot& slot : slots_) {
    if (slot.pid != 0) found.push_back(slot.pid);
  }
  return found;
}

}  // namespace formulary
