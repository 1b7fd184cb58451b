#include "host/delivery/lanes.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace formulary::delivery {
namespace {

/// A destination of its own that took a notification once.
void make_well(Lanes& lanes, std::int64_t destination, const std::string& host) {
  lanes.add(destination, host, 0);
  const auto turn = lanes.take(0);
  ASSERT_TRUE(turn);
  lanes.ended(*turn, true);
}

/// Takes until nothing may be served; each destination has as much as anybody wants.
std::vector<std::int64_t> take_all(Lanes& lanes) {
  std::vector<std::int64_t> taken;
  while (const auto turn = lanes.take(0)) {
    taken.push_back(turn->destination);
    lanes.add(turn->destination, turn->host, 0);
  }
  return taken;
}

TEST(LanesTest, NothingIsTakenBeforeItIsDue) {
  Lanes lanes({});
  lanes.add(1, "a", 100);
  EXPECT_FALSE(lanes.take(99));
  EXPECT_EQ(lanes.first_due(99), 100);
  EXPECT_EQ(lanes.first_due(100), std::nullopt) << "that one is due";
  EXPECT_TRUE(lanes.take(100));
  EXPECT_FALSE(lanes.take(100)) << "until more is added";
}

TEST(LanesTest, TheEarlierTimeOfTwoCounts) {
  Lanes lanes({});
  lanes.add(1, "a", 100);
  lanes.add(1, "a", 50);
  lanes.add(1, "a", 70);
  EXPECT_TRUE(lanes.take(50));
}

TEST(LanesTest, WhoWasServedLongestAgoIsNext) {
  Lanes lanes({});
  for (int destination = 1; destination <= 3; ++destination) lanes.add(destination, std::to_string(destination), 0);
  std::vector<std::int64_t> order;
  for (int i = 0; i < 6; ++i) {
    const auto turn = lanes.take(0);
    ASSERT_TRUE(turn);
    order.push_back(turn->destination);
    lanes.add(turn->destination, turn->host, 0);
    lanes.ended(*turn, true);
  }
  EXPECT_EQ(order, (std::vector<std::int64_t>{1, 2, 3, 1, 2, 3}));
}

TEST(LanesTest, WhoHasNotAnsweredYetGetsOneRequestAtATime) {
  Lanes lanes({.workers = 16});
  lanes.add(1, "a", 0);
  EXPECT_EQ(take_all(lanes).size(), 1U);
}

TEST(LanesTest, WhoAnswersGetsAsManyAsADestinationAndAHostMayHave) {
  Lanes lanes({.workers = 16, .host_max = 6, .destination_max = 4});
  make_well(lanes, 1, "a");
  lanes.add(1, "a", 0);
  EXPECT_EQ(take_all(lanes).size(), 4U);
  lanes.add(2, "a", 0);
  EXPECT_EQ(take_all(lanes).size(), 2U) << "of the same host";
}

TEST(LanesTest, HalfOfTheWorkersAreThereForThoseWhoAnswer) {
  Lanes lanes({.workers = 8});
  make_well(lanes, 100, "good");
  for (int destination = 0; destination < 50; ++destination)
    lanes.add(destination, "dead" + std::to_string(destination), 0);
  EXPECT_EQ(take_all(lanes).size(), 4U);
  lanes.add(100, "good", 0);
  EXPECT_EQ(take_all(lanes).size(), 4U);
}

TEST(LanesTest, WhoFailsIsNotWellUntilItAnswersAgain) {
  Lanes lanes({.workers = 8});
  make_well(lanes, 1, "a");
  lanes.add(1, "a", 0);
  auto turn = lanes.take(0);
  ASSERT_TRUE(turn);
  EXPECT_FALSE(turn->unwell);
  lanes.ended(*turn, false);
  lanes.add(1, "a", 0);
  turn = lanes.take(0);
  ASSERT_TRUE(turn);
  EXPECT_TRUE(turn->unwell);
  lanes.ended(*turn, std::nullopt);
  EXPECT_EQ(lanes.in_flight(), 0U);
}

}  // namespace
}  // namespace formulary::delivery
