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

ScriptResult failed(std::string_view code, std::string sentence) {
  ScriptResult result;
  result.error_code = code;
  result.error = std::move(sentence);
  return result;
}

ScriptResult timed_out(const ScriptRequest& request) {
  return failed("script.timeout",
                "the script did not end within " + std::to_string(request.time_limit.count()) + " ms; it was stopped");
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

/// One slot, given back whatever happens.
class ScriptWorkers::Lease {
 public:
  explicit Lease(ScriptWorkers& owner) : owner_(owner) {
    std::unique_lock lock(owner_.mutex_);
    owner_.freed_.wait(lock, [this] { return !owner_.free_.empty(); });
    // A started one first, so that a host with few scripts keeps few processes.
    const auto started =
        std::find_if(owner_.free_.begin(), owner_.free_.end(), [](Slot* slot) { return slot->pid != 0; });
    const auto taken = started != owner_.free_.end() ? started : owner_.free_.begin();
    slot_ = *taken;
    owner_.free_.erase(taken);
  }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  ~Lease() {
    {
      const std::lock_guard lock(owner_.mutex_);
      owner_.free_.push_back(slot_);
    }
    owner_.freed_.notify_one();
  }

  [[nodiscard]] Slot& slot() const { return *slot_; }

 private:
  ScriptWorkers& owner_;
  Slot* slot_ = nullptr;
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
    if (!lease->slot().worker) start_worker(lease->slot());
  }
}

ScriptResult ScriptWorkers::run(const ScriptRequest& request) {
  if (request.stop.stop_requested()) return failed("script.cancelled", "the script was cancelled before it began");
  if (request.context.empty()) {
    ScriptRequest whole = request;
    whole.context = join_script_context(request.inputs);
    return run(whole);
  }
  if (request.output_max > script_frame::output_max || request.time_limit.count() < 1) {
    return failed("script.input", "the step's limits are out of range; at most " +
                                      std::to_string(script_frame::output_max) + " bytes and at least 1 ms");
  }
  const std::size_t size = request.name.size() + request.body.size() + request.context.size();
  if (size > script_frame::inputs_max) {
    return failed("script.input", "the script and its inputs have " + std::to_string(size) + " bytes; at most " +
                                      std::to_string(script_frame::inputs_max) + " can be given to a script");
  }
  const std::string frame = script_frame::encode_request(request);
  const Lease lease(*this);
  return run_on(lease.slot(), request, frame);
}

ScriptResult ScriptWorkers::run_on(Slot& slot, const ScriptRequest& request, std::string_view frame) {
  // An idle worker may have been killed from outside, by the kernel's memory killer for one; no script is to blame.
  if (slot.worker && !slot.worker->alive()) retire(slot);
  if (!slot.worker) start_worker(slot);
  const std::optional<WorkerProcess::Exchange> exchange = exchange_on(slot, request, frame);
  if (exchange && exchange->ending == WorkerProcess::Ending::replied) {
    if (auto reply = parse(exchange->reply)) {
      if (reply->last || slot.runs >= options_.runs_per_worker) renew(slot);
      return std::move(reply->result);
    }
  }
  if (request.stop.stop_requested()) {
    renew(slot);
    return failed("script.cancelled", "the script was cancelled");
  }
  const bool hung = exchange->ending == WorkerProcess::Ending::deadline;
  count(hung ? &Counts::killed : &Counts::crashed);
  const WorkerProcess::End end = slot.worker->end();
  renew(slot);
  return hung ? timed_out(request) : crashed(end);
}

std::optional<WorkerProcess::Exchange> ScriptWorkers::exchange_on(Slot& slot, const ScriptRequest& request,
                                                                  std::string_view frame) {
  // Whatever the script does just then; the next one gets a new process.
  const std::stop_callback kill_it(request.stop, [&worker = *slot.worker] { worker.kill(); });
  try {
    slot.worker->wait_until_ready(Steady::now() + options_.start_limit);
  } catch (...) {
    if (request.stop.stop_requested()) return std::nullopt;
    retire(slot);
    throw;
  }
  count(&Counts::runs);
  ++slot.runs;
  const std::size_t reply_max = request.output_max + script_frame::reply_extra_max;
  return slot.worker->exchange(frame, reply_max, Steady::now() + request.time_limit + options_.grace);
}

void ScriptWorkers::start_worker(Slot& slot) {
  slot.worker = std::make_unique<WorkerProcess>(WorkerProcess::Options{
      .program = options_.program, .heap_mib = options_.heap_mib, .array_buffers_mib = options_.array_buffers_mib});
  slot.runs = 0;
  const std::lock_guard lock(mutex_);
  slot.pid = slot.worker->pid();
  ++counts_.started;
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

void ScriptWorkers::count(std::uint64_t Counts::*what) {
  const std::lock_guard lock(mutex_);
  ++(counts_.*what);
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
