#include "host/api/failure.hpp"

#include <string>

#include "host/plugin/element_plugin.hpp"

namespace formulary::api {
namespace {

/// What a vendor's status means for whoever called through us: its own 4xx passes through, the rest is a bad gateway.
int status_of_vendor(const PluginError& failure) noexcept {
  const int vendor = failure.report().http_status;
  if (vendor >= 400 && vendor < 500 && vendor != 407 && vendor != 408) return vendor;
  if (failure.code() == ErrorCode::timed_out) return 504;
  if (vendor != 0) return 502;
  return status_of(failure.code());
}

}  // namespace

int status_of(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::bad_input:
    case ErrorCode::formula_invalid:
    case ErrorCode::script_failed:
    case ErrorCode::unsupported:
      return 400;
    case ErrorCode::unauthenticated:
      return 401;
    case ErrorCode::permission_denied:
      return 403;
    case ErrorCode::not_found:
      return 404;
    case ErrorCode::conflict:
      return 409;
    case ErrorCode::limit_reached:
      return 413;
    case ErrorCode::rate_limited:
      return 429;
    case ErrorCode::plugin_failed:
    case ErrorCode::vendor_failed:
      return 502;
    case ErrorCode::unavailable:
    case ErrorCode::plugin_refused:
    case ErrorCode::store_failed:
    case ErrorCode::cancelled:
      return 503;
    case ErrorCode::timed_out:
      return 504;
    case ErrorCode::internal:
      break;
  }
  return 500;
}

ApiAnswer failure_answer(int status, std::string_view code, std::string_view message, const std::string& request_id) {
  ApiAnswer answer;
  answer.status = status;
  answer.body = to_text(json::object{{"requestId", request_id}, {"message", message}, {"code", code}});
  return answer;
}

ApiAnswer failure_answer(const std::exception& failure, const std::string& request_id) noexcept {
  try {
    if (const auto* vendor = dynamic_cast<const PluginError*>(&failure)) {
      json::object document{{"requestId", request_id}, {"message", vendor->what()}, {"code", name(vendor->code())}};
      if (vendor->report().http_status != 0) document["providerMessage"] = vendor->what();
      if (!vendor->report().plugin_code.empty()) document["providerCode"] = vendor->report().plugin_code;
      ApiAnswer answer;
      answer.status = status_of_vendor(*vendor);
      answer.body = to_text(document);
      if (const auto after = vendor->report().retry_after) {
        answer.headers.emplace_back("Retry-After", std::to_string((after->count() + 999) / 1000));
      }
      return answer;
    }
    if (const auto* limited = dynamic_cast<const RateLimited*>(&failure)) {
      ApiAnswer answer = failure_answer(429, name(limited->code()), limited->what(), request_id);
      answer.headers.emplace_back("Retry-After", std::to_string(limited->retry_after().count()));
      return answer;
    }
    if (const auto* error = dynamic_cast<const Error*>(&failure); error && error->code() != ErrorCode::internal) {
      return failure_answer(status_of(error->code()), name(error->code()), error->what(), request_id);
    }
    return failure_answer(
        500, "internal",
        "the host failed in itself; its log has the reason under this request id, which helps whoever "
        "mends it",
        request_id);
  } catch (const std::exception&) {
    ApiAnswer answer;  // not even memory for a sentence
    answer.status = 500;
    return answer;
  }
}

}  // namespace formulary::api
