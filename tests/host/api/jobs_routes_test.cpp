#include "tests/host/api/formula_api_fixture.hpp"

namespace formulary::testing {
namespace {

using ::testing::HasSubstr;

class JobsRoutesTest : public FormulaApiTest {
 protected:
  JobsRoutesTest() {
    formula =
        made_formula(R"({"name":"f","triggers":[{"type":"scheduled","properties":{"cron":"0 0 12 ? * MON *"}}]})");
    instance = made_instance(formula);
    job = "/jobs/" + std::to_string(instance);
  }
  std::int64_t formula = 0;
  std::int64_t instance = 0;
  std::string job;
};

TEST_F(JobsRoutesTest, AScheduledInstanceIsOneJob) {
  (void)made_instance(made_formula(R"({"name":"manual","triggers":[{"type":"manual"}]})"));
  const Answer jobs = get("/jobs");
  ASSERT_EQ(jobs.body.as_array().size(), 1);
  EXPECT_THAT(std::string(jobs.body.at(0).at("description").as_string()),
              HasSubstr("formula " + std::to_string(formula) + ", instance " + std::to_string(instance)));
  EXPECT_EQ(jobs.body.at(0).at("trigger").at("nextFireTime"), "2023-11-20T12:00:00Z");
  EXPECT_EQ(get(job).body, jobs.body.at(0));
  authorizer.principal.account = 8;
  EXPECT_EQ(get("/jobs").text(), "[]");
  EXPECT_EQ(get(job).status, 404);
}

TEST_F(JobsRoutesTest, IsNoneWhileInstanceOrFormulaIsNotActive) {
  const std::string one = "/formulas/instances/" + std::to_string(instance);
  EXPECT_EQ(put(one, R"({"name":"i","active":false})").status, 200);
  EXPECT_EQ(get("/jobs").text(), "[]");
  EXPECT_EQ(put(one, R"({"active":true})").status, 200);
  EXPECT_EQ(patch("/formulas/" + std::to_string(formula), R"({"active":false})").status, 200);
  EXPECT_EQ(get("/jobs").text(), "[]");
}

TEST_F(JobsRoutesTest, RestsAndGoesOn) {
  EXPECT_EQ(put(job + "/disable")["trigger"].at("state"), "PAUSED");
  EXPECT_FALSE(schedules.contains(instance));
  EXPECT_EQ(get("/jobs").body.as_array().size(), 1);
  EXPECT_EQ(put(job + "/enable")["trigger"].at("state"), "NORMAL");
  EXPECT_TRUE(schedules.contains(instance));
  EXPECT_EQ(remove(job).status, 200);
  EXPECT_EQ(get(job).status, 404);
  EXPECT_FALSE(schedules.contains(instance));
}

TEST_F(JobsRoutesTest, HasAHistory) {
  services().starter->fire(instance);
  const Answer runs = get(job + "/history");
  ASSERT_EQ(runs.body.as_array().size(), 1) << runs.text();
  EXPECT_EQ(get(job + "/history/" + std::to_string(runs.body.at(0).at("id").as_int64())).status, 200);
  EXPECT_EQ(get("/jobs/executions").body.as_array().size(), 1);
  EXPECT_EQ(get("/jobs/executions?endTime=2018-01-01").text(), "[]");
}

TEST_F(JobsRoutesTest, SaysWhatItDoesNotOffer) {
  EXPECT_EQ(post("/jobs", R"({"name":"x","trigger":{"cron":"0 0 12 ? * MON *"}})").status, 400);
  EXPECT_THAT(patch(job + "/reschedule", R"({"cron":"0 0 12 ? * MON *"})").text(), HasSubstr("change the cron"));
}

}  // namespace
}  // namespace formulary::testing
