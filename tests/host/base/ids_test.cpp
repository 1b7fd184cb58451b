#include "host/base/ids.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <set>

#include "host/base/text.hpp"

namespace formulary {
namespace {

using ::testing::MatchesRegex;
using namespace std::chrono_literals;

constexpr Clock::WallTime documented(1'522'874'676s);

TEST(Iso8601, IsThePlatformsForm) {
  EXPECT_EQ(iso8601(documented), "2018-04-04T20:44:36Z");
  EXPECT_EQ(iso8601(documented + 999ms), "2018-04-04T20:44:36Z");
  EXPECT_EQ(iso8601(Clock::WallTime{}), "1970-01-01T00:00:00Z");
  EXPECT_EQ(iso8601(Clock::WallTime(-1ms)), "1969-12-31T23:59:59Z");
  EXPECT_EQ(iso8601(Clock::WallTime(951'782'400s)), "2000-02-29T00:00:00Z");
}

TEST(TraceParent, IsW3csAndANewSpanOfTheTrace) {
  const std::string trace = new_trace_id();
  const std::string one = new_trace_parent(trace);
  EXPECT_THAT(one, MatchesRegex("00-[0-9a-f]{32}-[0-9a-f]{16}-01"));
  EXPECT_EQ(one.substr(3, 32), trace);
  EXPECT_NE(one, new_trace_parent(trace));
}

TEST(UuidV7, HasVersionVariantAndTime) {
  const std::string id = uuid_v7(documented + 123ms);
  EXPECT_THAT(id, MatchesRegex("01629267-739b-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
}

TEST(UuidV7, SortsByTime) {
  std::string last;
  for (int i = 0; i < 100; ++i) {
    std::string id = uuid_v7(documented + std::chrono::milliseconds(i));
    EXPECT_LT(last, id);
    last = std::move(id);
  }
}

TEST(Tokens, Are32RandomBytesInBase64) {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const std::string token = new_token();
    EXPECT_EQ(token.size(), 44U);
    EXPECT_EQ(from_base64(token).value().size(), 32U);
    seen.insert(token);
  }
  EXPECT_EQ(seen.size(), 100U);
}

TEST(RequestIds, Are24HexadecimalDigits) {
  EXPECT_THAT(new_request_id(), MatchesRegex("[0-9a-f]{24}"));
  EXPECT_NE(new_request_id(), new_request_id());
}

TEST(RandomBytes, ComeInAnyNumber) {
  for (const std::size_t count : {0U, 1U, 257U, 100'000U}) EXPECT_EQ(random_bytes(count).size(), count);
}

}  // namespace
}  // namespace formulary
