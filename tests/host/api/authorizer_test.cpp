#include "host/api/authorizer.hpp"

#include <gmock/gmock.h>

#include "tests/support/error_matchers.hpp"

namespace formulary::testing {
namespace {

using api::Credentials;
using api::parse_authorization;

TEST(Authorization, ItsPartsComeInAnyOrderAndCase) {
  for (const char* header : {"User u/+1=, Organization 0a, Element e==", "element e==,organization 0a,USER u/+1=",
                             "  Organization 0a ,  Element e== , User\tu/+1=  ,"}) {
    const Credentials credentials = parse_authorization(header);
    EXPECT_EQ(credentials.user, "u/+1=") << header;
    EXPECT_EQ(credentials.organization, "0a") << header;
    EXPECT_EQ(credentials.element, "e==") << header;
    EXPECT_EQ(credentials.bearer, "") << header;
  }
  EXPECT_EQ(parse_authorization("Bearer b").bearer, "b");
}

struct WrongHeader {
  const char* why;
  std::string header;
  const char* says;
};

class Refused : public ::testing::TestWithParam<WrongHeader> {};

TEST_P(Refused, WithASentenceThatShowsNoSecret) {
  const WrongHeader& wrong = GetParam();
  try {
    const Credentials credentials = parse_authorization(wrong.header);
    FAIL() << wrong.why;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::unauthenticated) << wrong.why;
    EXPECT_THAT(error.what(), ::testing::HasSubstr(wrong.says)) << wrong.why;
    EXPECT_THAT(error.what(), ::testing::Not(::testing::HasSubstr("s3cret"))) << wrong.why;
  }
}

INSTANTIATE_TEST_SUITE_P(Headers, Refused,
                         ::testing::Values(WrongHeader{"nothing in it", " , ", "empty"},
                                           WrongHeader{"another scheme", "Basic s3cret", "begins with none of"},
                                           WrongHeader{"no scheme", "s3cret", "begins with none of"},
                                           WrongHeader{"a part twice", "User s3cret, user s3cret", "twice"},
                                           WrongHeader{"no secret", "User , Organization s3cret", "no secret"},
                                           WrongHeader{"a space in it", "User s3cret s3cret", "space"},
                                           WrongHeader{"too long", "User " + std::string(1'025, 'x'), "1 KiB"}));

}  // namespace
}  // namespace formulary::testing
