#include "host/formula/shared_json.hpp"

#include <mutex>
#include <utility>

namespace formulary {

/// What is there at the beginning has its flag passed already; the other half is made once, by whoever is first.
struct SharedJson::Cell {
  std::once_flag value_made;
  std::once_flag text_made;
  json::value value;
  std::shared_ptr<const std::string> text;
};

SharedJson::SharedJson(json::value value) : cell_(std::make_shared<Cell>()) {
  std::call_once(cell_->value_made, [&] { cell_->value = std::move(value); });
}

SharedJson::SharedJson(json::value value, std::string text) : SharedJson(std::move(value)) {
  std::call_once(cell_->text_made, [&] { cell_->text = std::make_shared<const std::string>(std::move(text)); });
}

SharedJson SharedJson::from_text(std::string text) {
  SharedJson json;
  json.cell_ = std::make_shared<Cell>();
  std::call_once(json.cell_->text_made,
                 [&] { json.cell_->text = std::make_shared<const std::string>(std::move(text)); });
  return json;
}

const json::value& SharedJson::value() const {
  static const json::value absent;
  if (cell_ == nullptr) return absent;
  std::call_once(cell_->value_made, [this] { cell_->value = parse_json(*cell_->text, "json"); });
  return cell_->value;
}

std::shared_ptr<const std::string> SharedJson::text() const {
  static const auto absent = std::make_shared<const std::string>("{}");
  if (cell_ == nullptr) return absent;
  std::call_once(cell_->text_made,
                 [this] { cell_->text = std::make_shared<const std::string>(to_text(cell_->value)); });
  return cell_->text;
}

}  // namespace formulary
