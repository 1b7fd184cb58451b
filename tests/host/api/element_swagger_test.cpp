#include "host/api/element_swagger.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "host/api/element_document.hpp"
#include "tests/host/api/elements_fixture.hpp"
#include "tests/support/error_matchers.hpp"

namespace formulary::testing {
namespace {

using namespace formulary::api;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

json::object desk() {
  return element_document(parse_manifest(desk_manifest, "element.json"));
}

json::object element_with(const std::string& resources) {
  return parse_json(R"({"key":"x","name":"X","hub":"h","resources":)" + resources + "}", "test").as_object();
}

/// What of a document breaks the rules of Swagger 2.0 or OpenAPI 3.1 that readers depend on.
class Check {
 public:
  explicit Check(const json::object& document) {
    const bool is_v2 = document.contains("swagger");
    definitions_ =
        is_v2 ? &document.at("definitions").as_object() : &document.at("components").at("schemas").as_object();
    prefix_ = is_v2 ? "#/definitions/" : "#/components/schemas/";
    for (const auto& [path, item] : document.at("paths").as_object()) {
      for (const auto& [method, operation] : item.as_object()) {
        check_operation(std::string(path), std::string(method), operation.as_object());
      }
    }
    for (const auto& [name, schema] : *definitions_) check_schema(schema, std::string(name));
    check_references(document, "");
  }

  std::vector<std::string> problems;

 private:
  void say(const std::string& where, const std::string& what) { problems.push_back(where + ": " + what); }

  void check_operation(const std::string& path, const std::string& method, const json::object& operation) {
    const std::string where = method + " " + path;
    static const std::set<std::string> methods = {"get", "put", "post", "delete", "options", "head", "patch"};
    if (!methods.contains(method)) say(where, "no method");
    if (!ids_.insert(std::string(operation.at("operationId").as_string())).second) say(where, "operationId twice");
    if (operation.at("responses").as_object().empty()) say(where, "no responses");
    std::set<std::string> variables;
    std::set<std::pair<std::string, std::string>> names;
    for (const json::value& value : operation.at("parameters").as_array()) {
      const json::object& parameter = value.as_object();
      const std::string in(text_member(parameter, "in"));
      const std::string name(text_member(parameter, "name"));
      if (!names.emplace(in, name).second) say(where, "parameter twice: " + name);
      if (in == "path") variables.insert("{" + name + "}");
      if (in == "path" && parameter.at("required") != true) say(where, name + " is not required");
      if (!parameter.contains("schema") && !parameter.contains("type")) say(where, name + " has no type");
      if (const json::value* schema = parameter.if_contains("schema")) check_schema(*schema, where);
    }
    for (std::size_t at = path.find('{'); at != std::string::npos; at = path.find('{', at + 1)) {
      const std::string variable = path.substr(at, path.find('}', at) - at + 1);
      if (variables.erase(variable) == 0) say(where, variable + " is no parameter");
    }
    for (const std::string& left : variables) say(where, left + " is not in the path");
  }

  void check_schema(const json::value& value, const std::string& where) {
    const json::object* schema = value.if_object();
    if (schema == nullptr) return say(where, "a schema that is no object");
    static const std::set<std::string_view> types = {"", "string", "integer", "number", "boolean", "array", "object"};
    if (!types.contains(text_member(*schema, "type"))) say(where, "type " + std::string(text_member(*schema, "type")));
    if (text_member(*schema, "type") == "array" && !schema->contains("items")) say(where, "a list of nothing");
    if (const json::value* required = schema->if_contains("required"); required && !required->is_array()) {
      say(where, "required is no list");
    }
    if (const json::value* items = schema->if_contains("items")) check_schema(*items, where + "[]");
    if (const json::value* properties = schema->if_contains("properties")) {
      for (const auto& [name, property] : properties->as_object())
        check_schema(property, where + "." + std::string(name));
    }
  }

  void check_references(const json::value& value, const std::string& where) {
    if (const json::array* list = value.if_array()) {
      for (const json::value& one : *list) check_references(one, where);
    }
    const json::object* object = value.if_object();
    if (object == nullptr) return;
    for (const auto& [key, member] : *object) {
      if (key == "$ref" && member.is_string()) {
        const std::string target(member.get_string());
        if (!target.starts_with(prefix_) || !definitions_->contains(target.substr(prefix_.size()))) {
          say(where, "leads nowhere: " + target);
        }
      }
      check_references(member, where + "/" + std::string(key));
    }
  }

