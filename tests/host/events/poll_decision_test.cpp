#include "host/events/poll_decision.hpp"

#include <gtest/gtest.h>

#include <string>

namespace formulary::events {
namespace {

/// Dates are seconds past the minute: "05" is five seconds past.
constexpr Moment minute = 1'533'065'940'000;

PolledResource resource(bool by_updated, int tolerance,
                        const char* dates = R"("updatedDateField":"u","createdDateField":"meta.c")") {
  const std::string text = std::string(R"({"r":{"url":"/r","idField":"key","createdCheckTolerance":)") +
                           std::to_string(tolerance) + R"(,"filterByUpdatedDate":)" + (by_updated ? "true" : "false") +
                           R"(,"datesConfiguration":{)" + dates + "}}}";
  return parse_poller_configuration(text).front();
}

std::string date(const char* second) {
  return std::string("\"2018-07-31T19:39:") + second + "Z\"";
}

struct Row {
  bool by_updated;
  int tolerance;
  const char* updated;  ///< Empty: the row has none.
  const char* created;
  const char* expected;  ///< CREATED, UPDATED, "" for no event, "?" for a row that cannot be judged.
};

class Decisions : public ::testing::TestWithParam<Row> {};

TEST_P(Decisions, AreAsDocumented) {
  const Row& row = GetParam();
  std::string text = R"({"key":"a","meta":{)";
  if (*row.created != 0) text += "\"c\":" + date(row.created);
  text += "}";
  if (*row.updated != 0) text += ",\"u\":" + date(row.updated);
  const RowDecision decision =
      decide(resource(row.by_updated, row.tolerance), parse_json(text + "}", "row"), minute + 10'000);
  const std::string found = !decision.problem.empty() ? "?" : decision.event ? decision.event->type : "";
  EXPECT_EQ(found, row.expected) << text << decision.problem;
  if (decision.event) {
    EXPECT_EQ(decision.event->object_id, "a");
  }
}

INSTANTIATE_TEST_SUITE_P(Table, Decisions,
                         ::testing::Values(Row{true, 0, "20", "20", "CREATED"}, Row{true, 0, "20", "19", "UPDATED"},
                                           Row{true, 1, "20", "19", "CREATED"}, Row{true, 1, "19", "20", "CREATED"},
                                           Row{true, 1, "20", "18", "UPDATED"}, Row{true, 0, "11", "05", "UPDATED"},
                                           Row{true, 0, "10", "10", ""}, Row{true, 0, "09", "09", ""},
                                           Row{true, 0, "09", "20", ""}, Row{true, 0, "20", "", "UPDATED"},
                                           Row{true, 0, "", "20", "CREATED"}, Row{true, 0, "", "05", ""},
                                           Row{true, 0, "", "", "?"}, Row{false, 0, "20", "20", "CREATED"},
                                           Row{false, 0, "20", "11", "CREATED"}, Row{false, 0, "20", "10", ""},
                                           Row{false, 0, "20", "", "?"}));

TEST(Decision, NeedsAnIdAndADateThatCanBeRead) {
  const PolledResource by_updated = resource(true, 0);
  EXPECT_NE(decide(by_updated, parse_json(R"({"u":"2018-07-31T19:39:20Z"})", "row"), 0).problem, "");
  EXPECT_NE(decide(by_updated, parse_json(R"({"key":"a","u":"yesterday"})", "row"), 0).problem, "");
  EXPECT_NE(decide(by_updated, parse_json(R"("a")", "row"), 0).problem, "");
  EXPECT_NE(decide(resource(true, 0, R"("createdDateField":"c")"), parse_json(R"({"key":"a"})", "row"), 0).problem, "");
}

TEST(Decision, TakesNumbersForIdsAndDates) {
  const auto decision =
      decide(resource(true, 0), parse_json(R"({"key":12,"u":1533065986123,"meta":{"c":1533065986}})", "row"), minute);
  ASSERT_TRUE(decision.event);
  EXPECT_EQ(decision.event->object_id, "12");
  EXPECT_EQ(decision.event->at, 1'533'065'986'123);
  EXPECT_EQ(decision.event->type, "UPDATED");
}

}  // namespace
}  // namespace formulary::events
