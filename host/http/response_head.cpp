#include "host/http/response_head.hpp"

#include <array>
#include <ctime>

#include "host/base/json.hpp"
#include "host/http/request_parser.hpp"

namespace formulary {
namespace {

struct Reason {
  int status;
  std::string_view phrase;
};

constexpr std::array reasons = {
    Reason{200, "OK"},
    Reason{201, "Created"},
    Reason{202, "Accepted"},
    Reason{204, "No Content"},
    Reason{206, "Partial Content"},
    Reason{207, "Multi-Status"},
    Reason{301, "Moved Permanently"},
    Reason{302, "Found"},
    Reason{303, "See Other"},
    Reason{304, "Not Modified"},
    Reason{307, "Temporary Redirect"},
    Reason{308, "Permanent Redirect"},
    Reason{400, "Bad Request"},
    Reason{401, "Unauthorized"},
    Reason{402, "Payment Required"},
    Reason{403, "Forbidden"},
    Reason{404, "Not Found"},
    Reason{405, "Method Not Allowed"},
    Reason{406, "Not Acceptable"},
    Reason{408, "Request Timeout"},
    Reason{409, "Conflict"},
    Reason{410, "Gone"},
    Reason{411, "Length Required"},
    Reason{412, "Precondition Failed"},
    Reason{413, "Content Too Large"},
    Reason{414, "URI Too Long"},
    Reason{415, "Unsupported Media Type"},
    Reason{417, "Expectation Failed"},
    Reason{422, "Unprocessable Content"},
    Reason{423, "Locked"},
    Reason{424, "Failed Dependency"},
    Reason{429, "Too Many Requests"},
    Reason{431, "Request Header Fields Too Large"},
    Reason{500, "Internal Server Error"},
    Reason{501, "Not Implemented"},
    Reason{502, "Bad Gateway"},
    Reason{503, "Service Unavailable"},
    Reason{504, "Gateway Timeout"},
    Reason{505, "HTTP Version Not Supported"},
};

std::string_view phrase_of(int status) {
  for (const Reason& reason : reasons) {
    if (reason.status == status) return reason.phrase;
  }
  return {};
}

/// What the server alone says: two voices about where a body ends are a hole.
bool is_the_servers(std::string_view name) {
  for (const std::string_view own : {"Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "Trailer",
                                     "Upgrade", "Date", "Server", "Proxy-Connection"}) {
    if (same_header_name(name, own)) return true;
  }
  return false;
}

void add(std::string& head, std::string_view name, std::string_view value) {
  head.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

std::string find_response_fault(const OutgoingResponse& response) {
  if (response.status < 200 || response.status > 599) return "the status " + std::to_string(response.status);
  for (const auto& [name, value] : response.headers) {
    if (!is_http_token(name)) return "a header whose name is not one";
    if (is_the_servers(name) || !is_header_value(value)) return "the header " + name;
  }
  return {};
}

std::string response_head(const OutgoingResponse& response, const ResponseFraming& framing, std::string_view date,
                          std::string_view request_id) {
  std::string head;
  head.reserve(512);
  head.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ").append(phrase_of(response.status));
  head.append("\r\n");
  add(head, "Date", date);
  add(head, "Server", "formulary");
  for (const auto& [name, value] : response.headers) add(head, name, value);
  if (!find_header(response.headers, "Elements-Request-Id")) add(head, "Elements-Request-Id", request_id);
  if (framing.length) add(head, "Content-Length", std::to_string(*framing.length));
  if (framing.chunked) add(head, "Transfer-Encoding", "chunked");
  if (framing.close) add(head, "Connection", "close");
  head.append("\r\n");
  return head;
}

OutgoingResponse edge_answer(int status, std::string_view message, std::string_view request_id) {
  OutgoingResponse answer{.status = status};
  answer.headers = {{"Content-Type", "application/json"}, {"Elements-Request-Id", std::string(request_id)}};
  if (status == 503) answer.headers.emplace_back("Retry-After", "1");
  answer.body = R"({"requestId":)";
  append_json_string(answer.body, request_id);
  answer.body += R"(,"message":)";
  append_json_string(answer.body, message);
  answer.body += '}';
  return answer;
}

std::string http_date(Clock::WallTime time) {
  const std::time_t seconds = Clock::WallTime::clock::to_time_t(time);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  constexpr std::array days = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto two = [](int number) { return (number < 10 ? "0" : "") + std::to_string(number); };
  return std::string(days[static_cast<std::size_t>(parts.tm_wday)]) + ", " + two(parts.tm_mday) + ' ' +
         months[static_cast<std::size_t>(parts.tm_mon)] + ' ' + std::to_string(parts.tm_year + 1'900) + ' ' +
         two(parts.tm_hour) + ':' + two(parts.tm_min) + ':' + two(parts.tm_sec) + " GMT";
}

}  // namespace formulary
