#include "host/plugin/call_record.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <deque>
#include <exception>

#include "host/base/error.hpp"
#include "host/base/text.hpp"

namespace formulary {
namespace {

constexpr std::uint64_t records_max = 4096;
constexpr std::size_t records_resting = 256;  ///< At least so many others are used before a record comes again.
constexpr std::size_t first_room = 4096;

// Far above what a person reads or a program stores.
constexpr std::size_t code_max = 128;
constexpr std::size_t message_max = 4096;
constexpr std::size_t details_max = 64U << 10U;
constexpr std::size_t claimed_max = 16U << 20U;  ///< A longer text is a wild length, not a text.

/// At most `bytes_max` bytes, cut between two characters; empty if it is not text.
std::string copy_text(element_str text, std::size_t bytes_max) {
  if (text.ptr == nullptr || text.len > claimed_max) return {};
  std::string_view view(text.ptr, std::min(text.len, bytes_max));
  if (view.size() < text.len) {
    while (!view.empty() && (static_cast<unsigned char>(text.ptr[view.size()]) & 0xC0U) == 0x80U) view.remove_suffix(1);
  }
  return is_utf8(view) ? std::string(view) : std::string{};
}

// The functions of the table. Each finds its record by the ticket, so that a call that has ended is not touched.

element_status ELEMENT_ABI op_poll(const element_call* call) {
  const CallRecord* record = CallRecord::find(call);
  return record == nullptr ? ELEMENT_CANCELLED : record->verdict();
}

CallRecord* find_on_hook_thread(const element_call* call) noexcept {
  CallRecord* record = CallRecord::find(call);
  return record != nullptr && record->is_on_hook_thread() ? record : nullptr;
}

element_status ELEMENT_ABI op_on_cancel(const element_call* call, void(ELEMENT_ABI* function)(void*), void* argument) {
  CallRecord* record = find_on_hook_thread(call);
  return record == nullptr ? ELEMENT_FAILED_PRECONDITION : record->on_cancel(function, argument);
}

void* ELEMENT_ABI op_reserve(const element_call* call, std::size_t want, std::size_t* got) {
  CallRecord* record = find_on_hook_thread(call);
  if (record == nullptr && got != nullptr) *got = 0;
  return record == nullptr ? nullptr : record->reserve(want, got);
}

element_status ELEMENT_ABI op_commit(const element_call* call, std::size_t used) {
  CallRecord* record = find_on_hook_thread(call);
  return record == nullptr ? ELEMENT_FAILED_PRECONDITION : record->commit(used);
}

element_status ELEMENT_ABI op_write(const element_call* call, const void* data, std::size_t size) {
  CallRecord* record = find_on_hook_thread(call);
  return record == nullptr ? ELEMENT_FAILED_PRECONDITION : record->write(data, size);
}

void ELEMENT_ABI op_fail(const element_call* call, const element_error* error) {
  CallRecord* record = find_on_hook_thread(call);
  if (record != nullptr && error != nullptr) record->fail(error);
}

void ELEMENT_ABI op_heartbeat(const element_call* call, std::uint32_t done, element_str /*note*/) {
  CallRecord* record = CallRecord::find(call);
  if (record != nullptr) record->heartbeat(done);
}

constexpr element_call_ops operations = {
    sizeof(element_call_ops), 0, op_poll, op_on_cancel, op_reserve, op_commit, op_write, op_fail, op_heartbeat,
};

std::uint64_t ticket_of(const element_call* call) noexcept {
  return reinterpret_cast<std::uintptr_t>(call->host_data);
}

element_str borrowed(std::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

/// All records of the process. Never destroyed: a plugin's stray thread may still come after main() has ended.
class CallPool {
 public:
  static CallPool& instance() {
    static CallPool& pool = *new CallPool;
    return pool;
  }

  CallRecord& take() {
    const std::lock_guard lock(mutex_);
    if (free_.size() < records_resting && count_ < records_max) {
      // The table of records_ publishes the record to find(), which takes no lock.
      auto* made = new CallRecord(count_);
      records_[count_].store(made, std::memory_order_release);
      ++count_;
      return *made;
    }
    if (free_.empty()) {
      throw Error(ErrorCode::limit_reached,
                  "plugins: " + std::to_string(records_max) + " hook calls are under way; wait for some to end");
    }
    CallRecord* record = free_.front();
    free_.pop_front();
    return *record;
  }

  void give_back(CallRecord& record) {
    const std::lock_guard lock(mutex_);
    free_.push_back(&record);
  }

  [[nodiscard]] CallRecord* at(std::uint64_t index) const noexcept {
    return records_[index % records_max].load(std::memory_order_acquire);
  }

 private:
  std::mutex mutex_;
  std::array<std::atomic<CallRecord*>, records_max> records_{};
  std::uint64_t count_ = 0;
  std::deque<CallRecord*> free_;
};

CallRecord& CallRecord::begin(const CallTerms& terms) {
  CallRecord& record = CallPool::instance().take();
  record.start(terms);
  return record;
}

CallRecord* CallRecord::find(const element_call* call) noexcept {
  if (call == nullptr) return nullptr;
  const std::uint64_t ticket = ticket_of(call);
  CallRecord* record = ticket == 0 ? nullptr : CallPool::instance().at(ticket);
  return record != nullptr && record->ticket() == ticket ? record : nullptr;
}

void CallRecord::start(const CallTerms& terms) {
  timers_ = terms.timers;
  output_max_ = terms.output_max;
  spool_ = terms.spool;
  held_max_ = terms.held_max;
  committed_ = 0;
  spooled_ = 0;
  reserved_ = 0;
  result_ = {};
  progress_.store(0, std::memory_order_relaxed);
  thread_.store(std::this_thread::get_id(), std::memory_order_release);
  const std::lock_guard lock(mutex_);
  verdict_.store(ELEMENT_OK, std::memory_order_release);
  instance_id_ = terms.instance_id;
  instance_name_ = terms.instance_name;
  const std::uint64_t ticket = ++generation_ * records_max + index_;
  call_ = {
      .size = sizeof call_,
      .attempt = terms.attempt,
      .deadline_ns = terms.deadline_ns,
      .idempotency_key = borrowed(terms.idempotency_key),
      .trace_parent = borrowed(terms.trace_parent),
      .ops = &operations,
      .host_data = std::bit_cast<void*>(static_cast<std::uintptr_t>(ticket)),
  };
  ticket_.store(ticket, std::memory_order_release);
}

CallResult CallRecord::finish() {
  {
    std::unique_lock lock(mutex_);
    result_.left_cancel_function = cancel_function_ != nullptr;
    cancel_function_ = nullptr;
    changed_.wait(lock, [this] { return cancel_thread_ == std::thread::id{}; });
    ticket_.store(0, std::memory_order_release);
  }
  result_.output.resize(held());
  try {
    if (spool_ != nullptr && (spooled_ > 0 || held() > held_max_)) {
      spool_out();
      result_.output.clear();
    }
  } catch (const std::exception&) {
    result_.output.clear();  // spool_fault says why
  }
  CallResult result = std::move(result_);
  // The views died with the call; what a stale reader finds is empty, not freed.
  call_.idempotency_key = {};
  call_.trace_parent = {};
  CallPool::instance().give_back(*this);
  return result;
}

CallOrigin CallRecord::origin_of(const element_call* call) {
  if (call == nullptr) return {};
  const std::uint64_t ticket = ticket_of(call);  // read once: the record may be begun for another call meanwhile
  CallRecord* record = ticket == 0 ? nullptr : CallPool::instance().at(ticket);
  return record == nullptr ? CallOrigin{} : record->origin(ticket);
}

CallOrigin CallRecord::origin(std::uint64_t ticket) {
  const std::lock_guard lock(mutex_);
  if (ticket_.load(std::memory_order_acquire) != ticket) return {};
  const element_str trace_parent = call_.trace_parent;
  return {.instance_id = instance_id_,
          .instance_name = std::string(instance_name_),
          .trace_parent = std::string(trace_parent.ptr, trace_parent.len)};
}

void CallRecord::end_early(std::uint64_t ticket, element_status why) noexcept {
  std::unique_lock lock(mutex_);
  if (ticket_.load(std::memory_order_acquire) != ticket || verdict_.load(std::memory_order_acquire) != ELEMENT_OK)
    return;
  verdict_.store(why, std::memory_order_release);
  changed_.notify_all();
  run_cancel(lock);
}

void CallRecord::run_cancel(std::unique_lock<std::mutex>& lock) noexcept {
  if (cancel_function_ == nullptr) return;
  const auto function = cancel_function_;
  void* argument = cancel_argument_;
  cancel_function_ = nullptr;
  cancel_thread_ = std::this_thread::get_id();
  lock.unlock();
  try {
    function(argument);
  } catch (...) {  // against the rules; the timer's thread and the caller's must not die of it
  }
  lock.lock();
  cancel_thread_ = {};
  changed_.notify_all();
}

element_status CallRecord::on_cancel(void(ELEMENT_ABI* function)(void*), void* argument) noexcept {
  std::unique_lock lock(mutex_);
  if (cancel_thread_ == std::this_thread::get_id()) return ELEMENT_FAILED_PRECONDITION;  // from within itself
  if (function == nullptr) {
    cancel_function_ = nullptr;
    changed_.wait(lock, [this] { return cancel_thread_ == std::thread::id{}; });
    return ELEMENT_OK;
  }
  if (cancel_function_ != nullptr || cancel_thread_ != std::thread::id{}) return ELEMENT_FAILED_PRECONDITION;
  cancel_function_ = function;
  cancel_argument_ = argument;
  if (verdict_.load(std::memory_order_acquire) != ELEMENT_OK) run_cancel(lock);
  return ELEMENT_OK;
}

element_status CallRecord::sleep_until(DeadlineTimers::Time until) {
  if (timers_ == nullptr || verdict() != ELEMENT_OK) return verdict();
  const std::uint64_t sleep = ++sleeps_;
  const std::uint64_t ticket = this->ticket();
  // By number, not by reference: the alarm may still be on its way when this function has returned.
  const auto alarm = timers_->set(until, [this, ticket, sleep] {
    const std::lock_guard lock(mutex_);
    if (ticket_.load(std::memory_order_acquire) == ticket) woken_ = sleep;
    changed_.notify_all();
  });
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return woken_ == sleep || verdict_.load(std::memory_order_acquire) != ELEMENT_OK; });
  }
  timers_->cancel(alarm);
  return verdict();
}

