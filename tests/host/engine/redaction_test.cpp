#include "host/engine/redaction.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace formulary {
namespace {

using testing::IsEmpty;
using testing::UnorderedElementsAre;

TEST(SecretsByName, AreTheTextsWhoseKeyNamesACredential) {
  const json::object configuration{
      {"smtp.password", "a1"}, {"hmacSecret", "a2"}, {"API-KEY", "a3"},       {"api.key", "a4"}, {"access_token", "a5"},
      {"private.key", "a6"},   {"pageSize", "50"},   {"key", "not a secret"}, {"crm", "12"},     {"tokenCount", 7}};
  EXPECT_THAT(secrets_by_name(configuration), UnorderedElementsAre("a1", "a2", "a3", "a4", "a5", "a6"));
  EXPECT_THAT(secrets_by_name({}), IsEmpty());
}

TEST(Redacted, CoversMemberNamesAndValuesAtEachDepth) {
  const Redactor redactor({"hunter2-hunter2"});
  const json::value said = parse_json(R"({"a":["x hunter2-hunter2 y"],"hunter2-hunter2":{"b":1}})", "test");
  EXPECT_EQ(to_text(redacted(said, redactor)), R"({"a":["x ******** y"],"********":{"b":1}})");
}

}  // namespace
}  // namespace formulary
