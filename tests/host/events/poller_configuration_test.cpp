#include "host/events/poller_configuration.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "tests/support/error_matchers.hpp"

namespace formulary::events {
namespace {

using formulary::testing::throws_error;
using std::chrono::seconds;

TEST(PollerConfiguration, ReadsWhatTheDocumentationShows) {
  const auto resources = parse_poller_configuration(
      R"({"candidates":{"url":"/hubs/humancapital/candidates?where=updatedAfter='${gmtDate:yyyy-MM-dd}'","idField":"id",
          "filterByUpdatedDate":"false","datesConfiguration":{"updatedDateField":"updatedOn",
          "updatedDateFormat":"yyyy-MM-dd'T'HH:mm:ss.SSS'Z'","updatedDateTimezone":"GMT","createdDateField":"createdOn",
          "createdDateFormat":"yyyy-MM-dd","createdDateTimezone":"PST"},
          "createdCheckTolerance":60,"pageSize":"20","pollDelay":90}})");
  ASSERT_EQ(resources.size(), 1);
  const PolledResource& resource = resources.front();
  EXPECT_EQ(resource.name, "candidates");
  EXPECT_EQ(resource.id_field, "id");
  EXPECT_FALSE(resource.filter_by_updated);
  ASSERT_TRUE(resource.updated && resource.created);
  EXPECT_EQ(resource.updated->field, "updatedOn");
  EXPECT_EQ(resource.created->zone.name(), "America/Los_Angeles");
  EXPECT_EQ(resource.created_tolerance, seconds(60));
  EXPECT_EQ(resource.poll_delay, seconds(90));
  EXPECT_EQ(resource.page_size, 20);
}

TEST(PollerConfiguration, HasDefaults) {
  const std::string dates = R"("datesConfiguration":{"updatedDateField":"u"})";
  const auto resources = parse_poller_configuration(R"({"a":{"url":"/a?where=x='${epoch}'",)" + dates +
                                                    R"(},"b":{"url":"/b",)" + dates + "}}");
  ASSERT_EQ(resources.size(), 2);
  EXPECT_EQ(resources[0].page_size, 100);
  EXPECT_EQ(resources[1].page_size, 20) << "a list that nothing narrows is read by 20";
  EXPECT_TRUE(resources[0].filter_by_updated);
  EXPECT_FALSE(resources[0].created);
  EXPECT_EQ(resources[0].poll_delay, seconds(60));
}

TEST(PollerConfiguration, SaysWhatIsWrong) {
  const std::string dates = R"(,"datesConfiguration":{"updatedDateField":"u"})";
  const std::pair<std::string, const char*> rows[] = {
      {"", "event.poller.configuration"},
      {"{}", "it names no resource"},
      {"[]", "event.poller.configuration"},
      {R"({"a":{}})", "a.url"},
      {R"({"a":{"url":"/a"}})", "a.datesConfiguration"},
      {R"({"a":{"url":"/a?x=${never}")" + dates + "}}", "a.url"},
      {R"({"a":{"url":"/a","pollDelay":-1)" + dates + "}}", "a.pollDelay"},
      {R"({"a":{"url":"/a","pageSize":"many")" + dates + "}}", "a.pageSize"},
      {R"({"a":{"url":"/a","datesConfiguration":{"updatedDateField":"u","updatedDateFormat":"QQ"}}})",
       "updatedDateFormat"},
      {R"({"a":{"url":"/a","datesConfiguration":{"updatedDateField":"u","updatedDateTimezone":"Mars"}}})",
       "updatedDateTimezone"}};
  for (const auto& [text, part] : rows) {
    EXPECT_THAT([&] { (void)parse_poller_configuration(text); }, throws_error(ErrorCode::bad_input, part)) << text;
  }
}

TEST(RefreshInterval, IsInMinutes) {
  using std::chrono::milliseconds;
  constexpr milliseconds otherwise{1};
  const std::pair<const char*, milliseconds> rows[] = {{"15", milliseconds(900'000)},
                                                       {"0.5", milliseconds(30'000)},
                                                       {"", otherwise},
                                                       {"0", otherwise},
                                                       {"-3", otherwise},
                                                       {"nan", otherwise},
                                                       {"5m", otherwise},
                                                       {"1e300", std::chrono::hours(168)}};
  for (const auto& [text, expected] : rows) EXPECT_EQ(refresh_interval(text, otherwise), expected) << text;
}

}  // namespace
}  // namespace formulary::events
