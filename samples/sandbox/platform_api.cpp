#include <Poco/String.h>

#include <array>
#include <cstdio>
#include <map>

#include "apis.hpp"
#include "body_check.hpp"
#include "clock.hpp"
#include "company.hpp"

// POST /elements/api-v2/instances as the element platform documents it: proves credentials and answers the element
// instance. Its errors are {"requestId", "message"}, not SmartRecruiters'.

namespace sandbox {
namespace {

constexpr const char* user_secret = "sandbox-user-secret";
constexpr const char* organization_secret = "sandbox-organization-secret";
constexpr int element_id = 6159;

struct PlatformRefusal {
  int status;
  std::string message;
  std::string provider_message = {};
};

std::string request_id(Company& company) {
  return company.make_user_id();  // both are 24 hexadecimal digits
}

Answer refuse(Company& company, const PlatformRefusal& why) {
  const std::string id = request_id(company);
  json::object body{{"requestId", id}, {"message", why.message}};
  if (!why.provider_message.empty()) body["providerMessage"] = why.provider_message;
  Answer answer = json_answer(why.status, body);
  answer.headers.emplace_back("Elements-Request-Id", id);
  return answer;
}

/// "User a, Organization b" in any order; scheme to secret.
std::map<std::string, std::string> secrets(std::string_view header) {
  std::map<std::string, std::string> found;
  while (!header.empty()) {
    const std::size_t comma = header.find(',');
    const std::string pair = Poco::trim(std::string(header.substr(0, comma)));
    const std::size_t blank = pair.find(' ');
    if (blank != std::string::npos) found[Poco::toLower(pair.substr(0, blank))] = Poco::trim(pair.substr(blank + 1));
    header = comma == std::string_view::npos ? std::string_view() : header.substr(comma + 1);
  }
  return found;
}

void check_secrets(const Call& call) {
  auto given = secrets(call.request.header("Authorization"));
  if (given["user"] != user_secret || given["organization"] != organization_secret) {
    throw PlatformRefusal{401, "Invalid Organization or User secret, or invalid Element token provided."};
  }
}

/// Returns the checked draft; throws PlatformRefusal.
json::object checked_draft(const Call& call) try {
  json::object draft = call.body_object();
  check_members(call, draft,
                {{.path = "element", .kind = Kind::object, .required = true},
                 {.path = "element.key", .required = true, .length_min = 1},
                 {.path = "configuration", .kind = Kind::object, .required = true},
                 {.path = "name", .required = true, .length_min = 1, .length_max = 256},
                 {.path = "tags", .kind = Kind::array}});
  return draft;
} catch (const Refusal& refusal) {
  throw PlatformRefusal{400, refusal.what()};
}

void check_draft(const Company& company, const json::object& draft, const std::string& api_key) {
  const std::string element = text_at(draft, "element.key");
  if (element != "smartrecruiters") throw PlatformRefusal{400, "No element found with key '" + element + "'"};
  const json::object& configuration = draft.at("configuration").as_object();
  const json::value* given = configuration.if_contains("api.key");
  if (given == nullptr || !given->is_string()) throw PlatformRefusal{400, "The configuration needs a text 'api.key'"};
  if (given->as_string() != api_key) {
    throw PlatformRefusal{400, "Failed to provision the instance: the provider refused the credentials",
                          "401: No valid API credential provided"};
  }
  for (const json::value& one : company.instances) {
    if (text_at(one.as_object(), "name") == text_at(draft, "name")) {
      throw PlatformRefusal{409, "An element instance named '" + text_at(draft, "name") + "' exists"};
    }
  }
}

json::object element_view() {
  return {{"id", element_id},
          {"name", "SmartRecruiters "},  // the blank at the end is the platform's
          {"hookName", "SmartRecruiters"},
          {"key", "smartrecruiters"},
          {"description", "The sandbox's stand-in for the platform's SmartRecruiters element."},
          {"image", "elements/custom-element-default-logo.png"},
          {"active", true},
          {"deleted", false},
          {"typeOauth", false},
          {"trialAccount", false},
          {"resources", json::array{}},
          {"transformationsEnabled", true},
          {"bulkDownloadEnabled", true},
          {"bulkUploadEnabled", true},
          {"cloneable", true},
          {"extendable", true},
          {"beta", false},
          {"authentication", {{"type", "custom"}}},
          {"extended", false},
          {"hub", "humancapital"},
          {"protocolType", "http"},
          {"parameters", json::array{}},
          {"private", false}};
}

/// 44 characters that end in '=', as the platform's tokens do.
std::string token_of(std::size_t number) {
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "Sandbox/Token+%029zu=", number);
  return text.data();
}

json::object instance_view(const json::object& draft, std::size_t number) {
  constexpr std::size_t first_id = 12345;
  json::array tags{draft.at("name")};  // the platform's default tag is the name
  if (const json::value* given = draft.if_contains("tags"); given != nullptr && !given->as_array().empty()) {
    tags = given->as_array();
  }
  return {{"id", first_id + number},
          {"name", draft.at("name")},
          {"createdDate", now_text()},
          {"token", token_of(number)},
          {"element", element_view()},
          {"elementId", element_id},
          {"tags", std::move(tags)},
          {"provisionInteractions", json::array{}},
          {"valid", true},
          {"disabled", false},
          {"maxCacheSize", 0},
          {"cacheTimeToLive", 0},
          {"configuration", {{"api.key", "********"}}},
          {"eventsEnabled", false},
          {"traceLoggingEnabled", false},
          {"cachingEnabled", false},
          {"externalAuthentication", "none"},
          {"user",
           {{"id", 123456}, {"emailAddress", "ada.brook@example.com"}, {"firstName", "Ada"}, {"lastName", "Brook"}}}};
}

Answer create_instance(Company& company, const Call& call, const std::string& api_key) try {
  check_secrets(call);
  check_room(company.instances.size());
  const json::object draft = checked_draft(call);
  check_draft(company, draft, api_key);
  json::object made = instance_view(draft, company.instances.size());
  company.instances.push_back(made);
  Answer answer = json_answer(200, made);
  answer.headers.emplace_back("Elements-Request-Id", request_id(company));
  return answer;
} catch (const PlatformRefusal& why) {
  return refuse(company, why);
}

}  // namespace

void add_platform_routes(Router& router, const std::string& api_key) {
  router.add(
      "POST", "/elements/api-v2/instances", {},
      [api_key](Company& company, const Call& call) { return create_instance(company, call, api_key); }, Guard::open);
}

}  // namespace sandbox
