#include <formulary/element/error.hpp>
#include <formulary/poco/url.hpp>

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

#include "ascii.hpp"

namespace element::http {
namespace {

constexpr std::size_t url_max = 8'192;

[[noreturn]] void refuse(const char* why) {
  error bad(ELEMENT_INVALID_ARGUMENT, "http.bad_url", std::string("the URL is not usable: ") + why);
  throw bad.with_retry(retry::no);
}

bool unreserved(char c) noexcept {
  return is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

bool numeric_ipv4(const std::string& host) noexcept {
  in_addr address{};
  return inet_pton(AF_INET, host.c_str(), &address) == 1;
}

bool numeric_ipv6(const std::string& host) noexcept {
  in6_addr address{};
  return inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

/// A registered name: letters, digits, '-', '_' and single dots. Everything else (percent signs, other alphabets) has
/// to be given in its ASCII form.
bool plain_name(const std::string& host) noexcept {
  if (host.empty() || host.size() > 253 || host.front() == '.' || host.find("..") != std::string::npos) return false;
  return std::all_of(host.begin(), host.end(),
                     [](char c) { return is_alpha(c) || is_digit(c) || c == '-' || c == '_' || c == '.'; });
}

std::uint16_t parse_port(std::string_view text, std::uint16_t otherwise) {
  if (text.empty()) return otherwise;
  std::uint16_t port = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (fault != std::errc{} || end != text.data() + text.size() || port == 0) refuse("its port is not 1 to 65535");
  return port;
}

/// "host", "host:port", "[::1]:port".
void parse_authority(std::string_view text, url& into) {
  if (text.find('@') != std::string_view::npos) refuse("it names a user; pass credentials in a header");
  const std::uint16_t otherwise = into.secure() ? 443 : 80;
  if (!text.empty() && text.front() == '[') {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) refuse("the bracket of its address is not closed");
    into.host = to_lower(text.substr(1, close - 1));
    if (!numeric_ipv6(into.host)) refuse("the address in brackets is not an IPv6 address");
    const std::string_view rest = text.substr(close + 1);
    if (!rest.empty() && (rest.front() != ':' || rest.size() == 1)) refuse("its port is not 1 to 65535");
    into.port = parse_port(rest.empty() ? rest : rest.substr(1), otherwise);
    return;
  }
  const std::size_t colon = text.find(':');
  into.host = to_lower(text.substr(0, colon));
  if (!into.host.empty() && into.host.back() == '.') into.host.pop_back();
  if (!plain_name(into.host)) refuse("its host is missing or not a name in ASCII letters, digits, '-' and '.'");
  if (colon != std::string_view::npos && colon + 1 == text.size()) refuse("its port is not 1 to 65535");
  into.port = parse_port(colon == std::string_view::npos ? std::string_view{} : text.substr(colon + 1), otherwise);
}

}  // namespace

std::string encode(std::string_view text) {
  constexpr char hex[] = "0123456789ABCDEF";
  const bool dots = text == "." || text == "..";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (unreserved(c) && !dots) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += hex[byte >> 4];
    out += hex[byte & 15];
  }
  return out;
}

target_builder& target_builder::segment(std::string_view value) {
  if (text_.empty() || text_.back() != '/') text_ += '/';
  text_ += encode(value);
  return *this;
}

target_builder& target_builder::add(std::string_view name, std::string_view value) {
  text_ += has_query_ ? '&' : '?';
  has_query_ = true;
  text_ += encode(name);
  text_ += '=';
  text_ += encode(value);
  return *this;
}

bool url::loopback() const noexcept {
  if (host == "localhost" || host == "::1") return true;
  return host.rfind("127.", 0) == 0 && numeric_ipv4(host);
}

std::string url::origin() const {
  const std::string shown = host.find(':') == std::string::npos ? host : '[' + host + ']';
  return scheme + "://" + shown + ':' + std::to_string(port);
}

std::string url::authority() const {
  const std::string shown = host.find(':') == std::string::npos ? host : '[' + host + ']';
  return port == (secure() ? 443 : 80) ? shown : shown + ':' + std::to_string(port);
}

url parse_url(std::string_view text) {
  if (text.size() > url_max) refuse("it is longer than 8192 bytes");
  const bool printable = std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
  if (!printable) refuse("it holds a blank, a control character or a letter outside ASCII; percent-encode it");
  const std::size_t scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos) refuse("it does not begin with https:// or http://");
  url result;
  result.scheme = to_lower(text.substr(0, scheme_end));
  if (result.scheme != "https" && result.scheme != "http") refuse("it does not begin with https:// or http://");
  if (text.find('#') != std::string_view::npos) refuse("it has a fragment ('#')");
  if (text.find('\\') != std::string_view::npos) refuse("it holds a backslash");

  const std::string_view rest = text.substr(scheme_end + 3);
  const std::size_t path_at = std::min(rest.find_first_of("/?"), rest.size());
  parse_authority(rest.substr(0, path_at), result);
  const std::string_view target = rest.substr(path_at);
  const std::size_t query_at = target.find('?');
  result.path = target.substr(0, query_at);
  if (query_at != std::string_view::npos) result.query = target.substr(query_at + 1);
  return result;
}

}  // namespace element::http