void* CallRecord::reserve(std::size_t want, std::size_t* got) noexcept {
  std::string& output = result_.output;
  reserved_ = 0;
  if (got != nullptr) *got = 0;
  if (result_.over_limit || want > output_max_ - committed_) {
    result_.over_limit = true;
    return nullptr;
  }
  try {
    if (spool_ != nullptr && held() > 0 && held() + want > held_max_) spool_out();
    if (output.size() - held() < std::max<std::size_t>(want, 1)) {
      const std::size_t grown = std::max({held() + want, 2 * output.size(), first_room});
      output.resize(std::min(grown, output_max_ - spooled_));
    }
  } catch (const std::exception&) {
    result_.over_limit = true;
    return nullptr;
  }
  reserved_ = std::min(output.size() - held(), output_max_ - committed_);
  if (got != nullptr) *got = reserved_;
  return output.data() + held();
}

void CallRecord::spool_out() {
  try {
    spool_->append(std::string_view(result_.output).substr(0, held()));
    spooled_ = committed_;
  } catch (const std::exception& fault) {
    result_.spool_fault = fault.what();
    throw;
  }
}

element_status CallRecord::commit(std::size_t used) noexcept {
  if (used > reserved_) {
    break_rule("kept more bytes than it had reserved");
    return ELEMENT_OUT_OF_RANGE;
  }
  committed_ += used;
  reserved_ = 0;
  return ELEMENT_OK;
}

