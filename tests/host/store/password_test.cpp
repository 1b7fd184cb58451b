#include "host/store/password.hpp"

#include <gmock/gmock.h>

#include "tests/support/error_matchers.hpp"

namespace formulary::testing {
namespace {

constexpr PasswordCost cheap{.n = 16, .r = 1, .p = 1};

TEST(Password, FitsItsOwnHashAlone) {
  const std::string hash = hash_password("correct horse", cheap);
  EXPECT_THAT(hash, ::testing::StartsWith("scrypt$16$1$1$"));
  EXPECT_TRUE(password_fits("correct horse", hash));
  EXPECT_FALSE(password_fits("correct hors", hash));
  EXPECT_FALSE(password_fits("", hash));
  EXPECT_NE(hash_password("correct horse", cheap), hash) << "each has its own salt";
}

TEST(Password, OfTheUsualCostFits) {
  EXPECT_TRUE(password_fits("x", hash_password("x", {})));
}

TEST(Password, NothingFitsWhatIsNoHash) {
  for (const char* hash :
       {"", "scrypt", "scrypt$16$1$1$$", "md5$16$1$1$AAAA$AAAA", "scrypt$16$1$1$AAAA$AAAA", "scrypt$16$1$1$!$!"}) {
    EXPECT_FALSE(password_fits("", hash)) << hash;
  }
}

TEST(Password, ATooLongOneIsRefused) {
  EXPECT_THAT([] { (void)hash_password(std::string(1'025, 'x'), cheap); },
              throws_error(ErrorCode::limit_reached, "1 KiB"));
  EXPECT_FALSE(password_fits(std::string(1'025, 'x'), hash_password("x", cheap)));
}

}  // namespace
}  // namespace formulary::testing
