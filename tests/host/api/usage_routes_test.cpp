#include "host/api/usage_routes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "host/base/text.hpp"
#include "host/store/storage.hpp"
#include "tests/host/store/store_fixture.hpp"
#include "tests/support/engine_fakes.hpp"
#include "tests/support/memory_store.hpp"

namespace formulary::api {
namespace {

constexpr std::int64_t now_ms = 1'700'000'000'000;

class AnyoneOfAccountThree final : public Authorizer {
 public:
  Principal authorize(const ApiRequest&) override { return {.organization = 1, .account = 3, .user = 4}; }
};

class UsageRoutesTest : public formulary::testing::StoreTest {
 protected:
  UsageRoutesTest() : log_(*Storage::open({.folder = folder})) {
    ApiParts parts;
    parts.authorizer = &authorizer_;
    parts.clock = &clock_;
    add_usage_routes(parts.router, log_, clock_);
    api_ = std::make_unique<Api>(std::move(parts));
  }

  void add(const std::string& id, std::int64_t at_ms, int status = 200, std::int64_t account = 3) {
    log_.add({.request_id = id,
              .at_ms = at_ms,
              .account = account,
              .method = "GET",
              .path = "/x",
              .status = status,
              .duration_us = 2'000});
    log_.flush();
  }
  ApiAnswer get(std::string_view path, std::string_view query = {}) {
    ApiRequest request;
    request.method = "GET";
    request.request_id = "0123456789abcdef01234567";
    return api_->handle(request, std::string(api_base_path) + std::string(path), query);
  }
  static json::value body_of(const ApiAnswer& answer) { return parse_json(answer.body, "answer"); }

  AnyoneOfAccountThree authorizer_;
  formulary::testing::SetClock clock_;
  RequestLog log_;
  std::unique_ptr<Api> api_;
};

TEST_F(UsageRoutesTest, ListsTheAccountsRequestsPageByPage) {
  for (int count = 0; count < 3; ++count) add("r" + std::to_string(count), now_ms - 1'000 + count);
  add("foreign", now_ms, 200, 9);
  const ApiAnswer first = get("/usage", "pageSize=2");
  ASSERT_EQ(first.status, 200) << first.body;
  ASSERT_EQ(body_of(first).as_array().size(), 2U);
  EXPECT_EQ(body_of(first).at(0).at("id"), "r2");
  std::string token;
  for (const auto& [name, value] : first.headers) {
    if (name == "Elements-Next-Page-Token") token = value;
  }
  const ApiAnswer second = get("/usage", "nextPage=" + percent_encode(token));
  ASSERT_EQ(body_of(second).as_array().size(), 1U);
  EXPECT_EQ(body_of(second).at(0).at("id"), "r0");
}

TEST_F(UsageRoutesTest, NarrowsByStatusAndRefusesAnotherWord) {
  add("good", now_ms);
  add("bad", now_ms, 502);
  EXPECT_EQ(body_of(get("/usage", "status=FAILED")).at(0).at("id"), "bad");
  EXPECT_EQ(get("/usage", "status=BROKEN").status, 400);
  EXPECT_EQ(get("/usage", "from=yesterday").status, 400);
}

TEST_F(UsageRoutesTest, ShowsOneByItsId) {
  add("mine", now_ms, 404);
  add("foreign", now_ms, 200, 9);
  const json::value entry = body_of(get("/usage/mine"));
  EXPECT_EQ(entry.at("requestStatus"), "FAILED");
  EXPECT_EQ(entry.at("responseCode"), 404);
  EXPECT_EQ(entry.at("processTime"), 2);
  EXPECT_EQ(get("/usage/foreign").status, 404);
}

TEST_F(UsageRoutesTest, CountsInBucketsOfTime) {
  add("a", now_ms - 60'000);
  add("b", now_ms - 60'000, 500);
  const ApiAnswer answer = get("/usage/analytics/statuses", "interval=minute&from=" + std::to_string(now_ms - 120'000) +
                                                                "&to=" + std::to_string(now_ms));
  ASSERT_EQ(answer.status, 200) << answer.body;
  const json::value buckets = body_of(answer);
  ASSERT_EQ(buckets.as_array().size(), 3U);
  EXPECT_EQ(buckets.at(1).at("success"), 1);
  EXPECT_EQ(buckets.at(1).at("failed"), 1);
  EXPECT_EQ(buckets.at(0).at("success"), 0);
  EXPECT_EQ(get("/usage/analytics/times", "interval=second").status, 400);
}

TEST(RequestLogRecordOf, HasTheInstanceAndNothingOfTheQuery) {
  formulary::testing::MemoryStore store;
  InstanceRecord instance = formulary::testing::acme();
  instance.document = R"({"tags":["Docs"]})";
  const std::int64_t id = store.add_instance(instance);
  RequestSeen seen;
  seen.path = "/hubs/sales/contacts";
  seen.principal = {.organization = 1, .account = 3, .user = 4, .instance = id};
  seen.status = 200;
  const RequestLogRecord record = request_log_record(seen, store);
  EXPECT_EQ(record.hub, "sales");
  EXPECT_EQ(record.element_key, "crm");
  EXPECT_EQ(record.instance_name, "Acme");
  EXPECT_EQ(record.tags, R"(["Docs"])");
}

}  // namespace
}  // namespace formulary::api
