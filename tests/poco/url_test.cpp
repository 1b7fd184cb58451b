#include <formulary/poco/url.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/poco/thrown_error.hpp"

namespace element::http {
namespace {

TEST(UrlTest, EncodesEverythingButUnreservedCharacters) {
  EXPECT_EQ(encode("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(encode("a b/c?d&e=f#g%h+i"), "a%20b%2Fc%3Fd%26e%3Df%23g%25h%2Bi");
  EXPECT_EQ(encode("\xc3\xa4\r\n"), "%C3%A4%0D%0A");
  EXPECT_EQ(encode(""), "");
}

TEST(UrlTest, EncodesDotSegmentsThatWouldChangeThePath) {
  EXPECT_EQ(encode("."), "%2E");
  EXPECT_EQ(encode(".."), "%2E%2E");
  EXPECT_EQ(encode("..."), "...");
}

TEST(UrlTest, BuildsTargets) {
  EXPECT_EQ(target_builder("/candidates").segment("a/b").add("limit", 10).add("q", "x y").text(),
            "/candidates/a%2Fb?limit=10&q=x%20y");
  EXPECT_EQ(target_builder("/a?x=1").add("y", "2").text(), "/a?x=1&y=2");
  EXPECT_EQ(target_builder("/a").add_if("x", "").add_if("y", "2").text(), "/a?y=2");
  EXPECT_EQ(target_builder("").segment("..").text(), "/%2E%2E");
}

TEST(UrlTest, ParsesItsParts) {
  const url full = parse_url("HTTPS://API.Acme.example:8443/v1/a%20b?x=1?2");
  EXPECT_EQ(full.scheme, "https");
  EXPECT_EQ(full.host, "api.acme.example");
  EXPECT_EQ(full.port, 8443);
  EXPECT_EQ(full.path, "/v1/a%20b");
  EXPECT_EQ(full.query, "x=1?2");
  EXPECT_EQ(full.origin(), "https://api.acme.example:8443");
  EXPECT_EQ(full.authority(), "api.acme.example:8443");
}

TEST(UrlTest, KnowsDefaultPortsAndAddresses) {
  EXPECT_EQ(parse_url("https://host").port, 443);
  EXPECT_EQ(parse_url("http://host?x").port, 80);
  EXPECT_EQ(parse_url("https://host").authority(), "host");
  EXPECT_EQ(parse_url("https://host./").host, "host");
  const url six = parse_url("http://[::1]:8080/");
  EXPECT_EQ(six.host, "::1");
  EXPECT_EQ(six.authority(), "[::1]:8080");
  EXPECT_EQ(six.origin(), "http://[::1]:8080");
}

TEST(UrlTest, KnowsLoopback) {
  for (const char* near : {"http://localhost/", "http://127.0.0.1", "http://127.9.9.9", "http://[::1]"})
    EXPECT_TRUE(parse_url(near).loopback()) << near;
  for (const char* far : {"http://127.0.0.1.evil.example", "http://127.evil.example", "http://localhost.evil.example",
                          "http://128.0.0.1", "http://[::2]"}) {
    EXPECT_FALSE(parse_url(far).loopback()) << far;
  }
}

TEST(UrlTest, RefusesWhatTwoReadersCouldReadInTwoWays) {
  for (const char* bad : {"",
                          "host",
                          "//host/",
                          "ftp://host/",
                          "https:/host",
                          "https://",
                          "https:///path",
                          "https://user@host/",
                          "https://user:secret@host/",
                          "https://host:0/",
                          "https://host:65536/",
                          "https://host:/",
                          "https://host:8o/",
                          "https://host:-1",
                          "https://a..b/",
                          "https://.a/",
                          "https://ho st/",
                          "https://host/a b",
                          "https://host/\n",
                          "https://host#secret",
                          "https://host\\@evil/",
                          "https://[::1",
                          "https://[::1]8080/",
                          "https://[1.2.3.4]/",
                          "https://h%6Fst/",
                          "https://h\xc3\xb6st/",
                          "https://host/\x7f"}) {
    const auto why = thrown_error([&] { static_cast<void>(parse_url(bad)); });
    ASSERT_TRUE(why) << bad;
    EXPECT_EQ(why->code(), "http.bad_url") << bad;
    EXPECT_THAT(why->what(), testing::Not(testing::HasSubstr("secret"))) << bad;
  }
  EXPECT_EQ(thrown_code([] { static_cast<void>(parse_url("https://host/" + std::string(9'000, 'a'))); }),
            "http.bad_url");
}

}  // namespace
}  // namespace element::http
