#include "host/formula/script_scan.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace formulary {
namespace {

bool is_word_start(char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_' || byte == '$' ||
         static_cast<unsigned char>(byte) >= 0x80;
}
bool is_word_part(char byte) {
  return is_word_start(byte) || (byte >= '0' && byte <= '9');
}

template <std::size_t size>
bool is_one_of(std::string_view word, const std::array<std::string_view, size>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// Before a parenthesis: what follows it in braces is a block, not a function's body.
constexpr std::array<std::string_view, 7> block_words{"if", "for", "while", "switch", "catch", "with", "await"};
/// A `/` behind one of these begins a regular expression.
constexpr std::array<std::string_view, 14> operator_words{"return", "typeof",     "case",  "in",   "of",
                                                          "delete", "void",       "throw", "new",  "else",
                                                          "do",     "instanceof", "yield", "await"};

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  ScriptScan run() {
    while (at_ < text_.size()) step();
    return result_;
  }

 private:
  enum class Brace { block, function, template_hole };

  void step() {
    const char byte = text_[at_];
    if (byte == '\n') ++line_;
    if (is_word_start(byte)) return word();
    if (byte >= '0' && byte <= '9') return number();
    if (byte == '\'' || byte == '"') return string(byte);
    if (byte == '`') return template_text();
    if (byte == '/') return slash();
    if (byte != ' ' && byte != '\t' && byte != '\r' && byte != '\n') return punctuation(byte);
    ++at_;
  }

  void word() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_word_part(text_[at_])) ++at_;
    const std::string_view found = text_.substr(begin, at_ - begin);
    const bool is_member = last_ == '.';
    if (found == "done" && !is_member) {
      result_.mentions_done = true;
      if (next_code() == '(') result_.calls_done = true;
    }
    if (found == "return" && !is_member && functions_ == 0 && next_code() != ':' && !result_.top_level_return_line) {
      result_.top_level_return_line = line_;
    }
    last_ = 'w';
    last_word_ = is_member ? std::string_view("member") : found;
  }

  void number() {
    while (at_ < text_.size() && (is_word_part(text_[at_]) || text_[at_] == '.')) ++at_;
    last_ = '0';
  }

  void string(char quote) {
    for (++at_; at_ < text_.size() && text_[at_] != quote && text_[at_] != '\n'; ++at_) skip_escape();
    if (at_ < text_.size() && text_[at_] == quote) ++at_;
    last_ = '"';
  }

  /// From the opening backtick or from a hole's closing brace to the closing backtick or the next hole.
  void template_text() {
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '`') {
        ++at_;
        last_ = '"';
        return;
      }
      if (text_[at_] == '$' && at_ + 1 < text_.size() && text_[at_ + 1] == '{') {
        at_ += 2;
        braces_.push_back(Brace::template_hole);
        last_ = '(';
        return;
      }
      if (text_[at_] == '\n') ++line_;
      skip_escape();
    }
  }

  void skip_escape() {
    if (text_[at_] != '\\' || at_ + 1 >= text_.size()) return;
    ++at_;
    if (text_[at_] == '\n') ++line_;
  }

  void slash() {
    const std::string_view rest = text_.substr(at_);
    if (rest.starts_with("//")) {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else if (rest.starts_with("/*")) {
      const std::size_t end = std::min(text_.find("*/", at_ + 2), text_.size());
      line_ += static_cast<std::size_t>(
          std::count(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(end - at_), '\n'));
      at_ = std::min(end + 2, text_.size());
    } else if (const std::size_t end = regex_may_begin() ? regex_end() : std::string_view::npos;
               end != std::string_view::npos) {
      at_ = end;
      last_ = '"';
    } else {
      punctuation('/');
    }
  }

  [[nodiscard]] bool regex_may_begin() const {
    if (last_ == 'w') return is_one_of(last_word_, operator_words);
    return last_ != '0' && last_ != '"' && last_ != ')' && last_ != ']';
  }

  /// Behind the closing slash of the regular expression that begins here; npos if none closes on this line.
  [[nodiscard]] std::size_t regex_end() const {
    bool in_class = false;
    for (std::size_t at = at_ + 1; at < text_.size() && text_[at] != '\n'; ++at) {
      const char byte = text_[at];
      if (byte == '\\') {
        ++at;
      } else if (byte == '[') {
        in_class = true;
      } else if (byte == ']') {
        in_class = false;
      } else if (byte == '/' && !in_class) {
        return at + 1;
      }
    }
    return std::string_view::npos;
  }

  void punctuation(char byte) {
    switch (byte) {
      case '(':
        parentheses_.push_back(last_ == 'w' && is_one_of(last_word_, block_words));
        break;
      case ')':
        close_parenthesis();
        break;
      case '{':
        open_brace();
        break;
      case '}':
        if (close_brace()) return template_text();
        break;
      case '>':
        // remembered as one sign, since only "=>" makes the next brace a function's
        if (last_ == '=') byte = '~';
        break;
      default:
        break;
    }
    last_ = byte;
    ++at_;
  }

  void close_parenthesis() {
    closed_block_head_ = parentheses_.empty() || parentheses_.back();
    if (!parentheses_.empty()) parentheses_.pop_back();
  }

  void open_brace() {
    const bool is_function = last_ == '~' || (last_ == ')' && !closed_block_head_);
    braces_.push_back(is_function ? Brace::function : Brace::block);
    if (is_function) ++functions_;
  }

  /// True if it ended a hole of a template literal.
  bool close_brace() {
    if (braces_.empty()) return false;
    const Brace closed = braces_.back();
    braces_.pop_back();
    if (closed == Brace::function) --functions_;
    return closed == Brace::template_hole;
  }

  /// The next byte that is neither blank nor comment; 0 at the end.
  [[nodiscard]] char next_code() const {
    std::size_t at = at_;
    while (at < text_.size()) {
      const std::string_view rest = text_.substr(at);
      if (rest.starts_with("//")) {
        at = std::min(text_.find('\n', at), text_.size());
      } else if (rest.starts_with("/*")) {
        at = std::min(text_.find("*/", at + 2), text_.size() - 2) + 2;
      } else if (rest.front() == ' ' || rest.front() == '\t' || rest.front() == '\r' || rest.front() == '\n') {
        ++at;
      } else {
        return rest.front();
      }
    }
    return 0;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
  ScriptScan result_;
  /// The last piece of code: a sign, or w for a word, 0 for a number, " for a string, ~ for an arrow.
  char last_ = ';';
  std::string_view last_word_;
  std::vector<bool> parentheses_;  ///< Whether each open one is the head of a block.
  bool closed_block_head_ = true;
  std::vector<Brace> braces_;
  std::size_t functions_ = 0;
};

}  // namespace

ScriptScan scan_script(std::string_view body) {
  return Scanner(body).run();
}

ScriptEnding script_result(std::string_view script_engine, std::string_view formula_engine, const ScriptScan& scan) {
  if (scan.mentions_done && (script_engine != "v1" || !scan.top_level_return_line)) return ScriptEnding::done;
  if (script_engine == "v1") return ScriptEnding::required;
  if (script_engine == "v2") return ScriptEnding::done;
  return formula_engine == "v1" ? ScriptEnding::required : ScriptEnding::optional;
}

}  // namespace formulary
