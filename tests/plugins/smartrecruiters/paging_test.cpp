#include "plugins/smartrecruiters/paging.hpp"

#include <formulary/poco/json.hpp>

#include <gmock/gmock.h>

#include <string>

#include "plugins/smartrecruiters/base64.hpp"
#include "tests/plugins/smartrecruiters/scripted_vendor.hpp"

namespace smartrecruiters::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class PagingTest : public ElementTest {
 protected:
  static std::string query(const std::string& token, const std::string& more = {}) {
    return R"({"nextPage":")" + token + "\"" + more + "}";
  }
};

TEST_F(PagingTest, FollowsThePageIdsOfJobsInTheOrderThatAllowsThem) {
  vendor.answers(200, R"({"limit":2,"totalFound":3,"nextPageId":"p/2+","content":[{"id":"1"},{"id":"2"}]})")
      .answers(200, R"({"limit":2,"totalFound":3,"nextPageId":null,"content":[{"id":"3"}]})");

  const auto first = get("/jobs", R"({"pageSize":"2","where":"updatedAfter='2023-01-01T00:00:00.000+01:00'"})");
  EXPECT_EQ(first.body(), R"([{"id":"1"},{"id":"2"}])");
  EXPECT_EQ(header(first, "elements-returned-count"), "2");
  EXPECT_EQ(header(first, "elements-total-count"), "3");
  ASSERT_THAT(next_page(first), Not(IsEmpty()));

  const auto second = get("/jobs", query(next_page(first)));
  EXPECT_EQ(second.body(), R"([{"id":"3"}])");
  EXPECT_THAT(next_page(second), IsEmpty());
  EXPECT_THAT(vendor.targets(),
              ElementsAre("GET /jobs?sort=job_id&updatedAfter=2023-01-01T00%3A00%3A00.000%2B01%3A00&limit=2",
                          "GET /jobs?sort=job_id&limit=2&pageId=p%2F2%2B"));
}

TEST_F(PagingTest, EndsAListHoweverTheVendorEndsIt) {
  for (const char* end :
       {R"({"content":[{}]})", R"({"content":[{}],"nextPageId":null})", R"({"content":[{}],"nextPageId":""})",
        R"({"content":[],"nextPageId":"more"})", R"({"content":[],"totalFound":9})", "[{}]"}) {
    vendor.answers(200, end);
    EXPECT_THAT(next_page(get("/candidates")), IsEmpty()) << end;
  }
  vendor.answers(200, R"({"content":[{}],"nextPageId":"same"})")
      .answers(200, R"({"content":[{}],"nextPageId":"same"})");
  const auto first = get("/candidates");
  EXPECT_THAT(next_page(get("/candidates", query(next_page(first)))), IsEmpty());
}

TEST_F(PagingTest, AsksForTheMostThatTheVendorGives) {
  vendor.answers(200, "[]").answers(200, "[]").answers(200, "[]");
  get("/candidates");
  get("/users", R"({"pageSize":5000})");
  get("/offers", R"({"pageSize":"7","page":"3"})");
  EXPECT_THAT(vendor.targets(), ElementsAre("GET /candidates?limit=100", "GET /user-api/v201804/users?limit=100",
                                            "GET /offers?limit=7&offset=14"));
}

TEST_F(PagingTest, PagesOffersByOffsetUntilTheTotalIsReached) {
  vendor.answers(200, R"({"totalFound":3,"content":[{},{}]})").answers(200, R"({"totalFound":3,"content":[{}]})");
  const auto first = get("/offers", R"({"pageSize":2})");
  const auto second = get("/offers", query(next_page(first)));
  EXPECT_EQ(vendor.targets()[1], "GET /offers?limit=2&offset=2");
  EXPECT_THAT(next_page(second), IsEmpty());
}

