#include "host/api/platform_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/base/json.hpp"

namespace formulary::api {
namespace {

using ::testing::HasSubstr;

TEST(PrometheusText, DescribesEachNameOnceAndEscapesLabels) {
  const std::string text = prometheus_text(
      {{.name = "a_total", .help = "Things.", .counter = true, .labels = {{"kind", "x\"y\\z\n"}}, .value = 3},
       {.name = "a_total", .help = "Things.", .counter = true, .labels = {{"kind", "b"}}, .value = 4},
       {.name = "b", .help = "More.", .value = 0.5}});
  EXPECT_EQ(
      text,
      "# HELP a_total Things.\n# TYPE a_total counter\na_total{kind=\"x\\\"y\\\\z\\n\"} 3\na_total{kind=\"b\"} 4\n"
      "# HELP b More.\n# TYPE b gauge\nb 0.5\n");
}

TEST(AccessLine, IsOneLineOfJsonWhateverThePathIs) {
  AccessRecord record;
  record.request_id = "0123456789abcdef01234567";
  record.path = "/elements/api-v2/x\n\"y";
  record.status = 404;
  record.duration = std::chrono::microseconds(17);
  const std::string line = access_line(record);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const json::value parsed = parse_json(line, "line");
  EXPECT_EQ(parsed.at("path"), "/elements/api-v2/x\n\"y");
  EXPECT_EQ(parsed.at("status"), 404);
  EXPECT_EQ(parsed.at("micros"), 17);
}

}  // namespace
}  // namespace formulary::api
