#include "tests/host/api/formula_api_fixture.hpp"

namespace formulary::testing {
namespace {

class FormulaAnalyticsRoutesTest : public FormulaApiTest {};

TEST_F(FormulaAnalyticsRoutesTest, CountsByTime) {
  const std::int64_t instance = made_instance(made_formula(R"({"name":"f","triggers":[{"type":"manual"}]})"));
  (void)ran(instance);
  (void)ran(instance);
  const Answer week = get("/formulas/analytics");
  ASSERT_EQ(week.body.as_array().size(), 8);
  EXPECT_EQ(week.body.at(7).at("total"), 2);
  EXPECT_EQ(week.body.at(6).at("total"), 0);
  const Answer hour = get("/formulas/analytics?from=2023-11-14T21:13:20Z&to=2023-11-14T22:13:20Z&interval=minute");
  ASSERT_EQ(hour.body.as_array().size(), 61);
  EXPECT_EQ(hour.body.at(60).at("total"), 2);
  EXPECT_EQ(get("/formulas/analytics/statuses").body.at(7).at("statuses").at("success"), 2);
  EXPECT_EQ(get("/formulas/analytics/instances").body.at(7).at("instances").at(0).at("formulaInstanceId"), instance);
  EXPECT_EQ(get("/formulas/analytics/steps").body.at(7).at("total"), 2);
  EXPECT_EQ(get("/formulas/analytics/accounts").body.as_array().size(), 8);
  EXPECT_EQ(get("/formulas/analytics/statuses/now").body.at(0).at("total"), 2);
  EXPECT_EQ(get("/formulas/analytics?accountIds[]=8").body.at(7).at("total"), 0);
  authorizer.principal.account = 8;
  EXPECT_EQ(get("/formulas/analytics").body.at(7).at("total"), 0);
}

TEST_F(FormulaAnalyticsRoutesTest, RefusesRangesThatAreNone) {
  for (const char* query :
       {"interval=second", "from=2023-11-15&to=2023-11-14", "from=never", "from=2000-01-01&interval=minute"}) {
    const Answer refused = get(std::string("/formulas/analytics?") + query);
    EXPECT_EQ(refused.status, 400) << query;
    EXPECT_TRUE(refused.body.as_object().contains("requestId"));
    EXPECT_TRUE(refused.body.as_object().contains("message"));
  }
}

}  // namespace
}  // namespace formulary::testing
