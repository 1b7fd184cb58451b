#include "host/api/platform_server.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>

#include "host/api/failure.hpp"
#include "host/base/error.hpp"

namespace formulary::api {
namespace {

std::string lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

ApiRequest api_request(IncomingRequest& incoming, std::uint64_t body_max) {
  ApiRequest request;
  request.method = incoming.method;
  request.headers.reserve(incoming.headers.size());
  for (const auto& [name, value] : incoming.headers) request.headers.emplace_back(lower_case(name), value);
  request.request_id = incoming.request_id;
  request.trace_parent = incoming.trace_parent;
  request.peer = incoming.peer;
  request.stop = incoming.stop;
  request.content_length = incoming.body.content_length();
  request.body_max = static_cast<std::size_t>(body_max);
  request.allow_body = [&body = incoming.body](std::uint64_t bytes_max) { body.set_limit(bytes_max); };
  request.read_body = [&body = incoming.body](std::span<char> room) { return body.read(room); };
  return request;
}

OutgoingResponse outgoing(ApiAnswer answer) {
  OutgoingResponse response;
  response.status = answer.status;
  response.headers = std::move(answer.headers);
  if (!answer.body.empty() || answer.source) response.headers.emplace_back("Content-Type", answer.content_type);
  response.body = std::move(answer.body);
  response.source = std::move(answer.source);
  return response;
}

OutgoingResponse plain(int status, std::string text, const char* type = "text/plain; charset=utf-8") {
  OutgoingResponse response;
  response.status = status;
  response.headers.emplace_back("Content-Type", type);
  response.headers.emplace_back("Cache-Control", "no-store");
  response.body = std::move(text);
  return response;
}

bool is_at_or_below(std::string_view path, std::string_view base) {
  return path.starts_with(base) && (path.size() == base.size() || path[base.size()] == '/');
}

MetricSample sample(std::string name, std::string help, std::uint64_t value, bool counter = false) {
  return {.name = std::move(name), .help = std::move(help), .counter = counter, .value = static_cast<double>(value)};
}

std::vector<MetricSample> samples_of(const ServerCounters& counters) {
  std::vector<MetricSample> samples{
      sample("formulary_http_connections", "Open connections.", counters.connections),
      sample("formulary_http_connections_total", "Accepted connections.", counters.connections_total, true),
      sample("formulary_http_connections_refused_total", "Connections refused over a bound.",
             counters.connections_refused, true),
      sample("formulary_http_requests_in_flight", "Requests whose answer is not sent yet.", counters.in_flight),
      sample("formulary_http_requests_queued", "Requests that wait for a worker.", counters.queued),
      sample("formulary_http_requests_rejected_total", "Requests answered 503 because too many waited.",
             counters.rejected, true)};
  for (std::size_t hundreds = 1; hundreds < counters.answers.size(); ++hundreds) {
    MetricSample one =
        sample("formulary_http_answers_total", "Answers by class of status.", counters.answers.at(hundreds), true);
    one.labels.emplace_back("class", std::to_string(hundreds) + "xx");
    samples.push_back(std::move(one));
  }
  return samples;
}

std::string escaped_label(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\\' || c == '"') escaped += '\\';
    if (c == '\n') {
      escaped += "\\n";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

}  // namespace

struct PlatformServer::Front {
  explicit Front(PlatformServerParts given)
      : parts(std::move(given)),
        api(std::move(parts.api)),
        server(
            *parts.clock, parts.http, [this](IncomingRequest& request) { return answer(request); }, parts.access_log) {}

  OutgoingResponse answer(IncomingRequest& incoming) {
    if (is_at_or_below(incoming.path, api_base_path)) {
      ApiRequest request = api_request(incoming, parts.http.body_max);
      return outgoing(api.handle(request, incoming.path, incoming.query));
    }
    const bool reads = incoming.method == "GET" || incoming.method == "HEAD";
    if (reads && incoming.path == "/healthz") return plain(200, "ok\n");
    if (reads && incoming.path == "/readyz") return readiness();
    if (reads && incoming.path == "/metrics") return metrics();
    if (reads && incoming.path == "/elements/api-docs")
      return plain(200, "The API is described by /elements/api-v2/openapi.json\n");
    return outgoing(failure_answer(404, "not_found",
                                   "path: there is nothing here; the API is below " + std::string(api_base_path),
                                   incoming.request_id));
  }

  OutgoingResponse readiness() const {
    if (stopping) return plain(503, "the host is stopping\n");
    const Readiness state = parts.readiness ? parts.readiness() : Readiness{.ready = true, .reason = {}};
    return state.ready ? plain(200, "ready\n") : plain(503, state.reason + "\n");
  }

  OutgoingResponse metrics() const {
    std::vector<MetricSample> samples = samples_of(server.counters());
    if (parts.metrics) {
      for (MetricSample& one : parts.metrics()) samples.push_back(std::move(one));
    }
    return plain(200, prometheus_text(samples), "text/plain; version=0.0.4; charset=utf-8");
  }

  PlatformServerParts parts;
  Api api;
  std::atomic<bool> stopping = false;
  HttpServer server;  ///< Its threads use all above: declared last.
};

PlatformServer::PlatformServer(PlatformServerParts parts) : front_(std::make_unique<Front>(std::move(parts))) {}
PlatformServer::~PlatformServer() = default;

void PlatformServer::start() {
  front_->server.start();
}

std::uint16_t PlatformServer::port() const noexcept {
  return front_->server.port();
}

Api& PlatformServer::api() noexcept {
  return front_->api;
}

void PlatformServer::stop(std::chrono::milliseconds grace) {
  front_->stopping = true;
  front_->server.stop(grace);
}

std::string prometheus_text(const std::vector<MetricSample>& samples) {
  std::string text;
  std::string_view last;
  for (const MetricSample& one : samples) {
    if (one.name != last) {
      text +=
          "# HELP " + one.name + ' ' + one.help + "\n# TYPE " + one.name + (one.counter ? " counter\n" : " gauge\n");
    }
    last = one.name;
    text += one.name;
    if (!one.labels.empty()) {
      text += '{';
      for (std::size_t at = 0; at < one.labels.size(); ++at) {
        if (at > 0) text += ',';
        text += one.labels[at].first + "=\"" + escaped_label(one.labels[at].second) + '"';
      }
      text += '}';
    }
    text += ' ' + to_text(json::value(one.value)) + '\n';
  }
  return text;
}

std::string access_line(const AccessRecord& record) {
  json::object line{{"time", iso8601(record.at)},
                    {"requestId", record.request_id},
                    {"traceId", record.trace_id},
                    {"method", record.method},
                    {"path", record.path},
                    {"peer", record.peer},
                    {"status", record.status},
                    {"bytesIn", record.bytes_in},
                    {"bytesOut", record.bytes_out},
                    {"micros", std::chrono::duration_cast<std::chrono::microseconds>(record.duration).count()}};
  if (!record.note.empty()) line["note"] = record.note;
  return to_text(line);
}

}  // namespace formulary::api
