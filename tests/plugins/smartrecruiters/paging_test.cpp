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
                          "GET /jobs?sort=job_id&updatedAfter=2023-01-01T00%3A00%3A00.000%2B01%3A00&limit=2"
                          "&pageId=p%2F2%2B"));
}

TEST_F(PagingTest, KeepsTheFiltersOfAListOverItsPages) {
  vendor.always([](const Sent&) {
    return element::http::response{.status = 200, .body = R"({"content":[1],"nextPageId":"b"})"};
  });
  const std::string token = next_page(get("/jobs", R"({"where":"city IN ('a','b') AND status='SOURCING'"})"));
  const std::string second = "GET /jobs?sort=job_id&city=a&city=b&status=SOURCING&limit=100&pageId=b";
  EXPECT_TRUE(get("/jobs", query(token)).ok());
  EXPECT_EQ(vendor.targets().back(), second);
  EXPECT_TRUE(get("/jobs", query(token, R"(,"where":"city IN ('a','b') AND status='SOURCING'")")).ok());
  EXPECT_EQ(vendor.targets().back(), second);

  const auto refused = get("/jobs", query(token, R"(,"where":"status='FILLED'")"));
  EXPECT_EQ(refused.error->code, "smartrecruiters.invalid_page");
  EXPECT_THAT(refused.error->message, HasSubstr("other conditions"));
  EXPECT_EQ(vendor.sent().size(), 3U);
}

TEST_F(PagingTest, EndsAListWhosePagesGoRound) {
  vendor.always([](const Sent& sent) {  // start -> a -> b -> c -> a -> ...
    const char* next = sent.target.ends_with("pageId=a") ? "b" : sent.target.ends_with("pageId=b") ? "c" : "a";
    return element::http::response{.status = 200,
                                   .body = std::string(R"({"content":[1],"nextPageId":")") + next + "\"}"};
  });
  std::string token = next_page(get("/users"));
  int pages = 1;
  for (; !token.empty() && pages < 50; ++pages) token = next_page(get("/users", query(token)));
  EXPECT_GE(pages, 4);
  EXPECT_LE(pages, 8);
  ASSERT_FALSE(host.log().empty());
  EXPECT_THAT(host.log().back().message, HasSubstr("go round"));
}

TEST_F(PagingTest, EndsOneCallWhosePagesGoRoundAtOnce) {
  vendor.answers(200, R"({"content":[1],"nextPageId":"a"})")
      .answers(200, R"({"content":[2],"nextPageId":"b"})")
      .answers(200, R"({"content":[3],"nextPageId":"a"})");
  const auto answer = get("/users", R"({"pageSize":1000})");
  EXPECT_EQ(answer.body(), "[1,2,3]");
  EXPECT_THAT(next_page(answer), IsEmpty());
}

TEST_F(PagingTest, GathersALargePageFromSeveralOfTheVendors) {
  vendor.answers(200, R"({"content":[1, 2],"nextPageId":"a","totalFound":7})")
      .answers(200, "{\"content\": [3],\n\"nextPageId\":\"b\",\"totalFound\":7}")
      .answers(200, R"({"content":[4,5],"nextPageId":"c","totalFound":8})")
      .answers(200, R"({"content":[6],"nextPageId":""})");
  const auto first = get("/candidates", R"({"pageSize":250})");
  EXPECT_EQ(first.body(), "[1, 2,3,4,5]");
  EXPECT_EQ(header(first, "elements-returned-count"), "5");
  EXPECT_EQ(header(first, "elements-total-count"), "8");
  const auto second = get("/candidates", query(next_page(first)));
  EXPECT_EQ(second.body(), "[6]");
  EXPECT_THAT(next_page(second), IsEmpty());
  EXPECT_THAT(vendor.targets(), ElementsAre("GET /candidates?limit=100", "GET /candidates?limit=100&pageId=a",
                                            "GET /candidates?limit=50&pageId=b", "GET /candidates?limit=100&pageId=c"));
}

TEST_F(PagingTest, LosesNothingWhereTheVendorGivesLessThanWasAskedFor) {
  vendor.answers(200, R"({"totalFound":5,"content":[1,2]})")
      .answers(200, R"({"totalFound":5,"content":[3,4]})")
      .answers(200, R"({"totalFound":5,"content":[5]})");
  const auto first = get("/offers", R"({"pageSize":200})");
  EXPECT_EQ(first.body(), "[1,2,3,4]");
  EXPECT_EQ(get("/offers", query(next_page(first))).body(), "[5]");
  EXPECT_THAT(vendor.targets(),
              ElementsAre("GET /offers?limit=100", "GET /offers?limit=100&offset=2", "GET /offers?limit=100&offset=4"));
}

