/// \file
/// The conductor's side that faces the disk: what is written when, and what waits for it.
#include <algorithm>

#include "host/engine/conductor.hpp"

namespace formulary {
namespace {

/// What nobody waits for is written when it has become this much or this old, so that a crash does not undo more.
constexpr std::size_t bytes_gathered_max = 256U << 10U;
constexpr std::chrono::seconds age_max{1};
/// While more than this is on its way to a slow disk, an execution makes no further calls.
constexpr std::size_t bytes_on_the_way_max = 4U << 20U;
/// After a call's own time limit: how long until nobody waits for it any more.
constexpr std::chrono::milliseconds overdue_grace{5'000};

std::int64_t milliseconds(Clock::WallTime time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

bool same_but_for_steps(const ExecutionChange& a, ExecutionChange b) {
  b.steps = a.steps;
  return a == b;
}

}  // namespace

/// After each round of messages: hands in what must be, lets calls go that may, ends when all is over.
void Conductor::settle() {
  if (order_.log != nullptr) {
    const ExecutionChange row = current_row();
    if (must_write(row)) write(row);
  }
  release_jobs();
  doubts_ = std::any_of(state_.active.begin(), state_.active.end(),
                        [](const auto& entry) { return entry.second.waits == plan::ActiveRun::Waits::person; });
  const auto ending = due_ending();
  if (ending && all_written()) end(*ending);
}

ExecutionChange Conductor::current_row() const {
  ExecutionChange row{.steps = steps_};
  if (state_.finished()) {
    row.state = ExecutionState::finished;
    row.status = plan::name(state_.status);
    row.ended_ms = milliseconds(execution_.ended);
    if (execution_.error) row.reason = execution_.error->code;
    return row;
  }
  if (state_.parked) {
    row.state = ExecutionState::in_doubt;
    row.reason = "in_doubt";
    return row;
  }
  std::optional<Clock::WallTime> due;
  bool acts = false;
  for (const auto& [run, active] : state_.active) {
    acts = acts || active.waits == plan::ActiveRun::Waits::call;
    if (active.waits == plan::ActiveRun::Waits::timer) due = std::min(due.value_or(active.due), active.due);
  }
  if (due && !acts) {
    row.state = ExecutionState::timer;
    row.due_ms = std::max<std::int64_t>(milliseconds(*due), 1);
  } else {
    row.state = lets_go_ ? ExecutionState::ready : ExecutionState::leased;
  }
  return row;
}

bool Conductor::must_write(const ExecutionChange& row) const {
  if (start_on_the_way_ && ticket_ > 0) return false;
  if (write_now_ || !same_but_for_steps(row_, row)) return true;
  if (order_.log->empty()) return false;
  if (row.state != ExecutionState::leased) return true;  // nobody may come back here for a long time
  return order_.log->bytes() > bytes_gathered_max || now() - last_write_ > age_max;
}

void Conductor::write(const ExecutionChange& row) {
  const std::size_t bytes = order_.log->bytes();
  const bool first = start_on_the_way_;
  std::optional<ExecutionChange> change;
  if (!same_but_for_steps(row_, row) || write_now_ || row.state == ExecutionState::finished) change = row;
  if (first && row.state == ExecutionState::leased) change.reset();  // a new one is leased by whoever starts it
  auto done = [self = shared_from_this(), ticket = ++ticket_, bytes, first](JournalResult result) {
    if (first && result == JournalResult::durable && self->order_.on_started) self->order_.on_started();
    self->post(Written{.ticket = ticket, .bytes = bytes, .result = result});
  };
  row_ = row;
  bytes_on_the_way_ += bytes;
  write_now_ = false;
  hold_calls_ = false;
  last_write_ = now();
  order_.log->flush(std::move(change), std::move(done));
}

void Conductor::handle(Written& message) {
  if (message.result == JournalResult::fenced) return end(Ending::fenced);
  if (message.result == JournalResult::refused) return end(Ending::refused);
  written_ = std::max(written_, message.ticket);
  bytes_on_the_way_ -= std::min(bytes_on_the_way_, message.bytes);
  start_on_the_way_ = false;
}

void Conductor::release_jobs() {
  if (lets_go_) return;
  if (bytes_on_the_way_ > bytes_on_the_way_max) return;
  std::deque<Job> waiting;
  for (Job& job : waiting_jobs_) {
    if (job.ticket > written_) {
      waiting.push_back(std::move(job));
      continue;
    }
    const auto call = calls_.find(job.run);
    if (call == calls_.end()) continue;  // abandoned
    call->second.overdue = now() + shop_->performer.time_limit(*job.call.call) + overdue_grace;
    ready_jobs_.push_back(std::move(job));
  }
  waiting_jobs_ = std::move(waiting);
  watch();
}

std::optional<Ending> Conductor::due_ending() const {
  if (state_.finished()) return Ending::finished;
  if (state_.parked) return Ending::in_doubt;
  if (lets_go_) return Ending::parked;
  if (row_.state != ExecutionState::timer || order_.log == nullptr || timers_.empty()) return std::nullopt;
  return next_timer() - now() < shop_->sleep_min ? std::nullopt : std::optional(Ending::asleep);
}

Clock::MonotonicTime Conductor::next_timer() const {
  const auto next = std::min_element(timers_.begin(), timers_.end(),
                                     [](const auto& a, const auto& b) { return a.second < b.second; });
  return next == timers_.end() ? Clock::MonotonicTime() : next->second;
}

/// Nothing that arrived is lost by it: with a message in the box an execution that has not ended goes on.
void Conductor::end(Ending ending) {
  {
    const std::lock_guard lock(mutex_);
    const bool could_go_on = ending == Ending::asleep || ending == Ending::in_doubt;
    if (could_go_on && !messages_.empty()) return;
    closed_ = true;
  }
  over_ = true;
  stop_calls();
  waiting_jobs_.clear();
  ready_jobs_.clear();
  const Wake wake{.wall = Clock::WallTime(std::chrono::milliseconds(row_.due_ms)), .monotonic = next_timer()};
  if (ending == Ending::in_doubt) {
    execution_.status = plan::ExecutionStatus::failed;
    execution_.error = plan::StepError{
        .code = "in_doubt",
        .message = "a request may or may not have been done when the host stopped; decide with resume or cancel"};
  }
  const auto on_ending = std::exchange(order_.on_ending, nullptr);
  if (on_ending) on_ending(ending, std::move(execution_), wake);
}

/// Only a mistake of ours, or a row beyond all bounds, comes here: the execution ends, since it can neither go on nor
/// be kept as it is.
void Conductor::give_up(const std::string& why) {
  if (over_) return;
  execution_.status = plan::ExecutionStatus::failed;
  execution_.error = plan::StepError{.code = std::string(name(ErrorCode::internal)), .message = why};
  execution_.ended = shop_->ports.clock->wall();
  if (order_.log != nullptr) {
    order_.log->forget();
    const ExecutionChange row{.state = ExecutionState::finished,
                              .status = std::string(plan::name(execution_.status)),
                              .reason = execution_.error->code,
                              .ended_ms = milliseconds(execution_.ended),
                              .steps = steps_};
    order_.log->flush(row, {});
  }
  end(Ending::finished);
}

}  // namespace formulary
