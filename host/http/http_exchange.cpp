#include "host/http/http_exchange.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "host/base/error.hpp"

namespace formulary {
namespace {

ErrorCode code_of(const RequestRefusal& refusal) {
  return refusal.status == 408   ? ErrorCode::timed_out
         : refusal.status == 413 ? ErrorCode::limit_reached
                                 : ErrorCode::bad_input;
}

}  // namespace

std::string RequestBody::read_all(std::size_t bytes_max) {
  std::string all;
  if (content_length().value_or(0) <= bytes_max) all.reserve(static_cast<std::size_t>(content_length().value_or(0)));
  std::array<char, 16U << 10U> piece;  // NOLINT(cppcoreguidelines-pro-type-member-init): read() fills it
  while (const std::size_t count = read(piece)) {
    if (count > bytes_max - all.size()) {
      throw Error(ErrorCode::limit_reached,
                  "request body: it is longer than " + std::to_string(bytes_max) + " bytes; send less");
    }
    all.append(piece.data(), count);
  }
  return all;
}

std::size_t HttpExchange::read(std::span<char> room) {
  std::unique_lock guard(lock_);
  for (;;) {
    if (cancelled_) throw Error(ErrorCode::cancelled, "request body: nobody waits for the answer any more");
    if (!refusal_ && (declared.value_or(0) > limit_ || read_ + (bytes_.size() - begin_) > limit_)) {
      refusal_ = RequestRefusal{413, "the request's body is longer than " + std::to_string(limit_) + " bytes"};
    }
    if (refusal_) throw Error(code_of(*refusal_), "request body: " + refusal_->sentence);
    if (begin_ < bytes_.size() || ended_ || room.empty()) break;
    wanted_ = true;
    guard.unlock();
    more_();
    guard.lock();
    changed_.wait(guard, [this] { return begin_ < bytes_.size() || ended_ || cancelled_ || refusal_; });
    wanted_ = false;
  }
  const std::size_t count = std::min(room.size(), bytes_.size() - begin_);
  std::copy_n(bytes_.data() + begin_, count, room.data());
  const bool was_full = bytes_.size() - begin_ > low_water_;
  begin_ += count;
  read_ += count;
  held_ -= count;
  if (begin_ == bytes_.size()) {
    bytes_.clear();
    begin_ = 0;
  }
  const bool has_room = was_full && bytes_.size() - begin_ <= low_water_ && !ended_;
  guard.unlock();
  if (has_room) more_();
  return count;
}

void HttpExchange::set_limit(std::uint64_t bytes_max) {
  const std::lock_guard guard(lock_);
  limit_ = bytes_max;
}

std::optional<RequestRefusal> HttpExchange::refusal() const {
  const std::lock_guard guard(lock_);
  return refusal_;
}

bool HttpExchange::wanted() const {
  const std::lock_guard guard(lock_);
  return wanted_;
}

void HttpExchange::put(std::string_view bytes) {
  {
    const std::lock_guard guard(lock_);
    if (begin_ > 0) bytes_.erase(0, std::exchange(begin_, 0));
    bytes_ += bytes;
    held_ += bytes.size();
  }
  changed_.notify_one();
}

std::size_t HttpExchange::buffered() const {
  const std::lock_guard guard(lock_);
  return bytes_.size() - begin_;
}

void HttpExchange::end() {
  {
    const std::lock_guard guard(lock_);
    ended_ = true;
  }
  changed_.notify_one();
}

void HttpExchange::fail(RequestRefusal refusal) {
  {
    const std::lock_guard guard(lock_);
    if (!refusal_) refusal_ = std::move(refusal);
  }
  changed_.notify_one();
}

void HttpExchange::cancel() {
  {
    const std::lock_guard guard(lock_);
    cancelled_ = true;
  }
  changed_.notify_one();
  stop_.request_stop();
}

}  // namespace formulary
