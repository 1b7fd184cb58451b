/// \file
/// JSON for plugins: parsed by Poco::JSON within bounds, kept with exact types and in order, read with checks, written.
///
///   const auto document = json::parse(reply.body, {.where = "candidate"});
///   const json::reader candidate(document, {.where = "candidate"});
///   candidate.text("id");                    // error: "candidate.id: missing"
///
/// Poco's own values convert silently ("nope" reads as true, true as 1, 1.9 as 1); these never do.
#pragma once

#include <formulary/element/error.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace element::json {

class value;
struct member;
using array = std::vector<value>;

/// Members in the order of the text or of insertion; names are unique.
class object {
 public:
  object() noexcept;
  object(std::initializer_list<member> members);
  object(const object&);
  object(object&&) noexcept;
  object& operator=(const object&);
  object& operator=(object&&) noexcept;
  ~object();

  [[nodiscard]] const value* find(std::string_view key) const noexcept;
  [[nodiscard]] value* find(std::string_view key) noexcept;
  /// Replaces the member of that name, or appends one.
  value& set(std::string_view key, value to);
  /// False if there is no such member.
  bool erase(std::string_view key) noexcept;
  [[nodiscard]] const std::vector<member>& members() const noexcept { return members_; }
  [[nodiscard]] std::size_t size() const noexcept;
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }

 private:
  friend class tree_builder;
  std::vector<member> members_;
};

/// One JSON value. `uint64_t` only for numbers above INT64_MAX.
class value {
 public:
  using variant = std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double, std::string, array, object>;

  value() noexcept : is_(nullptr) {}
  value(std::nullptr_t) noexcept : is_(nullptr) {}
  value(bool flag) noexcept : is_(flag) {}
  value(int number) noexcept : is_(std::int64_t{number}) {}
  value(std::int64_t number) noexcept : is_(number) {}
  value(std::uint64_t number) noexcept;  ///< Becomes int64_t if it fits.
  value(double number) noexcept : is_(number) {}
  value(const char* text) : is_(std::string(text)) {}
  value(std::string_view text) : is_(std::string(text)) {}
  value(std::string text) noexcept : is_(std::move(text)) {}
  value(array items) noexcept : is_(std::move(items)) {}
  value(object members) noexcept : is_(std::move(members)) {}
  template <class Type>
  value(Type*) = delete;  // else any pointer would become true

  [[nodiscard]] const variant& get() const noexcept { return is_; }
  /// nullptr if it is of another type.
  template <class Type>
  [[nodiscard]] const Type* as() const noexcept {
    return std::get_if<Type>(&is_);
  }
  template <class Type>
  [[nodiscard]] Type* as() noexcept {
    return std::get_if<Type>(&is_);
  }
  [[nodiscard]] bool is_null() const noexcept { return as<std::nullptr_t>() != nullptr; }
  /// "a string", "an object", ...: for sentences.
  [[nodiscard]] const char* kind() const noexcept;

 private:
  variant is_;
};

struct member {
  std::string key;
  json::value value;
};

inline std::size_t object::size() const noexcept {
  return members_.size();
}

struct limits {
  std::size_t bytes_max = 32U << 20U;
  std::size_t depth_max = 64;  ///< At most 120.
};

/// Where a document comes from: begins each sentence, and decides each error's status.
struct origin {
  std::string where;                          ///< "candidate", "the answer of POST /instances".
  element_status status = ELEMENT_DATA_LOSS;  ///< ELEMENT_INVALID_ARGUMENT for what a person wrote.
};

/// Parses one RFC 8259 document of any kind. Throws error(origin.status, ...) with code "json.malformed" (also for
/// members that appear twice, names with a NUL, numbers beyond 64 bits or a double's range, invalid UTF-8),
/// "json.too_large", "json.too_deep". The sentence repeats nothing of the document.
[[nodiscard]] value parse(std::string_view text, const origin& from, const limits& within = {});

/// Compact text. Doubles in the shortest form that reads back the same. Throws error(ELEMENT_INTERNAL,
/// "json.not_finite") for NaN and infinity, which JSON cannot say, and "json.not_utf8" for strings that are not UTF-8.
[[nodiscard]] std::string to_text(const value& what);
/// Appends `text` as a JSON string, quotes included.
void append_text(std::string& out, std::string_view text);

/// Reads one value with checks. Each failure is error(origin.status, "json.unexpected") "<path>: missing" or "<path>:
/// not a string but a number", where <path> is like "candidate.education[2].title". The value must outlive the reader.
/// Present but null counts as missing.
class reader {
 public:
  reader(const value& of, origin from);

  [[nodiscard]] bool has(std::string_view key) const;  ///< An object that has the member, and it is not null.
  [[nodiscard]] std::string text(std::string_view key) const;
  [[nodiscard]] std::string text_or(std::string_view key, std::string_view otherwise) const;
  [[nodiscard]] std::int64_t integer(std::string_view key) const;
  [[nodiscard]] std::int64_t integer_or(std::string_view key, std::int64_t otherwise) const;
  [[nodiscard]] double number(std::string_view key) const;  ///< Integers too.
  [[nodiscard]] bool flag(std::string_view key) const;
  [[nodiscard]] bool flag_or(std::string_view key, bool otherwise) const;
  [[nodiscard]] reader object(std::string_view key) const;
  [[nodiscard]] reader array(std::string_view key) const;
  /// The member, of any type but null.
  [[nodiscard]] reader any(std::string_view key) const;

  /// The items of this array; fails if it is none.
  [[nodiscard]] std::vector<reader> items() const;
  /// This value itself as a type.
  [[nodiscard]] std::string as_text() const;
  [[nodiscard]] std::int64_t as_integer() const;
  [[nodiscard]] const json::object& as_object() const;
  [[nodiscard]] const json::array& as_array() const;

  [[nodiscard]] const value& raw() const noexcept { return *value_; }
  [[nodiscard]] const std::string& where() const noexcept { return from_.where; }
  /// For an author's own checks: "<path>: <what>".
  [[nodiscard]] error failure(std::string_view what) const;

 private:
  [[nodiscard]] const value* find(std::string_view key) const;
  const value* value_;
  origin from_;
};

}  // namespace element::json
