#include "host/plugin/manifest.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "host/base/error.hpp"

namespace formulary {
namespace {

using testing::HasSubstr;

const std::string good = R"({
  "id": "com.example.crm", "version": "1.4.0-rc.1+b5", "key": "crm", "name": "CRM", "hub": "crm", "description": "d",
  "authentication": {"type": "apiKey"}, "abi": {"major": 1, "minor": 0}, "rateLimits": {"perSecond": 8},
  "configuration": [
    {"key": "api.key", "name": "Key", "type": "PASSWORD", "required": true, "secret": true, "help": "h"},
    {"key": "page.size", "name": "Page size", "type": "TEXTFIELD_32", "default": 100, "pattern": "[0-9]+"},
    {"key": "active", "name": "Active", "type": "BOOLEAN", "default": true}],
  "resources": [
    {"method": "GET", "path": "/jobs", "idempotency": "safe"},
    {"method": "GET", "path": "/jobs/{id}", "idempotency": "safe", "description": "one"},
    {"method": "GET", "path": "/jobs/mine", "idempotency": "safe"},
    {"method": "GET", "path": "/{kind}/mine", "idempotency": "safe"},
    {"method": "PUT", "path": "/jobs/{id}", "idempotency": "idempotent"},
    {"method": "PATCH", "path": "/jobs/{id}", "idempotency": "keyed"},
    {"method": "POST", "path": "/jobs/{jobId}/notes/{id}", "idempotency": "unsafe"}]
})";

std::string changed(const std::string& from, const std::string& to) {
  std::string text = good;
  const auto at = text.find(from);
  if (at == std::string::npos) throw std::runtime_error("the good manifest has no " + from);
  return text.replace(at, from.size(), to);
}

TEST(Manifest, IsReadWhole) {
  const Manifest manifest = parse_manifest(good, "element.json");
  EXPECT_EQ(manifest.id, "com.example.crm");
  EXPECT_EQ(manifest.version, "1.4.0-rc.1+b5");
  EXPECT_EQ(manifest.key, "crm");
  EXPECT_EQ(manifest.name, "CRM");
  EXPECT_EQ(manifest.hub, "crm");
  EXPECT_EQ(manifest.description, "d");
  EXPECT_EQ(manifest.authentication_type, "apiKey");
  EXPECT_EQ(manifest.abi_major, 1U);
  EXPECT_EQ(manifest.abi_minor, 0U);
  ASSERT_EQ(manifest.configuration.size(), 3U);
  EXPECT_TRUE(manifest.configuration[0].required);
  EXPECT_TRUE(manifest.configuration[0].secret);
  EXPECT_EQ(manifest.configuration[0].help, "h");
  EXPECT_EQ(manifest.configuration[1].default_value, "100");
  EXPECT_EQ(manifest.configuration[1].pattern, "[0-9]+");
  EXPECT_FALSE(manifest.configuration[1].secret);
  EXPECT_EQ(manifest.configuration[2].default_value, "true");
  ASSERT_EQ(manifest.resources.size(), 7U);
  EXPECT_EQ(manifest.resources[5].idempotency, Idempotency::keyed);
  EXPECT_EQ(manifest.document.at("rateLimits").at("perSecond"), 8) << "unknown members are kept";
}

struct Find {
  const char* method;
  const char* path;
  const char* found;  ///< nullptr: nothing.
};

class ManifestFind : public testing::TestWithParam<Find> {};

