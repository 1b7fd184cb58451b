#include "plugins/smartrecruiters/resources.hpp"

#include <formulary/element/error.hpp>
#include <formulary/poco/json.hpp>

#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

namespace smartrecruiters {
namespace {

using ::testing::HasSubstr;
namespace json = element::json;

std::string bytes_of(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

std::string erased(std::string text, std::string_view what) {
  if (const std::size_t at = text.find(what); at != std::string::npos) text.erase(at, what.size());
  return text;
}

/// "GET /jobs/{} -> GET /jobs/{}": parameters' names are each side's own.
std::string line_of(std::string_view method, std::string_view path, std::string_view vendor_method,
                    std::string_view vendor_path) {
  std::string line = std::string(method) + " " + std::string(path) + " -> " + std::string(vendor_method) + " " +
                     std::string(vendor_path);
  for (std::size_t open = line.find('{'); open != std::string::npos; open = line.find('{', open + 2)) {
    line.erase(open + 1, line.find('}', open) - open - 1);
  }
  return line;
}

TEST(Resources, AreThoseOfThePlatformsElementAllFiftyTwo) {
  const std::filesystem::path file =
      std::filesystem::path(FORMULARY_SHARED) / "contract/platform/smartrecruiters.element.json";
  if (!std::filesystem::exists(file)) {
    ASSERT_EQ(std::getenv("CI"), nullptr) << "the contract is missing: " << file;
    GTEST_SKIP() << "no contract at " << file;
  }
  const json::value element = json::parse(bytes_of(file), {.where = "element"});
  std::set<std::string> theirs;
  for (const json::reader& one : json::reader(element, {.where = "element"}).array("resources").items()) {
    std::string vendor_path = one.text("vendorPath");
    if (vendor_path.starts_with("/users")) vendor_path = "/user-api/v201804" + vendor_path;  // its successor
    theirs.insert(line_of(one.text("method"), erased(one.text("path"), "/hubs/humancapital"), one.text("vendorMethod"),
                          vendor_path));
  }
  std::set<std::string> ours;
  for (const Resource& one : resources())
    ours.insert(line_of(one.method, one.path, one.vendor_method, one.vendor_path));

  EXPECT_EQ(theirs.size(), 52U);
  EXPECT_EQ(ours, theirs);
  EXPECT_EQ(resources().size(), 52U);
}

TEST(Resources, AreWhatTheManifestSays) {
  const json::value manifest = json::parse(bytes_of(SMARTRECRUITERS_MANIFEST), {.where = "manifest"});
  const auto rows = json::reader(manifest, {.where = "manifest"}).array("resources").items();
  ASSERT_EQ(rows.size(), resources().size());
  for (const json::reader& row : rows) {
    const std::string method = row.text("method");
    const std::string path = row.text("path");
    SCOPED_TRACE(method + " " + path);
    const auto found = std::find_if(resources().begin(), resources().end(),
                                    [&](const Resource& one) { return one.method == method && one.path == path; });
    ASSERT_NE(found, resources().end());

    const std::string expected = method == "GET" ? "safe" : idempotent(*found) ? "idempotent" : "unsafe";
    EXPECT_EQ(row.text("idempotency"), expected);
    EXPECT_EQ(row.text_or("paging", "none"), found->paging == Paging::none      ? "none"
                                             : found->paging == Paging::page_id ? "token"
                                                                                : "page");
    std::multiset<std::string> queries;
    std::multiset<std::string> expected_queries;
    const std::vector<json::reader> parameters =
        row.has("parameters") ? row.array("parameters").items() : std::vector<json::reader>{};
    for (const json::reader& one : parameters) {
      if (one.text("in") == "query") queries.insert(one.text("name"));
      if (one.text("in") != "path") continue;
      EXPECT_THAT(path, HasSubstr("{" + one.text("name") + "}"));
    }
    for (const Filter& filter : found->filters) expected_queries.insert(std::string(filter.name));
    if (!found->filters.empty()) expected_queries.insert("where");
    if (found->paging != Paging::none) expected_queries.insert({"page", "pageSize", "nextPage"});
    EXPECT_EQ(queries, expected_queries);
  }
}

TEST(Resources, AreFoundWithAnyHubOrNone) {
  for (const char* path :
       {"/candidates/42", "/hubs/humancapital/candidates/42", "/hubs/crm/candidates/42", "/candidates/42/"}) {
    const Match match = find_resource("GET", path);
    EXPECT_EQ(match.resource->path, "/candidates/{id}") << path;
    EXPECT_EQ(vendor_path(match), "/candidates/42") << path;
  }
}

TEST(Resources, EncodeWhatIsInAPath) {
  EXPECT_EQ(vendor_path(find_resource("GET", "/jobs/a%2Fb%20c%3F/positions/%C3%BC+1")),
            "/jobs/a%2Fb%20c%3F/positions/%C3%BC%2B1");
  EXPECT_EQ(vendor_path(find_resource("DELETE", "/jobs/1/hiring-teams/2")), "/jobs/1/hiring-team/2");
}

struct WrongPath {
  const char* method;
  const char* path;
  element_status status;
  const char* code;
  const char* has;
};
class WrongPathTest : public ::testing::TestWithParam<WrongPath> {};

TEST_P(WrongPathTest, IsRefusedWithWhatThereIs) {
  try {
    (void)find_resource(GetParam().method, GetParam().path);
    FAIL() << "was found";
  } catch (const element::error& why) {
    EXPECT_EQ(why.status(), GetParam().status);
    EXPECT_EQ(why.code(), GetParam().code);
    EXPECT_THAT(why.what(), HasSubstr(GetParam().has));
    EXPECT_GE(why.http_status(), 400);
    EXPECT_LT(why.http_status(), 500);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Paths, WrongPathTest,
    ::testing::Values(
        WrongPath{"GET", "/candidate", ELEMENT_INVALID_ARGUMENT, "smartrecruiters.unknown_resource",
                  "/candidates/{id}"},
        WrongPath{"GET", "/", ELEMENT_INVALID_ARGUMENT, "smartrecruiters.unknown_resource", "/jobs"},
        WrongPath{"GET", "", ELEMENT_INVALID_ARGUMENT, "smartrecruiters.unknown_resource", ""},
        WrongPath{"GET", "/hubs/humancapital", ELEMENT_INVALID_ARGUMENT, "smartrecruiters.unknown_resource", ""},
        WrongPath{"GET", "/jobs/1/2/3/4/5/6/7", ELEMENT_INVALID_ARGUMENT, "smartrecruiters.unknown_resource",
                  "/jobs/{id}"},
        WrongPath{"GET", "/notarealobjectname", ELEMENT_INVALID_ARGUMENT, "smartrecruiters.unknown_resource",
                  "/offers"},
        WrongPath{"DELETE", "/candidates", ELEMENT_UNIMPLEMENTED, "smartrecruiters.unknown_method", "GET, POST"},
        WrongPath{"get", "/offers", ELEMENT_UNIMPLEMENTED, "smartrecruiters.unknown_method", "GET"},
        WrongPath{"GET", "/candidates/%2E%2E", ELEMENT_INVALID_ARGUMENT, "smartrecruiters.bad_path", "{id}"},
        WrongPath{"GET", "/candidates/../jobs/1/offers", ELEMENT_INVALID_ARGUMENT, "smartrecruiters.bad_path", "{id}"},
        WrongPath{"GET", "/candidates//attachments", ELEMENT_INVALID_ARGUMENT, "smartrecruiters.bad_path", "{id}"},
        WrongPath{"GET", "/candidates/a%0d%0aHost:x", ELEMENT_INVALID_ARGUMENT, "smartrecruiters.bad_path", "{id}"}));

}  // namespace
}  // namespace smartrecruiters
