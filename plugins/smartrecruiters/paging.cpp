#include "plugins/smartrecruiters/paging.hpp"

#include <formulary/element/error.hpp>
#include <formulary/poco/json.hpp>

#include <algorithm>
#include <charconv>
#include <system_error>
#include <utility>

#include "plugins/smartrecruiters/base64.hpp"
#include "plugins/smartrecruiters/json_slices.hpp"
#include "plugins/smartrecruiters/refusal.hpp"

namespace smartrecruiters {
namespace {

namespace json = element::json;

constexpr std::size_t vendor_page_size_max = 100;
constexpr std::size_t page_size_max = 10'000;  // of a list that the vendor sends whole
constexpr std::size_t page_max = 1'000'000;
constexpr std::size_t query_bytes_max = 64U << 10U;

element::error invalid_query(const std::string& sentence) {
  return refusal("smartrecruiters.invalid_query", sentence);
}
element::error invalid_page(const std::string& sentence) {
  return refusal("smartrecruiters.invalid_page", sentence);
}

/// A query parameter's value as text: clients send numbers and flags as such or as text.
std::string value_text(std::string_view name, const json::value& value) {
  if (const auto* text = value.as<std::string>()) return *text;
  if (const auto* number = value.as<std::int64_t>()) return std::to_string(*number);
  if (const auto* flag = value.as<bool>()) return *flag ? "true" : "false";
  throw invalid_query("query parameter '" + std::string(name) + "': must be text, not " + value.kind());
}

std::size_t count_of(std::string_view name, const json::value& value, std::size_t max) {
  const std::string text = value_text(name, value);
  std::size_t count = 0;
  const char* end = text.data() + text.size();
  const auto [stop, fault] = std::from_chars(text.data(), end, count);
  if (fault != std::errc() || stop != end || count < 1 || count > max) {
    throw invalid_page(std::string(name) + ": must be a whole number from 1 to " + std::to_string(max));
  }
  return count;
}

/// A page's size as the vendor takes it.
std::size_t bounded_size(const Resource& resource, std::size_t size) {
  return resource.paging == Paging::whole ? size : std::min(size, vendor_page_size_max);
}

void read_token(const Resource& resource, const std::string& token, ListQuery& query) {
  try {
    const std::optional<std::string> text = base64_decoded(token);
    const json::origin from = {.where = "token", .status = ELEMENT_INVALID_ARGUMENT};
    const json::value document = json::parse(text.value_or(""), from);
    const json::reader state(document, from);
    if (state.text("path") != resource.path) throw state.failure("is another resource's");
    const std::int64_t page = state.integer("page");
    const std::int64_t size = state.integer("pageSize");
    if (page < 1 || page > std::int64_t{page_max} || size < 1 || size > std::int64_t{page_size_max}) {
      throw state.failure("is out of bounds");
    }
    query.page = static_cast<std::size_t>(page);
    query.page_size = bounded_size(resource, static_cast<std::size_t>(size));
    query.page_id = state.text_or("pageId", "");
  } catch (const element::error&) {
    throw invalid_page(
        "nextPage: is no token of this resource's answers; pass on what the last answer had, or start anew");
  }
}

std::string known_parameters(const Resource& resource) {
  std::string names = resource.paging == Paging::none ? "" : "page, pageSize, nextPage";
  if (!resource.filters.empty()) names += names.empty() ? "where" : ", where";
  for (const Filter& filter : resource.filters) (names += ", ") += filter.name;
  return names.empty() ? "none" : names;
}

void read_filter(const Resource& resource, const json::member& given, ListQuery& query) {
  const auto filter = std::find_if(resource.filters.begin(), resource.filters.end(),
                                   [&](const Filter& one) { return one.name == given.key; });
  if (filter == resource.filters.end()) {
    throw invalid_query("query parameter '" + shown(given.key) +
                        "': unknown here; known are: " + known_parameters(resource));
  }
  const auto* list = given.value.as<json::array>();
  if (list == nullptr) {
    query.filters.push_back({given.key, value_text(given.key, given.value)});
    return;
  }
  if (!filter->repeatable) throw invalid_query("query parameter '" + given.key + "': takes one value");
  if (list->size() > vendor_page_size_max)
    throw invalid_query("query parameter '" + given.key + "': more than 100 values");
  for (const json::value& one : *list) query.filters.push_back({given.key, value_text(given.key, one)});
}

void read_paging(const Resource& resource, const json::object& given, ListQuery& query) {
  const auto value = [&](std::string_view name) {
    const json::value* found = resource.paging == Paging::none ? nullptr : given.find(name);
    return found == nullptr || found->is_null() ? nullptr : found;
  };
  if (const json::value* page = value("page")) query.page = count_of("page", *page, page_max);
  if (const json::value* size = value("pageSize")) {
    query.page_size = bounded_size(resource, count_of("pageSize", *size, page_size_max));
  }
  const json::value* token = value("nextPage");
  const std::string token_text = token == nullptr ? std::string() : value_text("nextPage", *token);
  if (!token_text.empty()) read_token(resource, token_text, query);
  query.paged = value("page") != nullptr || value("pageSize") != nullptr || !token_text.empty();
}

/// A filter may be set in one way only.
void refuse_doubles(const std::vector<Parameter>& from_where, const std::vector<Parameter>& from_query) {
  for (const Parameter& one : from_where) {
    const bool twice = std::any_of(from_query.begin(), from_query.end(),
                                   [&](const Parameter& other) { return other.name == one.name; });
    if (twice) throw invalid_query("'" + one.name + "' is both in where and a parameter of its own; leave one out");
  }
}

bool is_paging_name(std::string_view name) {
  return name == "page" || name == "pageSize" || name == "nextPage";
}

json::object parse_query(std::string_view text) {
  if (text.empty()) return {};
  json::value document;
  try {
    document =
        json::parse(text, {.where = "the query", .status = ELEMENT_INVALID_ARGUMENT}, {.bytes_max = query_bytes_max});
  } catch (const element::error& why) {
    throw invalid_query(why.what());
  }
  auto* members = document.as<json::object>();
  if (members == nullptr) throw invalid_query(std::string("the query: must be a JSON object, not ") + document.kind());
  return std::move(*members);
}

/// Adds the parameters of "name=value&name=value".
void add_path_query(std::string_view text, json::object& given) {
  if (text.size() > query_bytes_max) throw invalid_query("the path's query: longer than 64 KiB");
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('&'), text.size());
    const std::string_view pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (pair.empty()) continue;
    const std::size_t sign = std::min(pair.find('='), pair.size());
    std::string name(pair.substr(0, sign));
    std::string value(pair.substr(std::min(sign + 1, pair.size())));
    for (std::string* part : {&name, &value}) {
      std::replace(part->begin(), part->end(), '+', ' ');
      *part = percent_decoded(*part);
    }
    if (given.find(name) != nullptr) throw invalid_query("query parameter '" + shown(name) + "': is given twice");
    given.set(name, std::move(value));
  }
}

