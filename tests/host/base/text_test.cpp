#include "host/base/text.hpp"

#include <gmock/gmock.h>

#include "host/base/ids.hpp"

namespace formulary {
namespace {

TEST(Base64, KeepsTheVectorsOfItsStandard) {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : vectors) {
    EXPECT_EQ(to_base64(plain), encoded);
    EXPECT_EQ(from_base64(encoded), plain);
  }
}

TEST(Base64, RefusesWhatItWouldNotWrite) {
  for (const char* text :
       {"Zg", "Zg=", "Zg===", "=", "====", "Z===", "Zh==", "Zm9=", "Zm9v\n", "Zm 9", "Zm-_", "Zg==Zg==", "=g=="}) {
    EXPECT_EQ(from_base64(text), std::nullopt) << text;
  }
}

TEST(Encodings, GiveAnyBytesBack) {
  for (std::size_t size = 0; size < 70; ++size) {
    const std::string bytes = random_bytes(size);
    EXPECT_EQ(from_base64(to_base64(bytes)), bytes);
    EXPECT_EQ(from_hex(to_hex(bytes)), bytes);
    EXPECT_EQ(percent_decode(percent_encode(bytes)), bytes);
  }
}

TEST(Hex, TakesEitherCaseAndRefusesTheRest) {
  EXPECT_EQ(to_hex("\xAB\x01"), "ab01");
  EXPECT_EQ(from_hex("aBFf"), "\xAB\xFF");
  for (const char* text : {"a", "0g", "0x", " 0"}) EXPECT_EQ(from_hex(text), std::nullopt) << text;
}

TEST(PercentEncoding, KeepsWhatIsUnreserved) {
  EXPECT_EQ(percent_encode("aZ09-._~ /+\xC3\xA9"), "aZ09-._~%20%2F%2B%C3%A9");
  EXPECT_EQ(percent_decode("a+b%2f"), "a+b/");
  for (const char* text : {"%", "%2", "%2g", "a%"}) EXPECT_EQ(percent_decode(text), std::nullopt) << text;
}

TEST(Utf8, FollowsTheTableOfItsStandard) {
  for (const char* text :
       {"", "a", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xED\x9F\xBF", "\xEE\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_TRUE(is_utf8(text)) << to_hex(text);
  }
  for (const char* text :
       {"\x80", "\xC3", "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xED\xA0\x80", "\xE2\x82", "\xF0\x80\x80\x80",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "a\xC3(", "\xE2\x28\xA1"}) {
    EXPECT_FALSE(is_utf8(text)) << to_hex(text);
  }
}

TEST(Comparison, TellsEqualFromOther) {
  EXPECT_TRUE(equal_in_constant_time("", ""));
  EXPECT_TRUE(equal_in_constant_time("abc", "abc"));
  EXPECT_FALSE(equal_in_constant_time("abc", "abd"));
  EXPECT_FALSE(equal_in_constant_time("abc", "ab"));
}

TEST(Wiping, OverwritesTheWholeBuffer) {
  for (const std::size_t size : {5U, 200U}) {
    std::string secret(size, 's');
    secret.resize(2);  // the rest of the buffer still has it
    const char* buffer = secret.data();
    wipe(secret);
    EXPECT_TRUE(secret.empty());
    secret.resize(secret.capacity(), '\0');
    ASSERT_EQ(secret.data(), buffer);
    EXPECT_EQ(secret.find('s'), std::string::npos);
  }
}

TEST(Nearest, FindsATypoAndNothingFar) {
  const std::vector<std::string_view> keys = {"output", "log.level", "data.folder"};
  EXPECT_EQ(nearest("outptu", keys), "output");
  EXPECT_EQ(nearest("log.levels", keys), "log.level");
  EXPECT_EQ(nearest("something", keys), "");
  EXPECT_EQ(nearest("", keys), "");
  EXPECT_EQ(nearest(std::string(100'000, 'o'), keys), "");
}

}  // namespace
}  // namespace formulary