TEST_F(PagingTest, DoesNotTakeAPartOfAListForTheWhole) {
  for (const char* part : {R"({"content":[1],"nextPageId":"more"})", R"({"content":[],"nextPageId":"more"})"}) {
    for (const char* query : {"", R"({"pageSize":1})"}) {
      vendor.answers(200, part);
      const auto refused = get("/jobs/1/positions", query);
      EXPECT_EQ(refused.status, ELEMENT_DATA_LOSS) << part;
      ASSERT_TRUE(refused.error) << part;
      EXPECT_EQ(refused.error->code, "smartrecruiters.incomplete_list");
    }
  }
  for (const char* id : {"17", "true", "{}", "[\"a\"]"}) {
    vendor.answers(200, R"({"content":[1],"nextPageId":)" + std::string(id) + "}");
    const auto refused = get("/candidates");
    ASSERT_TRUE(refused.error) << id;
    EXPECT_EQ(refused.error->code, "smartrecruiters.unexpected_answer") << id;
  }
  vendor.answers(200, R"({"content":[{"id":"1"}],"totalFound":900,"nextPageId":"a"})");
  EXPECT_TRUE(get("/auth-validation").ok());  // asks for one on purpose
}

TEST_F(PagingTest, PassesAListOnOfWhichTheVendorCountsMoreThanTheKeyMaySee) {
  for (const char* query : {"", R"({"pageSize":10})"}) {
    vendor.answers(200, R"({"content":[1],"totalFound":3})");
    const auto answer = get("/jobs/1/positions", query);
    EXPECT_EQ(answer.body(), "[1]");
    EXPECT_EQ(header(answer, "elements-returned-count"), "1");
    EXPECT_EQ(header(answer, "elements-total-count"), "3");
  }
}

std::string offer(const std::string& id, const std::string& created) {
  return R"({"id":")" + id + R"(","createdOn":")" + created + "\"}";
}

TEST_F(PagingTest, FiltersOffersByTheirAgeSinceTheVendorDoesNot) {
  const std::string old = offer("old", "2022-12-31T23:00:00.000-01:00");
  const std::string a = offer("a", "2023-01-01T00:00:00.001Z");
  const std::string b = offer("b", "2024-01-01T00:00:00Z");
  const std::string c = offer("c", "2025-01-01T00:00:00Z");
  vendor.always([&](const Sent& sent) {
    const bool first = sent.target.find("offset") == std::string::npos;
    const bool third = sent.target.ends_with("offset=3");
    return element::http::response{.status = 200,
                                   .body = R"({"totalFound":5,"content":[)" +
                                           (first   ? old + "," + a + "," + R"({"id":"ageless"})"
                                            : third ? b + "," + c
                                                    : c) +
                                           "]}"};
  });
  const std::string where = R"("where":"createdAfter='2023-01-01T00:00:00.000Z' AND status='ACTIVE'")";
  const auto all = get("/offers", "{" + where + "}");
  EXPECT_EQ(all.body(), "[" + a + "," + b + "," + c + "]");
  EXPECT_EQ(header(all, "elements-returned-count"), "3");
  EXPECT_EQ(header(all, "elements-total-count"), "");
  EXPECT_THAT(next_page(all), IsEmpty());
  EXPECT_THAT(vendor.targets(),
              ElementsAre("GET /offers?status=ACTIVE&limit=100", "GET /offers?status=ACTIVE&limit=100&offset=3"));

  const auto first = get("/offers", R"({"pageSize":2,)" + where + "}");
  EXPECT_EQ(first.body(), "[" + a + "," + b + "]");
  const auto second = get("/offers", query(next_page(first)));
  EXPECT_EQ(second.body(), "[" + c + "]");
  EXPECT_EQ(vendor.targets().back(), "GET /offers?status=ACTIVE&limit=100&offset=4");
  EXPECT_THAT(next_page(second), IsEmpty());
  EXPECT_EQ(get("/offers", R"({"page":2,"pageSize":2,)" + where + "}").body(), "[" + c + "]");
}

TEST_F(PagingTest, StopsFilteringOffersAfterFiftyPagesAndGoesOnWithTheToken) {
  vendor.always([](const Sent&) {
    return element::http::response{.status = 200, .body = R"({"totalFound":1000,"content":[{"id":"1"}]})"};
  });
  const std::string filter = R"("createdAfter":"2023-01-01T00:00:00Z")";
  const auto part = get("/offers", "{" + filter + "}");
  EXPECT_EQ(part.body(), "[]");
  EXPECT_EQ(vendor.sent().size(), 50U);
  (void)get("/offers", query(next_page(part)));
  EXPECT_EQ(vendor.targets()[50], "GET /offers?limit=100&offset=50");
  EXPECT_EQ(get("/offers", R"({"page":2,)" + filter + "}").error->code, "smartrecruiters.page_too_far");
}

