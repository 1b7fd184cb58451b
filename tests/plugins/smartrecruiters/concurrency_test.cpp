#include <formulary/fake_host.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "tests/plugins/smartrecruiters/loopback_vendor.hpp"

namespace smartrecruiters::testing {
namespace {

constexpr int threads_count = 8;
constexpr int invokes_each = 1'000;

std::string document(const LoopbackVendor& vendor) {
  return R"({"configuration":{"api.key":"DCRA1-0123456789","base.url":")" + vendor.base_url() +
         R"(","limit.requests_per_second":"100000","limit.concurrent_requests":"6"}})";
}

struct Counts {
  std::atomic<int> answered{0};
  std::atomic<int> cancelled{0};
  std::atomic<int> other{0};
};

/// One in four calls is cancelled: half of these before they start, the others from another thread while they run.
void call_many(element::testing::instance_runner& instance, unsigned seed, Counts& counts) {
  std::minstd_rand random(seed);
  for (int count = 0; count < invokes_each; ++count) {
    std::stop_source stop;
    std::jthread canceller;
    const unsigned dice = static_cast<unsigned>(random()) % 8;
    if (dice == 0) stop.request_stop();
    if (dice == 1) canceller = std::jthread([&stop] { stop.request_stop(); });
    const auto result = instance.invoke(
        {.method = "GET", .path = "/candidates/1", .query = {}, .headers = {}, .body = {}, .content_type = {}},
        {.stop = stop.get_token()});
    if (result.ok() && result.body() == LoopbackVendor::candidate()) {
      ++counts.answered;
    } else if (result.status == ELEMENT_CANCELLED) {
      ++counts.cancelled;
    } else {
      ++counts.other;
      ADD_FAILURE() << (result.error ? result.error->code + ": " + result.error->message : std::string("a wrong body"));
    }
  }
}

TEST(SmartRecruitersLibrary, ServesEightThreadsOnOneInstanceWithCancellations) {
  LoopbackVendor vendor;
  element::testing::fake_host host;
  {
    const element::testing::library file(SMARTRECRUITERS_LIBRARY);
    element::testing::plugin_runner plugin(host, file.entry());
    auto opened = plugin.open_instance(document(vendor));
    ASSERT_TRUE(opened.result.ok()) << opened.result.error->message;
    Counts counts;
    {
      std::vector<std::jthread> threads;
      for (unsigned index = 0; index < threads_count; ++index) {
        threads.emplace_back([&, index] { call_many(*opened.instance, index + 1, counts); });
      }
    }
    EXPECT_EQ(counts.answered + counts.cancelled, threads_count * invokes_each);
    EXPECT_EQ(counts.other, 0);
    EXPECT_GT(counts.cancelled, threads_count * invokes_each / 16);
    EXPECT_GE(vendor.requests(), static_cast<std::uint64_t>(counts.answered.load()));
  }
  EXPECT_EQ(host.violations(), std::vector<std::string>{});
}

TEST(SmartRecruitersLibrary, DeclaresWhatItsManifestSays) {
  element::testing::fake_host host;
  const element::testing::library file(SMARTRECRUITERS_LIBRARY);
  const element::testing::plugin_runner plugin(host, file.entry());
  EXPECT_EQ(plugin.id(), "com.formulary.smartrecruiters");
  EXPECT_EQ(plugin.declared_concurrency(), element::concurrency::all);
  EXPECT_FALSE(plugin.has_events());
}

}  // namespace
}  // namespace smartrecruiters::testing
