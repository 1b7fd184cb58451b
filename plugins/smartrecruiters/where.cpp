#include "plugins/smartrecruiters/where.hpp"

#include <formulary/element/error.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "plugins/smartrecruiters/instant.hpp"
#include "plugins/smartrecruiters/refusal.hpp"

namespace smartrecruiters {
namespace {

constexpr std::size_t text_bytes_max = 8U << 10U;
constexpr std::size_t conditions_max = 32;
constexpr std::size_t values_max = 100;

element::error invalid(const std::string& what) {
  return refusal("smartrecruiters.invalid_where", "where: " + what);
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

bool same_word(std::string_view one, std::string_view other) {
  return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                    [](char a, char b) { return lower(a) == lower(b); });
}

std::string names_of(std::span<const Filter> filters) {
  std::string names;
  for (const Filter& filter : filters) (names += names.empty() ? "" : ", ") += filter.name;
  return names;
}

bool is_word_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
         c == '.' || c == ':';
}

class Parser {
 public:
  Parser(std::string_view text, std::span<const Filter> filters) : rest_(text), filters_(filters) {}

  std::vector<Parameter> parse() {
    std::size_t conditions = 0;
    do {
      if (++conditions > conditions_max) throw invalid("more than 32 conditions; narrow the list in another way");
      parse_condition();
      skip_space();
    } while (take_and());
    return std::move(parameters_);
  }

 private:
  void skip_space() {
    const std::size_t start = rest_.find_first_not_of(" \t\r\n");
    rest_.remove_prefix(std::min(start, rest_.size()));
  }
  bool take(char c) {
    skip_space();
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::string_view take_word() {
    skip_space();
    const auto end = std::find_if_not(rest_.begin(), rest_.end(), is_word_character);
    const std::string_view word = rest_.substr(0, static_cast<std::size_t>(end - rest_.begin()));
    rest_.remove_prefix(word.size());
    return word;
  }
  bool take_and() {
    if (rest_.empty()) return false;
    const std::string_view word = take_word();
    if (same_word(word, "and")) return true;
    if (same_word(word, "or")) throw invalid("OR cannot be expressed at SmartRecruiters; make one call for each side");
    throw invalid("after a condition comes AND or the end; quote values that have blanks or signs");
  }

  void parse_condition() {
    const std::string_view name = take_word();
    if (name.empty())
      throw invalid("a condition is missing; write for instance updatedAfter='2023-01-01T00:00:00.000Z'");
    const Filter& filter = find(name);
    if (std::any_of(parameters_.begin(), parameters_.end(), [&](const Parameter& one) { return one.name == name; })) {
      throw invalid("'" + std::string(name) +
                    "' appears twice; a range cannot be expressed, and alternatives are IN ('a','b')");
    }
    if (take('=')) return add(filter, take_value());
    if (!rest_.empty() && std::string_view("<>!").find(rest_.front()) != std::string_view::npos)
      refuse_operator(rest_.substr(0, 1));
    const std::string_view word = take_word();
    if (!same_word(word, "in")) refuse_operator(word);
    parse_list(filter);
  }

  const Filter& find(std::string_view name) const {
    const auto found =
        std::find_if(filters_.begin(), filters_.end(), [&](const Filter& filter) { return filter.name == name; });
    if (found == filters_.end()) {
      throw invalid("SmartRecruiters cannot filter by '" + std::string(name.substr(0, 100)) +
                    "' here; it can by: " + names_of(filters_));
    }
    return *found;
  }

  [[noreturn]] static void refuse_operator(std::string_view word) {
    throw invalid("the operator '" + std::string(word.substr(0, 20)) +
                  "' cannot be expressed at SmartRecruiters; there are = and IN (dates: updatedAfter = '...')");
  }

  void parse_list(const Filter& filter) {
    if (!filter.repeatable)
      throw invalid("'" + std::string(filter.name) + "' takes one value; use = and one call for each");
    if (!take('(')) throw invalid("IN needs a list: IN ('a','b')");
    do {
      add(filter, take_value());
    } while (take(','));
    if (!take(')')) throw invalid("the list after IN does not end; close it with ')'");
  }

  std::string take_value() {
    if (!take('\'')) {
      const std::string_view word = take_word();
      if (word.empty()) throw invalid("a value is missing; write it in single quotes");
      return std::string(word);
    }
    std::string value;
    while (!rest_.empty()) {
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c != '\'') {
        value += c;
      } else if (rest_.starts_with('\'')) {
        value += c;
        rest_.remove_prefix(1);
      } else {
        return value;
      }
    }
    throw invalid("a quoted value does not end; close it with a single quote");
  }

  void add(const Filter& filter, std::string value) {
    const std::string fault = fault_of_value(filter, value);
    if (!fault.empty()) throw invalid("the value of '" + std::string(filter.name) + "' " + fault);
    if (parameters_.size() == values_max) throw invalid("more than 100 values; split the call");
    parameters_.push_back({std::string(filter.name), std::move(value)});
  }

  std::string_view rest_;
  std::span<const Filter> filters_;
  std::vector<Parameter> parameters_;
};

}  // namespace

std::string fault_of_value(const Filter& filter, std::string_view value) {
  if (value.find_first_not_of(" \t\r\n") == std::string_view::npos) return "is empty; leave it out";
  if (value.find("${") != std::string_view::npos) return "has a ${...} that nobody has filled in; leave it out";
  if (!filter.time || parse_instant(value)) return {};
  return "is no time; write it as 2023-01-01T00:00:00.000Z";
}

std::vector<Parameter> parse_where(std::string_view text, std::span<const Filter> filters) {
  if (text.size() > text_bytes_max) throw invalid("longer than 8 KiB; narrow the list in another way");
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) return {};
  if (filters.empty())
    throw invalid("SmartRecruiters cannot filter this list; leave `where` out and filter what comes");
  return Parser(text, filters).parse();
}

}  // namespace smartrecruiters
