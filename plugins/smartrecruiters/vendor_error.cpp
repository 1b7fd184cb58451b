#include "plugins/smartrecruiters/vendor_error.hpp"

#include <formulary/poco/json.hpp>
#include <formulary/poco/retry.hpp>

#include <algorithm>
#include <cstddef>
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
    case 422:
      return {ELEMENT_INVALID_ARGUMENT, "smartrecruiters.bad_request", retry::no, "correct the request"};
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
      return {ELEMENT_ALREADY_EXISTS, "smartrecruiters.conflict", retry::no, "it is there already: update it instead"};
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
  const Meaning meaning = meaning_of(reply.status, words);
  element::error error(meaning.status, meaning.code, sentence_of(reply.status, words, meaning.advice, context));
  error.with_http_status(reply.status).with_retry(meaning.retry).with_details(details_of(words));
  const auto header = reply.headers.find("Retry-After");
  if (const auto wait = header ? element::http::parse_retry_after(*header, context.now) : std::nullopt) {
    error.with_retry_after_ms(std::chrono::duration_cast<std::chrono::milliseconds>(*wait).count());
  }
  return error;
}

}  // namespace smartrecruiters
