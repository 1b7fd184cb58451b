#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <utility>

#include "host/api/api.hpp"
#include "host/api/hub_calls.hpp"
#include "host/api/instances_routes.hpp"
#include "host/api/plain_text.hpp"
#include "host/base/text.hpp"
#include "tests/host/element/instances_fixture.hpp"
#include "tests/support/temp_folder.hpp"

namespace formulary::api {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// Believes what the header says: "<account> [<instance>]".
class TrustingAuthorizer final : public Authorizer {
 public:
  Principal authorize(const ApiRequest& request) override {
    const auto given = request.header("authorization");
    if (!given) throw Error(ErrorCode::unauthenticated, "Authorization: missing");
    const Credentials credentials = parse_authorization(*given);
    Principal principal{.organization = 1, .account = std::stoll(credentials.user), .user = 7};
    if (!credentials.element.empty()) principal.instance = std::stoll(credentials.element);
    return principal;
  }
};

class InstancesApiTest : public formulary::testing::InstancesTest {
 protected:
  InstancesApiTest() : api_(parts()) {}

  ApiParts parts() {
    ApiParts made;
    made.authorizer = &authorizer_;
    made.clock = &clock;
    const auto context = [](const ApiRequest&) { return CallContext{}; };
    add_instances_routes(
        made.router,
        {.instances = &instances,
         .store = &store,
         .element_key =
             [](std::string_view key, const Principal&) {
               if (key == "crm" || key == std::to_string(element_number("crm"))) return std::string("crm");
               throw Error(ErrorCode::not_found, "element: there is none of that key");
             },
         .owner = [](const Principal&) { return InstanceOwner{.email = "ada@example.org", .first_name = "Ada"}; },
         .call_context = context});
    const HubCalls hub({.instances = &instances,
                        .store = &store,
                        .clock = &clock,
                        .call_context = context,
                        .spool_folder = folder_.path(),
                        .stream_max = 20U << 20U});
    made.element_resource = [hub](ApiRequest& request) { return hub.handle(request); };
    return made;
  }

  ApiAnswer send(std::string method, std::string_view path, std::string body = {},
                 std::string authorization = "User 1, Organization o") {
    ApiRequest request;
    request.method = std::move(method);
    request.request_id = "0123456789abcdef01234567";
    if (!authorization.empty()) request.headers.emplace_back("authorization", std::move(authorization));
    request.headers.emplace_back("content-type", "application/json");
    request.read_body = [body = std::move(body), at = std::size_t{0}](std::span<char> room) mutable {
      const std::size_t count = std::min(room.size(), body.size() - at);
      std::copy_n(body.data() + at, count, room.data());
      at += count;
      return count;
    };
    return handle(request, path);
  }

  ApiAnswer handle(ApiRequest& request, std::string_view path) {
    const std::size_t question = path.find('?');
    const std::string_view query = question == std::string_view::npos ? std::string_view() : path.substr(question + 1);
    return api_.handle(request, std::string(api_base_path) + std::string(path.substr(0, question)), query);
  }

  static json::value body_of(const ApiAnswer& answer) { return parse_json(answer.body, "answer"); }

  std::int64_t made(std::string_view extra = {}, std::string authorization = "User 1, Organization o") {
    const ApiAnswer answer = send("POST", "/instances", creation(extra), std::move(authorization));
    EXPECT_EQ(answer.status, 200) << answer.body;
    return body_of(answer).at("id").as_int64();
  }

  static std::string creation(std::string_view extra = {}) {
    return R"({"element":{"key":"crm"},"name":"API Instance","configuration":{"api.key":"s3cret-value")" +
           std::string(extra) + "}}";
  }

  static std::string header(const ApiAnswer& answer, std::string_view name) {
    for (const auto& [key, value] : answer.headers) {
      if (key == name) return value;
    }
    return {};
  }

