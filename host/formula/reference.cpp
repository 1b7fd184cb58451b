#include "host/formula/reference.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <utility>

#include "host/base/error.hpp"
#include "host/formula/scope.hpp"
#include "host/formula/web_text.hpp"

namespace formulary {
namespace {

constexpr std::string_view blanks = " \t\r\n";
constexpr std::size_t quoted_in_faults_max = 80;

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// For sentences: short, and nothing that a terminal would obey.
std::string quoted(std::string_view text) {
  std::string result = "'";
  for (const char byte : text.substr(0, quoted_in_faults_max)) {
    result += has_control_characters({&byte, 1}) ? ' ' : byte;
  }
  return result + (text.size() > quoted_in_faults_max ? "...'" : "'");
}

/// Reads the path between the braces. Each function moves `rest_` on and says whether it found what it wants.
class PathParser {
 public:
  explicit PathParser(std::string_view text) : rest_(text) {}

  std::optional<std::vector<Reference::Token>> parse() {
    if (rest_.empty() || !read_key()) return std::nullopt;
    while (!rest_.empty()) {
      if (tokens_.size() >= reference_tokens_max) return std::nullopt;
      const bool read = rest_.front() == '[' ? read_bracket() : take('.') && read_key();
      if (!read) return std::nullopt;
    }
    return std::move(tokens_);
  }

 private:
  bool take(char wanted) {
    if (rest_.empty() || rest_.front() != wanted) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool read_key() {
    const std::size_t end = std::min(rest_.find_first_of(".["), rest_.size());
    const std::string_view key = rest_.substr(0, end);
    if (key.empty() || key.find_first_of("]{}()'\"`\\") != std::string_view::npos || has_control_characters(key))
      return false;
    tokens_.push_back({.key = std::string(key)});
    rest_.remove_prefix(end);
    return true;
  }

  bool read_bracket() {
    take('[');
    if (rest_.empty()) return false;
    return rest_.front() == '\'' || rest_.front() == '"' ? read_quoted_key() : read_index();
  }

  bool read_quoted_key() {
    const char quote = rest_.front();
    rest_.remove_prefix(1);
    const std::size_t end = rest_.find(quote);
    if (end == std::string_view::npos || end == 0) return false;
    tokens_.push_back({.key = std::string(rest_.substr(0, end))});
    rest_.remove_prefix(end + 1);
    return take(']');
  }

  bool read_index() {
    std::size_t index = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), index);
    if (error != std::errc{}) return false;
    const auto length = static_cast<std::size_t>(end - rest_.data());
    tokens_.push_back({.key = std::string(rest_.substr(0, length)), .index = index});
    rest_.remove_prefix(length);
    return take(']');
  }

  std::string_view rest_;
  std::vector<Reference::Token> tokens_;
};

/// The position of the brace that closes a reference, given the text behind "${"; npos if there is none.
std::size_t find_close(std::string_view text) {
  char quote = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char byte = text[at];
    if (quote != 0) {
      if (byte == quote) quote = 0;
    } else if (byte == '}') {
      return at;
    } else if ((byte == '\'' || byte == '"') && at > 0 && text[at - 1] == '[') {
      quote = byte;
    }
  }
  return std::string_view::npos;
}

struct Call {
  std::string_view begin;
  Reference::Function function;
};
constexpr std::array<Call, 4> calls{{
    {"Object.values(", Reference::Function::values},
    {"Object.keys(", Reference::Function::keys},
    {"Object.entries(", Reference::Function::entries},
    {"JSON.stringify(", Reference::Function::stringify},
}};

std::optional<Reference> parse_reference(std::string_view text) {
  if (text.size() > reference_bytes_max) return std::nullopt;
  Reference reference{.text = std::string(text), .tokens = {}};
  for (const Call& call : calls) {
    if (!text.starts_with(call.begin) || !text.ends_with(')')) continue;
    reference.function = call.function;
    text = trimmed(text.substr(call.begin.size(), text.size() - call.begin.size() - 1));
    break;
  }
  auto tokens = PathParser(text).parse();
  if (!tokens) return std::nullopt;
  reference.tokens = *std::move(tokens);
  return reference;
}

struct ParsedText {
  std::vector<Property::Segment> segments;
  std::vector<std::string> faults;
};

