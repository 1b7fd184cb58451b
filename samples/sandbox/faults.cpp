#include "faults.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <cstdint>
#include <utility>

#include "body_check.hpp"

namespace sandbox {
namespace {

constexpr std::size_t faults_max = 100;

std::int64_t number_at(const Call& call, const json::object& from, std::string_view name, std::int64_t otherwise,
                       std::int64_t max) {
  const json::value* found = from.if_contains(name);
  if (found == nullptr) return otherwise;
  const std::int64_t* number = found->if_int64();
  if (number == nullptr || *number < 0 || *number > max) {
    throw call.invalid(std::string(name), "must be a whole number up to " + std::to_string(max));
  }
  return *number;
}

bool flag_at(const json::object& from, std::string_view name) {
  const json::value* found = from.if_contains(name);
  return found != nullptr && found->is_bool() && found->as_bool();
}

/// The body may be text, which is sent as it stands, or any other JSON.
Answer staged_answer(const Call& call, const json::object& from) {
  constexpr int status_max = 599;
  Answer answer;
  answer.status = static_cast<int>(number_at(call, from, "status", 200, status_max));
  if (const json::value* headers = from.if_contains("headers")) {
    for (const auto& [name, value] : headers->as_object()) {
      if (!value.is_string()) throw call.invalid("/answer/headers", "must be texts");
      answer.headers.emplace_back(std::string(name), std::string(value.as_string()));
    }
  }
  if (const json::value* body = from.if_contains("body")) {
    answer.body = body->is_string() ? std::string(body->as_string()) : json::serialize(*body);
  }
  return answer;
}

bool fits(const Fault& fault, const Request& request) {
  if (!fault.method.empty() && fault.method != request.method) return false;
  if (!fault.query.empty() && request.raw_query.find(fault.query) == std::string::npos) return false;
  if (fault.path.ends_with('*')) {
    return request.path.starts_with(std::string_view(fault.path).substr(0, fault.path.size() - 1));
  }
  return fault.path == request.path;
}

}  // namespace

void Faults::add(const Call& call) {
  if (faults_.size() >= faults_max) throw Refusal(400, "TOO_MANY_FAULTS", "at most 100 faults wait at once");
  const json::object body = call.body_object();
  check_members(call, body,
                {{.path = "match", .kind = Kind::object, .required = true},
                 {.path = "match.method"},
                 {.path = "match.path", .required = true, .length_min = 1},
                 {.path = "match.query"},
                 {.path = "answer", .kind = Kind::object},
                 {.path = "answer.headers", .kind = Kind::object},
                 {.path = "truncate", .kind = Kind::boolean},
                 {.path = "close", .kind = Kind::boolean}});
  constexpr std::int64_t times_max = 10'000;
  constexpr std::int64_t delay_max_ms = 60'000;
  Fault fault;
  fault.method = text_at(body, "match.method");
  fault.path = text_at(body, "match.path");
  fault.query = text_at(body, "match.query");
  fault.times = static_cast<std::size_t>(number_at(call, body, "times", 1, times_max));
  fault.delay = std::chrono::milliseconds(number_at(call, body, "delayMs", 0, delay_max_ms));
  if (flag_at(body, "truncate")) fault.wire = Wire::truncated;
  if (flag_at(body, "close")) fault.wire = Wire::closed;
  if (const json::value* answer = body.if_contains("answer")) fault.answer = staged_answer(call, answer->as_object());
  faults_.push_back(std::move(fault));
}

std::optional<Fault> Faults::take(const Request& request) {
  for (auto at = faults_.begin(); at != faults_.end(); ++at) {
    if (!fits(*at, request)) continue;
    Fault taken = *at;
    if (at->times <= 1) {
      faults_.erase(at);
    } else {
      --at->times;
    }
    return taken;
  }
  return std::nullopt;
}

}  // namespace sandbox
