/// \file
/// JSON in the host: Boost.JSON values, parsed within bounds, read with checks, written with valid numbers.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace formulary {

namespace json = boost::json;

struct JsonLimits {
  std::size_t bytes_max = 8U << 20U;
  std::size_t depth_max = 128;
};

/// Parses one RFC 8259 document (no byte-order mark, valid UTF-8, finite numbers). `where` begins the sentence of
/// Error(bad_input), which names line and column (in bytes, from 1); Error(limit_reached) over a bound. Doubles are the
/// nearest ones; integers beyond 64 bits become doubles. Of members with one name the last counts, as in JavaScript.
[[nodiscard]] json::value parse_json(std::string_view text, std::string_view where, const JsonLimits& limits = {});

/// Compact text; doubles in their shortest form that reads back the same (87.25, not 8.725E1), written out where
/// JavaScript does so. Strings must be UTF-8. Throws Error(internal) on NaN and infinity, which JSON cannot say.
[[nodiscard]] std::string to_text(const json::value& value);
/// The same, indented by two spaces, for people.
[[nodiscard]] std::string to_pretty_text(const json::value& value);
/// Appends `text` in quotes and escaped.
void append_json_string(std::string& out, std::string_view text);

/// Reads members of one object with checks. Every failure is Error(bad_input) "<path>: missing" or
/// "<path>: not a string", where <path> is `where` followed by the members' names: "instance.element.key". The object
/// must outlive the reader.
class JsonReader {
 public:
  JsonReader(const json::value& value, std::string where);
  JsonReader(const json::object& object, std::string where);
  JsonReader(json::value&& gone_at_once, std::string where) = delete;

  [[nodiscard]] bool has(std::string_view key) const;  ///< Present and not null.
  [[nodiscard]] std::string text(std::string_view key) const;
  [[nodiscard]] std::string text_or(std::string_view key, std::string_view otherwise) const;
  [[nodiscard]] std::int64_t integer(std::string_view key) const;
  [[nodiscard]] std::int64_t integer_or(std::string_view key, std::int64_t otherwise) const;
  [[nodiscard]] bool flag_or(std::string_view key, bool otherwise) const;
  [[nodiscard]] JsonReader object(std::string_view key) const;
  [[nodiscard]] const json::array& array(std::string_view key) const;
  [[nodiscard]] const json::value& value(std::string_view key) const;
  [[nodiscard]] const json::object& raw() const { return *object_; }
  [[nodiscard]] const std::string& where() const { return where_; }

 private:
  [[nodiscard]] const json::value* find(std::string_view key) const;
  [[nodiscard]] std::string path(std::string_view key) const;

  const json::object* object_;
  std::string where_;
};

}  // namespace formulary
