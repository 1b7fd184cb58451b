#include "host/formula/shared_json.hpp"

#include <atomic>
#include <mutex>
#include <utility>

namespace formulary {

/// What is there at the beginning is marked so; the other half is made once, by whoever is first, and then read without
/// a lock. (std::call_once makes a system call each time it runs something.)
struct SharedJson::Cell {
  std::atomic<bool> has_value = false;
  std::atomic<bool> has_text = false;
  std::mutex making;
  json::value value;
  std::shared_ptr<const std::string> text;
};

SharedJson::SharedJson(json::value value) : cell_(std::make_shared<Cell>()) {
  cell_->value = std::move(value);
  cell_->has_value.store(true, std::memory_order_release);
}

SharedJson::SharedJson(json::value value, std::string text) : SharedJson(std::move(value)) {
  cell_->text = std::make_shared<const std::string>(std::move(text));
  cell_->has_text.store(true, std::memory_order_release);
}

SharedJson SharedJson::from_text(std::string text) {
  SharedJson json;
  json.cell_ = std::make_shared<Cell>();
  json.cell_->text = std::make_shared<const std::string>(std::move(text));
  json.cell_->has_text.store(true, std::memory_order_release);
  return json;
}

const json::value& SharedJson::value() const {
  static const json::value absent;
  if (cell_ == nullptr) return absent;
  if (!cell_->has_value.load(std::memory_order_acquire)) {
    const std::lock_guard lock(cell_->making);
    if (!cell_->has_value.load(std::memory_order_relaxed)) cell_->value = parse_json(*cell_->text, "json");
    cell_->has_value.store(true, std::memory_order_release);
  }
  return cell_->value;
}

std::shared_ptr<const std::string> SharedJson::text() const {
  static const auto absent = std::make_shared<const std::string>("{}");
  if (cell_ == nullptr) return absent;
  if (!cell_->has_text.load(std::memory_order_acquire)) {
    const std::lock_guard lock(cell_->making);
    if (!cell_->has_text.load(std::memory_order_relaxed)) {
      cell_->text = std::make_shared<const std::string>(to_text(cell_->value));
    }
    cell_->has_text.store(true, std::memory_order_release);
  }
  return cell_->text;
}

}  // namespace formulary
