#include "host/element/hub_answer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/host/element/instances_fixture.hpp"
#include "tests/support/error_matchers.hpp"

namespace formulary {
namespace {

using testing::throws_error;

class HubAnswerTest : public testing::InstancesTest {
 protected:
  InstanceRecord made() { return instances.find(std::to_string(create().at("id").as_int64())); }
  ResourceAnswer call(const InstanceRecord& instance, const std::string& path, json::object query = {}) {
    return call_through_hub(instances, instance, clock, {.method = "GET", .path = path, .query = std::move(query)}, {});
  }
};

std::string header(const ResourceAnswer& answer, std::string_view name) {
  for (const auto& [key, value] : answer.headers) {
    if (key == name) return value;
  }
  return {};
}

TEST_F(HubAnswerTest, GivesAFormulaWhatAClientOfTheHubGets) {
  script->invoke = [](const CallContext&, const ResourceRequest& request) {
    EXPECT_EQ(request.query, (json::object{{"where", "a=1"}})) << "the element is not asked for what is done here";
    return ResourceAnswer{
        .status = 201, .content_type = "application/json", .body = R"([{"id":2,"x":null,"y":1},{"id":1,"x":3,"y":2}])"};
  };
  const ResourceAnswer answer =
      call(made(), "/hubs/sales/contacts/1", {{"where", "a=1"}, {"fields", "id,x"}, {"orderBy", "id"}});
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, R"([{"id":1,"x":3},{"id":2}])");
  EXPECT_EQ(header(answer, "Elements-Returned-Count"), "2");
  EXPECT_EQ(header(answer, "elements-element-instance-id"), "1");
}

TEST_F(HubAnswerTest, AnswersForTheElementWhatIsTheHosts) {
  script->invoke = [](const CallContext&, const ResourceRequest&) -> ResourceAnswer {
    ADD_FAILURE() << "the element was asked";
    return {};
  };
  const InstanceRecord instance = made();
  EXPECT_EQ(call(instance, "/objects").body, R"(["contacts"])");
  EXPECT_EQ(parse_json(call(instance, "/ping").body, "ping").at("endpoint"), "crm");
}

TEST_F(HubAnswerTest, LeavesAloneWhatIsNoJsonAndWhatFailed) {
  const InstanceRecord instance = made();
  for (const char* body : {"{null", "", "a,b\nnull,1"}) {
    ResourceAnswer answer{.status = 404, .content_type = "application/json", .body = body};
    shape_answer(answer, {}, instance);
    EXPECT_EQ(answer.body, body);
    EXPECT_EQ(answer.status, 404);
  }
}

TEST(AnswerView, IsTakenOutOfTheQuery) {
  json::object query{{"fields", json::array{"id,name", "more"}}, {"orderBy", ""}, {"page", "2"}};
  const AnswerView view = take_view(query);
  EXPECT_EQ(view.fields, (std::vector<std::string>{"id", "name"}));
  EXPECT_TRUE(view.order.empty());
  EXPECT_EQ(query, (json::object{{"page", "2"}}));
  json::object wrong{{"orderBy", "name up"}};
  EXPECT_THAT([&] { (void)take_view(wrong); }, throws_error(ErrorCode::bad_input, "neither asc nor desc"));
}

}  // namespace
}  // namespace formulary
