#include "plugins/smartrecruiters/vendor_error.hpp"

#include <formulary/poco/json.hpp>
#include <formulary/poco/retry.hpp>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include "plugins/smartrecruiters/secret.hpp"

namespace smartrecruiters {
namespace {

namespace json = element::json;

constexpr std::size_t body_bytes_max = 256U << 10U;
constexpr std::size_t quote_bytes_max = 500;
constexpr std::size_t errors_max = 20;

/// The vendor's own words.
struct Words {
  std::string code;
  std::string message;
  json::array errors;
};

/// At most `quote_bytes_max` bytes of a text, cut between characters, without line breaks and secrets.
std::string quoted(std::string text, const ErrorContext& context) {
  text = redacted(std::move(text), context.secrets);
  if (text.size() > quote_bytes_max) {
    std::size_t end = quote_bytes_max;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    text.resize(end);
    text += "...";
  }
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
  return text;
}

std::string text_of(const json::object& of, std::string_view key, const ErrorContext& context) {
  const json::value* value = of.find(key);
  const auto* text = value == nullptr ? nullptr : value->as<std::string>();
  return text == nullptr ? std::string() : quoted(*text, context);
}

void read_errors(const json::object& of, const ErrorContext& context, Words& words) {
  const json::value* value = of.find("errors");
  const auto* errors = value == nullptr ? nullptr : value->as<json::array>();
  if (errors == nullptr) return;
  for (const json::value& one : *errors) {
    const auto* error = one.as<json::object>();
    if (error == nullptr || words.errors.size() == errors_max) continue;
    const std::string code = text_of(*error, "code", context);
    const std::string message = text_of(*error, "message", context);
    if (words.code.empty()) words.code = code;
    if (words.message.empty()) words.message = message;
    words.errors.emplace_back(json::object{{"code", code}, {"message", message}});
  }
}

Words read_words(std::string_view body, const ErrorContext& context) {
  Words words;
  try {
    const json::value document = json::parse(body, {.where = "error"}, {.bytes_max = body_bytes_max});
    const auto* members = document.as<json::object>();
    if (members == nullptr) return words;
    words.code = text_of(*members, "code", context);
    words.message = text_of(*members, "message", context);
    const std::string provider = text_of(*members, "providerMessage", context);
    if (!provider.empty()) words.message += (words.message.empty() ? "" : " / ") + provider;
    read_errors(*members, context, words);
  } catch (const element::error&) {
    // An error page of a proxy says nothing that a person could use.
  }
  return words;
}

/// What to do about codes whose status alone would send a person the wrong way.
struct CodeAdvice {
  std::string_view code;
  const char* advice;
};
constexpr CodeAdvice code_advice[] = {
    {"APPROVAL_PROCESS_ENABLED", "the company's approval process decides about this: change it in SmartRecruiters"},
    {"ATTACHMENT_LIMIT_EXCEEDED",
     "the candidate has as many files as SmartRecruiters allows: remove one in SmartRecruiters"},
    {"CANDIDATE_FIELDS_FEATURE_MISSING",
     "the company's plan does not include candidate fields: ask SmartRecruiters to enable them"},
    {"CANDIDATE_PROPERTY_VALUE_ID_ALREADY_EXISTS", "another value of the property has this id: choose another"},
    {"CANDIDATE_PROPERTY_VALUE_LABEL_ALREADY_EXISTS", "another value of the property has this label: choose another"},
    {"FILE_ALREADY_EXIST", "the candidate has this file already: there is nothing to do"},
    {"INVALID_PAGE_ID", "the token is too old or of another list: start the list anew"},
    {"INVALID_SOURCE_ID", "take sourceId from GET /source-types/{id}/sub-types"},
    {"ONBOARDING_STATUS_NOT_ACTIVE",
     "the onboarding status is switched off: a SmartRecruiters administrator can switch it on"},
    {"REF_NUMBER_ALREADY_EXISTS", "another job has this refNumber: change that job, or choose another refNumber"},
    {"SOURCE_NOT_FOUND", "take sourceId from GET /source-types/{id}/sub-types"},
    {"SOURCE_TYPE_NOT_FOUND", "take sourceTypeId from GET /source-types"},
};

struct Meaning {
  element_status status;
  const char* code;
  element::retry retry;
  const char* advice;
};

Meaning meaning_of(int status, const Words& words) {
  using element::retry;
  if (status >= 500) {
    return {ELEMENT_UNAVAILABLE, "smartrecruiters.unavailable", retry::if_idempotent, "try again later"};
  }
  switch (status) {
    case 400:
    case 405:
    case 413:
    case 415:
      return {ELEMENT_INVALID_ARGUMENT, "smartrecruiters.bad_request", retry::no, "correct the request"};
    case 422:
      return {ELEMENT_INVALID_ARGUMENT, "smartrecruiters.bad_request", retry::no,
              "the request has the right form: correct the values"};
    case 401:
      return {ELEMENT_UNAUTHENTICATED, "smartrecruiters.invalid_key", retry::no,
              "the API key is wrong or revoked: make a new one in SmartRecruiters under Settings, Apps & Integrations, "
              "Credentials, and give it to the element instance"};
    case 403:
      if (words.message.find("No access to feature") != std::string::npos) {
        return {ELEMENT_PERMISSION_DENIED, "smartrecruiters.api_not_in_plan", retry::no,
                "the key is right, but the company's plan does not include the API: ask SmartRecruiters to enable it"};
      }
      return {ELEMENT_PERMISSION_DENIED, "smartrecruiters.permission_denied", retry::no,
              "the key is right, but its user may not do this: ask an administrator for the right"};
    case 404:
      return {ELEMENT_NOT_FOUND, "smartrecruiters.not_found", retry::no, "check the ids in the path"};
    case 409:
      return {ELEMENT_ALREADY_EXISTS, "smartrecruiters.conflict", retry::no,
              "read what is there, then change that or choose other values"};
    case 429:
      return {ELEMENT_RESOURCE_EXHAUSTED, "smartrecruiters.rate_limited", retry::safe,
              "the key's rate limit is used up: wait, or lower limit.requests_per_second"};
    default:
      break;
  }
  if (status < 400) {
    return {ELEMENT_FAILED_PRECONDITION, "smartrecruiters.redirected", retry::no,
            "the key is not sent to another address: check base.url"};
  }
  return {ELEMENT_FAILED_PRECONDITION, "smartrecruiters.refused", retry::no, "see the vendor's words"};
}

std::string sentence_of(int status, const Words& words, const char* advice, const ErrorContext& context) {
  std::string sentence =
      std::string(context.what) + ": " + std::string(context.subject) + " answered " + std::to_string(status);
  if (!words.code.empty()) sentence += " " + words.code;
  if (!words.message.empty()) sentence += " \"" + words.message + "\"";
  return sentence + "; " + advice;
}

std::string details_of(const Words& words) {
  json::object details;
  if (!words.code.empty()) details.set("providerCode", words.code);
  if (!words.message.empty()) details.set("providerMessage", words.message);
  if (!words.errors.empty()) details.set("errors", words.errors);
  return details.empty() ? std::string() : json::to_text(std::move(details));
}

}  // namespace

element::error vendor_error(const element::http::response& reply, const ErrorContext& context) {
  const Words words = read_words(reply.body, context);
  Meaning meaning = meaning_of(reply.status, words);
  const auto* known = std::find_if(std::begin(code_advice), std::end(code_advice),
                                   [&](const CodeAdvice& one) { return one.code == words.code; });
  if (known != std::end(code_advice)) meaning.advice = known->advice;
  element::error error(meaning.status, meaning.code, sentence_of(reply.status, words, meaning.advice, context));
  error.with_http_status(reply.status).with_retry(meaning.retry).with_details(details_of(words));
  const auto header = reply.headers.find("Retry-After");
  if (const auto wait = header ? element::http::parse_retry_after(*header, context.now) : std::nullopt) {
    error.with_retry_after_ms(std::chrono::duration_cast<std::chrono::milliseconds>(*wait).count());
  }
  return error;
}

}  // namespace smartrecruiters
