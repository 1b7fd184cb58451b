#include <formulary/poco/json.hpp>

#include <Poco/Exception.h>
#include <Poco/JSON/Handler.h>
#include <Poco/JSON/Parser.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "utf8.hpp"

namespace element::json {
namespace {

constexpr std::size_t depth_limit = 120;  // Poco's parser is built for 128

[[noreturn]] void refuse(const origin& from, const char* code, const std::string& why) {
  error bad(from.status, code, from.where + ": " + why);
  throw bad.with_retry(retry::no);
}

struct duplicate_member {};

}  // namespace

/// Builds values of exact types from the parser's events: Poco's own Var tree would lose them.
class tree_builder final : public Poco::JSON::Handler {
  using tree = json::value;  // value() is the handler's own word

 public:
  void reset() override { open_.clear(); }
  void startObject() override { begin(tree(object{})); }
  void endObject() override {
    refuse_duplicates(*open_.back().as<object>());
    end();
  }
  void startArray() override { begin(tree(array{})); }
  void endArray() override { end(); }
  void key(const std::string& name) override { names_.push_back(name); }
  void null() override { add(tree(nullptr)); }
  void value(int number) override { add(tree(std::int64_t{number})); }
  void value(unsigned number) override { add(tree(std::uint64_t{number})); }
  void value(Poco::Int64 number) override { add(tree(std::int64_t{number})); }
  void value(Poco::UInt64 number) override { add(tree(std::uint64_t{number})); }
  void value(const std::string& text) override { add(tree(text)); }
  void value(double number) override { add(tree(number)); }
  void value(bool flag) override { add(tree(flag)); }

  [[nodiscard]] std::optional<tree> take() noexcept { return std::exchange(result_, std::nullopt); }

 private:
  void begin(tree empty) { open_.push_back(std::move(empty)); }
  void end() {
    tree done = std::move(open_.back());
    open_.pop_back();
    add(std::move(done));
  }
  void add(tree one) {
    if (open_.empty()) {
      result_ = std::move(one);
    } else if (auto* items = open_.back().as<array>(); items != nullptr) {
      items->push_back(std::move(one));
    } else {
      open_.back().as<object>()->members_.push_back({std::move(names_.back()), std::move(one)});
      names_.pop_back();
    }
  }
  /// Two members of one name mean different things to different readers: nobody gets to choose.
  static void refuse_duplicates(const object& of) {
    std::vector<std::string_view> names;
    names.reserve(of.size());
    for (const member& one : of.members()) names.push_back(one.key);
    std::sort(names.begin(), names.end());
    if (std::adjacent_find(names.begin(), names.end()) != names.end()) throw duplicate_member{};
  }

  std::vector<tree> open_;
  std::vector<std::string> names_;  ///< One for each open member.
  std::optional<tree> result_;
};

namespace {

/// Whether a member's name holds an escaped NUL, at which Poco would cut it. `text` need not be valid.
bool has_nul_in_name(std::string_view text) {
  if (text.find("\\u0000") == std::string_view::npos) return false;
  for (std::size_t at = text.find('"'); at < text.size(); at = text.find('"', at)) {
    bool nul = false;
    for (++at; at < text.size() && text[at] != '"'; ++at) {
      if (text[at] != '\\') continue;
      nul = nul || text.substr(at, 6) == "\\u0000";
      ++at;
    }
    const std::size_t next = text.find_first_not_of(" \t\r\n", std::min(at + 1, text.size()));
    if (nul && next != std::string_view::npos && text[next] == ':') return true;
    ++at;
  }
  return false;
}

/// The deepest nesting, as brackets outside of texts tell. The parser has a bound too, but its error says less.
std::size_t depth_of(std::string_view text) noexcept {
  std::size_t depth = 0;
  std::size_t deepest = 0;
  bool quoted = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (quoted) {
      if (c == '\\') ++at;
      if (c == '"') quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '[' || c == '{') {
      deepest = std::max(deepest, ++depth);
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
  return deepest;
}

/// Whether the integer at the front of `text` fits no 64 bits. Poco lets some of those wrap around.
bool is_beyond_64_bits(std::string_view text) noexcept {
  const std::string_view number = text.substr(0, text.find_first_not_of("+-.0123456789eE"));
  if (number.find_first_of(".eE") != std::string_view::npos) return false;
  std::int64_t small = 0;
  std::uint64_t large = 0;
  const char* end = number.data() + number.size();
  return std::from_chars(number.data(), end, small).ec == std::errc::result_out_of_range &&
         (number.front() == '-' || std::from_chars(number.data(), end, large).ec == std::errc::result_out_of_range);
}

bool has_integer_beyond_64_bits(std::string_view text) noexcept {
  constexpr std::string_view starts = "-0123456789\"";
  for (std::size_t at = text.find_first_of(starts); at < text.size(); at = text.find_first_of(starts, at)) {
    if (text[at] == '"') {
      for (++at; at < text.size() && text[at] != '"'; ++at) at += text[at] == '\\' ? 1 : 0;
      ++at;
      continue;
    }
    if (is_beyond_64_bits(text.substr(at))) return true;
    at = std::min(text.find_first_not_of("+-.0123456789eE", at), text.size());
  }
  return false;
}

void check_bounds(std::string_view text, const origin& from, const limits& within) {
  if (text.size() > within.bytes_max) {
    refuse(from, "json.too_large", "longer than " + std::to_string(within.bytes_max) + " bytes");
  }
  const std::size_t depth_max = std::min(within.depth_max, depth_limit);
  if (depth_of(text) > depth_max) {
    refuse(from, "json.too_deep", "nested deeper than " + std::to_string(depth_max) + " levels");
  }
}

/// Poco takes only objects and arrays as documents: one array around the text makes any value one of its items.
array parse_wrapped(std::string_view text) {
  Poco::SharedPtr<tree_builder> builder(new tree_builder);
  Poco::JSON::Parser parser(builder);
  std::string wrapped;
  wrapped.reserve(text.size() + 2);
  wrapped += '[';
  wrapped += text;
  wrapped += ']';
  parser.parse(wrapped);
  auto result = builder->take();
  auto* items = result ? result->as<array>() : nullptr;
  return items == nullptr ? array{} : std::move(*items);
}

}  // namespace

value parse(std::string_view text, const origin& from, const limits& within) {
  check_bounds(text, from, within);
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) refuse(from, "json.malformed", "empty, not JSON");
  if (!is_utf8(text)) refuse(from, "json.malformed", "not valid UTF-8");
  if (has_nul_in_name(text)) refuse(from, "json.malformed", "a member's name holds a NUL character");
  if (has_integer_beyond_64_bits(text)) refuse(from, "json.malformed", "an integer beyond 64 bits");
  array items;
  try {
    items = parse_wrapped(text);
  } catch (const duplicate_member&) {
    refuse(from, "json.malformed", "a member appears twice in one object");
  } catch (const Poco::Exception&) {  // its text quotes the document
    refuse(from, "json.malformed", "not valid JSON");
  }
  if (items.size() != 1) refuse(from, "json.malformed", "not valid JSON");
  return std::move(items.front());
}

}  // namespace element::json
