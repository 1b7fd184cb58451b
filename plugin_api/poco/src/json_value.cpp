#include <formulary/poco/json.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace element::json {

object::object() noexcept = default;
object::object(std::initializer_list<member> members) {
  for (const member& one : members) set(one.key, one.value);
}
object::object(const object&) = default;
object::object(object&&) noexcept = default;
object& object::operator=(const object&) = default;
object& object::operator=(object&&) noexcept = default;
object::~object() = default;

const value* object::find(std::string_view key) const noexcept {
  const auto at = std::find_if(members_.begin(), members_.end(), [key](const member& one) { return one.key == key; });
  return at == members_.end() ? nullptr : &at->value;
}

value* object::find(std::string_view key) noexcept {
  return const_cast<value*>(std::as_const(*this).find(key));
}

value& object::set(std::string_view key, value to) {
  if (value* known = find(key); known != nullptr) return *known = std::move(to);
  return members_.emplace_back(member{std::string(key), std::move(to)}).value;
}

bool object::erase(std::string_view key) noexcept {
  const auto at = std::find_if(members_.begin(), members_.end(), [key](const member& one) { return one.key == key; });
  if (at == members_.end()) return false;
  members_.erase(at);
  return true;
}

value::value(std::uint64_t number) noexcept {
  if (number <= static_cast<std::uint64_t>(INT64_MAX)) {
    is_ = static_cast<std::int64_t>(number);
  } else {
    is_ = number;
  }
}

const char* value::kind() const noexcept {
  constexpr std::array<const char*, std::variant_size_v<variant>> names = {
      "null", "a flag", "an integer", "an integer", "a number", "a text", "an array", "an object"};
  return names[is_.index()];
}

}  // namespace element::json
