/// \file
/// Looks at every block of memory that is freed after a request was handed to the network. A program of its own: it
/// replaces the global operator delete.
#include <formulary/fake_host.hpp>

#include <gtest/gtest.h>
#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <string_view>

#include "plugins/smartrecruiters/smartrecruiters.hpp"

namespace smartrecruiters::testing {
namespace {

constexpr std::string_view api_key = "DCRA1-5ecre7-k3y-with-more-than-a-short-string";

std::atomic<bool> watching{false};
std::atomic<int> freed_with_key{0};

void look_at(const void* block, std::size_t size) noexcept {
  if (watching && memmem(block, size, api_key.data(), api_key.size()) != nullptr) ++freed_with_key;
}

/// Keeps nothing of what it gets; the watch begins when the request is on its way.
class WatchedTransport final : public Transport {
 public:
  element::http::response send(const element::http::control& /*within*/, const element::http::request& what) override {
    EXPECT_EQ(what.headers.value_or("X-SmartToken", what.headers.value_or("Authorization", "")), api_key);
    watching = true;
    return {.status = 200, .headers = {}, .body = "{}"};
  }
};

std::unique_ptr<Transport> watch(const element::http::options& /*how*/) {
  return std::make_unique<WatchedTransport>();
}

TEST(Wiping, LeavesNoKeyInTheMemoryOfARequestThatIsOver) {
  element::testing::fake_host host;
  element::testing::plugin_runner plugin(host, element_plugin_entry_v1);
  auto opened = plugin.open_instance(R"({"configuration":{"api.key":")" + std::string(api_key) + "\"}}");
  ASSERT_TRUE(opened.result.ok());
  const auto answer = opened.instance->invoke(
      {.method = "GET", .path = "/jobs/1", .query = {}, .headers = {}, .body = {}, .content_type = {}});
  watching = false;
  EXPECT_TRUE(answer.ok());
  EXPECT_EQ(freed_with_key.exchange(0), 0);
}

TEST(Wiping, LeavesNoPlatformSecretInTheMemoryOfARequestThatIsOver) {
  element::testing::fake_host host;
  element::testing::plugin_runner plugin(host, element_plugin_entry_v1);
  const std::string request = R"({"element":{"key":"smartrecruiters"},"configuration":{"api.key":"k"},"name":"n"})";
  const auto answer = plugin.authenticate(
      request, {.mode = element::connect_mode::platform, .base_url = "https://p.example", .authorization = api_key});
  watching = false;
  EXPECT_TRUE(answer.ok());
  EXPECT_EQ(freed_with_key.exchange(0), 0);
}

TEST(Wiping, WouldSeeAKeyThatIsFreed) {
  watching = true;
  { const std::string copy(api_key); }
  watching = false;
  EXPECT_EQ(freed_with_key.exchange(0), 1);
}

}  // namespace
}  // namespace smartrecruiters::testing

void* operator new(std::size_t size) {
  void* block = std::malloc(size);
  if (block == nullptr) throw std::bad_alloc();
  return block;
}
void operator delete(void* block) noexcept {
  if (block != nullptr) smartrecruiters::testing::look_at(block, malloc_usable_size(block));
  std::free(block);
}
void operator delete(void* block, std::size_t /*size*/) noexcept {
  operator delete(block);
}

struct element_manifest {
  static constexpr std::string_view id = "com.formulary.smartrecruiters";
  static constexpr std::string_view version = "1.0.0";
  static std::string_view text() noexcept { return "{}"; }
};
struct WatchedElement : smartrecruiters::SmartRecruiters {
  WatchedElement() : SmartRecruiters(smartrecruiters::testing::watch) {}
};
FORMULARY_ELEMENT(WatchedElement)
