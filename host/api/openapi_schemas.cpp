#include "host/api/openapi_schemas.hpp"

#include <initializer_list>
#include <string_view>
#include <utility>

namespace formulary::api {
namespace {

struct Member {
  std::string_view name;
  std::string_view type;  ///< A JSON Schema type, "any", or the name of another schema; "[]" behind it: a list.
};

bool is_json_type(std::string_view type) {
  return type == "string" || type == "integer" || type == "number" || type == "boolean" || type == "object" ||
         type == "array";
}

json::object member_schema(std::string_view type) {
  if (type.ends_with("[]")) {
    return {{"type", "array"}, {"items", member_schema(type.substr(0, type.size() - 2))}};
  }
  if (type == "any") return {};
  if (is_json_type(type)) return {{"type", type}};
  return {{"$ref", "#/components/schemas/" + std::string(type)}};
}

/// Members that a client need not send and may not find; unknown ones are kept.
json::object shape(std::initializer_list<Member> members, std::initializer_list<std::string_view> required = {}) {
  json::object properties;
  for (const Member& member : members) properties[member.name] = member_schema(member.type);
  json::object schema{{"type", "object"}, {"properties", std::move(properties)}};
  if (required.size() > 0) schema["required"] = json::array(required.begin(), required.end());
  return schema;
}

json::object element_schemas() {
  return {{"ElementInstance", shape({{"id", "integer"},
                                     {"name", "string"},
                                     {"createdDate", "string"},
                                     {"token", "string"},
                                     {"element", "object"},
                                     {"elementId", "integer"},
                                     {"tags", "string[]"},
                                     {"valid", "boolean"},
                                     {"disabled", "boolean"},
                                     {"configuration", "object"},
                                     {"eventsEnabled", "boolean"},
                                     {"user", "object"}})},
          {"ElementInstanceConfig", shape({{"id", "integer"},
                                           {"name", "string"},
                                           {"key", "string"},
                                           {"description", "string"},
                                           {"propertyValue", "any"},
                                           {"active", "boolean"},
                                           {"required", "boolean"},
                                           {"type", "string"},
                                           {"hideFromConsole", "boolean"}},
                                          {"id", "key"})},
          {"ElementInstanceConfigUpdate", shape({{"propertyValue", "any"}})},
          {"Element", shape({{"id", "integer"},
                             {"name", "string"},
                             {"key", "string"},
                             {"description", "string"},
                             {"hub", "string"},
                             {"active", "boolean"},
                             {"configuration", "object[]"},
                             {"resources", "object[]"},
                             {"authentication", "object"},
                             {"private", "boolean"}})}};
}

json::object element_part_schemas() {
  return {
      {"ElementMetadata", shape({{"id", "integer"},
                                 {"name", "string"},
                                 {"key", "string"},
                                 {"description", "string"},
                                 {"events", "object"},
                                 {"bulk", "object"}})},
      {"Configuration", shape({{"id", "integer"},
                               {"name", "string"},
                               {"key", "string"},
                               {"description", "string"},
                               {"defaultValue", "any"},
                               {"type", "string"},
                               {"active", "boolean"},
                               {"hideFromConsole", "boolean"},
                               {"required", "boolean"},
                               {"displayOrder", "integer"}})},
      {"Parameter", shape({{"id", "integer"},
                           {"name", "string"},
                           {"vendorName", "string"},
                           {"type", "string"},
                           {"vendorType", "string"},
                           {"source", "string"},
                           {"required", "boolean"}},
                          {"name", "type"})},
      {"Hook",
       shape(
           {{"id", "integer"}, {"type", "string"}, {"mimeType", "string"}, {"body", "string"}, {"isLegacy", "boolean"}},
           {"type", "body"})},
      {"ElementObject", shape({{"id", "integer"}, {"name", "string"}, {"fields", "Field[]"}}, {"name"})},
      {"Field", shape({{"id", "integer"}, {"name", "string"}, {"type", "string"}})},
      {"Resource", shape({{"id", "integer"},
                          {"description", "string"},
                          {"path", "string"},
                          {"method", "string"},
                          {"vendorPath", "string"},
                          {"vendorMethod", "string"},
                          {"type", "string"},
                          {"parameters", "Parameter[]"},
                          {"hooks", "Hook[]"},
                          {"model", "ResourceModel"}},
                         {"path"})},
      {"ResourceModel", shape({{"name", "string"}, {"transform", "boolean"}, {"swagger", "object"}}, {"name"})},
      {"Operation", shape({{"id", "string"}, {"method", "string"}, {"path", "string"}, {"description", "string"}})},
      {"Hub", shape({{"id", "integer"},
                     {"key", "string"},
                     {"name", "string"},
                     {"description", "string"},
                     {"active", "boolean"},
                     {"resources", "object[]"}})}};
}

json::object formula_schemas() {
  return {
      {"Formula", shape({{"id", "integer"},
                         {"name", "string"},
                         {"description", "any"},
                         {"active", "boolean"},
                         {"engine", "string"},
                         {"configuration", "object[]"},
                         {"triggers", "object[]"},
                         {"steps", "object[]"}})},
      {"FormulaInstance", shape({{"id", "integer"},
                                 {"name", "string"},
                                 {"active", "boolean"},
                                 {"configuration", "object"},
                                 {"settings", "object"},
                                 {"formula", "object"}})},
      {"FormulaExecution", shape({{"id", "integer"},
                                  {"formulaInstanceId", "integer"},
                                  {"status", "string"},
                                  {"createdDate", "string"},
                                  {"updatedDate", "string"},
                                  {"stepExecutions", "StepExecution[]"}},
                                 {"id"})},
      {"FormulaExecutionUpdate", shape({{"status", "string"}}, {"status"})},
      {"StepExecution", shape({{"id", "integer"},
                               {"stepName", "string"},
                               {"status", "string"},
                               {"createdDate", "string"},
                               {"updatedDate", "string"},
                               {"stepExecutionValues", "StepExecutionValue[]"}})},
      {"StepExecutionValue", shape({{"id", "integer"}, {"key", "string"}, {"value", "string"}})},
      {"Step", shape({{"id", "integer"},
                      {"name", "string"},
                      {"type", "string"},
                      {"properties", "object"},
                      {"onSuccess", "string[]"},
                      {"onFailure", "string[]"}})},
      {"Trigger", shape({{"id", "integer"}, {"type", "string"}, {"properties", "object"}, {"onSuccess", "string[]"}})},
      {"FormulaConfiguration", shape({{"id", "integer"}, {"key", "string"}, {"name", "string"}, {"type", "string"}})},
      {"Job", shape({{"id", "any"}, {"name", "string"}, {"description", "string"}, {"trigger", "object"}})},
      {"JobRun", shape({{"id", "integer"},
                        {"jobId", "integer"},
                        {"status", "string"},
                        {"startTime", "string"},
                        {"endTime", "string"},
                        {"duration", "integer"}},
                       {"id", "jobId", "status", "startTime"})}};
}

json::object identity_schemas() {
  return {{"Account", shape({{"id", "integer"}, {"name", "string"}, {"externalId", "string"}, {"active", "boolean"}})},
          {"User", shape({{"id", "integer"},
                          {"email", "string"},
                          {"firstName", "string"},
                          {"lastName", "string"},
                          {"active", "boolean"}})},
          {"Organization", shape({{"id", "integer"}, {"name", "string"}})},
          {"Role", shape({{"id", "integer"}, {"key", "string"}, {"name", "string"}})},
          {"PasswordPolicy", shape({{"minLength", "integer"},
                                    {"minUppercase", "integer"},
                                    {"minLowercase", "integer"},
                                    {"minNumbers", "integer"},
                                    {"minSymbols", "integer"},
                                    {"symbolCharacterSet", "string"},
                                    {"previousPasswordCount", "integer"},
                                    {"rotationDays", "integer"},
                                    {"expirationDays", "integer"}},
                                   {"symbolCharacterSet"})},
          {"Login", shape({{"username", "string"}, {"password", "string"}})},
          {"PasswordReset", shape({{"username", "string"}, {"password", "string"}, {"newPassword", "string"}})},
          {"AuthenticatedUser", shape({{"token", "string"}, {"id", "integer"}, {"username", "string"}})},
          {"Notification", shape({{"id", "integer"},
                                  {"severity", "string"},
                                  {"topic", "string"},
                                  {"message", "any"},
                                  {"from", "string"},
                                  {"createdDate", "string"},
                                  {"active", "boolean"},
                                  {"acknowledged", "boolean"}},
                                 {"topic", "message"})},
          {"Subscription", shape({{"id", "integer"},
                                  {"channel", "string"},
                                  {"topics", "string[]"},
                                  {"config", "object"},
                                  {"active", "boolean"},
                                  {"owner", "string"}})},
          {"Delivery", shape({{"id", "integer"},
                              {"notificationId", "integer"},
                              {"subscriptionId", "integer"},
                              {"status", "string"},
                              {"attempts", "integer"},
                              {"lastError", "string"}})},
          {"Secrets", shape({{"userSecret", "string"}, {"organizationSecret", "string"}})}};
}

json::object report_schemas() {
  return {{"UsageRecord", shape({{"id", "string"},
                                 {"requestStatus", "string"},
                                 {"responseCode", "integer"},
                                 {"elementKey", "string"},
                                 {"instanceId", "integer"},
                                 {"usageDate", "string"},
                                 {"processTime", "integer"},
                                 {"requestMethod", "string"},
                                 {"requestURI", "string"}},
                                {"id", "requestStatus", "responseCode", "usageDate"})},
          {"TimeBucket", shape({{"from", "string"}, {"to", "string"}}, {"from", "to"})},
          {"StatusCount", shape({{"status", "string"}, {"total", "integer"}}, {"status", "total"})}};
}

void add_all(json::object& to, json::object from) {
  for (auto& member : from) to[member.key()] = std::move(member.value());
}

}  // namespace

json::object reference_to_failure() {
  return {{"$ref", "#/components/responses/Failure"}};
}

json::object openapi_components() {
  json::object schemas{{"Failure", shape({{"requestId", "string"},
                                          {"message", "string"},
                                          {"code", "string"},
                                          {"providerMessage", "string"},
                                          {"providerCode", "string"}},
                                         {"requestId", "message"})},
                       {"Any", json::object{{"type", "object"}}}};
  add_all(schemas, element_schemas());
  add_all(schemas, element_part_schemas());
  add_all(schemas, formula_schemas());
  add_all(schemas, identity_schemas());
  add_all(schemas, report_schemas());
  const json::object failure{
      {"description", "What failed, why, and what to do next"},
      {"content", json::object{{"application/json",
                                json::object{{"schema", json::object{{"$ref", "#/components/schemas/Failure"}}}}}}}};
  return {{"schemas", std::move(schemas)},
          {"responses", json::object{{"Failure", failure}}},
          {"securitySchemes",
           json::object{
               {"platform", json::object{{"type", "apiKey"},
                                         {"in", "header"},
                                         {"name", "Authorization"},
                                         {"description", "User <secret>, Organization <secret>[, Element <token>]"}}},
               {"session", json::object{{"type", "http"}, {"scheme", "bearer"}}}}}};
}

}  // namespace formulary::api
