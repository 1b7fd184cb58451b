#include <formulary/poco/json.hpp>

#include <utility>

namespace element::json {
namespace {

template <class Type>
const Type& expect(const reader& at, const char* wanted) {
  const Type* is = at.raw().as<Type>();
  if (is == nullptr) throw at.failure(std::string("not ") + wanted + " but " + at.raw().kind());
  return *is;
}

}  // namespace

reader::reader(const value& of, origin from) : value_(&of), from_(std::move(from)) {}

error reader::failure(std::string_view what) const {
  error bad(from_.status, "json.unexpected", from_.where + ": " + std::string(what));
  return bad.with_retry(retry::no);
}

const value* reader::find(std::string_view key) const {
  const value* one = as_object().find(key);
  return one == nullptr || one->is_null() ? nullptr : one;
}

bool reader::has(std::string_view key) const {
  const auto* members = value_->as<json::object>();
  const value* one = members == nullptr ? nullptr : members->find(key);
  return one != nullptr && !one->is_null();
}

reader reader::any(std::string_view key) const {
  static const value nothing;
  const value* one = find(key);
  reader found(one == nullptr ? nothing : *one, {from_.where + '.' + std::string(key), from_.status});
  if (one == nullptr) throw found.failure("missing");
  return found;
}

std::string reader::text(std::string_view key) const {
  return any(key).as_text();
}
std::string reader::text_or(std::string_view key, std::string_view otherwise) const {
  return find(key) == nullptr ? std::string(otherwise) : text(key);
}

std::int64_t reader::integer(std::string_view key) const {
  return any(key).as_integer();
}
std::int64_t reader::integer_or(std::string_view key, std::int64_t otherwise) const {
  return find(key) == nullptr ? otherwise : integer(key);
}

double reader::number(std::string_view key) const {
  const reader found = any(key);
  if (const auto* whole = found.raw().as<std::int64_t>(); whole != nullptr) return static_cast<double>(*whole);
  if (const auto* whole = found.raw().as<std::uint64_t>(); whole != nullptr) return static_cast<double>(*whole);
  return expect<double>(found, "a number");
}

bool reader::flag(std::string_view key) const {
  return expect<bool>(any(key), "a flag");
}
bool reader::flag_or(std::string_view key, bool otherwise) const {
  return find(key) == nullptr ? otherwise : flag(key);
}

reader reader::object(std::string_view key) const {
  reader found = any(key);
  expect<json::object>(found, "an object");
  return found;
}

reader reader::array(std::string_view key) const {
  reader found = any(key);
  expect<json::array>(found, "an array");
  return found;
}

std::vector<reader> reader::items() const {
  std::vector<reader> out;
  const json::array& all = as_array();
  out.reserve(all.size());
  for (std::size_t index = 0; index < all.size(); ++index) {
    out.emplace_back(all[index], origin{from_.where + '[' + std::to_string(index) + ']', from_.status});
  }
  return out;
}

std::string reader::as_text() const {
  return expect<std::string>(*this, "a text");
}

std::int64_t reader::as_integer() const {
  if (value_->as<std::uint64_t>() != nullptr) throw failure("an integer beyond 64 bits");
  return expect<std::int64_t>(*this, "an integer");
}

const json::object& reader::as_object() const {
  return expect<json::object>(*this, "an object");
}
const json::array& reader::as_array() const {
  return expect<json::array>(*this, "an array");
}

}  // namespace element::json
