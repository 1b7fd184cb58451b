#include "host/http/push_stream.hpp"

#include <utility>

namespace formulary {

PushStream::PushStream(std::size_t queued_max) : side_(std::make_shared<PushSide>(queued_max)) {}

/// The last one who could write has gone.
PushStream::~PushStream() {
  side_->close();
}

bool PushStream::write(std::string_view text) {
  return side_->write(text);
}

void PushStream::close() {
  side_->close();
}

std::stop_token PushStream::gone() const {
  return side_->gone();
}

std::function<void()> PushSide::next_wake() {
  if (!wake_ || std::exchange(awake_, true)) return {};
  return wake_;
}

bool PushSide::write(std::string_view text) {
  std::function<void()> wake;
  {
    const std::lock_guard guard(lock_);
    if (closed_ || gone_.stop_requested() || text.size() > queued_max_ - queued_.size()) return false;
    queued_ += text;
    wake = next_wake();
  }
  if (wake) wake();
  return true;
}

void PushSide::close() {
  std::function<void()> wake;
  {
    const std::lock_guard guard(lock_);
    if (std::exchange(closed_, true)) return;
    wake = next_wake();
  }
  if (wake) wake();
}

bool PushSide::attach(std::function<void()> wake) {
  const std::lock_guard guard(lock_);
  if (std::exchange(attached_, true)) return false;
  wake_ = std::move(wake);
  return true;
}

bool PushSide::take(std::string& out) {
  const std::lock_guard guard(lock_);
  awake_ = false;
  out.clear();
  out.swap(queued_);
  return !out.empty() || !closed_;
}

void PushSide::detach() {
  std::function<void()> dropped;
  {
    const std::lock_guard guard(lock_);
    closed_ = true;
    dropped = std::exchange(wake_, {});
    queued_ = {};
  }
  gone_.request_stop();
}

}  // namespace formulary