/// Splits a text into what stands as it is and references. Every "${" is looked at once, so the time is linear but for
/// unclosed ones, which end the search.
ParsedText parse_text(std::string_view text) {
  ParsedText result;
  std::string plain;
  while (!text.empty()) {
    const std::size_t open = std::min(text.find("${"), text.size());
    plain += text.substr(0, open);
    text.remove_prefix(open);
    if (text.empty()) break;
    const std::size_t close = find_close(text.substr(2));
    if (close == std::string_view::npos) {
      result.faults.push_back(quoted(text) + " is not closed");
      plain += text;
      break;
    }
    const std::string_view whole = text.substr(0, close + 3);
    const std::string_view path = trimmed(whole.substr(2, close));
    if (auto reference = parse_reference(path)) {
      if (!plain.empty()) result.segments.emplace_back(std::exchange(plain, {}));
      result.segments.emplace_back(*std::move(reference));
    } else {
      result.faults.push_back(quoted(whole) + " is not a reference");
      plain += whole;
    }
    text.remove_prefix(whole.size());
  }
  if (!plain.empty()) result.segments.emplace_back(std::move(plain));
  return result;
}

/// Visits every text inside of an object or array, at any depth.
template <class Visit>
void each_text(const json::value& value, const Visit& visit) {
  if (const auto* string = value.if_string()) {
    visit(std::string_view(*string));
  } else if (const auto* array = value.if_array()) {
    for (const auto& entry : *array) each_text(entry, visit);
  } else if (const auto* object = value.if_object()) {
    for (const auto& member : *object) each_text(member.value(), visit);
  }
}

using Tokens = std::span<const Reference::Token>;

const json::value* walk(const json::value* value, Tokens tokens);

/// The longest literal key first: keys may themselves contain dots.
const json::value* walk_object(const json::object& object, Tokens tokens) {
  std::vector<std::string> keys;
  for (const auto& token : tokens) {
    if (token.index) break;
    keys.push_back(keys.empty() ? token.key : keys.back() + '.' + token.key);
  }
  if (keys.empty()) keys.push_back(tokens.front().key);
  for (std::size_t count = keys.size(); count > 0; --count) {
    const json::value* member = object.if_contains(keys[count - 1]);
    const json::value* found = member == nullptr ? nullptr : walk(member, tokens.subspan(count));
    if (found != nullptr) return found;
  }
  return nullptr;
}

const json::value* walk(const json::value* value, Tokens tokens) {
  if (tokens.empty()) return value;
  if (const auto* object = value->if_object()) return walk_object(*object, tokens);
  if (const auto* array = value->if_array()) {
    const auto& index = tokens.front().index;
    if (index && *index < array->size()) return walk(&(*array)[*index], tokens.subspan(1));
  }
  return nullptr;
}

/// A value and what keeps it alive.
struct Found {
  const SharedJson* whole = nullptr;
  const json::value* part = nullptr;
};

Found walk_shared(const SharedJson& shared, Tokens tokens) {
  return {.whole = &shared, .part = shared ? walk(&shared.value(), tokens) : nullptr};
}

Found walk_steps(const Scope& scope, Tokens tokens) {
  std::vector<std::string> names;
  for (const auto& token : tokens) {
    if (token.index) break;
    names.push_back(names.empty() ? token.key : names.back() + '.' + token.key);
  }
  for (std::size_t count = names.size(); count > 0; --count) {
    const auto* step = scope.steps.find(names[count - 1]);
    if (step == nullptr) continue;
    const Found found = walk_shared(step->output, tokens.subspan(count));
    if (found.part != nullptr) return found;
  }
  return {};
}

Found find_part(const Reference& reference, const Scope& scope) {
  const Tokens tokens(reference.tokens);
  const std::string& root = tokens.front().key;
  if (root == "steps") return walk_steps(scope, tokens.subspan(1));
  if (root == "trigger") return walk_shared(scope.trigger, tokens.subspan(1));
  if (root == "config") return walk_shared(scope.config, tokens.subspan(1));
  if (root == "info") return walk_shared(scope.info, tokens.subspan(1));
  const Found configured = walk_shared(scope.config, tokens);
  return configured.part != nullptr ? configured : walk_steps(scope, tokens);
}

json::value entry_of(Reference::Function function, std::string_view key, const json::value& value) {
  if (function == Reference::Function::values) return value;
  if (function == Reference::Function::keys) return json::value(key);
  return json::array{json::value(key), value};
}

/// As JavaScript does it; of what is neither object nor array there are no entries.
json::value applied(Reference::Function function, const json::value& value) {
  if (function == Reference::Function::stringify) return json::value(to_text(value));
  json::array entries;
  if (const auto* object = value.if_object()) {
    for (const auto& member : *object) entries.push_back(entry_of(function, member.key(), member.value()));
  } else if (const auto* array = value.if_array()) {
    for (std::size_t index = 0; index < array->size(); ++index) {
      entries.push_back(entry_of(function, std::to_string(index), (*array)[index]));
    }
  }
  return entries;
}

/// The number of entries, where "length" is the last word and no member of that name.
std::optional<json::value> length_of(Reference reference, const Scope& scope) {
  if (reference.tokens.size() < 2 || reference.tokens.back().key != "length") return std::nullopt;
  reference.tokens.pop_back();
  const json::value* owner = find_part(reference, scope).part;
  const auto* array = owner == nullptr ? nullptr : owner->if_array();
  return array == nullptr ? std::nullopt : std::optional(json::value(array->size()));
}

