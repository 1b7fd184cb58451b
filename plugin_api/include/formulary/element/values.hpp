/// \file
/// What goes into the hooks and what comes out of them. Views are borrowed for the call.
#pragma once

#include <formulary/element/call.hpp>

#include <charconv>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace element {

enum class concurrency : std::uint32_t {
  one = ELEMENT_CONCURRENT_ONE,              ///< One hook at a time in the whole plugin.
  instances = ELEMENT_CONCURRENT_INSTANCES,  ///< Hooks of different instances may overlap.
  all = ELEMENT_CONCURRENT_ALL,              ///< Any hook may overlap any other.
};

/// What the plugin declares in code; id, version and manifest come from element.json.
struct descriptor {
  concurrency concurrent = concurrency::one;
  bool unload_safe = false;
};

enum class connect_mode : std::uint32_t { vendor = ELEMENT_CONNECT_VENDOR, platform = ELEMENT_CONNECT_PLATFORM };

/// Where authenticate() connects. `base_url` empty: the plugin's default; `ca_file` empty: the system's trust anchors.
struct connection {
  connect_mode mode = connect_mode::vendor;
  std::string_view base_url{};
  std::string_view authorization{};  ///< Platform mode: "User <secret>, Organization <secret>".
  std::string_view ca_file{};
};

/// One resource request. `query` and `headers` are JSON objects (`{}` or empty: none).
struct request {
  std::string_view method{};
  std::string_view path{};  ///< Below the hub: "/candidates/42".
  std::string_view query{};
  std::string_view headers{};
  std::string_view body{};
  std::string_view content_type{};
};

/// What invoke() returns. Framed for the host as one JSON head of at most 64 KiB, a newline, the body's bytes.
struct answer {
  int status = 200;  ///< The other side's HTTP status, also when it is a refusal.
  std::vector<std::pair<std::string, std::string>> headers{};
  std::string content_type = "application/json";
  std::string next_page{};  ///< Empty on the last page.
  int retry_attempts = 0;
  std::string body{};
};

namespace detail {

/// The length of the valid UTF-8 sequence at the front of `text` (RFC 3629: shortest form, no surrogates), 0 if none.
inline std::size_t utf8_length(std::string_view text) noexcept {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
  for (std::size_t at = 1; at < length; ++at) {
    if ((byte(at) & 0xc0) != 0x80) return 0;
  }
  const unsigned char second = byte(1);
  const bool wrong = (lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) ||
                     (lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f);
  return wrong ? 0 : length;
}

/// Appends `text` as a JSON string. A byte that is not UTF-8 becomes U+FFFD: a header that a vendor wrote in Latin-1
/// must not cost the whole answer. Control characters and DEL are escaped, so that logs stay on one line.
inline void append_json_string(std::string& out, std::string_view text) {
  constexpr char hex[] = "0123456789abcdef";
  out += '"';
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const auto byte = static_cast<unsigned char>(text.front());
    if (length == 0) {
      out += "\\ufffd";
    } else if (byte == '"' || byte == '\\') {
      out += '\\';
      out += text.front();
    } else if (byte < 0x20 || byte == 0x7f) {
      out += "\\u00";
      out += hex[byte >> 4];
      out += hex[byte & 15];
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  out += '"';
}

inline void append_number(std::string& out, int number) {
  char digits[16];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.append(digits, end);
}

constexpr std::size_t answer_head_max = 64U << 10U;

inline std::string head_of(const answer& reply) {
  std::string head = "{\"status\":";
  append_number(head, reply.status);
  head += ",\"headers\":{";
  bool first = true;
  for (const auto& [name, value] : reply.headers) {
    if (!first) head += ',';
    first = false;
    append_json_string(head, name);
    head += ':';
    append_json_string(head, value);
  }
  head += "},\"contentType\":";
  append_json_string(head, reply.content_type);
  if (!reply.next_page.empty()) {
    head += ",\"nextPage\":";
    append_json_string(head, reply.next_page);
  }
  head += ",\"retryAttempts\":";
  append_number(head, reply.retry_attempts);
  head += "}\n";
  if (head.size() > answer_head_max) {
    throw error(ELEMENT_OUT_OF_RANGE, "answer.head", "the answer's head is over 64 KiB; pass on fewer headers");
  }
  return head;
}

}  // namespace detail

/// `text` as a JSON string, quotes included. Always valid JSON: a byte that is not UTF-8 becomes U+FFFD.
inline std::string json_string(std::string_view text) {
  std::string quoted;
  quoted.reserve(text.size() + 2);
  detail::append_json_string(quoted, text);
  return quoted;
}

}  // namespace element
