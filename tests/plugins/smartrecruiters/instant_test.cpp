#include "plugins/smartrecruiters/instant.hpp"

#include <gtest/gtest.h>

namespace smartrecruiters {
namespace {

using namespace std::chrono_literals;

TEST(Instant, IsReadWithAndWithoutFractionAndOffset) {
  const Instant known(1'672'531'200s);
  for (const char* text : {"2023-01-01T00:00:00Z", "2023-01-01T00:00:00.000Z", "2023-01-01T01:00:00.0+01:00",
                           "2022-12-31T18:30:00-0530", "2023-01-01T00:00:00.000000999Z"}) {
    EXPECT_EQ(parse_instant(text), known) << text;
  }
  EXPECT_EQ(parse_instant("2023-01-01T00:00:00.5Z"), known + 500ms);
  EXPECT_EQ(parse_instant("2024-02-29T00:00:00Z"), Instant(1'709'164'800s));
}

TEST(Instant, IsNothingElse) {
  for (const char* text : {"",
                           "yesterday",
                           "2023",
                           "2023-01-01",
                           "2023-01-01T00:00:00",
                           "2023-01-01 00:00:00Z",
                           "2023-02-29T00:00:00Z",
                           "2023-13-01T00:00:00Z",
                           "2023-00-01T00:00:00Z",
                           "2023-01-01T24:00:00Z",
                           "2023-01-01T00:60:00Z",
                           "2023-01-01T00:00:60Z",
                           "2023-01-01T00:00:00.Z",
                           "2023-01-01T00:00:00.0000000001Z",
                           "2023-01-01T00:00:00Zx",
                           "2023-01-01T00:00:00 01:00",
                           "2023-01-01T00:00:00+1:00",
                           "2023-01-01T00:00:00+01:",
                           "20x3-01-01T00:00:00Z",
                           "1672531200000"}) {
    EXPECT_FALSE(parse_instant(text)) << text;
  }
}

}  // namespace
}  // namespace smartrecruiters
