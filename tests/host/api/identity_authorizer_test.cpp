#include "host/api/identity_authorizer.hpp"

#include <gmock/gmock.h>

#include "tests/host/api/identity_fixture.hpp"

namespace formulary::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::chrono_literals;

class IdentityAuthorizerTest : public IdentityTest {
 protected:
  Answer who(const std::string& header, const std::string& peer = "192.0.2.1") {
    return send({.path = "/whoami", .authorization = header, .peer = peer});
  }
  [[nodiscard]] std::string user_part() const { return "User " + secrets.user_secret; }
};

TEST_F(IdentityAuthorizerTest, AUsersAndHisOrganizationsSecretTellWhoAsks) {
  const Answer answer = get("/whoami");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.text("email"), "admin@example.com");
  EXPECT_EQ(answer.at("account"), admin.account);
  EXPECT_EQ(answer.at("instance"), 0);
}

TEST_F(IdentityAuthorizerTest, AnElementTokenStandsInForTheOrganization) {
  const auto instances = open_store(*storage);
  const std::int64_t instance = instances->add_instance(acme());
  const Answer answer = who(user_part() + ", Element token-of-acme");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.at("instance"), instance);

  ASSERT_TRUE(instances->remove_instance(instance));
  EXPECT_EQ(who(user_part() + ", Element token-of-acme").status, 401);
}

TEST_F(IdentityAuthorizerTest, AnotherAccountsTokenIsNobodys) {
  open_store(*storage)->add_instance(acme());
  const std::int64_t account = store.add_account({.organization = organization, .name = "other"});
  const std::string secret = new_user_secret();
  store.add_user({.account = account, .email = "other@example.com"}, "", secret);
  EXPECT_EQ(who("User " + secret + ", Organization " + secrets.organization_secret).status, 200);
  EXPECT_EQ(who("User " + secret + ", Element token-of-acme").status, 401);
}

TEST_F(IdentityAuthorizerTest, EachThingThatIsNotGoodIsRefusedWithOneSentence) {
  const std::string message = who("").text("message");
  for (const std::string& header :
       {user_part(), "Organization " + secrets.organization_secret, std::string("Element x"), std::string("Bearer x"),
        user_part() + ", Organization 00", "User x, Organization " + secrets.organization_secret,
        authorization() + ", Element x", authorization() + ", Bearer x"}) {
    const Answer answer = who(header, header);
    EXPECT_EQ(answer.status, 401) << header;
    EXPECT_EQ(answer.text("message"), message) << header;
  }
}

TEST_F(IdentityAuthorizerTest, WhoIsNotActiveIsForbidden) {
  UserRecord user = admin;
  user.active = false;
  store.replace_user(user);
  EXPECT_EQ(get("/whoami").status, 403);
  EXPECT_EQ(who(user_part() + ", Organization 00").status, 401) << "only who has both secrets learns it";

  user.active = true;
  store.replace_user(user);
  AccountRecord account = *store.account(admin.account);
  account.active = false;
  store.replace_account(account);
  const Answer answer = get("/whoami");
  EXPECT_EQ(answer.status, 403);
  EXPECT_THAT(answer.text("message"), HasSubstr("account"));
}

TEST_F(IdentityAuthorizerTest, WhoGuessesWaitsAndWhoHasGoodSecretsDoesNot) {
  for (int attempt = 0; attempt < 4; ++attempt) {
    EXPECT_EQ(who("User guess" + std::to_string(attempt) + ", Organization 0").status, 401);
  }
  const Answer limited = who("User another, Organization 0");
  EXPECT_EQ(limited.status, 429);
  EXPECT_EQ(limited.header("Retry-After"), "1");
  EXPECT_EQ(get("/whoami").status, 200);
  EXPECT_EQ(who("User another, Organization 0", "192.0.2.2").status, 401);
  clock.advance(1s);
  EXPECT_EQ(who("User another, Organization 0").status, 401);
}

TEST_F(IdentityAuthorizerTest, GuessesOfOneSecretFromManyAddressesWaitToo) {
  for (int attempt = 0; attempt < 4; ++attempt) {
    who("User the-same-secret, Organization " + std::to_string(attempt), "192.0.2." + std::to_string(attempt + 10));
  }
  EXPECT_EQ(who("User the-same-secret, Organization 9", "192.0.2.99").status, 429);
}

}  // namespace
}  // namespace formulary::testing
