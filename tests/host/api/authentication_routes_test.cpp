#include "host/api/authentication_routes.hpp"

#include <gmock/gmock.h>

#include "tests/host/api/identity_fixture.hpp"

namespace formulary::testing {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

class AuthenticationTest : public IdentityTest {
 protected:
  Answer log_in(const std::string& name, const std::string& password) {
    return send({.method = "POST",
                 .path = "/authentication",
                 .body = json_text({{"username", name}, {"password", password}}),
                 .authorization = ""});
  }
  static std::string json_text(const json::object& object) { return to_text(object); }
};

TEST_F(AuthenticationTest, ALoginsTokenShowsTheSecretsThatLetHimIn) {
  const Answer login = log_in("Admin@Example.com", secrets.password);
  ASSERT_EQ(login.status, 200);
  EXPECT_EQ(login.at("organizationAdmin"), true);
  EXPECT_EQ(login.at("accountId"), admin.account);
  EXPECT_EQ(login.text("accountName"), "Formulary");

  const Answer shown = send({.path = "/authentication/secrets", .authorization = "Bearer " + login.text("token")});
  ASSERT_EQ(shown.status, 200);
  EXPECT_EQ(shown.text("userSecret"), secrets.user_secret);
  EXPECT_EQ(shown.text("organizationSecret"), secrets.organization_secret);
}

TEST_F(AuthenticationTest, ATokenEndsAfterItsTime) {
  const std::string header = "Bearer " + log_in("admin@example.com", secrets.password).text("token");
  clock.advance(12h - 1s);
  EXPECT_EQ(send({.path = "/whoami", .authorization = header}).status, 200);
  clock.advance(1s);
  EXPECT_EQ(send({.path = "/whoami", .authorization = header}).status, 401);
}

TEST_F(AuthenticationTest, WrongNamesAndWrongPasswordsLookAlike) {
  const Answer wrong_password = log_in("admin@example.com", "x");
  const Answer wrong_name = log_in("nobody@example.com", secrets.password);
  EXPECT_EQ(wrong_password.status, 401);
  EXPECT_EQ(wrong_name.status, 401);
  EXPECT_EQ(wrong_password.text("message"), wrong_name.text("message"));
  EXPECT_EQ(log_in("machine", "").status, 401);
}

TEST_F(AuthenticationTest, WhatIsNoLoginIsBadInput) {
  for (const char* body : {"", "null", "[]", "{}", R"({"username":1,"password":"x"})", R"({"username":"admin"})"}) {
    EXPECT_EQ(send({.method = "POST", .path = "/authentication", .body = body, .authorization = ""}).status, 400)
        << body;
  }
}

TEST_F(AuthenticationTest, GuessedPasswordsAreSlowedDownWithoutBeingLookedAt) {
  for (int attempt = 0; attempt < 4; ++attempt) log_in("admin@example.com", "x");
  const Answer limited = log_in("admin@example.com", secrets.password);
  EXPECT_EQ(limited.status, 429);
  EXPECT_EQ(limited.header("Retry-After"), "1");
  clock.advance(1s);
  EXPECT_EQ(log_in("admin@example.com", secrets.password).status, 200);
}

TEST_F(AuthenticationTest, WhoIsNotActiveDoesNotLogIn) {
  UserRecord user = admin;
  user.active = false;
  store.replace_user(user);
  EXPECT_EQ(log_in("admin@example.com", secrets.password).status, 403);
}

TEST_F(AuthenticationTest, APasswordIsChangedByWhoKnowsIt) {
  const std::string token = log_in("admin@example.com", secrets.password).text("token");
  EXPECT_EQ(post("/authentication/passwords", R"({"currentPassword":"x","password":"An0ther!word"})").status, 400);
  const Answer weak =
      post("/authentication/passwords", json_text({{"currentPassword", secrets.password}, {"password", "short"}}));
  EXPECT_EQ(weak.status, 400);
  EXPECT_THAT(weak.text("message"), HasSubstr("at least 8 characters"));
  EXPECT_EQ(post("/authentication/passwords",
                 json_text({{"currentPassword", secrets.password}, {"password", "An0ther!word"}}))
                .status,
            200);
  EXPECT_EQ(send({.path = "/whoami", .authorization = "Bearer " + token}).status, 401);
  EXPECT_EQ(log_in("admin@example.com", "An0ther!word").status, 200);
}

}  // namespace
}  // namespace formulary::testing
