#include "host/delivery/network_policy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "host/base/error.hpp"

namespace formulary::delivery {
namespace {

using ::testing::HasSubstr;

std::optional<ErrorCode> code_of_url(const NetworkPolicy& policy, const std::string& url) {
  try {
    policy.check_url(url);
  } catch (const Error& error) {
    return error.code();
  }
  return std::nullopt;
}

std::optional<ErrorCode> code_of_address(const NetworkPolicy& policy, const std::string& address) {
  try {
    policy.check_address(address);
  } catch (const Error& error) {
    return error.code();
  }
  return std::nullopt;
}

class RefusedAddress : public ::testing::TestWithParam<const char*> {};

TEST_P(RefusedAddress, IsNotCalled) {
  EXPECT_EQ(code_of_address(NetworkPolicy(), GetParam()), ErrorCode::permission_denied);
}

INSTANTIATE_TEST_SUITE_P(
    NotPublic, RefusedAddress,
    ::testing::Values("0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.1",
                      "127.255.255.254", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.2.1",
                      "192.88.99.1", "192.168.0.1", "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.9",
                      "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "::", "::1", "::2", "::127.0.0.1",
                      "::8.8.8.8", "::ffff:127.0.0.1", "::ffff:7f00:1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
                      "::ffff:0:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::10.0.0.1", "64:ff9b::169.254.169.254",
                      "64:ff9b:1::1", "100::1", "2001::1", "2001:10::1", "2001:20::1", "2001:db8::1",
                      "2002:7f00:1::", "2002:808:808::1", "3fff::1", "5f00::1", "fc00::1", "fd12:3456::1", "fe80::1",
                      "febf::1", "fec0::1", "ff02::1", "4000::1", "", "localhost", "fe80::1%lo", "127.1", "1.2.3.4 "));

class PublicAddress : public ::testing::TestWithParam<const char*> {};

TEST_P(PublicAddress, IsCalled) {
  EXPECT_EQ(code_of_address(NetworkPolicy(), GetParam()), std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(Public, PublicAddress,
                         ::testing::Values("1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255",
                                           "100.128.0.0", "126.255.255.255", "128.0.0.0", "169.253.255.255",
                                           "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0",
                                           "198.17.255.255", "198.20.0.0", "223.255.255.255", "::ffff:8.8.8.8",
                                           "64:ff9b::8.8.8.8", "2001:4860:4860::8888", "2606:4700::1111",
                                           "2a00:1450::1"));

struct Spelling {
  const char* url;
  ErrorCode refused;
};

class HostileUrl : public ::testing::TestWithParam<Spelling> {};

TEST_P(HostileUrl, IsRefusedWhenItIsRegistered) {
  EXPECT_EQ(code_of_url(NetworkPolicy(), GetParam().url), GetParam().refused) << GetParam().url;
}

INSTANTIATE_TEST_SUITE_P(
    Spellings, HostileUrl,
    ::testing::Values(
        Spelling{"http://127.0.0.1/", ErrorCode::permission_denied},
        Spelling{"https://127.0.0.1:8443/x", ErrorCode::permission_denied},
        Spelling{"http://127.1/", ErrorCode::permission_denied},
        Spelling{"http://2130706433/", ErrorCode::permission_denied},
        Spelling{"http://0x7f000001/", ErrorCode::permission_denied},
        Spelling{"http://0x7f.0.0.1/", ErrorCode::permission_denied},
        Spelling{"http://0177.0.0.1/", ErrorCode::permission_denied},
        Spelling{"http://017700000001/", ErrorCode::permission_denied},
        Spelling{"http://0/", ErrorCode::permission_denied},
        Spelling{"http://127.0.0.1./", ErrorCode::permission_denied},
        Spelling{"http://LOCALHOST/", ErrorCode::permission_denied},
        Spelling{"http://localhost./", ErrorCode::permission_denied},
        Spelling{"http://a.localhost/", ErrorCode::permission_denied},
        Spelling{"http://[::1]/", ErrorCode::permission_denied}, Spelling{"http://[::]/", ErrorCode::permission_denied},
        Spelling{"http://[::ffff:127.0.0.1]/", ErrorCode::permission_denied},
        Spelling{"http://[::ffff:7f00:1]/", ErrorCode::permission_denied},
        Spelling{"http://[0:0:0:0:0:ffff:a00:1]/", ErrorCode::permission_denied},
        Spelling{"http://[64:ff9b::10.0.0.1]/", ErrorCode::permission_denied},
        Spelling{"http://[fe80::1]/", ErrorCode::permission_denied},
        Spelling{"http://169.254.169.254/latest/meta-data/", ErrorCode::permission_denied},
        Spelling{"http://[fe80::1%25eth0]/", ErrorCode::bad_input},
        Spelling{"http://user@127.0.0.1/", ErrorCode::bad_input},
        Spelling{"http://public.example@127.0.0.1/", ErrorCode::bad_input},
        Spelling{"http://public.example:80@127.0.0.1/", ErrorCode::bad_input},
        Spelling{"http://127.0.0.1#@public.example/", ErrorCode::bad_input},
        Spelling{"http://public.example\\@127.0.0.1/", ErrorCode::bad_input},
        Spelling{"http://127.0.0.1%2e/", ErrorCode::bad_input},
        Spelling{"http://%31%32%37.0.0.1/", ErrorCode::bad_input},
        Spelling{"http://\u2460\u2461\u2466.0.0.1/", ErrorCode::bad_input}, Spelling{"http:///x", ErrorCode::bad_input},
        Spelling{"http://:80/", ErrorCode::bad_input}, Spelling{"ftp://public.example/", ErrorCode::bad_input},
        Spelling{"file:///etc/passwd", ErrorCode::bad_input},
        Spelling{"gopher://public.example/", ErrorCode::bad_input}, Spelling{"//public.example/", ErrorCode::bad_input},
        Spelling{"http://public.example/\r\nX: y", ErrorCode::bad_input}, Spelling{"", ErrorCode::bad_input}));

TEST(NetworkPolicyTest, APublicUrlMayBeRegistered) {
  for (const char* url : {"https://hooks.example/a?b=c", "http://8.8.8.8:8080/", "https://[2606:4700::1111]/x"}) {
    EXPECT_EQ(code_of_url(NetworkPolicy(), url), std::nullopt) << url;
  }
}

TEST(NetworkPolicyTest, WhatTheSettingNamesMayBeCalledAndNothingBesideIt) {
  const NetworkPolicy policy("127.0.0.0/8, fd00:1::/32 ,10.1.2.3");
  for (const char* address :
       {"127.0.0.1", "::ffff:127.9.9.9", "64:ff9b::127.0.0.1", "fd00:1:2::3", "10.1.2.3", "8.8.8.8"}) {
    EXPECT_EQ(code_of_address(policy, address), std::nullopt) << address;
  }
  for (const char* address : {"::1", "fd00:2::1", "10.1.2.4", "192.168.0.1"}) {
    EXPECT_EQ(code_of_address(policy, address), ErrorCode::permission_denied) << address;
  }
  EXPECT_EQ(code_of_url(policy, "http://localhost:1/"), std::nullopt);
}

TEST(NetworkPolicyTest, AWrongNetworkIsNamed) {
  for (const char* wrong :
       {"10.0.0.0/33", "fd00::/129", "10.0.0/8", "here", "10.0.0.0/", "10.0.0.0/8x", "10.0.0.0/-1"}) {
    try {
      const NetworkPolicy policy(std::string("127.0.0.1, ") + wrong);
      FAIL() << wrong;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::bad_input);
      EXPECT_THAT(error.what(), HasSubstr(std::string("'") + wrong + "'"));
    }
  }
}

TEST(NetworkPolicyTest, ARefusalSaysWhatKindOfAddressItIsAndWhatToDo) {
  try {
    NetworkPolicy().check_url("http://169.254.169.254/?token=s3cret");
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("a link-local address; give one that is public"));
    EXPECT_THAT(error.what(), ::testing::Not(HasSubstr("s3cret")));
  }
}

}  // namespace
}  // namespace formulary::delivery
