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
  std::string_view base_url;
  std::string_view authorization;  ///< Platform mode: "User <secret>, Organization <secret>".
  std::string_view ca_file;
};

/// One resource request. `query` and `headers` are JSON objects (`{}` or empty: none).
struct request {
  std::string_view method;
  std::string_view path;  ///< Below the hub: "/candidates/42".
  std::string_view query;
  std::string_view headers;
  std::string_view body;
  std::string_view content_type;
};

/// What invoke() returns. Framed for the host as one JSON head, a newline, the body's bytes.
struct answer {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string content_type = "application/json";
  std::string next_page;  ///< Empty on the last page.
  int retry_attempts = 0;
  std::string body;
};

namespace detail {

inline void append_json_string(std::string& out, std::string_view text) {
  constexpr char hex[] = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += "\\u00";
      out += hex[byte >> 4];
      out += hex[byte & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

inline void append_number(std::string& out, int number) {
  char digits[16];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.append(digits, end);
}

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
  return head;
}

}  // namespace detail

/// `text` as a JSON string, quotes included. Bytes that are not valid UTF-8 pass as they are and the host then refuses
/// the document: where that can happen, check first.
inline std::string json_string(std::string_view text) {
  std::string quoted;
  quoted.reserve(text.size() + 2);
  detail::append_json_string(quoted, text);
  return quoted;
}

}  // namespace element
