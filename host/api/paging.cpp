#include "host/api/paging.hpp"

#include <algorithm>
#include <utility>

#include "host/base/error.hpp"
#include "host/base/text.hpp"

namespace formulary::api {
namespace {

[[noreturn]] void refuse_token() {
  throw Error(ErrorCode::bad_input,
              "query nextPage: it is no token of this list; give back what Elements-Next-Page-Token said, as it is");
}

std::int64_t member_of(const json::object& token, std::string_view name, std::int64_t otherwise, std::int64_t most) {
  const json::value* value = token.if_contains(name);
  if (value == nullptr) return otherwise;
  if (!value->is_int64() || value->get_int64() < 1 || value->get_int64() > most) refuse_token();
  return value->get_int64();
}

void read_token(std::string_view text, PageOrder& order, std::size_t most) {
  constexpr std::size_t token_bytes_max = 1'024;
  const std::optional<std::string> plain = from_base64(text);
  if (!plain || plain->size() > token_bytes_max) refuse_token();
  json::value value;
  try {
    value = parse_json(*plain, "query nextPage");
  } catch (const Error&) {
    refuse_token();  // says what to do
  }
  const json::object* token = value.if_object();
  if (token == nullptr) refuse_token();
  constexpr std::int64_t page_max = 1'000'000'000;
  order.page = static_cast<std::size_t>(member_of(*token, "page", 1, page_max));
  order.page_size = static_cast<std::size_t>(
      member_of(*token, "pageSize", static_cast<std::int64_t>(order.page_size), static_cast<std::int64_t>(most)));
  order.after = member_of(*token, "after", 0, INT64_MAX);
  order.offset = static_cast<std::size_t>(member_of(*token, "offset", 0, page_max));
}

}  // namespace

PageOrder page_order(const ApiRequest& request, std::size_t otherwise, std::size_t most) {
  PageOrder order;
  order.page_size = otherwise;
  if (const auto token = request.query_value("nextPage"); token && !token->empty()) read_token(*token, order, most);
  if (const auto size = request.query_integer("pageSize", 1, static_cast<std::int64_t>(most))) {
    order.page_size = static_cast<std::size_t>(*size);
  }
  return order;
}

std::string page_token(const PageOrder& next) {
  json::object token{{"pageSize", next.page_size}, {"page", next.page}};
  if (next.after != 0) token["after"] = next.after;
  if (next.offset != 0) token["offset"] = next.offset;
  return to_base64(to_text(token));
}

ApiAnswer answer_page(json::array whole, const PageOrder& order) {
  const std::size_t total = whole.size();
  const std::size_t begin = std::min(total, order.offset + (order.page - 1) * order.page_size);
  const std::size_t end = std::min(total, begin + order.page_size);
  json::array part;
  part.reserve(end - begin);
  for (std::size_t at = begin; at < end; ++at) part.push_back(std::move(whole[at]));
  ApiAnswer answer = answer_json(part);
  answer.headers.emplace_back("Elements-Returned-Count", std::to_string(end - begin));
  answer.headers.emplace_back("Elements-Total-Count", std::to_string(total));
  if (end < total) {
    answer.headers.emplace_back(
        "Elements-Next-Page-Token",
        page_token({.page_size = order.page_size, .page = order.page + 1, .offset = order.offset}));
  }
  return answer;
}

}  // namespace formulary::api
