#include "host/cli/line_diff.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace formulary::cli {
namespace {

constexpr std::size_t pairs_max = 4'000'000;

using Lines = std::vector<std::string_view>;

struct DiffLine {
  char mark;
  std::string_view text;
};

Lines lines_of(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

/// lengths[i * (after + 1) + j]: the longest common subsequence of before[i..] and after[j..].
std::vector<std::uint32_t> common_lengths(const Lines& before, const Lines& after) {
  const std::size_t width = after.size() + 1;
  std::vector<std::uint32_t> lengths((before.size() + 1) * width);
  for (std::size_t i = before.size(); i-- > 0;) {
    for (std::size_t j = after.size(); j-- > 0;) {
      const std::size_t at = i * width + j;
      lengths[at] =
          before[i] == after[j] ? lengths[at + width + 1] + 1 : std::max(lengths[at + width], lengths[at + 1]);
    }
  }
  return lengths;
}

/// The part between what both begin and end with.
void diff_middle(const Lines& before, const Lines& after, std::vector<DiffLine>& lines) {
  std::size_t i = 0;
  std::size_t j = 0;
  if (before.size() <= pairs_max / (after.size() + 1)) {
    const std::vector<std::uint32_t> lengths = common_lengths(before, after);
    const std::size_t width = after.size() + 1;
    while (i < before.size() && j < after.size()) {
      if (before[i] == after[j]) {
        lines.push_back({' ', before[i]});
        ++i;
        ++j;
      } else if (lengths[(i + 1) * width + j] >= lengths[i * width + j + 1]) {
        lines.push_back({'-', before[i++]});
      } else {
        lines.push_back({'+', after[j++]});
      }
    }
  }
  while (i < before.size()) lines.push_back({'-', before[i++]});
  while (j < after.size()) lines.push_back({'+', after[j++]});
}

std::vector<bool> near_changes(const std::vector<DiffLine>& lines, std::size_t context) {
  std::vector<bool> is_near(lines.size());
  for (std::size_t at = 0; at < lines.size(); ++at) {
    if (lines[at].mark == ' ') continue;
    const std::size_t end = std::min(lines.size(), at + context + 1);
    for (std::size_t near = at - std::min(at, context); near < end; ++near) is_near[near] = true;
  }
  return is_near;
}

}  // namespace

std::string line_diff(std::string_view before, std::string_view after, std::size_t context) {
  if (before == after) return {};
  Lines old = lines_of(before);
  Lines fresh = lines_of(after);
  std::vector<DiffLine> lines;
  const auto [end_of_old, end_of_fresh] = std::mismatch(old.begin(), old.end(), fresh.begin(), fresh.end());
  for (auto line = old.begin(); line != end_of_old; ++line) lines.push_back({' ', *line});
  old.erase(old.begin(), end_of_old);
  fresh.erase(fresh.begin(), end_of_fresh);
  Lines tail;
  while (!old.empty() && !fresh.empty() && old.back() == fresh.back()) {
    tail.push_back(old.back());
    old.pop_back();
    fresh.pop_back();
  }
  diff_middle(old, fresh, lines);
  for (auto line = tail.rbegin(); line != tail.rend(); ++line) lines.push_back({' ', *line});

  const std::vector<bool> is_near = near_changes(lines, context);
  std::string text;
  for (std::size_t at = 0; at < lines.size(); ++at) {
    if (is_near[at]) {
      text += lines[at].mark;
      text += lines[at].text;
      text += '\n';
    } else if (at == 0 || is_near[at - 1]) {
      text += "...\n";
    }
  }
  return text;
}

}  // namespace formulary::cli
