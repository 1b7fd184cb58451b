#include "host/script/worker/run_record.hpp"

#include <algorithm>
#include <utility>

#include "host/script/script_frame.hpp"

namespace formulary {
namespace {

// A loop that makes rejected promises is stopped by the clock; until then it must not fill native memory.
constexpr std::size_t rejections_max = 1'000;

/// Cuts at the start of a character of UTF-8.
void cut(std::string& text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return;
  std::size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  text.resize(end);
}

}  // namespace

void RunRecord::succeed(std::string value) {
  if (settled_) {
    log("done() was called again; the first value holds");
    return;
  }
  settled_ = true;
  result_.ok = true;
  result_.value = std::move(value);
}

void RunRecord::fail(std::string_view code, std::string sentence) {
  cut(sentence, script_frame::error_bytes_max);
  if (settled_) {
    log("after the step had its result: " + sentence);
    return;
  }
  settled_ = true;
  result_.error_code = code;
  result_.error = std::move(sentence);
}

void RunRecord::log(std::string line) {
  static constexpr std::string_view dropped = "(further lines were dropped)";
  if (console_full_) return;
  cut(line, 8U << 10U);
  if (result_.console.size() + 1 == script_frame::console_lines_max ||
      console_bytes_ + line.size() + dropped.size() > script_frame::console_bytes_max) {
    console_full_ = true;
    line = dropped;
  }
  console_bytes_ += line.size();
  result_.console.push_back(std::move(line));
}

bool RunRecord::mail(std::string message) {
  if (result_.notify.size() == script_frame::notify_max ||
      notify_bytes_ + message.size() > script_frame::notify_bytes_max) {
    return false;
  }
  notify_bytes_ += message.size();
  result_.notify.push_back(std::move(message));
  return true;
}

void RunRecord::reject(v8::Isolate* isolate, v8::Local<v8::Promise> promise, v8::Local<v8::Value> reason) {
  if (rejections_.size() < rejections_max) rejections_.push_back({{isolate, promise}, {isolate, reason}});
}

void RunRecord::handle(v8::Isolate* isolate, v8::Local<v8::Promise> promise) {
  const auto found = std::find_if(rejections_.begin(), rejections_.end(), [&](const Rejection& rejection) {
    return rejection.promise.Get(isolate) == promise;
  });
  if (found != rejections_.end()) rejections_.erase(found);
}

v8::Local<v8::Value> RunRecord::first_unhandled(v8::Isolate* isolate) const {
  if (rejections_.empty()) return {};
  return rejections_.front().reason.Get(isolate);
}

}  // namespace formulary
