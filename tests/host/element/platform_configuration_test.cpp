#include "host/element/platform_configuration.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/host/element/fake_plugin.hpp"
#include "tests/support/error_matchers.hpp"

namespace formulary {
namespace {

using formulary::testing::throws_error;

Manifest manifest() {
  return parse_manifest(formulary::testing::crm_manifest, "element.json");
}

TEST(PlatformConfiguration, TakesThePlatformsEntriesAndLeavesTheElements) {
  json::object configuration{{"api.key", "k"}, {"event.notification.enabled", true}, {"base.url", "https://x.example"}};
  const PlatformConfiguration taken = take_platform_configuration(configuration, manifest());
  EXPECT_EQ(to_text(configuration), R"({"api.key":"k","base.url":"https://x.example"})");
  EXPECT_EQ(to_text(taken.shown), R"({"event.notification.enabled":true})");
  EXPECT_TRUE(taken.hidden.empty());
}

TEST(PlatformConfiguration, LeavesWhatNobodyKnowsToBeRefused) {
  json::object configuration{{"api.kay", "k"}};
  (void)take_platform_configuration(configuration, manifest());
  EXPECT_TRUE(configuration.contains("api.kay"));
}

TEST(PlatformConfiguration, HidesSecretsAndKeepsThemWhenTheirMaskComesBack) {
  json::object configuration{{"event.notification.signature.key", "sign"}, {"oauth.api.secret", "********"}};
  const PlatformConfiguration taken = take_platform_configuration(configuration, manifest());
  EXPECT_EQ(to_text(taken.shown), R"({"event.notification.signature.key":"********"})");
  EXPECT_EQ(to_text(taken.hidden), R"({"event.notification.signature.key":"sign"})");
}

TEST(PlatformConfiguration, RefusesWhatIsNoPlainValue) {
  json::object list{{"event.objects", json::array{"a"}}};
  EXPECT_THAT([&] { (void)take_platform_configuration(list, manifest()); },
              throws_error(ErrorCode::bad_input, "configuration.event.objects: it is no text"));
  json::object large{{"event.metadata", std::string(70'000, 'x')}};
  EXPECT_THAT([&] { (void)take_platform_configuration(large, manifest()); },
              throws_error(ErrorCode::bad_input, "longer than 64 KiB"));
}

}  // namespace
}  // namespace formulary