TEST_P(ManifestFind, TakesTheMostLiteralResourceThatFits) {
  const Manifest manifest = parse_manifest(good, "element.json");
  const ManifestResource* resource = manifest.find_resource(GetParam().method, GetParam().path);
  if (GetParam().found == nullptr) {
    EXPECT_EQ(resource, nullptr) << resource->path;
  } else {
    ASSERT_NE(resource, nullptr);
    EXPECT_EQ(resource->path, GetParam().found);
    EXPECT_EQ(resource->method, GetParam().method);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Paths, ManifestFind,
    testing::Values(Find{"GET", "/jobs", "/jobs"}, Find{"GET", "/jobs/42", "/jobs/{id}"},
                    Find{"GET", "/jobs/mine", "/jobs/mine"}, Find{"GET", "/users/mine", "/{kind}/mine"},
                    Find{"PUT", "/jobs/mine", "/jobs/{id}"},
                    Find{"POST", "/jobs/1/notes/2", "/jobs/{jobId}/notes/{id}"}, Find{"POST", "/jobs", nullptr},
                    Find{"GET", "/jobs/", nullptr}, Find{"GET", "/jobs/1/2", nullptr}, Find{"GET", "jobs", nullptr},
                    Find{"GET", "", nullptr}, Find{"get", "/jobs", nullptr}, Find{"GET", "/jobs/{id}", "/jobs/{id}"}));

struct Wrong {
  const char* name;
  std::string text;
  const char* message;
};

class WrongManifest : public testing::TestWithParam<Wrong> {};

TEST_P(WrongManifest, IsRefusedWithThePlaceAndTheReason) {
  try {
    (void)parse_manifest(GetParam().text, "element.json");
    FAIL() << "it was accepted";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr(GetParam().message));
    EXPECT_THAT(error.what(), testing::StartsWith("element.json"));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Faults, WrongManifest,
    testing::Values(
        Wrong{"Empty", "", "element.json"}, Wrong{"NotAnObject", "[]", "element.json"},
        Wrong{"Truncated", good.substr(0, good.size() / 2), "element.json"},
        Wrong{"NoId", changed("\"id\": \"com.example.crm\", ", ""), "id: missing"},
        Wrong{"IdOfOneLabel", changed("com.example.crm", "crm"), "reverse DNS"},
        Wrong{"IdInUpperCase", changed("com.example.crm", "com.Example.crm"), "reverse DNS"},
        Wrong{"IdWithEmptyLabel", changed("com.example.crm", "com..crm"), "reverse DNS"},
        Wrong{"IdThatIsAPath", changed("com.example.crm", "com.example/../x"), "reverse DNS"},
        Wrong{"IdTooLong", changed("com.example.crm", "com." + std::string(200, 'a')), "id: is longer than 128 bytes"},
        Wrong{"VersionOfTwoNumbers", changed("1.4.0-rc.1+b5", "1.4"), "semantic version"},
        Wrong{"VersionWithLeadingZero", changed("1.4.0-rc.1+b5", "1.04.0"), "semantic version"},
        Wrong{"VersionWithEmptySuffix", changed("1.4.0-rc.1+b5", "1.4.0-"), "semantic version"},
        Wrong{"KeyWithSpace", changed("\"key\": \"crm\"", "\"key\": \"c rm\""), "key: 'c rm'"},
        Wrong{"NoName", changed("\"name\": \"CRM\"", "\"name\": \"\""), "name: is empty"},
        Wrong{"HubWithSlash", changed("\"hub\": \"crm\"", "\"hub\": \"c/rm\""), "hub: 'c/rm'"},
        Wrong{"NoAuthentication", changed("\"authentication\": {\"type\": \"apiKey\"}, ", ""),
              "authentication: missing"},
        Wrong{"AuthenticationIsText", changed("{\"type\": \"apiKey\"}", "\"apiKey\""), "authentication"},
        Wrong{"AbiIsText", changed("\"major\": 1", "\"major\": \"1\""), "abi.major"},
        Wrong{"AbiIsNegative", changed("\"minor\": 0", "\"minor\": -1"), "abi.minor: not between"},
        Wrong{"RequiredIsText", changed("\"required\": true", "\"required\": \"yes\""), "configuration[0].required"},
        Wrong{"ConfigurationKeyTwice", changed("page.size", "api.key"),
              "configuration[1].key: 'api.key' stands there twice"},
        Wrong{"ConfigurationKeyWithBlank", changed("page.size", "page size"), "configuration[1].key: 'page size'"},
        Wrong{"PasswordThatIsNoSecret", changed("\"secret\": true", "\"secret\": false"),
              "configuration[0].secret: a PASSWORD is a secret"},
        Wrong{"PasswordThatDoesNotSaySo", changed(", \"secret\": true", ""),
              "configuration[0].secret: a PASSWORD is a secret"},
        Wrong{"SecretWithDefault", changed("\"help\": \"h\"", "\"default\": \"k\""),
              "configuration[0].default: a secret"},
        Wrong{"DefaultIsObject", changed("\"default\": 100", "\"default\": {}"), "configuration[1].default: not a"},
        Wrong{"ConfigurationIsObject", changed("\"configuration\": [", "\"configuration\": {\"a\":["), "element.json"},
        Wrong{"NoResources", changed("\"resources\"", "\"others\""), "resources: missing"},
        Wrong{"UnknownMethod", changed("\"PATCH\"", "\"PURGE\""), "resources[5].method: 'PURGE'"},
        Wrong{"UnknownIdempotency", changed("\"keyed\"", "\"maybe\""), "resources[5].idempotency: 'maybe'"},
        Wrong{"NoIdempotency", changed("\"path\": \"/jobs\", \"idempotency\": \"safe\"", "\"path\": \"/jobs\""),
              "resources[0].idempotency: missing"},
        Wrong{"PathWithoutSlash", changed("\"/jobs\"", "\"jobs\""), "resources[0].path"},
        Wrong{"PathEndsWithSlash", changed("\"/jobs\"", "\"/jobs/\""), "resources[0].path"},
        Wrong{"PathWithEmptySegment", changed("\"/jobs\"", "\"/jobs//x\""), "empty segment"},
        Wrong{"PathWithQuery", changed("\"/jobs\"", "\"/jobs?a=1\""), "segment 'jobs?a=1'"},
        Wrong{"PathWithHalfAParameter", changed("\"/jobs\"", "\"/jobs/{id\""), "segment '{id'"},
        Wrong{"PathWithOneParameterTwice", changed("/jobs/{jobId}/notes/{id}", "/jobs/{id}/notes/{id}"), "{id} twice"},
        Wrong{"ResourceTwice", changed("\"/jobs/mine\"", "\"/jobs/{other}\""),
              "resources[2]: GET /jobs/{other} cannot be told apart"},
        Wrong{"ByteOrderMark", "\xef\xbb\xbf" + good, "element.json"},
        Wrong{"NotUtf8", changed("\"name\": \"CRM\"", "\"name\": \"caf\xe9\""), "element.json"},
        Wrong{"TooLarge", changed("\"name\": \"CRM\"", "\"name\": \"" + std::string(2'000'000, 'x') + "\""),
              "element.json"},
        Wrong{"TooDeep",
              changed("\"rateLimits\": {\"perSecond\": 8}", "\"x\": " + std::string(100, '[') + std::string(100, ']')),
              "element.json"}),
    [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace formulary