TEST_F(PagingTest, PagesByOffsetWithoutATotalWhilePagesAreFull) {
  vendor.answers(200, R"({"content":[{},{}]})").answers(200, R"({"content":[{}]})");
  const auto first = get("/source-types/JOB/sub-types", R"({"pageSize":2,"sourceSubType":"BOARD"})");
  ASSERT_THAT(next_page(first), Not(IsEmpty()));
  EXPECT_THAT(next_page(get("/source-types/JOB/sub-types", query(next_page(first)))), IsEmpty());
  EXPECT_EQ(vendor.targets()[0], "GET /configuration/sources/JOB/values?sourceSubType=BOARD&limit=2");
}

TEST_F(PagingTest, CutsListsThatTheVendorSendsWhole) {
  vendor.always([](const Sent&) {
    return element::http::response{.status = 200, .body = R"({"totalFound":3,"content":[1, 2,3]})"};
  });
  const auto all = get("/jobs/1/positions");
  EXPECT_EQ(all.body(), "[1, 2,3]");
  EXPECT_THAT(next_page(all), IsEmpty());

  const auto first = get("/jobs/1/positions", R"({"pageSize":2})");
  EXPECT_EQ(first.body(), "[1,2]");
  EXPECT_EQ(header(first, "elements-total-count"), "3");
  const auto second = get("/jobs/1/positions", query(next_page(first)));
  EXPECT_EQ(second.body(), "[3]");
  EXPECT_THAT(next_page(second), IsEmpty());
  EXPECT_EQ(get("/jobs/1/positions", R"({"page":9,"pageSize":2})").body(), "[]");
  EXPECT_EQ(vendor.targets().back(), "GET /jobs/1/positions");
}

TEST_F(PagingTest, WalksToAPageByNumberWhereTheVendorHasOnlyIds) {
  int calls = 0;
  vendor.always([&](const Sent&) {
    ++calls;
    return element::http::response{.status = 200,
                                   .body = R"({"content":[)" + std::to_string(calls) + R"(],"nextPageId":"after-)" +
                                           std::to_string(calls) + "\"}"};
  });
  EXPECT_EQ(get("/candidates", R"({"page":3,"pageSize":1})").body(), "[3]");
  EXPECT_EQ(vendor.targets().back(), "GET /candidates?limit=1&pageId=after-2");
  EXPECT_EQ(get("/candidates", R"({"page":50})").body(), "[53]");

  const auto refused = get("/candidates", R"({"page":51})");
  EXPECT_EQ(refused.status, ELEMENT_OUT_OF_RANGE);
  EXPECT_EQ(refused.error->code, "smartrecruiters.page_too_far");
  EXPECT_THAT(refused.error->message, HasSubstr("nextPage"));
  EXPECT_EQ(calls, 53);
}

TEST_F(PagingTest, GivesNothingForAPageBehindTheEndOrInACircle) {
  vendor.answers(200, R"({"content":[1],"nextPageId":""})");
  EXPECT_EQ(get("/candidates", R"({"page":2})").body(), "[]");
  vendor.answers(200, R"({"content":[1],"nextPageId":"a"})")
      .answers(200, R"({"content":[1],"nextPageId":"b"})")
      .answers(200, R"({"content":[1],"nextPageId":"a"})");
  EXPECT_EQ(get("/candidates", R"({"page":40})").body(), "[]");
}

TEST_F(PagingTest, TakesRepeatedFiltersAndAQueryInThePath) {
  vendor.answers(200, "[]").answers(200, "[]");
  get("/candidates", R"({"where":"status IN ('HIRED','OFFERED') AND q='a b'"})");
  get("/hubs/humancapital/candidates?where=updatedAfter%3D'2023'+AND+q='x'&pageSize=5", R"({"tag":["a","b"]})");
  EXPECT_THAT(vendor.targets(), ElementsAre("GET /candidates?status=HIRED&status=OFFERED&q=a%20b&limit=100",
                                            "GET /candidates?updatedAfter=2023&q=x&tag=a&tag=b&limit=5"));
}

TEST_F(PagingTest, DoesNotTakeAMissingListForAnEmptyOne) {
  for (const char* body :
       {"", "{}", "null", "7", R"({"content":null})", R"({"content":{}})", "<html>", R"({"content":[)"}) {
    vendor.answers(200, body);
    const auto refused = get("/jobs");
    EXPECT_EQ(refused.status, ELEMENT_DATA_LOSS) << body;
    EXPECT_EQ(refused.error->code, "smartrecruiters.unexpected_answer") << body;
  }
}