  TempFolder folder_;
  TrustingAuthorizer authorizer_;
  Api api_;
};

TEST_F(InstancesApiTest, MakesAnInstanceInThePlatformsShape) {
  const ApiAnswer answer =
      send("POST", "/instances", R"({"element":{"key":"crm"},"configuration":{"api.key":"s3cret-value"},
      "tags":["Docs"],"name":"<b>API</b> Instance"})");
  ASSERT_EQ(answer.status, 200) << answer.body;
  const json::value made = body_of(answer);
  EXPECT_EQ(made.at("name"), "API Instance");
  EXPECT_EQ(made.at("token").as_string().size(), 44U);
  EXPECT_EQ(made.at("configuration").at("api.key"), "********");
  EXPECT_EQ(made.at("user").at("emailAddress"), "ada@example.org");
  EXPECT_EQ(made.at("tags").at(0), "Docs");
  EXPECT_THAT(answer.body, Not(HasSubstr("s3cret-value")));
  EXPECT_EQ(header(answer, "Elements-Request-Id"), "0123456789abcdef01234567");
}

TEST_F(InstancesApiTest, TagsAnInstanceWithItsNameIfNoneAreGiven) {
  const std::int64_t id = made();
  EXPECT_EQ(body_of(send("GET", "/instances/" + std::to_string(id))).at("tags").at(0), "API Instance");
}

TEST_F(InstancesApiTest, TellsWhatIsMissing) {
  EXPECT_EQ(send("POST", "/instances", R"({"name":"x","configuration":{}})").status, 400);
  EXPECT_EQ(send("POST", "/instances", R"({"element":{"key":"nope"},"name":"x"})").status, 404);
  EXPECT_EQ(send("POST", "/instances", R"({"element":{"key":"crm"},"name":"x","configuration":{}})").status, 400);
  EXPECT_EQ(send("POST", "/instances", "{").status, 400);
  EXPECT_EQ(send("POST", "/instances", creation(), "").status, 401);
}

TEST_F(InstancesApiTest, KeepsThePlatformsEntriesBesideTheElements) {
  const std::int64_t id =
      made(R"(,"event.notification.enabled":"true","event.notification.signature.key":"sign-me-now")");
  const ApiAnswer answer = send("GET", "/instances/" + std::to_string(id));
  EXPECT_EQ(body_of(answer).at("eventsEnabled"), true);
  EXPECT_EQ(body_of(answer).at("configuration").at("event.notification.signature.key"), "********");
  EXPECT_THAT(answer.body, Not(HasSubstr("sign-me-now")));
  EXPECT_THAT(script->documents.back(), Not(HasSubstr("event.notification")));
}

TEST_F(InstancesApiTest, ListsOnlyTheAccountsOwn) {
  const std::int64_t id = made();
  (void)made({}, "User 2, Organization o");
  const json::value list = body_of(send("GET", "/instances"));
  ASSERT_EQ(list.as_array().size(), 1U);
  EXPECT_EQ(list.at(0).at("id"), id);
  EXPECT_EQ(send("GET", "/instances/" + std::to_string(id), {}, "User 2, Organization o").status, 404);
  EXPECT_EQ(send("DELETE", "/instances/" + std::to_string(id), {}, "User 2, Organization o").status, 404);
  EXPECT_EQ(send("PUT", "/instances/" + std::to_string(id), R"({"name":"mine"})", "User 2, Organization o").status,
            404);
}

TEST_F(InstancesApiTest, SearchesAndSaysSoWhenNothingIsFound) {
  (void)made();
  EXPECT_EQ(body_of(send("GET", "/instances?searchText=api+inst")).as_array().size(), 1U);
  EXPECT_EQ(body_of(send("GET", "/instances?tags%5B%5D=API%20Instance")).as_array().size(), 1U);
  const ApiAnswer none = send("GET", "/instances?searchText=nobody");
  EXPECT_EQ(none.status, 404);
  EXPECT_THAT(none.body, HasSubstr("No element instances found"));
}

TEST_F(InstancesApiTest, PagesItsList) {
  for (int count = 0; count < 3; ++count) (void)made();
  const ApiAnswer first = send("GET", "/instances?pageSize=2");
  EXPECT_EQ(header(first, "Elements-Returned-Count"), "2");
  EXPECT_EQ(header(first, "Elements-Total-Count"), "3");
  const ApiAnswer second =
      send("GET", "/instances?nextPage=" + percent_encode(header(first, "Elements-Next-Page-Token")));
  EXPECT_EQ(header(second, "Elements-Returned-Count"), "1");
  EXPECT_EQ(header(second, "Elements-Next-Page-Token"), "");
}

