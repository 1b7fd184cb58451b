#include "host/base/redactor.hpp"

#include <algorithm>
#include <cstddef>
#include <deque>
#include <utility>

#include "host/base/json.hpp"
#include "host/base/text.hpp"

namespace formulary {
namespace {

constexpr std::string_view mask = "********";
constexpr std::size_t secret_min = 4;
/// Shorter pieces of base64 would be found in other people's base64.
constexpr std::size_t base64_piece_min = 8;

std::string json_escaped(std::string_view text) {
  std::string quoted;
  append_json_string(quoted, text);
  std::string inner = quoted.substr(1, quoted.size() - 2);
  wipe(quoted);
  return inner;
}

/// Some writers also escape the slash, which is common in base64 tokens.
std::string with_escaped_slashes(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '/') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string lower_case_percent(std::string text) {
  for (std::size_t i = 0; i + 2 < text.size(); ++i) {
    if (text[i] != '%') continue;
    for (const std::size_t digit : {i + 1, i + 2}) {
      if (text[digit] >= 'A' && text[digit] <= 'F') text[digit] = static_cast<char>(text[digit] - 'A' + 'a');
    }
  }
  return text;
}

/// What `secret` looks like inside the base64 of a longer text, when `before` bytes of its first group precede it: only
/// the letters that depend on nothing but the secret.
std::string base64_piece(std::string_view secret, std::size_t before) {
  std::string padded = std::string(before, '\0') + std::string(secret);
  const WipeAtExit guard(padded);
  const std::size_t begin = before == 0 ? 0 : before + 1;
  const std::size_t end = padded.size() * 8 / 6;
  return end > begin ? to_base64(padded).substr(begin, end - begin) : std::string();
}

std::string url_alphabet(std::string text) {
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  return text;
}

}  // namespace

class Redactor::Needles {
 public:
  explicit Needles(std::vector<std::string>& secrets) {
    for (std::string& secret : secrets) {
      if (secret.size() >= secret_min) add_forms(secret);
      wipe(secret);
    }
  }
  Needles(const Needles&) = delete;
  Needles& operator=(const Needles&) = delete;
  ~Needles() {
    for (std::string& needle : needles_) wipe(needle);
  }

  [[nodiscard]] bool any_in(std::string_view text) const {
    return std::any_of(needles_.begin(), needles_.end(),
                       [text](const std::string& needle) { return text.find(needle) != std::string_view::npos; });
  }

  /// [begin, end) of each stretch that shows some secret, in order and without overlap.
  [[nodiscard]] std::vector<std::pair<std::size_t, std::size_t>> stretches(std::string_view text) const {
    std::vector<std::pair<std::size_t, std::size_t>> found;
    for (const std::string& needle : needles_) {
      for (auto at = text.find(needle); at != std::string_view::npos; at = text.find(needle, at + 1)) {
        found.emplace_back(at, at + needle.size());
      }
    }
    std::sort(found.begin(), found.end());
    std::vector<std::pair<std::size_t, std::size_t>> merged;
    for (const auto& [begin, end] : found) {
      if (!merged.empty() && begin < merged.back().second) {
        merged.back().second = std::max(merged.back().second, end);
      } else {
        merged.emplace_back(begin, end);
      }
    }
    return merged;
  }

 private:
  void add(std::string needle) {
    if (std::find(needles_.begin(), needles_.end(), needle) == needles_.end()) {
      needles_.push_back(std::move(needle));
    } else {
      wipe(needle);
    }
  }

  void add_forms(std::string_view secret) {
    add(std::string(secret));
    std::string percent = percent_encode(secret);
    add(lower_case_percent(percent));
    add(std::move(percent));
    std::string escaped = json_escaped(secret);
    add(with_escaped_slashes(escaped));
    add(std::move(escaped));
    for (const std::size_t before : {0U, 1U, 2U}) {
      std::string piece = base64_piece(secret, before);
      if (piece.size() < base64_piece_min) continue;
      add(url_alphabet(piece));
      add(std::move(piece));
    }
  }

  std::deque<std::string> needles_;  ///< Never relocates, which would leave copies of short secrets behind.
};

Redactor::Redactor(std::vector<std::string> secrets) : needles_(std::make_shared<const Needles>(secrets)) {}

std::string Redactor::redact(std::string_view text) const {
  if (needles_ == nullptr) return std::string(text);
  std::string redacted;
  std::size_t done = 0;
  for (const auto& [begin, end] : needles_->stretches(text)) {
    redacted += text.substr(done, begin - done);
    redacted += mask;
    done = end;
  }
  redacted += text.substr(done);
  return redacted;
}

bool Redactor::finds_secret(std::string_view text) const {
  return needles_ != nullptr && needles_->any_in(text);
}

}  // namespace formulary