TEST_F(PagingTest, FollowsTokensForTenThousandPagesAndNoFurther) {
  const auto at = [&](const std::string& page) {
    return get("/users",
               query(base64_encoded(R"({"path":"/users","pageSize":100,"page":)" + page + R"(,"pageId":"x"})")));
  };
  vendor.answers(200, R"({"content":[1],"nextPageId":"y"})");
  EXPECT_TRUE(at("10000").ok());
  const auto refused = at("10001");
  EXPECT_EQ(refused.error->code, "smartrecruiters.page_too_far");
  EXPECT_THAT(refused.error->message, HasSubstr("narrow"));
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
  EXPECT_EQ(get("/candidates", R"({"page":26,"pageSize":200})").error->code, "smartrecruiters.page_too_far");
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
  get("/hubs/humancapital/candidates?where=updatedAfter%3D'2023-01-01T00:00:00Z'+AND+q='x'&pageSize=5",
      R"({"tag":["a","b"]})");
  EXPECT_THAT(vendor.targets(),
              ElementsAre("GET /candidates?status=HIRED&status=OFFERED&q=a%20b&limit=100",
                          "GET /candidates?updatedAfter=2023-01-01T00%3A00%3A00Z&q=x&tag=a&tag=b&limit=5"));
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
    ::testing::Values(
        WrongQuery{"NotJson", "/jobs", "page=1", bad_query, "the query"},
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
        WrongQuery{"SizeNegative", "/jobs", R"({"pageSize":-1})", bad_page, "1 to 5000"},
        WrongQuery{"SizeHuge", "/jobs", R"({"pageSize":"99999999999999999999"})", bad_page, "1 to 5000"},
        WrongQuery{"TokenRubbish", "/jobs", R"({"nextPage":"%%%"})", bad_page, "no token"},
        WrongQuery{"TokenNoJson", "/jobs", token("rubbish"), bad_page, "no token"},
        WrongQuery{"TokenOfAnother", "/jobs", token(R"({"path":"/offers","pageSize":1,"page":2})"), bad_page,
                   "no token"},
        WrongQuery{"TokenOutOfBounds", "/jobs", token(R"({"path":"/jobs","pageSize":1,"page":0})"), bad_page,
                   "no token"},
        WrongQuery{"PageSizeTooLarge", "/jobs", R"({"pageSize":5001})", bad_page, "1 to 5000"},
        WrongQuery{"TokenWithAForeignFilter", "/jobs",
                   token(R"({"path":"/jobs","pageSize":1,"page":2,"filters":[["limit","9"]]})"), bad_page, "no token"},
        WrongQuery{"EmptyFilter", "/candidates", R"({"status":""})", bad_query, "leave it out"},
        WrongQuery{"BlankFilter", "/candidates", R"({"q":" "})", bad_query, "leave it out"},
        WrongQuery{"EmptyFilterInPath", "/candidates?status=", "", bad_query, "leave it out"},
        WrongQuery{"EmptyFilterInList", "/candidates", R"({"status":["HIRED",""]})", bad_query, "leave it out"},
        WrongQuery{"EmptyListOfFilters", "/candidates", R"({"status":[]})", bad_query, "leave it out"},
        WrongQuery{"UnfilledFilter", "/jobs", R"({"updatedAfter":"${gmtDate:yyyy}"})", bad_query, "filled in"},
        WrongQuery{"BlankFilterInWhere", "/jobs", R"({"where":"q=' '"})", "smartrecruiters.invalid_where",
                   "leave it out"},
        WrongQuery{"FilterThatTheVendorIgnores", "/offers", R"({"where":"createdBefore='2023-01-01'"})",
                   "smartrecruiters.invalid_where", "q, status, postingId, createdAfter"},
        WrongQuery{"NoTime", "/candidates", R"({"updatedAfter":"2023-01-01"})", bad_query,
                   "'updatedAfter': is no time"},
        WrongQuery{"NoTimeForOffers", "/offers", R"({"createdAfter":"yesterday"})", bad_query,
                   "'createdAfter': is no time"},
        WrongQuery{"TokenWithAForgedTime", "/offers",
                   token(R"({"path":"/offers","pageSize":1,"page":2,"offset":1,"filters":[["createdAfter","x"]]})"),
                   bad_page, "no token"},
        WrongQuery{"FilterThatTheVendorIgnoresByName", "/offers", R"({"age":"3"})", bad_query, "unknown here"},
        WrongQuery{"Where", "/industries", R"({"where":"q='a'"})", "smartrecruiters.invalid_where",
                   "cannot filter this list"}),
    [](const auto& one) { return std::string(one.param.why); });

}  // namespace
}  // namespace smartrecruiters::testing