element_status CallRecord::write(const void* data, std::size_t size) noexcept {
  if (size == 0) return result_.over_limit ? ELEMENT_RESOURCE_EXHAUSTED : ELEMENT_OK;
  if (data == nullptr) {
    break_rule("wrote from a null pointer");
    return ELEMENT_INVALID_ARGUMENT;
  }
  void* room = reserve(size, nullptr);
  if (room == nullptr) return ELEMENT_RESOURCE_EXHAUSTED;
  std::memcpy(room, data, size);
  return commit(size);
}

void CallRecord::fail(const element_error* error) noexcept {
  element_error copy{};
  std::memcpy(&copy, error, std::min<std::size_t>(error->size, sizeof copy));
  if (error->size < sizeof copy) copy.retry_after_ms = -1;
  try {
    result_.failure = FailureReport{
        .code = copy_text(copy.code, code_max),
        .message = copy_text(copy.message, message_max),
        .details = copy.details.len > details_max ? std::string{} : copy_text(copy.details, details_max),
        .http_status = copy.http_status,
        .retry = copy.retry,
        .retry_after_ms = copy.retry_after_ms,
    };
  } catch (const std::exception&) {
    result_.failure.reset();  // out of memory: the status alone must do
  }
}

void CallRecord::break_rule(std::string_view sentence) noexcept {
  try {
    if (result_.broken_rule.empty()) result_.broken_rule = sentence;
  } catch (const std::exception&) {
    result_.over_limit = true;  // out of memory: the output is refused all the same
  }
}

}  // namespace formulary
