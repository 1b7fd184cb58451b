#include "host/cli/call_words.hpp"

#include <algorithm>
#include <utility>

#include "host/cli/input.hpp"

namespace formulary::cli {
namespace {

constexpr std::size_t body_bytes_max = 64U << 20U;

std::pair<std::string, std::string> parse_header(const std::string& line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string::npos || colon == 0) {
    throw UsageError("--header: '" + line + "' is not NAME: VALUE; write --header 'Accept: text/csv'");
  }
  const std::size_t begin = line.find_first_not_of(' ', colon + 1);
  return {line.substr(0, colon), begin == std::string::npos ? "" : line.substr(begin)};
}

/// Everything but the body, on stderr: stdout has the vendor's bytes alone.
void write_head(const Session& session, const Call& options, const ResourceAnswer& answer) {
  const Io& io = session.io();
  if (session.json()) {
    json::object head;
    if (options.include_head) {
      json::object headers;
      for (const auto& [header, value] : answer.headers) headers[header] = value;
      head = {{"status", answer.status}, {"headers", headers}};
    }
    if (!answer.next_page.empty()) head["nextPage"] = answer.next_page;
    if (!head.empty()) io.err << to_text(head) << '\n';
    return;
  }
  if (options.include_head) {
    io.err << "status " << answer.status << '\n';
    for (const auto& [header, value] : answer.headers) io.err << printable(header) << ": " << printable(value) << '\n';
  }
  if (!answer.next_page.empty()) io.err << "next page: --query nextPage=" << printable(answer.next_page) << '\n';
}

}  // namespace

ResourceRequest resource_request(const Io& io, const Call& options) {
  ResourceRequest request;
  request.method = options.method;
  std::transform(request.method.begin(), request.method.end(), request.method.begin(),
                 [](unsigned char c) { return static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c); });
  request.path = options.path.starts_with('/') ? options.path : "/" + options.path;
  if (request.path.find('?') != std::string::npos) {
    throw UsageError("PATH: parameters do not stand behind a '?'; give them by --query KEY=VALUE, which encodes them");
  }
  for (const std::string& option : options.query) {
    auto [key, value] = key_and_value(option, "--query");
    request.query[key] = value;
  }
  for (const std::string& line : options.headers) {
    auto [header, value] = parse_header(line);
    request.headers[header] = value;
  }
  request.body = options.body.starts_with('@') ? read_input(io, options.body.substr(1), body_bytes_max) : options.body;
  request.content_type = options.content_type;
  if (request.content_type.empty() && !request.body.empty()) request.content_type = "application/json";
  return request;
}

void write_answer(const Session& session, const Call& options, const ResourceAnswer& answer) {
  const Io& io = session.io();
  write_head(session, options, answer);
  const bool is_json = answer.content_type.find("json") != std::string::npos;
  if (is_json && !answer.body.empty() && io.out_is_terminal) {
    write_json(io, parse_json(answer.body, "answer", {.bytes_max = body_bytes_max}));
  } else {
    io.out << answer.body;
    if (is_json && !answer.body.empty() && answer.body.back() != '\n') io.out << '\n';
  }
}

}  // namespace formulary::cli
