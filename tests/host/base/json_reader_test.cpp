#include <gmock/gmock.h>

#include <functional>

#include "host/base/json.hpp"
#include "tests/support/error_matchers.hpp"

namespace formulary {
namespace {

using testing::throws_error;

const json::value& instance() {
  static const json::value value =
      parse_json(R"({"id": 7, "name": "Acme", "half": 1.5, "five": 5.0, "huge": 18446744073709551615,
      "big": 1e300, "on": true, "word": "true", "nothing": null, "tags": ["a"], "element": {"key": "crm"}})",
                 "instance");
  return value;
}

TEST(JsonReader, ReadsWhatIsThere) {
  const JsonReader reader(instance(), "instance");
  EXPECT_EQ(reader.integer("id"), 7);
  EXPECT_EQ(reader.integer("five"), 5);
  EXPECT_EQ(reader.text("name"), "Acme");
  EXPECT_EQ(reader.flag_or("on", false), true);
  EXPECT_EQ(reader.array("tags").size(), 1U);
  EXPECT_EQ(reader.object("element").text("key"), "crm");
  EXPECT_TRUE(reader.has("id"));
}

TEST(JsonReader, TakesTheDefaultForWhatIsAbsentOrNull) {
  const JsonReader reader(instance(), "instance");
  for (const char* key : {"absent", "nothing"}) {
    EXPECT_FALSE(reader.has(key));
    EXPECT_EQ(reader.text_or(key, "x"), "x");
    EXPECT_EQ(reader.integer_or(key, 3), 3);
    EXPECT_EQ(reader.flag_or(key, true), true);
  }
}

TEST(JsonReader, NamesThePathOfWhatIsWrong) {
  using Read = std::function<void(const JsonReader&)>;
  const std::pair<Read, const char*> wrong[] = {
      {[](const JsonReader& r) { (void)r.text("absent"); }, "instance.absent: missing"},
      {[](const JsonReader& r) { (void)r.text("nothing"); }, "instance.nothing: missing"},
      {[](const JsonReader& r) { (void)r.text("id"); }, "instance.id: not a string"},
      {[](const JsonReader& r) { (void)r.text_or("id", ""); }, "instance.id: not a string"},
      {[](const JsonReader& r) { (void)r.integer("on"); }, "instance.on: not an integer"},
      {[](const JsonReader& r) { (void)r.integer("half"); }, "instance.half: not an integer"},
      {[](const JsonReader& r) { (void)r.integer("big"); }, "instance.big: not an integer"},
      {[](const JsonReader& r) { (void)r.integer("huge"); }, "instance.huge: an integer beyond 64 bits"},
      {[](const JsonReader& r) { (void)r.integer("name"); }, "instance.name: not an integer"},
      {[](const JsonReader& r) { (void)r.flag_or("word", false); }, "instance.word: neither true nor false"},
      {[](const JsonReader& r) { (void)r.flag_or("id", false); }, "instance.id: neither true nor false"},
      {[](const JsonReader& r) { (void)r.array("element"); }, "instance.element: not an array"},
      {[](const JsonReader& r) { (void)r.object("tags"); }, "instance.tags: not an object"},
      {[](const JsonReader& r) { (void)r.object("element").text("name"); }, "instance.element.name: missing"},
  };
  const JsonReader reader(instance(), "instance");
  for (const auto& [read, message] : wrong) {
    EXPECT_THAT([&] { read(reader); }, throws_error(ErrorCode::bad_input, message));
  }
  const json::value number(1);
  EXPECT_THAT([&] { (void)JsonReader(number, "instance"); },
              throws_error(ErrorCode::bad_input, "instance: not an object"));
}

}  // namespace
}  // namespace formulary