TEST_F(InstancesApiTest, ChangesTagsWithoutAskingTheVendor) {
  const std::int64_t id = made();
  const int asked = script->asked;
  const ApiAnswer answer = send("PATCH", "/instances/" + std::to_string(id), R"({"tags":[]})");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_TRUE(body_of(answer).at("tags").as_array().empty());
  EXPECT_EQ(script->asked, asked);
}

TEST_F(InstancesApiTest, ProvesNewCredentialsAndKeepsTheOldOnesIfTheyAreRefused) {
  const std::int64_t id = made();
  script->authenticate = [](const CallContext&, std::string_view) -> std::string {
    throw PluginError(ErrorCode::unauthenticated, "crm: the key was refused", {.http_status = 401});
  };
  const std::string path = "/instances/" + std::to_string(id);
  EXPECT_EQ(send("PATCH", path, R"({"configuration":{"api.key":"wrong-key"}})").status, 401);
  script->authenticate = nullptr;
  const ApiAnswer answer = send("PATCH", path, R"({"configuration":{"api.key":"right-key"}})");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_THAT(script->documents.back(), HasSubstr("right-key"));
  EXPECT_EQ(body_of(answer).at("token").as_string().size(), 44U);
}

TEST_F(InstancesApiTest, ShowsAndChangesItsConfigurationEntryByEntry) {
  const std::int64_t id = made();
  const std::string path = "/instances/" + std::to_string(id) + "/configuration";
  const json::value entries = body_of(send("GET", path));
  ASSERT_EQ(entries.as_array().size(), 4U);
  EXPECT_EQ(entries.at(0).at("key"), "api.key");
  EXPECT_EQ(entries.at(0).at("propertyValue"), "********");
  const ApiAnswer changed = send("PATCH", path + "/base.url", R"({"propertyValue":"https://other.example"})");
  ASSERT_EQ(changed.status, 200) << changed.body;
  EXPECT_EQ(body_of(changed).at("propertyValue"), "https://other.example");
  EXPECT_THAT(script->documents.back(), HasSubstr("s3cret-value"));
  EXPECT_EQ(send("GET", path + "/nope").status, 404);
}

TEST_F(InstancesApiTest, CallsAResourceWithOrWithoutAnyHub) {
  const std::int64_t id = made();
  const std::string who = "User 1, Organization o, Element " + std::to_string(id);
  EXPECT_EQ(send("GET", "/hubs/sales/contacts/1", {}, who).body, "GET /contacts/1");
  EXPECT_EQ(send("GET", "/hubs/whatever/contacts/1", {}, who).body, "GET /contacts/1");
  EXPECT_EQ(send("GET", "/contacts/1", {}, who).body, "GET /contacts/1");
  EXPECT_EQ(send("GET", "/contacts/1").status, 401) << "without the element's token";
  EXPECT_EQ(send("GET", "/nothing", {}, who).status, 400);
}

TEST_F(InstancesApiTest, AnswersEverySuccessWith200AndLeavesNullsOut) {
  script->invoke = [](const CallContext&, const ResourceRequest&) {
    return ResourceAnswer{.status = 201,
                          .headers = {{"Set-Cookie", "secret=1"}, {"ETag", "v1"}},
                          .content_type = "application/json",
                          .next_page = "p2",
                          .body = R"([{"id":2,"x":null},{"id":1,"x":3}])"};
  };
  const std::int64_t id = made();
  const std::string who = "User 1, Organization o, Element " + std::to_string(id);
  const ApiAnswer answer = send("GET", "/contacts/1?orderBy=id&fields=id", {}, who);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, R"([{"id":1},{"id":2}])");
  EXPECT_EQ(header(answer, "Elements-Returned-Count"), "2");
  EXPECT_EQ(header(answer, "Elements-Next-Page-Token"), "p2");
  EXPECT_EQ(header(answer, "ETag"), "v1");
  EXPECT_EQ(header(answer, "Set-Cookie"), "");
  EXPECT_EQ(header(answer, "elements-element-instance-id"), std::to_string(id));
}

