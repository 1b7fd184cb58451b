#include "host/events/event_settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/host/element/fake_plugin.hpp"

namespace formulary::events {
namespace {

using ::testing::ElementsAre;

InstanceRecord instance(const std::string& document, const std::string& secrets = {}) {
  InstanceRecord record;
  record.id = 5;
  record.name = "Acme";
  record.document = document;
  record.secrets = secrets;
  return record;
}

EventSettings of(const std::string& entries) {
  return event_settings(instance(R"({"tags":["a"],"platformConfiguration":{)" + entries + "}}"), nullptr);
}

TEST(EventSettings, AreOffUntilTheyAreTurnedOn) {
  EXPECT_FALSE(of("").enabled);
  EXPECT_FALSE(of(R"("event.notification.enabled":"yes")").enabled);
  EXPECT_TRUE(of(R"("event.notification.enabled":"true")").enabled);
  EXPECT_TRUE(of(R"("event.notification.enabled":true)").enabled);
  EXPECT_FALSE(may_have_events(instance("{}"), nullptr));
  EXPECT_TRUE(
      may_have_events(instance(R"({"platformConfiguration":{"event.notification.enabled":"false"}})"), nullptr));
}

TEST(EventSettings, SayHowEventsCome) {
  EXPECT_TRUE(of(R"("event.vendor.type":"polling")").polls);
  EXPECT_TRUE(of(R"("event.poller.configuration":"{}")").polls);
  EXPECT_FALSE(of(R"("event.vendor.type":"webhooks","event.poller.configuration":"{}")").polls);
  EXPECT_TRUE(of(R"("event.vendor.type":"webhooks")").takes_webhooks);
  EXPECT_FALSE(of("").takes_webhooks);
  EXPECT_EQ(of(R"("event.poller.refresh_interval":5)").refresh_interval, "5");
}

TEST(EventSettings, KnowWhomToTell) {
  EXPECT_THAT(of(R"("event.notification.callback.url":" https://a.example/x , ,https://b.example")").callback_urls,
              ElementsAre("https://a.example/x", "https://b.example"));
  EXPECT_EQ(of("").tags, (json::array{"a"}));
  EXPECT_EQ(of("").instance_name, "Acme");
}

TEST(EventSettings, TakeTheElementsOwnEntriesAndDefaults) {
  Manifest manifest = parse_manifest(formulary::testing::crm_manifest, "manifest");
  ConfigurationEntry entry;
  entry.key = "event.notification.enabled";
  entry.default_value = "true";
  manifest.configuration.push_back(entry);
  EXPECT_TRUE(may_have_events(instance("{}"), &manifest));
  EXPECT_TRUE(event_settings(instance("{}"), &manifest).enabled);
  const std::string off = R"({"configuration":{"event.notification.enabled":"false"}})";
  EXPECT_FALSE(event_settings(instance(off), &manifest).enabled);
}

TEST(EventSecrets, AreTakenFromTheirTwoPlaces) {
  const EventSecrets secrets =
      event_secrets(instance(R"({"platformConfiguration":{"event.notification.basic.username":"ada"}})",
                             R"({"configuration":{"event.notification.basic.password":"p"},
                   "platformConfiguration":{"event.notification.signature.key":"k"}})"));
  EXPECT_EQ(secrets.signature_key, "k");
  EXPECT_EQ(secrets.username, "ada");
  EXPECT_EQ(secrets.password, "p");
  EXPECT_EQ(event_secrets(instance("{}")).signature_key, "");
}

}  // namespace
}  // namespace formulary::events
