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

constexpr std::size_t whole_page_size_max = 10'000;
constexpr std::size_t page_max = 1'000'000;
constexpr std::size_t offset_max = page_max * vendor_page_size_max * vendor_pages_max;
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

std::size_t page_size_max(const Resource& resource) {
  return resource.paging == Paging::whole ? whole_page_size_max : vendor_page_size_max * vendor_pages_max;
}

std::size_t bounded(const json::reader& state, std::string_view name, std::size_t min, std::size_t max) {
  const std::int64_t value = state.integer(name);
  if (value < static_cast<std::int64_t>(min) || value > static_cast<std::int64_t>(max)) {
    throw state.failure("is out of bounds");
  }
  return static_cast<std::size_t>(value);
}

/// The filters of the token's list: [["status","HIRED"],...].
std::vector<Parameter> token_filters(const Resource& resource, const json::reader& state) {
  std::vector<Parameter> filters;
  if (!state.has("filters")) return filters;
  for (const json::reader& one : state.array("filters").items()) {
    const std::vector<json::reader> pair = one.items();
    if (pair.size() != 2) throw state.failure("has no pair");
    Parameter filter = {pair[0].as_text(), pair[1].as_text()};
    const auto known = std::find_if(resource.filters.begin(), resource.filters.end(),
                                    [&](const Filter& other) { return other.name == filter.name; });
    if (known == resource.filters.end() || !fault_of_value(*known, filter.value).empty()) {
      throw state.failure("has an unknown filter");
    }
    filters.push_back(std::move(filter));
  }
  return filters;
}

void read_token(const Resource& resource, const std::string& token, ListQuery& query) {
  std::vector<Parameter> filters;
  try {
    const std::optional<std::string> text = base64_decoded(token);
    const json::origin from = {.where = "token", .status = ELEMENT_INVALID_ARGUMENT};
    const json::value document = json::parse(text.value_or(""), from);
    const json::reader state(document, from);
    if (state.text("path") != resource.path) throw state.failure("is another resource's");
    query.page = bounded(state, "page", 1, page_max);
    query.page_size = bounded(state, "pageSize", 1, page_size_max(resource));
    query.offset = resource.paging == Paging::offset ? bounded(state, "offset", 0, offset_max) : 0;
    query.page_id = state.text_or("pageId", "");
    query.mark = state.text_or("mark", "");
    filters = token_filters(resource, state);
  } catch (const element::error&) {
    throw invalid_page(
        "nextPage: is no token of this resource's answers; pass on what the last answer had, or start anew");
  }
  // The vendor's ids do not say whether they know the filters, so every page is asked for with all of them.
  if (!query.filters.empty() && query.filters != filters) {
    throw invalid_page(
        "nextPage: belongs to a list with other conditions; repeat those of its first page, or leave them out");
  }
  query.filters = std::move(filters);
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
  const auto add = [&](const json::value& value) {
    query.filters.push_back({given.key, value_text(given.key, value)});
    const std::string fault = fault_of_value(*filter, query.filters.back().value);
    if (!fault.empty()) throw invalid_query("query parameter '" + given.key + "': " + fault);
  };
  const auto* list = given.value.as<json::array>();
  if (list == nullptr) return add(given.value);
  if (list->empty()) throw invalid_query("query parameter '" + given.key + "': has no value; leave it out");
  if (!filter->repeatable) throw invalid_query("query parameter '" + given.key + "': takes one value");
  if (list->size() > vendor_page_size_max)
    throw invalid_query("query parameter '" + given.key + "': more than 100 values");
  for (const json::value& one : *list) add(one);
}

void read_paging(const Resource& resource, const json::object& given, ListQuery& query) {
  const auto value = [&](std::string_view name) {
    const json::value* found = resource.paging == Paging::none ? nullptr : given.find(name);
    return found == nullptr || found->is_null() ? nullptr : found;
  };
  if (const json::value* page = value("page")) query.page = count_of("page", *page, page_max);
  if (const json::value* size = value("pageSize")) {
    query.page_size = count_of("pageSize", *size, page_size_max(resource));
  }
  if (resource.paging == Paging::offset) query.offset = (query.page - 1) * query.page_size;
  const json::value* token = value("nextPage");
  const std::string token_text = token == nullptr ? std::string() : value_text("nextPage", *token);
  query.continued = !token_text.empty();
  if (query.continued) read_token(resource, token_text, query);
  query.paged = value("page") != nullptr || value("pageSize") != nullptr || query.continued;
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

/// Anything but a text would end the list before its end, without a word.
std::string page_id_of(std::string_view value) {
  if (value == "null") return {};
  const json::value id = json::parse(value, {.where = "nextPageId"});
  const auto* text = id.as<std::string>();
  if (text == nullptr) throw unexpected("an object whose nextPageId is no text");
  return *text;
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
    page.content = body.substr(body.find('['));  // without the white space around it
    page.content = page.content.substr(0, page.content.rfind(']') + 1);
  } else if (kind == JsonKind::object) {
    for (const JsonMember& member : json_members(body)) {
      if (member.key == "content") page.content = member.value;
      if (member.key == "nextPageId") page.next_page_id = page_id_of(member.value);
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

std::string next_page_token(const Resource& resource, const ListQuery& query) {
  json::object state = {
      {"path", resource.path}, {"pageSize", std::uint64_t{query.page_size}}, {"page", std::uint64_t{query.page + 1}}};
  if (resource.paging == Paging::offset) state.set("offset", std::uint64_t{query.offset});
  if (!query.page_id.empty()) state.set("pageId", query.page_id);
  if (!query.mark.empty()) state.set("mark", query.mark);
  json::array filters;
  for (const Parameter& one : query.filters) filters.emplace_back(json::array{one.name, one.value});
  if (!filters.empty()) state.set("filters", std::move(filters));
  return base64_encoded(json::to_text(std::move(state)));
}

}  // namespace smartrecruiters