TEST_F(InstancesApiTest, PassesOnWhatIsNoJsonWhateverItsTypeSays) {
  script->invoke = [](const CallContext&, const ResourceRequest&) {
    return ResourceAnswer{.status = 200, .content_type = "application/json", .body = "{null"};
  };
  const std::int64_t id = made();
  const ApiAnswer answer = send("GET", "/contacts/1", {}, "User 1, Organization o, Element " + std::to_string(id));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "{null");
}

std::string all_of(const ApiAnswer& answer) {
  std::string text = answer.body;
  std::array<char, 10'000> room{};
  while (const std::size_t count = answer.source ? answer.source(room) : 0) text.append(room.data(), count);
  return text;
}

/// A client that sends a file of that length, whatever the server's own bound on bodies is.
ApiRequest upload(const std::string& who, std::uint64_t length, std::uint64_t& allowed) {
  ApiRequest request;
  request.method = "POST";
  request.headers = {{"authorization", who}, {"content-type", "application/pdf"}};
  request.allow_body = [&allowed](std::uint64_t most) { allowed = most; };
  request.read_body = [length, at = std::uint64_t{0}](std::span<char> room) mutable {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(room.size(), length - at));
    std::fill_n(room.data(), count, static_cast<char>('a' + at % 26));
    at += count;
    return count;
  };
  return request;
}