  const json::object* definitions_ = nullptr;
  std::string prefix_;
  std::set<std::string> ids_;
};

void expect_sound(const json::object& element) {
  EXPECT_THAT(Check(swagger_of_element(element)).problems, IsEmpty());
  EXPECT_THAT(Check(swagger_of_element(element, {.version = SwaggerVersion::openapi_3_1})).problems, IsEmpty());
}

TEST(ElementSwagger, DocumentsAPluginsResources) {
  const json::object swagger = swagger_of_element(desk());
  EXPECT_EQ(swagger.at("swagger"), "2.0");
  EXPECT_EQ(swagger.at("basePath"), "/elements/api-v2");
  EXPECT_FALSE(swagger.contains("host"));
  EXPECT_EQ(swagger.at("info").at("version"), "2.1.0");
  const json::object& paths = swagger.at("paths").as_object();
  EXPECT_THAT(paths, SizeIs(3));
  const json::object& list = paths.at("/hubs/helpdesk/tickets").at("get").as_object();
  EXPECT_EQ(list.at("operationId"), "getTickets");
  EXPECT_EQ(list.at("parameters").at(1).at("type"), "array");
  const json::object& create = paths.at("/hubs/helpdesk/tickets").at("post").as_object();
  EXPECT_EQ(create.at("parameters").at(0).at("in"), "body");
  expect_sound(desk());
}

TEST(ElementSwagger, SaysWhereItIs) {
  json::object swagger = swagger_of_element(desk(), {.base_url = "https://foo.bar"});
  EXPECT_EQ(swagger.at("host"), "foo.bar");
  EXPECT_EQ(swagger.at("schemes"), json::array{"https"});
  EXPECT_EQ(swagger.at("basePath"), "/elements/api-v2");
  swagger = swagger_of_element(desk(), {.base_url = "http://127.0.0.1:8080/v2/"});
  EXPECT_EQ(swagger.at("host"), "127.0.0.1:8080");
  EXPECT_EQ(swagger.at("basePath"), "/v2");
  const json::object openapi =
      swagger_of_element(desk(), {.version = SwaggerVersion::openapi_3_1, .base_url = "https://foo.bar"});
  EXPECT_EQ(openapi.at("openapi"), "3.1.0");
  EXPECT_EQ(openapi.at("servers").at(0).at("url"), "https://foo.bar/elements/api-v2");
  const json::value& create = openapi.at("paths").at("/hubs/helpdesk/tickets").at("post");
  EXPECT_TRUE(create.at("requestBody").at("content").as_object().contains("application/json"));
}

TEST(ElementSwagger, RefusesAnAddressThatIsNone) {
  const auto options = [](const std::string& name, const std::string& value) {
    ApiRequest request;
    request.query.emplace_back(name, value);
    return swagger_options(request);
  };
  for (const char* url :
       {"foo.bar", "ftp://foo.bar", "https://", "https://a b", "https://a\"b", "javascript:alert(1)"}) {
    EXPECT_THAT([&] { (void)options("baseUrl", url); }, throws_error(ErrorCode::bad_input, "baseUrl")) << url;
  }
  EXPECT_THAT([&] { (void)options("version", "latest"); }, throws_error(ErrorCode::bad_input, "version"));
  EXPECT_EQ(options("version", "-1").version, SwaggerVersion::swagger_2_0);
  EXPECT_EQ(options("version", "3.1").version, SwaggerVersion::openapi_3_1);
}

TEST(ElementSwagger, ChoosesAnOperationOrAnObject) {
  EXPECT_THAT(swagger_of_element(desk(), {.operation = "getTicketsById"}).at("paths").as_object(), SizeIs(1));
  EXPECT_THAT(swagger_of_element(desk(), {.object = "tickets"}).at("paths").as_object(), SizeIs(3));
  EXPECT_THAT([] { (void)swagger_of_element(desk(), {.operation = "x"}); },
              throws_error(ErrorCode::not_found, "no operation 'x'"));
  EXPECT_THAT([] { (void)swagger_of_element(desk(), {.object = "x"}); },
              throws_error(ErrorCode::not_found, "no object 'x'"));
}

TEST(ElementSwagger, OnlyWhatPeopleCallIsShownAndAChainOnce) {
  const json::object element = element_with(R"([
    {"method":"GET","path":"/hubs/h/a","type":"api"}, {"method":"GET","path":"/hubs/h/a","type":"api"},
    {"method":"GET","path":"/hubs/h/b","type":"onProvision"}, {"method":"GET","path":"/hubs/h/c","type":"apiNoDocumentation"},
    {"method":"GET","path":"/hubs/h/a-b/{x}","type":"api"}, {"method":"GET","path":"/hubs/h/aB/{x}","type":"api"}])");
  std::vector<std::string> ids;
  for (const ElementOperation& operation : operations_of(element)) ids.push_back(operation.id);
  EXPECT_THAT(ids, ElementsAre("getA", "getABByX", "getABByX_2"));
  expect_sound(element);
}

TEST(ElementSwagger, ModelsBecomeDefinitionsAndTwoOfOneNameStayApart) {
  const json::object element = element_with(R"([
    {"method":"GET","path":"/hubs/h/a","type":"api","model":{"name":"one","swagger":{
      "one":{"properties":{"type":{"type":"string"},"part":{"type":"part"},"lost":{"type":"nowhere"},
                           "list":{"type":"array","items":{"$ref":"part"}},"bare":{"type":"array"},
                           "must":{"type":"string","required":true}}},
      "part":{"properties":{"id":{"type":"integer"}}}}}},
    {"method":"PUT","path":"/hubs/h/b","type":"api","parameters":[{"name":"body","type":"body"}],
     "model":{"name":"one","swagger":{"one":{"properties":{"other":{"type":"string"}}}}}},
    {"method":"GET","path":"/hubs/h/c","type":"api","model":{"name":"Error","swagger":{"Error":{"type":"object"}}}},
    {"method":"GET","path":"/hubs/h/d","type":"api","model":{"name":"a/b c","swagger":{"a/b c":{"type":"object"}}}}])");
  const json::object swagger = swagger_of_element(element);
  const json::object& definitions = swagger.at("definitions").as_object();
  EXPECT_EQ(definitions.at("one").at("properties").at("part").at("$ref"), "#/definitions/part");
  EXPECT_EQ(definitions.at("one").at("properties").at("type").at("type"), "string");
  EXPECT_EQ(definitions.at("one").at("properties").at("lost").at("type"), "object");
  EXPECT_TRUE(definitions.contains("one_2"));
  EXPECT_TRUE(definitions.contains("Error_2"));
  EXPECT_TRUE(definitions.contains("a_b_c"));
  EXPECT_EQ(swagger.at("paths").at("/hubs/h/b").at("put").at("parameters").at(0).at("schema").at("$ref"),
            "#/definitions/one_2");
  expect_sound(element);
}