element::error unexpected(const char* what) {
  return element::error(ELEMENT_DATA_LOSS, "smartrecruiters.unexpected_answer",
                        std::string("SmartRecruiters' answer is ") + what +
                            " where a list was expected; check base.url, then try again")
      .with_retry(element::retry::if_idempotent);
}

}  // namespace

ListQuery read_query(const Resource& resource, std::string_view query_text, std::string_view path_query) {
  json::object given = parse_query(query_text);
  add_path_query(path_query, given);
  ListQuery query;
  std::vector<Parameter> from_where;
  for (const json::member& one : given.members()) {
    if (one.value.is_null() || (resource.paging != Paging::none && is_paging_name(one.key))) continue;
    if (one.key == "where") {
      from_where = parse_where(value_text("where", one.value), resource.filters);
    } else {
      read_filter(resource, one, query);
    }
  }
  refuse_doubles(from_where, query.filters);
  query.filters.insert(query.filters.begin(), from_where.begin(), from_where.end());
  read_paging(resource, given, query);
  return query;
}

VendorPage read_page(std::string_view body) {
  const JsonKind kind = json_kind(body);
  VendorPage page;
  if (kind == JsonKind::array) {
    page.content = body;
  } else if (kind == JsonKind::object) {
    for (const JsonMember& member : json_members(body)) {
      if (member.key == "content") page.content = member.value;
      if (member.key == "nextPageId" && member.value.size() > 2 && member.value.front() == '"') {
        const json::value text = json::parse(member.value, {.where = "nextPageId"});
        page.next_page_id = *text.as<std::string>();
      }
      std::uint64_t total = 0;
      const char* end = member.value.data() + member.value.size();
      if (member.key == "totalFound" && std::from_chars(member.value.data(), end, total).ptr == end) page.total = total;
    }
    if (!page.content.starts_with('[')) throw unexpected("an object without an array `content`");
  } else {
    throw unexpected(body.empty() ? "empty" : kind == JsonKind::malformed ? "not JSON" : "a single value");
  }
  page.elements = json_elements(page.content);
  return page;
}

std::string next_page_token(const Resource& resource, const ListQuery& asked, std::string_view next_page_id) {
  json::object state = {
      {"path", resource.path}, {"pageSize", std::uint64_t{asked.page_size}}, {"page", std::uint64_t{asked.page + 1}}};
  if (!next_page_id.empty()) state.set("pageId", next_page_id);
  return base64_encoded(json::to_text(std::move(state)));
}

}  // namespace smartrecruiters