struct WrongQuery {
  const char* why;
  std::string path;
  std::string query;
  const char* code;
  const char* has;
};
class WrongQueryTest : public PagingTest, public ::testing::WithParamInterface<WrongQuery> {};

TEST_P(WrongQueryTest, IsRefusedBeforeTheVendorIsAsked) {
  const auto refused = get(GetParam().path, GetParam().query);
  EXPECT_EQ(refused.status, ELEMENT_INVALID_ARGUMENT);
  EXPECT_EQ(refused.error->code, GetParam().code);
  EXPECT_EQ(refused.error->http_status, 400);
  EXPECT_THAT(refused.error->message, HasSubstr(GetParam().has));
  EXPECT_THAT(vendor.sent(), IsEmpty());
}

std::string token(const std::string& state) {
  return R"({"nextPage":")" + base64_encoded(state) + "\"}";
}

constexpr const char* bad_query = "smartrecruiters.invalid_query";
constexpr const char* bad_page = "smartrecruiters.invalid_page";
INSTANTIATE_TEST_SUITE_P(
    Queries, WrongQueryTest,
    ::testing::Values(WrongQuery{"NotJson", "/jobs", "page=1", bad_query, "the query"},
                      WrongQuery{"List", "/jobs", "[]", bad_query, "must be a JSON object"},
                      WrongQuery{"Unknown", "/jobs", R"({"pagesize":1})", bad_query,
                                 "known are: page, pageSize, nextPage, where, q, city"},
                      WrongQuery{"PageOfOne", "/jobs/1", R"({"page":1})", bad_query, "known are: none"},
                      WrongQuery{"ObjectValue", "/jobs", R"({"q":{}})", bad_query, "must be text"},
                      WrongQuery{"ListForOne", "/jobs", R"({"q":["a"]})", bad_query, "takes one value"},
                      WrongQuery{"Both", "/jobs", R"({"q":"a","where":"q='b'"})", bad_query, "both in where"},
                      WrongQuery{"TwiceInPath", "/jobs?q=a&q=b", "", bad_query, "given twice"},
                      WrongQuery{"PageZero", "/jobs", R"({"page":0})", bad_page, "1 to 1000000"},
                      WrongQuery{"PageWord", "/jobs", R"({"page":"one"})", bad_page, "whole number"},
                      WrongQuery{"PageFraction", "/jobs", R"({"page":"1.5"})", bad_page, "whole number"},
                      WrongQuery{"SizeNegative", "/jobs", R"({"pageSize":-1})", bad_page, "1 to 10000"},
                      WrongQuery{"SizeHuge", "/jobs", R"({"pageSize":"99999999999999999999"})", bad_page, "1 to 10000"},
                      WrongQuery{"TokenRubbish", "/jobs", R"({"nextPage":"%%%"})", bad_page, "no token"},
                      WrongQuery{"TokenNoJson", "/jobs", token("rubbish"), bad_page, "no token"},
                      WrongQuery{"TokenOfAnother", "/jobs", token(R"({"path":"/offers","pageSize":1,"page":2})"),
                                 bad_page, "no token"},
                      WrongQuery{"TokenOutOfBounds", "/jobs", token(R"({"path":"/jobs","pageSize":1,"page":0})"),
                                 bad_page, "no token"},
                      WrongQuery{"FilterThatTheVendorIgnores", "/offers", R"({"where":"createdAfter='2023-01-01'"})",
                                 "smartrecruiters.invalid_where", "q, status, postingId"},
                      WrongQuery{"FilterThatTheVendorIgnoresByName", "/offers", R"({"age":"3"})", bad_query,
                                 "unknown here"},
                      WrongQuery{"Where", "/industries", R"({"where":"q='a'"})", "smartrecruiters.invalid_where",
                                 "cannot filter this list"}),
    [](const auto& one) { return std::string(one.param.why); });

}  // namespace
}  // namespace smartrecruiters::testing