TEST(ElementSwagger, FilesAreAForm) {
  const json::object element = element_with(R"([
    {"method":"POST","path":"/hubs/h/{id}/files","type":"api","parameters":[
      {"name":"file","type":"multipart","dataType":"file","required":true},{"name":"note","type":"form"},
      {"name":"body","type":"body"},{"name":"elsewhere","type":"path"},{"name":"secret","type":"configuration"}]}])");
  const json::object swagger = swagger_of_element(element);
  const json::object& post = swagger.at("paths").at("/hubs/h/{id}/files").at("post").as_object();
  EXPECT_EQ(post.at("consumes").at(0), "multipart/form-data");
  EXPECT_THAT(post.at("parameters").as_array(), SizeIs(3));
  EXPECT_EQ(post.at("parameters").at(0).at("type"), "file");
  const json::object openapi = swagger_of_element(element, {.version = SwaggerVersion::openapi_3_1});
  EXPECT_EQ(openapi.at("paths")
                .at("/hubs/h/{id}/files")
                .at("post")
                .at("requestBody")
                .at("content")
                .at("multipart/form-data")
                .at("schema")
                .at("properties")
                .at("file")
                .at("format"),
            "binary");
  expect_sound(element);
}

TEST(ElementSwagger, ThePublishedElementIsDocumentedSoundly) {
  std::ifstream stream(std::string(FORMULARY_SHARED) + "/contract/platform/smartrecruiters.element.json",
                       std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  if (text.empty() && std::getenv("CI") == nullptr) GTEST_SKIP() << "no published contract at " << FORMULARY_SHARED;
  const json::object element = parse_json(text, "smartrecruiters.element.json").as_object();
  expect_sound(element);
  EXPECT_TRUE(swagger_of_element(element).at("paths").as_object().contains("/hubs/humancapital/jobs"));
}

class ElementDocsRoutes : public ElementsApiTest {};

TEST_F(ElementDocsRoutes, AreThere) {
  EXPECT_EQ(ask("GET", "/elements/desk/docs?version=-1&baseUrl=https%3A%2F%2Ffoo.bar").body.at("host"), "foo.bar");
  EXPECT_EQ(ask("GET", "/elements/desk/docs?version=3.1").body.at("openapi"), "3.1.0");
  EXPECT_EQ(ask("GET", "/elements/desk/docs?operationId=none").status, 404);
  const JsonAnswer operations = ask("GET", "/elements/desk/operations");
  EXPECT_THAT(operations.body.as_array(), SizeIs(4));
  const std::string id(operations.body.at(0).at("id").as_string());
  EXPECT_THAT(ask("GET", "/elements/desk/operations/" + id + "/docs").body.at("paths").as_object(), SizeIs(1));
  EXPECT_EQ(ask("GET", "/elements/desk/objects/tickets/docs").status, 200);
  EXPECT_EQ(ask("GET", "/elements/desk/objects/nothing/docs").status, 404);
  EXPECT_EQ(ask("GET", "/elements/desk/versions").body.at(0).at("version"), "2.1.0");
}

}  // namespace
}  // namespace formulary::testing