TEST_F(InstancesApiTest, PassesFilesThroughWithoutHoldingThem) {
  std::uint64_t held = 0;
  script->invoke = [&held](const CallContext& context, const ResourceRequest& request) {
    held = request.body.size();
    EXPECT_EQ(request.content_type, "application/pdf");
    ResourceAnswer answer{.status = 201, .content_type = "application/pdf"};
    if (!request.spooled_body) return answer;
    context.spool->append("head\n");
    context.spool->append(request.spooled_body->view());
    answer.spool = context.spool;
    answer.spooled_from = 5;
    return answer;
  };
  const std::string who = "User 1, Organization o, Element " + std::to_string(made());
  std::uint64_t allowed = 0;
  ApiRequest large = upload(who, 12U << 20U, allowed);
  const ApiAnswer answer = handle(large, "/contacts");
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(allowed, 20U << 20U);
  EXPECT_EQ(held, 0U);
  EXPECT_EQ(all_of(answer).size(), 12U << 20U);
  ApiRequest small = upload(who, 1'000, allowed);
  EXPECT_EQ(handle(small, "/contacts").status, 200);
  EXPECT_EQ(held, 1'000U);
  ApiRequest beyond = upload(who, 21U << 20U, allowed);
  EXPECT_EQ(handle(beyond, "/contacts").status, 413);
}

TEST_F(InstancesApiTest, FiltersALongListThatCameThroughTheSpool) {
  script->invoke = [](const CallContext& context, const ResourceRequest&) {
    std::string list = R"({"status":200}
[{"id":0})";
    for (int id = 1; id < 50'000; ++id) list += ",{\"id\":" + std::to_string(id) + ",\"x\":null}";
    context.spool->append(list + ']');
    return ResourceAnswer{
        .status = 200, .content_type = "application/json", .spool = context.spool, .spooled_from = 15};
  };
  ApiRequest request;
  request.method = "GET";
  request.headers = {{"authorization", "User 1, Organization o, Element " + std::to_string(made())}};
  request.allow_body = [](std::uint64_t) {};
  const ApiAnswer answer = handle(request, "/contacts/1");
  EXPECT_EQ(header(answer, "Elements-Returned-Count"), "50000");
  EXPECT_EQ(answer.body.find("null"), std::string::npos);
}

struct Wandering {
  const char* path;
};

class WanderingPath : public InstancesApiTest, public ::testing::WithParamInterface<Wandering> {};

TEST_P(WanderingPath, IsRefusedBeforeAnybodyIsAsked) {
  script->invoke = [](const CallContext&, const ResourceRequest&) -> ResourceAnswer {
    ADD_FAILURE() << "the element was asked";
    return {};
  };
  const std::int64_t id = made();
  EXPECT_EQ(send("GET", GetParam().path, {}, "User 1, Organization o, Element " + std::to_string(id)).status, 400);
}

INSTANTIATE_TEST_SUITE_P(Paths, WanderingPath,
                         ::testing::Values(Wandering{"/contacts/.."}, Wandering{"/contacts/%2e%2e"},
                                           Wandering{"/contacts/%2e"}, Wandering{"/contacts/a%2F..%2Fb"},
                                           Wandering{"/contacts/a%2fb"}, Wandering{"/hubs/sales/../contacts/1"},
                                           Wandering{"/contacts/%00"}, Wandering{"/contacts/%0d%0aX: y"},
                                           Wandering{"/contacts/%zz"}, Wandering{"/contacts/%ff"}));

TEST_F(InstancesApiTest, KeepsNullsIfTheInstanceSaysSo) {
  script->invoke = [](const CallContext&, const ResourceRequest&) {
    return ResourceAnswer{.status = 200, .content_type = "application/json", .body = R"({"x":null})"};
  };
  const std::int64_t id = made(R"(,"filter.response.nulls":"false")");
  EXPECT_EQ(send("GET", "/contacts/1", {}, "User 1, Organization o, Element " + std::to_string(id)).body,
            R"({"x":null})");
}

TEST_F(InstancesApiTest, ADisabledInstanceTakesNoCallsButShowsItsObjects) {
  const std::int64_t id = made();
  const std::string who = "User 1, Organization o, Element " + std::to_string(id);
  EXPECT_EQ(send("DELETE", "/instances/" + std::to_string(id) + "/enabled").status, 200);
  EXPECT_EQ(send("GET", "/contacts/1", {}, who).status, 403);
  EXPECT_EQ(send("GET", "/objects", {}, who).body, R"(["contacts"])");
  EXPECT_EQ(body_of(send("GET", "/instances/" + std::to_string(id))).at("disabled"), true);
  EXPECT_EQ(send("PUT", "/instances/enabled", {}, who).status, 200) << "the form with the token";
  EXPECT_EQ(send("GET", "/contacts/1", {}, who).status, 200);
}

TEST_F(InstancesApiTest, GivesAVendorsRefusalWithItsStatus) {
  script->invoke = [](const CallContext&, const ResourceRequest&) -> ResourceAnswer {
    throw PluginError(ErrorCode::not_found, "crm: there is no such contact",
                      {.plugin_code = "crm.none", .http_status = 404});
  };
  const std::int64_t id = made();
  const ApiAnswer answer = send("GET", "/contacts/9", {}, "User 1, Organization o, Element " + std::to_string(id));
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(body_of(answer).at("providerMessage"), "crm: there is no such contact");
  EXPECT_EQ(body_of(answer).at("requestId"), "0123456789abcdef01234567");
}

TEST_F(InstancesApiTest, DeletesAnInstance) {
  const std::int64_t id = made();
  EXPECT_EQ(send("DELETE", "/instances/" + std::to_string(id), "null").status, 200);
  EXPECT_EQ(send("GET", "/instances/" + std::to_string(id)).status, 404);
  EXPECT_EQ(send("GET", "/instances/-1").status, 404);
}

TEST_F(InstancesApiTest, RefusesWhatIsNoMethodOfThePath) {
  const ApiAnswer answer = send("PUT", "/instances/count");
  EXPECT_EQ(answer.status, 404) << "an id that is no number";
  const ApiAnswer wrong = send("POST", "/instances/count");
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(header(wrong, "Allow"), "DELETE, GET, PATCH, PUT");
}

struct Named {
  const char* text;
  const char* kept;
};

class WithoutTags : public ::testing::TestWithParam<Named> {};

TEST_P(WithoutTags, KeepsTheText) {
  EXPECT_EQ(without_tags(GetParam().text), GetParam().kept);
}

INSTANTIATE_TEST_SUITE_P(Names, WithoutTags,
                         ::testing::Values(Named{"plain", "plain"}, Named{"<a href='x'>x</a>", "x"},
                                           Named{"a < b > c", "a < b > c"}, Named{"1<2", "1<2"},
                                           Named{"<script>alert(1)</script>", "alert(1)"}, Named{"<", "<"},
                                           Named{"<!-- x -->y", "y"}, Named{"<b", "<b"}));

}  // namespace
}  // namespace formulary::api
