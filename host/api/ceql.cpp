#include "host/api/ceql.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "host/base/error.hpp"

namespace formulary::api {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_word(std::string_view text, std::string_view lower_case) {
  return std::ranges::equal(text, lower_case, [](char a, char b) { return lower(a) == b; });
}

bool is_letter_or_digit(char c) {
  return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80;
}

/// What an attribute, a keyword or a bare value is made of.
bool is_word_byte(char c) {
  return is_letter_or_digit(c) || std::string_view("_.-+$[]*@:/").find(c) != std::string_view::npos;
}

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

}  // namespace

/// Recursive descent; its depth is bounded by the parentheses that it allows.
class CeqlParser {
 public:
  CeqlParser(std::string_view text, const CeqlLimits& limits) : text_(text), limits_(limits) {
    if (text.size() > limits.bytes_max) {
      throw Error(ErrorCode::limit_reached, "where: it is over " + std::to_string(limits.bytes_max) + " bytes");
    }
  }

  Ceql whole() {
    skip_spaces();
    if (at_ == text_.size()) return {};
    any_of(0);
    if (at_ != text_.size()) refuse("AND, OR or the end was expected");
    return std::move(result_);
  }

 private:
  [[noreturn]] void refuse(const std::string& what) const {
    throw Error(ErrorCode::bad_input, "where: column " + std::to_string(at_ + 1) + ": " + what);
  }
  [[noreturn]] void refuse_more(std::size_t most, const char* what) const {
    throw Error(ErrorCode::limit_reached, "where: column " + std::to_string(at_ + 1) + ": there are more than " +
                                              std::to_string(most) + " " + what);
  }

  void skip_spaces() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }

  [[nodiscard]] std::string_view word_here() const {
    std::size_t end = at_;
    while (end < text_.size() && is_word_byte(text_[end])) ++end;
    return text_.substr(at_, end - at_);
  }

  bool take_keyword(std::string_view lower_case) {
    if (!is_word(word_here(), lower_case)) return false;
    at_ += lower_case.size();
    skip_spaces();
    return true;
  }

  bool take(std::string_view symbol) {
    if (!text_.substr(at_).starts_with(symbol)) return false;
    at_ += symbol.size();
    skip_spaces();
    return true;
  }

  void any_of(std::size_t depth) {
    all_of(depth);
    while (take_keyword("or")) {
      all_of(depth);
      result_.program_.push_back(Ceql::or_mark);
    }
  }

  void all_of(std::size_t depth) {
    one(depth);
    while (take_keyword("and")) {
      one(depth);
      result_.program_.push_back(Ceql::and_mark);
    }
  }

  void one(std::size_t depth) {
    if (!take("(")) {
      condition();
      return;
    }
    if (depth == limits_.depth_max) refuse_more(limits_.depth_max, "parentheses within each other");
    any_of(depth + 1);
    if (!take(")")) refuse("a closing parenthesis was expected");
  }

  void condition() {
    if (result_.conditions_.size() == limits_.conditions_max) refuse_more(limits_.conditions_max, "conditions");
    CeqlCondition condition;
    condition.attribute = word_here();
    if (condition.attribute.empty()) refuse("the name of an attribute was expected");
    at_ += condition.attribute.size();
    skip_spaces();
    condition.is = comparison();
    switch (condition.is) {
      case CeqlOperator::is_null:
      case CeqlOperator::is_not_null:
        break;
      case CeqlOperator::in:
        condition.values = values();
        break;
      default:
        condition.values.push_back(value());
    }
    result_.program_.push_back(static_cast<int>(result_.conditions_.size()));
    result_.conditions_.push_back(std::move(condition));
  }

  CeqlOperator comparison() {
    if (take("!=") || take("<>")) return CeqlOperator::not_equal;
    if (take("<=")) return CeqlOperator::at_most;
    if (take(">=")) return CeqlOperator::at_least;
    if (take("=")) return CeqlOperator::equal;
    if (take("<")) return CeqlOperator::less;
    if (take(">")) return CeqlOperator::greater;
    if (take_keyword("like")) return CeqlOperator::like;
    if (take_keyword("in")) return CeqlOperator::in;
    if (take_keyword("is")) {
      const bool negated = take_keyword("not");
      if (take_keyword("null")) return negated ? CeqlOperator::is_not_null : CeqlOperator::is_null;
      refuse("NULL was expected");
    }
    refuse("one of =, !=, <, >, <=, >=, LIKE, IN and IS NULL was expected");
  }

  std::string value() {
    if (at_ < text_.size() && text_[at_] == '\'') return quoted();
    const std::string_view word = word_here();
    if (word.empty()) refuse("a value was expected: 'text' in single quotes, a number, true or false");
    at_ += word.size();
    skip_spaces();
    return std::string(word);
  }

  std::string quoted() {
    const std::size_t begin = at_++;
    std::string value;
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\'') {
        if (!text_.substr(at_ + 1).starts_with('\'')) {
          ++at_;
          skip_spaces();
          return value;
        }
        ++at_;
      }
      value += text_[at_];
    }
    at_ = begin;
    refuse("the string that begins here has no closing quote; a quote inside it is written twice");
  }

  std::vector<std::string> values() {
    if (!take("(")) refuse("an opening parenthesis was expected");
    std::vector<std::string> values;
    do {
      if (values.size() == limits_.values_max) refuse_more(limits_.values_max, "values");
      values.push_back(value());
    } while (take(","));
    if (!take(")")) refuse("a comma or a closing parenthesis was expected");
    return values;
  }

  std::string_view text_;
  const CeqlLimits& limits_;
  std::size_t at_ = 0;
  Ceql result_;
};