/// What the reference gives if it is more than a part of the scope.
std::optional<json::value> computed(const Reference& reference, const json::value* part, const Scope& scope) {
  if (part == nullptr) return length_of(reference, scope);
  if (reference.function == Reference::Function::none) return std::nullopt;
  return applied(reference.function, *part);
}

void append_bounded(std::string& text, std::string_view addition, std::size_t bytes_max) {
  if (addition.size() > bytes_max - std::min(bytes_max, text.size())) {
    throw Error(ErrorCode::limit_reached, "a property is longer than " + std::to_string(bytes_max) +
                                              " bytes once its references are replaced; send less, or in parts");
  }
  text += addition;
}

/// Texts that resolve to nothing disappear from objects; in arrays, where positions count, they become null.
std::optional<json::value> resolve_nested(const json::value& value, const Scope& scope, std::size_t bytes_max) {
  if (const auto* array = value.if_array()) {
    json::array result;
    for (const auto& entry : *array) result.push_back(resolve_nested(entry, scope, bytes_max).value_or(nullptr));
    return result;
  }
  if (const auto* object = value.if_object()) {
    json::object result;
    for (const auto& member : *object) {
      if (auto resolved = resolve_nested(member.value(), scope, bytes_max))
        result.emplace(member.key(), *std::move(resolved));
    }
    return result;
  }
  if (!value.is_string()) return value;
  const Property text(value);
  return text.absent() ? std::optional(value) : resolve(text, scope, bytes_max);
}

}  // namespace

Property::Property(const json::value& value) {
  if (const auto* string = value.if_string()) {
    const std::string_view text(*string);
    if (trimmed(text).empty()) return;
    ParsedText parsed = parse_text(text);
    segments_ = std::move(parsed.segments);
    faults_ = std::move(parsed.faults);
  } else {
    each_text(value, [this](std::string_view nested) {
      ParsedText parsed = parse_text(nested);
      faults_.insert(faults_.end(), parsed.faults.begin(), parsed.faults.end());
    });
  }
  source_ = value;
}

std::vector<Reference> Property::references() const {
  std::vector<Reference> all;
  each_text(source_, [&all](std::string_view text) {
    for (auto& segment : parse_text(text).segments) {
      if (auto* reference = std::get_if<Reference>(&segment)) all.push_back(std::move(*reference));
    }
  });
  return all;
}

std::optional<std::string> Property::plain_text() const {
  if (absent()) return std::nullopt;
  if (segments_.empty()) return source_.is_structured() ? std::nullopt : std::optional(to_text(source_));
  const auto* text = std::get_if<std::string>(&segments_.front());
  return segments_.size() == 1 && text != nullptr ? std::optional(*text) : std::nullopt;
}

std::string inserted_text(const Reference& reference, const Scope& scope) {
  const json::value* part = find_part(reference, scope).part;
  const auto made = computed(reference, part, scope);
  const json::value* value = made ? &*made : part;
  if (value == nullptr || value->is_null()) return {};
  if (const auto* string = value->if_string()) return std::string(*string);
  return to_text(*value);
}

const json::value* find(const Reference& reference, const Scope& scope) {
  return find_part(reference, scope).part;
}

std::shared_ptr<const json::value> share(const Property& property, const Scope& scope, std::size_t bytes_max) {
  const auto& segments = property.segments();
  const auto* reference = segments.size() == 1 ? std::get_if<Reference>(&segments.front()) : nullptr;
  if (reference == nullptr) {
    auto value = resolve(property, scope, bytes_max);
    return value ? std::make_shared<const json::value>(*std::move(value)) : nullptr;
  }
  const Found found = find_part(*reference, scope);
  if (auto value = computed(*reference, found.part, scope)) {
    return std::make_shared<const json::value>(*std::move(value));
  }
  return found.part == nullptr ? nullptr : found.whole->share(found.part);
}

std::optional<json::value> resolve(const Property& property, const Scope& scope, std::size_t bytes_max) {
  if (property.absent()) return std::nullopt;
  const auto& segments = property.segments();
  if (segments.empty()) return resolve_nested(property.source(), scope, bytes_max);
  if (const auto* whole = std::get_if<Reference>(&segments.front()); whole != nullptr && segments.size() == 1) {
    const json::value* part = find(*whole, scope);
    if (auto value = computed(*whole, part, scope)) return value;
    return part == nullptr ? std::nullopt : std::optional(*part);
  }
  std::string text;
  for (const auto& segment : segments) {
    const auto* reference = std::get_if<Reference>(&segment);
    append_bounded(text, reference == nullptr ? std::get<std::string>(segment) : inserted_text(*reference, scope),
                   bytes_max);
  }
  return json::value(text);
}

}  // namespace formulary
