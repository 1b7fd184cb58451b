#include "host/api/element_swagger.hpp"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <utility>

#include "host/api/api.hpp"
#include "host/api/element_document.hpp"
#include "host/base/error.hpp"

namespace formulary::api {
namespace {

constexpr std::string_view definitions = "#/definitions/";
constexpr std::string_view schemas = "#/components/schemas/";
constexpr std::string_view error_definition = "Error";
constexpr std::string_view schema_types[] = {"string", "integer", "number", "boolean", "array", "object", "null"};

bool is_any_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

std::vector<std::string_view> segments_of(std::string_view path) {
  std::vector<std::string_view> segments;
  while (!path.empty()) {
    const std::string_view segment = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(path.size(), segment.size() + 1));
    if (!segment.empty()) segments.push_back(segment);
  }
  return segments;
}

bool is_variable(std::string_view segment) {
  return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

/// "job-ads" -> "JobAds"
std::string camel(std::string_view segment) {
  std::string word;
  bool upper = true;
  for (const char c : segment) {
    const auto letter = static_cast<unsigned char>(c);
    if (std::isalnum(letter) == 0) {
      upper = true;
      continue;
    }
    word += upper ? static_cast<char>(std::toupper(letter)) : c;
    upper = false;
  }
  return word;
}

std::string operation_id(std::string_view method, std::string_view path) {
  std::string id = lower(method);
  const std::vector<std::string_view> segments = segments_of(path);
  const std::size_t below_hub = path.starts_with("/hubs/") ? 2 : 0;
  for (std::size_t at = below_hub; at < segments.size(); ++at) {
    id += (is_variable(segments[at]) ? "By" : "") + camel(segments[at]);
  }
  return id;
}

/// The schemas of models, gathered under names that are one of a kind, with references that lead somewhere.
class Definitions {
 public:
  Definitions() {
    sources_.emplace(error_definition, nullptr);
    cleaned_[error_definition] =
        json::object{{"type", "object"},
                     {"properties", json::object{{"requestId", json::object{{"type", "string"}}},
                                                 {"message", json::object{{"type", "string"}}},
                                                 {"providerMessage", json::object{{"type", "string"}}}}}};
  }

  /// A schema that refers to that model; of "object" if there is none. `local`: definitions by their names.
  [[nodiscard]] json::object refer(const json::object& local, std::string_view name) {
    if (!local.contains(name)) return {{"type", "object"}};
    Names names;
    for (const auto& [key, schema] : local) {
      if (schema.is_object()) names[std::string(key)] = claim(key, schema.get_object());
    }
    for (const auto& [key, global] : names) {
      if (!cleaned_.contains(global)) cleaned_[global] = clean(local.at(key).get_object(), names);
    }
    const auto found = names.find(name);
    if (found == names.end()) return {{"type", "object"}};
    return {{"$ref", std::string(definitions) + found->second}};
  }

  [[nodiscard]] json::object take() { return std::move(cleaned_); }

 private:
  using Names = std::map<std::string, std::string, std::less<>>;

  [[nodiscard]] std::string claim(std::string_view name, const json::object& schema) {
    std::string plain(name.substr(0, 128));
    for (char& c : plain) {
      const bool stays = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '_' || c == '-';
      if (!stays) c = '_';
    }
    std::string candidate = plain;
    for (int number = 2;; ++number) {
      const auto [taken, is_new] = sources_.emplace(candidate, &schema);
      if (is_new || (taken->second != nullptr && *taken->second == schema)) return candidate;
      candidate = plain + "_" + std::to_string(number);
    }
  }

  static json::object referred(std::string_view name, const Names& names) {
    if (name.starts_with(definitions)) name.remove_prefix(definitions.size());
    const auto found = names.find(name);
    if (found == names.end()) return {{"type", "object"}};
    return {{"$ref", std::string(definitions) + found->second}};
  }

  static json::object clean_value(const json::value& schema, const Names& names) {
    const json::object* object = schema.if_object();
    return object == nullptr ? json::object() : clean(*object, names);
  }

  /// Models name other models as types and in references; both become references that a reader can follow.
  static json::object clean(const json::object& schema, const Names& names) {
    if (const std::string_view target = text_member(schema, "$ref"); !target.empty()) return referred(target, names);
    const std::string_view type = text_member(schema, "type");
    const bool is_type = std::find(std::begin(schema_types), std::end(schema_types), type) != std::end(schema_types);
    if (!type.empty() && !is_type) {
      if (names.contains(type)) return referred(type, names);
      return {{"type", is_any_of(type, {"date", "datetime", "dateTime", "date-time"}) ? "string" : "object"}};
    }
    json::object result;
    for (const auto& [key, value] : schema) {
      const std::string_view name(key.data(), key.size());
      if (name == "properties") {
        result[key] = clean_properties(value, names);
      } else if (name == "items" || (name == "additionalProperties" && value.is_object())) {
        result[key] = clean_value(value, names);
      } else if (is_any_of(name, {"allOf", "anyOf", "oneOf"}) && value.is_array()) {
        json::array all;
        for (const json::value& one : value.get_array()) all.push_back(clean_value(one, names));
        result[key] = std::move(all);
      } else if (name != "required" || value.is_array()) {
        result[key] = value;
      }
    }
    if (type == "array" && !result.contains("items")) result["items"] = json::object();
    return result;
  }

  static json::object clean_properties(const json::value& properties, const Names& names) {
    json::object result;
    const json::object* object = properties.if_object();
    if (object == nullptr) return result;
    for (const auto& [key, value] : *object) result[key] = clean_value(value, names);
    return result;
  }

  std::map<std::string, const json::object*, std::less<>> sources_;
  json::object cleaned_;
};

const json::object& object_or_none(const json::object& object, std::string_view name) {
  static const json::object none;
  const json::value* value = object.if_contains(name);
  const json::object* member = value == nullptr ? nullptr : value->if_object();
  return member == nullptr ? none : *member;
}

json::object request_schema(const json::object& resource, Definitions& known) {
  const json::object& model = object_or_none(resource, "model");
  if (model.contains("requestSwagger")) {
    return known.refer(object_or_none(model, "requestSwagger"), text_member(model, "requestName"));
  }
  return known.refer(object_or_none(model, "swagger"), text_member(model, "name"));
}

json::object answer_schema(const json::object& resource, Definitions& known) {
  const json::object& model = object_or_none(resource, "model");
  return known.refer(object_or_none(model, "swagger"), text_member(model, "name"));
}

void put_type(json::object& shown, std::string_view data_type) {
  const std::string type = lower(data_type);
  if (is_any_of(type, {"integer", "int", "long"})) {
    shown["type"] = "integer";
  } else if (is_any_of(type, {"number", "double", "float"})) {
    shown["type"] = "number";
  } else if (type == "boolean") {
    shown["type"] = "boolean";
  } else if (type == "array") {
    shown["type"] = "array";
    shown["items"] = json::object{{"type", "string"}};
  } else {
    shown["type"] = "string";
  }
}

/// The parameters of one operation, in Swagger 2.0.
class Parameters {
 public:
  Parameters(const ElementOperation& operation, Definitions& known) : resource_(*operation.resource), known_(known) {
    for (const std::string_view segment : segments_of(operation.path)) {
      if (is_variable(segment)) variables_.emplace(segment.substr(1, segment.size() - 2));
    }
    const json::array& list = list_of(resource_, "parameters");
    has_form_ = std::any_of(list.begin(), list.end(), [](const json::value& parameter) {
      return parameter.is_object() && is_any_of(text_member(parameter.get_object(), "type"), {"form", "multipart"});
    });
    for (const json::value& parameter : list) {
      if (parameter.is_object() && text_member(parameter.get_object(), "source") != "response") {
        add(parameter.get_object());
      }
    }
    for (const std::string& name : variables_) {
      if (taken_.emplace("path", name).second) {
        shown_.push_back(json::object{{"name", name}, {"in", "path"}, {"required", true}, {"type", "string"}});
      }
    }
  }

  [[nodiscard]] json::array take() { return std::move(shown_); }
  [[nodiscard]] bool has_form() const noexcept { return has_form_; }

 private:
  void add(const json::object& parameter) {
    const std::string_view type = text_member(parameter, "type");
    const std::string name(text_member(parameter, "name"));
    const bool is_plain = is_any_of(type, {"path", "query", "header"});
    const bool is_form = is_any_of(type, {"form", "multipart"});
    const bool is_body = type == "body" && !has_form_;
    if (name.empty() || (!is_plain && !is_form && !is_body)) return;
    if (type == "path" && !variables_.contains(name)) return;
    const std::string in = is_form ? "formData" : std::string(type);
    // An operation has one body, whatever its parameters are called.
    if (!taken_.emplace(in, is_body ? std::string() : name).second) return;
    const json::value* required = parameter.if_contains("required");
    json::object shown{{"name", name}, {"in", in}};
    if (const std::string_view about = text_member(parameter, "description"); !about.empty()) {
      shown["description"] = about;
    }
    shown["required"] = type == "path" || (required != nullptr && *required == true);
    if (is_body) {
      shown["schema"] = request_schema(resource_, known_);
    } else if (is_form && text_member(parameter, "dataType") == "file") {
      shown["type"] = "file";
    } else {
      put_type(shown, text_member(parameter, "dataType"));
    }
    shown_.push_back(std::move(shown));
  }

  const json::object& resource_;
  Definitions& known_;
  std::set<std::string, std::less<>> variables_;
  std::set<std::pair<std::string, std::string>> taken_;
  json::array shown_;
  bool has_form_ = false;
};

json::object operation_document(const ElementOperation& operation, std::string_view tag, Definitions& known) {
  Parameters parameters(operation, known);
  const std::string_view about = text_member(*operation.resource, "description");
  json::object shown{{"operationId", operation.id}, {"summary", about}, {"tags", json::array{json::value(tag)}}};
  if (parameters.has_form()) shown["consumes"] = json::array{"multipart/form-data"};
  shown["parameters"] = parameters.take();
  shown["responses"] = json::object{
      {"200", json::object{{"description", "OK"}, {"schema", answer_schema(*operation.resource, known)}}},
      {"default",
       json::object{{"description", "It failed; the message says why"},
                    {"schema", json::object{{"$ref", std::string(definitions) + std::string(error_definition)}}}}}};
  return shown;
}

/// The part of a path that names an object: "candidates" of "/hubs/crm/candidates/{id}".
std::string_view object_of(std::string_view path) {
  const std::vector<std::string_view> segments = segments_of(path);
  const std::size_t at = path.starts_with("/hubs/") ? 2 : 0;
  return at < segments.size() ? segments[at] : std::string_view{};
}

/// Scheme, host and path of an address.
struct Address {
  std::string scheme;
  std::string host;
  std::string path{api_base_path};
};

Address address_of(std::string_view url) {
  Address address;
  const std::size_t colon = url.find("://");
  address.scheme = url.substr(0, colon);
  const bool is_known = address.scheme == "http" || address.scheme == "https";
  const std::string_view rest = is_known ? url.substr(colon + 3) : std::string_view{};
  const std::size_t slash = rest.find('/');
  address.host = rest.substr(0, slash);
  const bool is_host =
      !address.host.empty() && std::all_of(address.host.begin(), address.host.end(), [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '.' || c == '-' || c == ':' || c == '[' || c == ']';
      });
  if (!is_known || !is_host || url.size() > 1'024) {
    throw Error(ErrorCode::bad_input, "query baseUrl: not the address of a host; write it as https://api.example.com");
  }
  if (slash != std::string_view::npos && slash + 1 < rest.size()) address.path = rest.substr(slash);
  while (address.path.ends_with('/')) address.path.pop_back();
  return address;
}

json::value renamed_references(const json::value& value) {
  if (const json::array* list = value.if_array()) {
    json::array result;
    for (const json::value& one : *list) result.push_back(renamed_references(one));
    return result;
  }
  const json::object* object = value.if_object();
  if (object == nullptr) return value;
  json::object result;
  for (const auto& [key, member] : *object) {
    const json::string* text = member.if_string();
    if (key == "$ref" && text != nullptr && text->starts_with(definitions)) {
      result[key] = std::string(schemas) + std::string(text_member(*object, "$ref").substr(definitions.size()));
    } else {
      result[key] = renamed_references(member);
    }
  }
  return result;
}

json::object media(std::string_view type, const json::value& schema) {
  return {{type, json::object{{"schema", renamed_references(schema)}}}};
}

/// A parameter's type and items as a schema.
json::object schema_of_parameter(const json::object& parameter) {
  json::object schema;
  if (text_member(parameter, "type") == "file") return {{"type", "string"}, {"format", "binary"}};
  for (const std::string_view name : {"type", "items"}) {
    if (const json::value* value = parameter.if_contains(name)) schema[name] = *value;
  }
  return schema;
}

json::object operation_of_openapi(const json::object& operation) {
  json::object shown;
  for (const std::string_view name : {"operationId", "summary", "tags"}) shown[name] = operation.at(name);
  json::array parameters;
  json::object form;
  json::array form_required;
  for (const json::value& value : list_of(operation, "parameters")) {
    json::object parameter = value.get_object();
    const std::string_view in = text_member(parameter, "in");
    if (in == "body") {
      shown["requestBody"] = json::object{{"required", parameter.at("required")},
                                          {"content", media("application/json", parameter.at("schema"))}};
    } else if (in == "formData") {
      const std::string name(text_member(parameter, "name"));
      form[name] = schema_of_parameter(parameter);
      if (parameter.at("required") == true) form_required.emplace_back(name);
    } else {
      parameter["schema"] = schema_of_parameter(parameter);
      parameter.erase("type");
      parameter.erase("items");
      parameters.push_back(std::move(parameter));
    }
  }
  if (!form.empty()) {
    json::object schema{{"type", "object"}, {"properties", std::move(form)}};
    if (!form_required.empty()) schema["required"] = std::move(form_required);
    shown["requestBody"] = json::object{{"required", true}, {"content", media("multipart/form-data", schema)}};
  }
  shown["parameters"] = std::move(parameters);
  json::object responses;
  for (const auto& [status, response] : operation.at("responses").get_object()) {
    responses[status] = json::object{{"description", response.at("description")},
                                     {"content", media("application/json", response.at("schema"))}};
  }
  shown["responses"] = std::move(responses);
  return shown;
}

json::object openapi_of(const json::object& swagger, const SwaggerOptions& options) {
  json::object paths;
  for (const auto& [path, item] : swagger.at("paths").get_object()) {
    json::object operations;
    for (const auto& [method, operation] : item.get_object()) {
      operations[method] = operation_of_openapi(operation.get_object());
    }
    paths[path] = std::move(operations);
  }
  std::string server(text_member(swagger, "basePath"));
  if (!options.base_url.empty()) {
    const Address address = address_of(options.base_url);
    server = address.scheme + "://" + address.host + address.path;
  }
  return {{"openapi", "3.1.0"},
          {"info", swagger.at("info")},
          {"servers", json::array{json::object{{"url", server}}}},
          {"security", swagger.at("security")},
          {"paths", std::move(paths)},
          {"components", json::object{{"securitySchemes", swagger.at("securityDefinitions")},
                                      {"schemas", renamed_references(swagger.at("definitions"))}}}};
}

}  // namespace

SwaggerOptions swagger_options(const ApiRequest& request) {
  SwaggerOptions options;
  options.base_url = request.query_value("baseUrl").value_or("");
  options.operation = request.query_value("operationId").value_or("");
  if (!options.base_url.empty()) static_cast<void>(address_of(options.base_url));
  const std::string_view version = request.query_value("version").value_or("-1");
  if (version.starts_with("3")) options.version = SwaggerVersion::openapi_3_1;
  const bool is_number = !version.empty() && version.size() < 16 &&
                         std::all_of(version.begin(), version.end(),
                                     [](unsigned char c) { return std::isdigit(c) != 0 || c == '.' || c == '-'; });
  if (!is_number) {
    throw Error(ErrorCode::bad_input, "query version: no version; 2.0 is for Swagger 2.0, 3.1 for OpenAPI 3.1");
  }
  return options;
}

std::vector<ElementOperation> operations_of(const json::object& element) {
  std::vector<ElementOperation> operations;
  std::set<std::pair<std::string, std::string>> calls;
  std::set<std::string> ids;
  for (const json::value& value : list_of(element, "resources")) {
    const json::object* resource = value.if_object();
    if (resource == nullptr) continue;
    const std::string_view type = text_member(*resource, "type");
    if (!type.empty() && type != "api" && type != "formulaAsResource") continue;
    const std::string method(text_member(*resource, "method"));
    const std::string path(text_member(*resource, "path"));
    // Of links of a chain, which share method and path, the first is what is called.
    if (!path.starts_with('/') || method.empty() || !calls.emplace(method, path).second) continue;
    const std::string plain = operation_id(method, path);
    std::string id = plain;
    for (int number = 2; !ids.insert(id).second; ++number) id = plain + "_" + std::to_string(number);
    operations.push_back({.id = std::move(id), .method = method, .path = path, .resource = resource});
  }
  return operations;
}

json::object swagger_of_element(const json::object& element, const SwaggerOptions& options) {
  Definitions known;
  json::object paths;
  for (const ElementOperation& operation : operations_of(element)) {
    if (!options.operation.empty() && operation.id != options.operation) continue;
    const std::string_view object = object_of(operation.path);
    if (!options.object.empty() && object != options.object) continue;
    json::value& item = paths[operation.path];
    if (item.is_null()) item = json::object();
    item.get_object()[lower(operation.method)] = operation_document(operation, object, known);
  }
  if (paths.empty() && !(options.operation.empty() && options.object.empty())) {
    const std::string name =
        options.operation.empty() ? "object '" + options.object : "operation '" + options.operation;
    throw Error(ErrorCode::not_found, "element '" + std::string(text_member(element, "key")) + "': no " + name +
                                          "'; GET /elements/{key}/operations lists what there is");
  }
  const std::string_view version = text_member(element, "version");
  json::object swagger{{"swagger", "2.0"},
                       {"info", json::object{{"title", options.title.empty() ? text_member(element, "name")
                                                                             : std::string_view(options.title)},
                                             {"description", text_member(element, "description")},
                                             {"version", version.empty() ? "1.0.0" : version}}}};
  Address address;
  if (!options.base_url.empty()) {
    address = address_of(options.base_url);
    swagger["host"] = address.host;
    swagger["schemes"] = json::array{json::value(address.scheme)};
  }
  swagger["basePath"] = address.path;
  swagger["consumes"] = json::array{"application/json"};
  swagger["produces"] = json::array{"application/json"};
  swagger["securityDefinitions"] = json::object{
      {"Authorization", json::object{{"type", "apiKey"},
                                     {"in", "header"},
                                     {"name", "Authorization"},
                                     {"description", "Element <token>, User <secret>, Organization <secret>"}}}};
  swagger["security"] = json::array{json::object{{"Authorization", json::array()}}};
  swagger["paths"] = std::move(paths);
  swagger["definitions"] = known.take();
  return options.version == SwaggerVersion::openapi_3_1 ? openapi_of(swagger, options) : swagger;
}

}  // namespace formulary::api
