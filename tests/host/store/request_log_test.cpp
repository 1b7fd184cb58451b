#include "host/store/request_log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "host/store/storage.hpp"
#include "tests/host/store/store_fixture.hpp"

namespace formulary {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::SizeIs;

RequestLogRecord request(const std::string& id, std::int64_t at_ms, int status = 200) {
  return {.request_id = id,
          .at_ms = at_ms,
          .account = 3,
          .user = 4,
          .instance = 5,
          .element_key = "crm",
          .instance_name = "Acme",
          .tags = R"(["Docs"])",
          .hub = "sales",
          .method = "GET",
          .path = "/hubs/sales/contacts",
          .status = status,
          .duration_us = 1'500,
          .peer = "127.0.0.1"};
}

const auto id_is = [](const std::string& id) { return Field(&RequestLogRecord::request_id, id); };

class RequestLogTest : public formulary::testing::StoreTest {
 protected:
  std::shared_ptr<Storage> storage = Storage::open({.folder = folder});
};

TEST_F(RequestLogTest, GivesBackWhatWasAddedTheNewestFirst) {
  RequestLog log(*storage);
  log.add(request("a", 1'000));
  log.add(request("b", 2'000, 404));
  log.flush();
  EXPECT_THAT(log.list({.account = 3}), ElementsAre(id_is("b"), id_is("a")));
  const auto found = log.find(3, "b");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->status, 404);
  EXPECT_EQ(found->tags, R"(["Docs"])");
  EXPECT_EQ(found->duration_us, 1'500);
  EXPECT_EQ(found->instance_name, "Acme");
}

TEST_F(RequestLogTest, ShowsAnAccountNothingOfAnother) {
  RequestLog log(*storage);
  log.add(request("a", 1'000));
  log.flush();
  EXPECT_THAT(log.list({.account = 9}), IsEmpty());
  EXPECT_FALSE(log.find(9, "a"));
}

struct Narrowing {
  const char* name;
  RequestLogQuery query;
  std::size_t finds;
};

class RequestLogQueryTest : public RequestLogTest, public ::testing::WithParamInterface<Narrowing> {};

TEST_P(RequestLogQueryTest, FindsWhatFits) {
  RequestLog log(*storage);
  log.add(request("a", 1'000));
  log.add(request("b", 2'000, 500));
  RequestLogRecord other = request("c", 3'000);
  other.element_key = "erp";
  other.hub = "finance";
  other.instance = 6;
  other.instance_name = "100%";
  other.path = "/hubs/finance/Invoices";
  log.add(other);
  log.flush();
  EXPECT_THAT(log.list(GetParam().query), SizeIs(GetParam().finds));
}

INSTANTIATE_TEST_SUITE_P(Queries, RequestLogQueryTest,
                         ::testing::Values(Narrowing{"all", {.account = 3}, 3},
                                           Narrowing{"instance", {.account = 3, .instance = 6}, 1},
                                           Narrowing{"keys", {.account = 3, .element_keys = {"erp", "none"}}, 1},
                                           Narrowing{"hub", {.account = 3, .hub = "sales"}, 2},
                                           Narrowing{"failed", {.account = 3, .succeeded = false}, 1},
                                           Narrowing{"succeeded", {.account = 3, .succeeded = true}, 2},
                                           Narrowing{"path", {.account = 3, .search = "invoices"}, 1},
                                           Narrowing{"name", {.account = 3, .search = "100%"}, 1},
                                           Narrowing{"injection", {.account = 3, .search = "' OR 1=1 --"}, 0},
                                           Narrowing{"from", {.account = 3, .from_ms = 2'000}, 2},
                                           Narrowing{"to", {.account = 3, .to_ms = 2'000}, 1},
                                           Narrowing{"several",
                                                     {.account = 3,
                                                      .element_keys = {"crm"},
                                                      .hub = "sales",
                                                      .succeeded = true,
                                                      .search = "contacts",
                                                      .from_ms = 1,
                                                      .to_ms = 9'999},
                                                     1}),
                         [](const auto& narrowing) { return std::string(narrowing.param.name); });

TEST_F(RequestLogTest, PagesByTheIdOfTheLastOne) {
  RequestLog log(*storage);
  for (int count = 0; count < 5; ++count) log.add(request(std::to_string(count), count + 1));
  log.flush();
  const auto first = log.list({.account = 3, .limit = 2});
  ASSERT_THAT(first, ElementsAre(id_is("4"), id_is("3")));
  EXPECT_THAT(log.list({.account = 3, .below_id = first.back().id, .limit = 2}), ElementsAre(id_is("2"), id_is("1")));
}

TEST_F(RequestLogTest, WritesWhatIsLeftWhenItEnds) {
  {
    RequestLog log(*storage);
    log.add(request("a", 1'000));
  }
  EXPECT_TRUE(RequestLog(*storage).find(3, "a"));
}

TEST_F(RequestLogTest, DropsAndCountsWhatIsTooMuch) {
  RequestLog log(*storage, 0);
  log.add(request("a", 1'000));
  EXPECT_EQ(log.dropped(), 1U);
  EXPECT_THAT(log.list({.account = 3}), IsEmpty());
}

TEST_F(RequestLogTest, ForgetsWhatIsOld) {
  RequestLog log(*storage);
  log.add(request("a", 1'000));
  log.add(request("b", 2'000));
  log.flush();
  EXPECT_EQ(log.forget_before(2'000), 1);
  EXPECT_THAT(log.list({.account = 3}), ElementsAre(id_is("b")));
}

}  // namespace
}  // namespace formulary
