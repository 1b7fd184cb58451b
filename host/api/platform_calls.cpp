#include "host/api/platform_calls.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <utility>

#include "host/base/error.hpp"
#include "host/base/ids.hpp"
#include "host/base/text.hpp"

namespace formulary::api {
namespace {

std::string lower(std::string_view text) {
  std::string made(text);
  std::transform(made.begin(), made.end(), made.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return made;
}

std::string text_of(const json::value& value) {
  return value.is_string() ? std::string(value.get_string()) : to_text(value);
}

void add_parameter(std::string& query, std::string_view name, const json::value& value) {
  if (value.is_array()) {
    for (const json::value& one : value.get_array()) add_parameter(query, name, one);
    return;
  }
  query += (query.empty() ? "" : "&") + percent_encode(name) + '=' + percent_encode(text_of(value));
}

/// A template writes paths as it likes; what is encoded already stays.
std::string encoded_path(std::string_view path) {
  constexpr std::string_view kept = "-._~!$&'()*+,;=:@/%";
  std::string encoded;
  for (const char c : path) {
    const bool stays = std::isalnum(static_cast<unsigned char>(c)) != 0 || kept.find(c) != std::string_view::npos;
    encoded += stays ? std::string(1, c) : percent_encode(std::string_view(&c, 1));
  }
  return encoded;
}

ApiRequest request_of(const plan::RequestCall& call, const CallContext& context, const Principal& owner) {
  ApiRequest request;
  request.method = call.method;
  for (const auto& [name, value] : call.headers) request.headers.emplace_back(lower(name), value);
  if (!request.header("content-type") && !call.content_type.empty()) {
    request.headers.emplace_back("content-type", call.content_type);
  }
  request.vouched = !request.header("authorization");
  if (request.vouched) request.principal = owner;
  request.request_id = new_request_id();
  request.trace_parent = context.trace_parent;
  request.peer = "formula";
  request.stop = context.stop;
  request.content_length = call.body.size();
  request.read_body = [rest = std::string_view(call.body)](std::span<char> room) mutable {
    const std::size_t count = std::min(room.size(), rest.size());
    std::copy_n(rest.data(), count, room.data());
    rest.remove_prefix(count);
    return count;
  };
  return request;
}

/// A large answer goes through memory, so it is bounded as every answer to a step is.
std::string whole_body(ApiAnswer& answer, std::size_t most) {
  if (!answer.source) return std::move(answer.body);
  std::string body;
  std::array<char, 16'384> part;  // NOLINT(*-member-init): source writes what is read
  while (const std::size_t count = answer.source(part)) {
    if (body.size() + count > most) {
      throw Error(ErrorCode::limit_reached, "the platform's answer is over " + std::to_string(most) + " bytes");
    }
    body.append(part.data(), count);
  }
  return body;
}

}  // namespace

plan::Answered answer_platform_call(Api& api, const plan::RequestCall& call, const CallContext& context,
                                    const Principal& owner) {
  ApiRequest request = request_of(call, context, owner);
  const std::size_t question = call.target.find('?');
  std::string path = encoded_path(std::string_view(call.target).substr(0, question));
  if (!path.starts_with('/')) path.insert(0, "/");
  if (!path.starts_with(api_base_path)) path.insert(0, api_base_path);
  std::string query = question == std::string::npos ? std::string() : call.target.substr(question + 1);
  for (const auto& [name, value] : call.query) add_parameter(query, name, value);
  ApiAnswer answer = api.handle(request, path, query);
  plan::Answered answered{.status = answer.status, .content_type = answer.content_type};
  for (auto& [name, value] : answer.headers) answered.headers.emplace_back(std::move(name), std::move(value));
  answered.body = whole_body(answer, context.output_max);
  return answered;
}

}  // namespace formulary::api
