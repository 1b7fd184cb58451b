#include "host/engine/instance_order.hpp"

#include <gtest/gtest.h>

#include <string>

#include "tests/host/engine/engine_fixture.hpp"
#include "tests/support/error_matchers.hpp"

namespace formulary::testing {
namespace {

std::string scheduled(const std::string& cron, const std::string& more = "") {
  return R"j({"name":"nightly","configuration":[{"key":"cron","name":"When","type":"value"}],"triggers":[{"type":"scheduled","properties":{"cron":")j" +
         cron + R"j("},"onSuccess":["s"])j" + more +
         R"j(}],"steps":[{"name":"s","type":"script","properties":{"body":"done({})"}}]})j";
}

class InstanceOrderTest : public EngineTest {
 protected:
  std::int64_t add_formula(const std::string& document, bool active = true) {
    const auto formula = Formula::parse(document);
    return formulas().add_formula({.version = formulas().put_version(formula->content_id(), document),
                                   .name = formula->name(),
                                   .document = document,
                                   .active = active});
  }
  FormulaStore& formulas() {
    if (!formulas_) formulas_ = std::make_unique<FormulaStore>(storage());
    return *formulas_;
  }

 private:
  std::unique_ptr<FormulaStore> formulas_;
};

TEST_F(InstanceOrderTest, HasTheFormulaAndTheConfigurationOfTheInstance) {
  const auto formula = add_formula(scheduled("0 0/15 * * * ?"));
  const auto id = formulas().add_instance(
      {.formula = formula, .name = "Acme", .configuration = R"({"cron":"x"})", .single_threaded = true});
  const ExecutionOrder order = instance_order(formulas(), id);
  EXPECT_EQ(order.formula->name(), "nightly");
  EXPECT_EQ(order.formula_instance, id);
  EXPECT_EQ(order.instance_name, "Acme");
  EXPECT_EQ(order.configuration.at("cron").as_string(), "x");
  EXPECT_TRUE(order.single_threaded);
}

TEST_F(InstanceOrderTest, TheIdOfAnElementInstanceMayBeANumber) {
  const auto formula =
      add_formula(R"json({"name": "calls", "triggers": [{"type": "manual", "onSuccess": []}], "steps": [],
    "configuration": [{"key": "crm", "type": "elementInstance"}, {"key": "limit", "type": "value"}]})json");
  const auto id =
      formulas().add_instance({.formula = formula, .name = "A", .configuration = R"({"crm":12,"limit":5})"});
  const ExecutionOrder order = instance_order(formulas(), id);
  EXPECT_EQ(order.configuration.at("crm"), "12");
  EXPECT_EQ(order.configuration.at("limit"), 5);
}

TEST_F(InstanceOrderTest, WhatIsNotActiveIsNotStarted) {
  const auto formula = add_formula(scheduled("0 0/15 * * * ?"));
  const auto asleep = formulas().add_instance({.formula = formula, .name = "A", .active = false});
  const auto off = add_formula(scheduled("0 0/20 * * * ?"), false);
  const auto of_it = formulas().add_instance({.formula = off, .name = "B"});
  EXPECT_THAT([&] { (void)instance_order(formulas(), asleep); }, throws_error(ErrorCode::conflict, "it is not active"));
  EXPECT_THAT([&] { (void)instance_order(formulas(), of_it); },
              throws_error(ErrorCode::conflict, "its formula is not active"));
  EXPECT_THAT([&] { (void)instance_order(formulas(), 99); }, throws_error(ErrorCode::not_found, "there is none"));
}

TEST_F(InstanceOrderTest, AScheduleComesFromTheTemplateOrTheConfiguration) {
  const auto literal = schedule_of(*Formula::parse(scheduled("0 0/15 * * * ?")), {}, 3);
  ASSERT_TRUE(literal);
  EXPECT_EQ(literal->cron.text(), "0 0/15 * * * ?");
  EXPECT_EQ(literal->formula_instance, 3);
  const auto formula = Formula::parse(scheduled("${config.cron}"));
  EXPECT_EQ(schedule_of(*formula, {{"cron", "* * * ? * *"}}, 3)->cron.text(), "* * * ? * *");
  EXPECT_THAT([&] { (void)schedule_of(*formula, {}, 3); }, throws_error(ErrorCode::formula_invalid, "gives no text"));
  EXPECT_THAT(
      [&] {
        (void)schedule_of(*formula, {{"cron", "often"}}, 3);
      },
      throws_error(ErrorCode::formula_invalid, "formula instance 3: the trigger's cron"));
}

TEST_F(InstanceOrderTest, OtherTriggersHaveNoSchedule) {
  EXPECT_FALSE(schedule_of(*formula_of(R"("a")", http_step("a", "GET")), {}, 3));
  EXPECT_FALSE(schedule_of(*Formula::parse(scheduled("0 0/15 * * * ?", R"(,"active":false)")), {}, 3));
}

}  // namespace
}  // namespace formulary::testing
