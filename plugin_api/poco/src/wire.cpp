#include "wire.hpp"

#include <algorithm>
#include <array>

#include "ascii.hpp"
#include "failure.hpp"

namespace element::http {
namespace {

/// Fields that decide where a message ends or who gets it: the pool alone writes them.
constexpr std::array<std::string_view, 10> ours = {
    "Host",    "Content-Length", "Content-Type", "Connection", "Transfer-Encoding",
    "Upgrade", "Trailer",        "TE",           "Keep-Alive", "Expect"};

bool is_ours(std::string_view name) noexcept {
  return std::any_of(ours.begin(), ours.end(), [name](std::string_view one) { return same_word(one, name); });
}

bool is_target(std::string_view text) noexcept {
  return !text.empty() && text.front() == '/' &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f' && c != '#'; });
}

void check(const request& what, const std::string& where) {
  if (!is_token(what.method)) throw failure::bad_request(where, "its method is not a word");
  if (!is_target(what.target)) {
    throw failure::bad_request(
        where, "its target does not begin with '/' or holds a blank, '#' or a byte outside ASCII; encode it");
  }
  if (!is_field_value(what.content_type))
    throw failure::bad_request(where, "its content type holds a control character");
  for (const auto& [name, value] : what.headers) {
    if (!is_token(name)) throw failure::bad_request(where, "a header's name is not a word");
    if (is_ours(name))
      throw failure::bad_request(where, "the header '" + name + "' is the session pool's; leave it out");
    if (!is_field_value(value))
      throw failure::bad_request(where, "the header '" + name + "' holds a control character");
  }
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ": ";
  out += value;
  out += "\r\n";
}

/// Enough for head and a short body, so that growing leaves no copy of a credential behind.
std::size_t room_for(const request& what, const url& base, const std::string& user_agent) noexcept {
  constexpr std::size_t fixed = 256;
  constexpr std::size_t short_body_max = 16U << 10U;
  std::size_t room = fixed + what.method.size() + base.path.size() + what.target.size() + base.host.size() +
                     user_agent.size() + what.content_type.size() + std::min(what.body.size(), short_body_max);
  for (const auto& [name, value] : what.headers) room += name.size() + value.size() + 4;
  return room;
}

bool states_length(const request& what) noexcept {
  return !what.body.empty() || what.method == "POST" || what.method == "PUT" || what.method == "PATCH";
}

}  // namespace

std::string write_head(const request& what, const url& base, const std::string& user_agent, const std::string& where) {
  check(what, where);
  std::string out;
  out.reserve(room_for(what, base, user_agent));
  out += what.method;
  out += ' ';
  out += base.path;
  out += what.target;
  out += " HTTP/1.1\r\n";
  append_field(out, "Host", base.authority());
  if (!user_agent.empty() && !what.headers.find("User-Agent")) append_field(out, "User-Agent", user_agent);
  for (const auto& [name, value] : what.headers) append_field(out, name, value);
  if (!what.content_type.empty()) append_field(out, "Content-Type", what.content_type);
  if (states_length(what)) append_field(out, "Content-Length", std::to_string(what.body.size()));
  out += "\r\n";
  return out;
}

}  // namespace element::http
