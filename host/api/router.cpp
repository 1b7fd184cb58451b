#include "host/api/router.hpp"

#include <algorithm>
#include <utility>

#include "host/base/error.hpp"
#include "host/base/text.hpp"

namespace formulary::api {
namespace {

std::vector<std::string_view> segments_of(std::string_view path) {
  std::vector<std::string_view> segments;
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    const std::string_view segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size());
    if (!segment.empty() || !path.empty()) segments.push_back(segment);
  }
  return segments;
}

bool is_parameter(std::string_view segment) {
  return segment.starts_with('{');
}

std::string parameter_name(std::string_view segment) {
  segment.remove_prefix(1);
  segment.remove_suffix(1);
  if (segment.ends_with("...")) segment.remove_suffix(3);
  return std::string(segment);
}

std::string decoded(std::string_view segment) {
  std::optional<std::string> text = percent_decode(segment);
  if (!text || !is_utf8(*text) || text->find('\0') != std::string::npos) {
    throw Error(ErrorCode::bad_input, "path: it is not UTF-8 in RFC 3986's encoding");
  }
  return std::move(*text);
}

}  // namespace

/// A segment of the patterns so far. `one` and `rest` are of parameters; each has the routes that end there.
struct Router::Node {
  std::map<std::string, std::unique_ptr<Node>, std::less<>> literal;
  std::unique_ptr<Node> one;
  std::unique_ptr<Node> rest;
  std::map<std::string, const Route*, std::less<>> by_method;

  /// The way with the most literal segments first. `at` counts segments.
  void find(const std::vector<std::string_view>& segments, std::size_t at, std::vector<const Node*>& candidates) const {
    if (at == segments.size()) {
      if (!by_method.empty()) candidates.push_back(this);
      return;
    }
    if (const auto next = literal.find(segments[at]); next != literal.end()) {
      next->second->find(segments, at + 1, candidates);
    }
    if (one) one->find(segments, at + 1, candidates);
    if (rest && !rest->by_method.empty()) candidates.push_back(rest.get());
  }
};

Router::Router() : root_(std::make_unique<Node>()) {}
Router::~Router() = default;
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;

void Router::add(Route route) {
  Node* node = root_.get();
  for (const std::string_view segment : segments_of(route.pattern)) {
    std::unique_ptr<Node>* next = nullptr;
    if (!is_parameter(segment)) {
      next = &node->literal[std::string(segment)];
    } else {
      next = segment.ends_with("...}") ? &node->rest : &node->one;
    }
    if (!*next) *next = std::make_unique<Node>();
    node = next->get();
  }
  auto kept = std::make_unique<const Route>(std::move(route));
  if (!node->by_method.emplace(kept->method, kept.get()).second) {
    throw Error(ErrorCode::internal, kept->method + " " + kept->pattern + ": two routes are of that method and path");
  }
  routes_.push_back(std::move(kept));
}

Router::Match Router::match(std::string_view method, std::string_view path) const {
  const std::vector<std::string_view> segments = segments_of(path);
  std::vector<const Node*> candidates;
  root_->find(segments, 0, candidates);
  Match match;
  for (const Node* node : candidates) {
    const auto found = node->by_method.find(method);
    if (found == node->by_method.end()) {
      for (const auto& [other, route] : node->by_method) match.allowed.push_back(other);
      continue;
    }
    match.route = found->second;
    const std::vector<std::string_view> pattern = segments_of(match.route->pattern);
    for (std::size_t at = 0; at < pattern.size(); ++at) {
      if (!is_parameter(pattern[at])) continue;
      if (pattern[at].ends_with("...}")) {
        const auto offset = static_cast<std::size_t>(segments[at].data() - path.data());
        match.parameters.emplace(parameter_name(pattern[at]), path.substr(offset));
      } else {
        match.parameters.emplace(parameter_name(pattern[at]), decoded(segments[at]));
      }
    }
    match.allowed.clear();
    return match;
  }
  std::ranges::sort(match.allowed);
  match.allowed.erase(std::unique(match.allowed.begin(), match.allowed.end()), match.allowed.end());
  return match;
}

const std::vector<std::unique_ptr<const Route>>& Router::routes() const noexcept {
  return routes_;
}

}  // namespace formulary::api
