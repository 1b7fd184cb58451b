#include "host/api/organizations_routes.hpp"

#include <gmock/gmock.h>

#include "tests/host/api/identity_fixture.hpp"

namespace formulary::testing {
namespace {

using ::testing::HasSubstr;

using OrganizationsTest = IdentityTest;

TEST_F(OrganizationsTest, ItsNameIsShownAndChanged) {
  for (const char* path : {"/organizations/me", "/customers/me"}) {
    EXPECT_EQ(get(path).id(), organization) << path;
    EXPECT_EQ(get(path).body.as_object().if_contains("secret"), nullptr) << path;
  }
  EXPECT_EQ(send({.method = "PUT", .path = "/organizations/me", .body = R"({"name":"Acme"})"}).text("name"), "Acme");
  EXPECT_EQ(get("/organizations/me").text("name"), "Acme");
  EXPECT_EQ(status("PUT", "/organizations/me", R"({"name":" "})"), 400);
  EXPECT_EQ(get("/organizations/roles").body.as_array().size(), 4U);
}

TEST_F(OrganizationsTest, ItsPasswordPolicyHoldsUntilItIsTakenAway) {
  const std::string path = "/organizations/password-policies";
  const std::string users = "/accounts/" + std::to_string(admin.account) + "/users";
  EXPECT_EQ(get(path).at("minLength"), 8);
  EXPECT_EQ(status("PUT", path, R"({"minLength":20,"symbolCharacterSet":"!"})"), 200);
  EXPECT_EQ(get(path).at("minLength"), 20);
  const Answer refused = post(users, R"({"email":"x@example.com","password":"Xy12!zzzz"})");
  EXPECT_EQ(refused.status, 400);
  EXPECT_THAT(refused.text("message"), HasSubstr("at least 20"));
  EXPECT_EQ(status("PUT", path, R"({"minLength":1,"symbolCharacterSet":"!"})"), 400);

  EXPECT_EQ(status("DELETE", path), 200);
  EXPECT_EQ(get(path).at("minLength"), 8);
  EXPECT_EQ(status("POST", users, R"({"email":"x@example.com","password":"Xy12!zzzz"})"), 200);
}

TEST_F(OrganizationsTest, OnlyItsAdministratorsChangeIt) {
  const std::string user = add_user(admin.account, "a@example.com", {"admin"});
  EXPECT_EQ(status("GET", "/organizations/me", "", user), 200);
  EXPECT_EQ(status("PUT", "/organizations/me", R"({"name":"x"})", user), 403);
  EXPECT_EQ(status("PUT", "/organizations/password-policies", R"({"symbolCharacterSet":"!"})", user), 403);
  EXPECT_EQ(status("DELETE", "/organizations/password-policies", "", user), 403);
}

}  // namespace
}  // namespace formulary::testing
