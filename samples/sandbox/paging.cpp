#include "paging.hpp"

#include <Poco/URI.h>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <charconv>
#include <optional>

namespace sandbox {
namespace {

json::array slice(const std::vector<json::object>& all, std::size_t offset, std::size_t limit) {
  json::array content;
  for (std::size_t i = offset; i < std::min(all.size(), offset + limit); ++i) content.push_back(all[i]);
  return content;
}

std::optional<std::size_t> whole_number(std::string_view text) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// Where a page begins. The vendor's page ids are opaque; ours are "p.<offset>" and, for the empty page that one trap
/// puts in between, "e.<offset>".
struct Cursor {
  std::size_t offset = 0;
  bool hollow = false;
};

Cursor read_cursor(const Call& call) {
  const auto page_id = call.request.parameter("pageId");
  if (!page_id) return {};
  const bool hollow = page_id->starts_with("e.");
  const auto offset = hollow || page_id->starts_with("p.") ? whole_number(page_id->substr(2)) : std::nullopt;
  if (!offset) throw Refusal(400, "INVALID_PAGE_ID", "pageId '" + *page_id + "' was not given out by this list");
  return {*offset, hollow};
}

std::string link_to(const Call& call, const std::string& page_id) {
  Poco::URI uri(call.url(call.request.path));
  for (const auto& [name, value] : call.request.query) {
    if (name != "pageId") uri.addQueryParameter(name, value);
  }
  uri.addQueryParameter("pageId", page_id);
  return "<" + uri.toString() + ">; rel=\"next\"";
}

/// The nextPageId after a page that ends at `end`; nothing: the member is absent.
std::optional<json::value> next_page_id(const Call& call, std::size_t end, std::size_t total, const Cursor& cursor,
                                        PagingTrap trap) {
  if (end < total) {
    const bool hollow_next = trap == PagingTrap::empty_page && !cursor.hollow;
    return json::value((hollow_next ? "e." : "p.") + std::to_string(end));
  }
  switch (trap) {
    case PagingTrap::null:
      return json::value(nullptr);
    case PagingTrap::empty:
      return json::value("");
    case PagingTrap::repeated:
      return json::value(call.request.parameter("pageId").value_or("p." + std::to_string(cursor.offset)));
    default:
      return std::nullopt;
  }
}

}  // namespace

std::size_t number_parameter(const Call& call, const char* name, std::size_t otherwise, std::size_t min,
                             std::size_t max) {
  const auto text = call.request.parameter(name);
  if (!text) return otherwise;
  const auto number = whole_number(*text);
  if (!number || *number < min || *number > max) {
    throw call.invalid(name, "must be a whole number of " + std::to_string(min) + " to " + std::to_string(max));
  }
  return *number;
}

Answer offset_page(const Call& call, const std::vector<json::object>& all, const PageBounds& bounds) {
  constexpr std::size_t offset_max = 10'000'000;
  const std::size_t limit = number_parameter(call, "limit", bounds.limit_default, 1, bounds.limit_max);
  const std::size_t offset = number_parameter(call, "offset", 0, 0, offset_max);
  return json_answer(
      200, {{"limit", limit}, {"offset", offset}, {"totalFound", all.size()}, {"content", slice(all, offset, limit)}});
}

Answer cursor_page(const Call& call, const std::vector<json::object>& all, const PageBounds& bounds, PagingTrap trap) {
  const std::size_t limit = number_parameter(call, "limit", bounds.limit_default, 1, bounds.limit_max);
  const Cursor cursor = read_cursor(call);
  json::array content = cursor.hollow ? json::array() : slice(all, cursor.offset, limit);
  const auto next = next_page_id(call, cursor.offset + content.size(), all.size(), cursor, trap);
  json::object body{{"limit", limit}, {"offset", cursor.offset}, {"totalFound", all.size()}};
  if (next) body["nextPageId"] = *next;
  body["content"] = std::move(content);
  Answer answer = json_answer(200, body);
  if (next && next->is_string() && !next->as_string().empty()) {
    answer.headers.emplace_back("Link", link_to(call, std::string(next->as_string())));
  }
  return answer;
}

}  // namespace sandbox