namespace {

std::optional<double> number_in(std::string_view text) {
  double number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc() || end != text.data() + text.size() || !std::isfinite(number)) return std::nullopt;
  return number;
}

/// % is any text, _ is one byte; letters in any case, as the platform's database has it.
bool is_like(std::string_view text, std::string_view pattern) {
  std::size_t at = 0;
  std::size_t in_pattern = 0;
  std::size_t last_any = std::string_view::npos;
  std::size_t resume = 0;
  while (at < text.size()) {
    if (in_pattern < pattern.size() && pattern[in_pattern] == '%') {
      last_any = in_pattern++;
      resume = at;
    } else if (in_pattern < pattern.size() &&
               (pattern[in_pattern] == '_' || lower(pattern[in_pattern]) == lower(text[at]))) {
      ++at;
      ++in_pattern;
    } else if (last_any != std::string_view::npos) {
      in_pattern = last_any + 1;
      at = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('%', in_pattern) == std::string_view::npos;
}

std::string text_of(const json::value& value) {
  return value.is_string() ? std::string(value.get_string()) : to_text(value);
}

/// Below, at or above zero, as `has` is to `wanted`.
int compared(const std::string& has, const std::string& wanted) {
  const std::optional<double> left = number_in(has);
  const std::optional<double> right = number_in(wanted);
  if (left && right) return static_cast<int>(*left > *right) - static_cast<int>(*left < *right);
  return has.compare(wanted);
}

bool value_fits(const std::string& has, const CeqlCondition& condition) {
  const auto is = [&has](const std::string& wanted) { return compared(has, wanted) == 0; };
  switch (condition.is) {
    case CeqlOperator::equal:
    case CeqlOperator::in:
      return std::ranges::any_of(condition.values, is);
    case CeqlOperator::not_equal:
      return !is(condition.values.front());
    case CeqlOperator::less:
      return compared(has, condition.values.front()) < 0;
    case CeqlOperator::greater:
      return compared(has, condition.values.front()) > 0;
    case CeqlOperator::at_most:
      return compared(has, condition.values.front()) <= 0;
    case CeqlOperator::at_least:
      return compared(has, condition.values.front()) >= 0;
    case CeqlOperator::like:
      return is_like(has, condition.values.front());
    case CeqlOperator::is_null:
      return false;
    case CeqlOperator::is_not_null:
      return true;
  }
  return false;
}

/// "config.url" is the member of that name, or else the member "url" of "config".
const json::value* member_of(const json::object& object, std::string_view path) {
  const json::object* inside = &object;
  while (true) {
    if (const json::value* whole = inside->if_contains(path)) return whole;
    const std::size_t dot = path.find('.');
    if (dot == std::string_view::npos) return nullptr;
    const json::value* next = inside->if_contains(path.substr(0, dot));
    if (next == nullptr || !next->is_object()) return nullptr;
    inside = &next->get_object();
    path.remove_prefix(dot + 1);
  }
}

bool condition_holds(const json::object& object, const CeqlCondition& condition) {
  const json::value* value = member_of(object, condition.attribute);
  if (value == nullptr || value->is_null()) {
    return condition.is == CeqlOperator::is_null || condition.is == CeqlOperator::not_equal;
  }
  if (!value->is_array()) return value_fits(text_of(*value), condition);
  return std::ranges::any_of(value->get_array(),
                             [&condition](const json::value& one) { return value_fits(text_of(one), condition); });
}

std::string quoted(std::string_view value) {
  std::string text = "'";
  for (const char c : value) text += c == '\'' ? std::string("''") : std::string(1, c);
  return text + '\'';
}

std::string condition_text(const CeqlCondition& condition) {
  std::string text = condition.attribute + ' ' + std::string(name(condition.is));
  if (condition.values.empty()) return text;
  if (condition.is != CeqlOperator::in) return text + ' ' + quoted(condition.values.front());
  std::string list;
  for (const std::string& value : condition.values) list += (list.empty() ? "" : ", ") + quoted(value);
  return text + " (" + list + ')';
}

}  // namespace

std::string_view name(CeqlOperator what) noexcept {
  switch (what) {
    case CeqlOperator::equal:
      return "=";
    case CeqlOperator::not_equal:
      return "!=";
    case CeqlOperator::less:
      return "<";
    case CeqlOperator::greater:
      return ">";
    case CeqlOperator::at_most:
      return "<=";
    case CeqlOperator::at_least:
      return ">=";
    case CeqlOperator::like:
      return "LIKE";
    case CeqlOperator::in:
      return "IN";
    case CeqlOperator::is_null:
      return "IS NULL";
    case CeqlOperator::is_not_null:
      return "IS NOT NULL";
  }
  return "";
}

Ceql Ceql::parse(std::string_view text, const CeqlLimits& limits) {
  return CeqlParser(text, limits).whole();
}

bool Ceql::holds(const json::object& object) const {
  std::vector<bool> results;
  for (const int step : program_) {
    if (step >= 0) {
      results.push_back(condition_holds(object, conditions_[static_cast<std::size_t>(step)]));
      continue;
    }
    const bool right = results.back();
    results.pop_back();
    results.back() = step == and_mark ? results.back() && right : results.back() || right;
  }
  return results.empty() || results.back();
}

bool Ceql::is_conjunction() const noexcept {
  return std::ranges::find(program_, or_mark) == program_.end();
}

std::string Ceql::text() const {
  struct Part {
    std::string text;
    bool has_or = false;
  };
  std::vector<Part> parts;
  for (const int step : program_) {
    if (step >= 0) {
      parts.push_back({.text = condition_text(conditions_[static_cast<std::size_t>(step)])});
      continue;
    }
    const Part right = std::move(parts.back());
    parts.pop_back();
    Part& left = parts.back();
    if (step == or_mark) {
      left = {.text = left.text + " OR " + right.text, .has_or = true};
    } else {
      const auto inside = [](const Part& part) { return part.has_or ? '(' + part.text + ')' : part.text; };
      left = {.text = inside(left) + " AND " + inside(right)};
    }
  }
  return parts.empty() ? "" : parts.back().text;
}

json::array Ceql::document() const {
  json::array list;
  for (const CeqlCondition& condition : conditions_) {
    json::value value;
    if (condition.is == CeqlOperator::in) {
      json::array values;
      for (const std::string& one : condition.values) values.emplace_back(one);
      value = std::move(values);
    } else if (!condition.values.empty()) {
      value = json::string(condition.values.front());
    }
    list.push_back(json::object{
        {"attribute", condition.attribute}, {"operator", name(condition.is)}, {"value", std::move(value)}});
  }
  return list;
}

}  // namespace formulary::api
