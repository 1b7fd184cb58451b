#include "host/api/accounts_routes.hpp"

#include <gmock/gmock.h>

#include "tests/host/api/identity_fixture.hpp"

namespace formulary::testing {
namespace {

using ::testing::HasSubstr;

class AccountsTest : public IdentityTest {
 protected:
  static std::string path_of(std::int64_t account) { return "/accounts/" + std::to_string(account); }
};

TEST_F(AccountsTest, AnAccountIsMadeShownChangedAndRemoved) {
  const Answer made = post("/accounts", R"({"externalId":"acme","name":"Acme","description":"d"})");
  ASSERT_EQ(made.status, 200);
  EXPECT_EQ(made.at("companyId"), organization);
  EXPECT_EQ(made.at("defaultAccount"), false);
  EXPECT_EQ(made.at("active"), true);
  const std::string path = path_of(made.id());
  EXPECT_EQ(get(path).body, made.body);
  EXPECT_EQ(get("/organizations/" + std::to_string(organization) + path).body, made.body);

  const Answer changed = send({.method = "PUT", .path = path, .body = R"({"name":"Other"})"});
  EXPECT_EQ(changed.text("name"), "Other");
  EXPECT_EQ(changed.text("externalId"), "acme");
  EXPECT_EQ(status("PATCH", path, R"({"description":""})"), 200);
  EXPECT_EQ(get(path).text("description"), "");

  EXPECT_EQ(status("DELETE", path, "null"), 200);
  EXPECT_EQ(status("GET", path + "?includeInactive=true"), 404);
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended.front().account, made.id());
  EXPECT_TRUE(ended.front().removed);
}

TEST_F(AccountsTest, WhatCannotBeAnAccountIsRefused) {
  (void)add_account("taken");
  struct Refused {
    const char* body;
    int status;
  };
  for (const Refused& refused :
       {Refused{"", 400}, Refused{"{}", 400}, Refused{R"({"name":"x"})", 400}, Refused{R"({"externalId":" "})", 400},
        Refused{R"({"externalId":1})", 400}, Refused{R"({"externalId":"x","name":""})", 400},
        Refused{R"({"externalId":"x\u0000"})", 400}, Refused{R"({"externalId":"taken"})", 409}}) {
    EXPECT_EQ(post("/accounts", refused.body).status, refused.status) << refused.body;
  }
}

TEST_F(AccountsTest, WhatIsOfNobodyOrOfOthersIsRefused) {
  struct Refused {
    const char* method;
    const char* path;
    int status;
  };
  for (const Refused& refused :
       {Refused{"GET", "/accounts/-1", 404}, Refused{"GET", "/accounts/x", 404}, Refused{"PUT", "/accounts/-1", 404},
        Refused{"DELETE", "/accounts/-1", 404}, Refused{"GET", "/accounts/1", 403},
        Refused{"PATCH", "/accounts/1", 403}, Refused{"DELETE", "/accounts/1", 403},
        Refused{"GET", "/accounts/1/users", 403}, Refused{"GET", "/accounts/1/settings", 403},
        Refused{"GET", "/accounts/1/roles", 403}, Refused{"PUT", "/accounts/1/roles/nothing", 400},
        Refused{"PUT", "/accounts/x/roles/nothing", 400}, Refused{"PUT", "/accounts/1/roles/admin", 403},
        Refused{"DELETE", "/accounts/1/roles/admin", 403}, Refused{"PUT", "/accounts/-1/roles/admin", 404},
        Refused{"GET", "/organizations/1/accounts", 403}, Refused{"GET", "/organizations/-1/accounts", 404},
        Refused{"POST", "/organizations/1/accounts", 403}}) {
    EXPECT_EQ(status(refused.method, refused.path, "{}"), refused.status) << refused.method << ' ' << refused.path;
  }
}

TEST_F(AccountsTest, TheListIsFilteredAndPaged) {
  for (const char* name : {"a", "b", "c"}) (void)add_account(name);
  EXPECT_EQ(get("/accounts").body.as_array().size(), 4U);
  EXPECT_EQ(get("/accounts?where=defaultAccount%3Dtrue").body.as_array().size(), 1U);
  EXPECT_EQ(get("/accounts?where=externalId%20in%20('a','b')").body.as_array().size(), 2U);
  EXPECT_EQ(status("GET", "/accounts?where=externalId"), 400);

  const Answer page = get("/accounts?pageSize=2&offset=1");
  EXPECT_EQ(page.body.as_array().size(), 2U);
  EXPECT_EQ(page.header("Elements-Total-Count"), "4");
  const Answer next = get("/accounts?nextPage=" + page.header("Elements-Next-Page-Token"));
  ASSERT_EQ(next.body.as_array().size(), 1U);
  EXPECT_EQ(next.body.as_array().front().at("externalId"), "c");
  EXPECT_EQ(next.header("Elements-Next-Page-Token"), "");
}

TEST_F(AccountsTest, ADeactivatedAccountIsHiddenAndLetsNobodyIn) {
  const std::int64_t id = add_account("acme");
  const std::string user = add_user(id, "u@example.com");
  EXPECT_EQ(status("GET", "/whoami", "", user), 200);

  EXPECT_EQ(status("PATCH", path_of(id), R"({"active":false})"), 200);
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_FALSE(ended.front().removed);
  EXPECT_EQ(status("GET", "/whoami", "", user), 403);
  EXPECT_EQ(status("GET", path_of(id)), 404);
  EXPECT_EQ(get("/accounts").body.as_array().size(), 1U);
  EXPECT_EQ(get("/accounts?includeInactive=true").body.as_array().size(), 2U);

  EXPECT_EQ(status("PATCH", path_of(id), R"({"active":true})"), 200);
  EXPECT_EQ(status("GET", "/whoami", "", user), 200);
  EXPECT_EQ(status("PATCH", path_of(id) + "?permanent=true", R"({"active":false})"), 200);
  EXPECT_TRUE(ended.back().removed);
  EXPECT_EQ(status("GET", path_of(id) + "?includeInactive=true"), 404);
  EXPECT_FALSE(store.user_of_email("u@example.com"));
}

TEST_F(AccountsTest, WhatFailsAtAnEndIsTriedAgain) {
  const std::int64_t id = add_account("acme");
  fail_end = true;
  EXPECT_EQ(status("DELETE", path_of(id)), 503);
  EXPECT_FALSE(store.account(id)->active);
  fail_end = false;
  EXPECT_EQ(status("DELETE", path_of(id)), 200);
  EXPECT_FALSE(store.account(id));
}

TEST_F(AccountsTest, TheFirstAccountAndOnesOwnDoNotEnd) {
  EXPECT_EQ(status("DELETE", path_of(admin.account)), 409);
  EXPECT_EQ(status("PATCH", path_of(admin.account), R"({"active":false})"), 409);
  const std::int64_t id = add_account("acme");
  const std::string other = add_user(id, "o@example.com", {"org-admin"});
  EXPECT_EQ(status("DELETE", path_of(id), "", other), 409);
  EXPECT_TRUE(ended.empty());
}

TEST_F(AccountsTest, WhoAdministratesNothingChangesNothing) {
  const std::int64_t id = add_account("acme");
  const std::string user = add_user(id, "u@example.com");
  const std::string account_admin = add_user(id, "a@example.com", {"admin"});
  EXPECT_EQ(status("GET", path_of(id), "", user), 200);
  EXPECT_EQ(status("GET", path_of(admin.account), "", account_admin), 403);
  EXPECT_EQ(send({.path = "/accounts", .authorization = account_admin}).body.as_array().size(), 1U);
  EXPECT_EQ(status("PUT", path_of(id), R"({"name":"n"})", user), 403);
  EXPECT_EQ(status("PUT", path_of(id), R"({"name":"n"})", account_admin), 200);
  EXPECT_EQ(status("POST", "/accounts", R"({"externalId":"x"})", account_admin), 403);
  EXPECT_EQ(status("DELETE", path_of(id), "", account_admin), 403);
  EXPECT_EQ(status("PUT", path_of(id), R"({"active":false})", account_admin), 403);
  EXPECT_EQ(status("PUT", path_of(id) + "/roles/admin", "", account_admin), 403);
  EXPECT_EQ(status("PATCH", "/accounts/settings", R"({"a":1})", user), 403);
  EXPECT_EQ(status("PATCH", "/accounts/settings", R"({"a":1})", account_admin), 200);
}

TEST_F(AccountsTest, ARoleIsGivenOnceAndTaken) {
  const std::string roles = path_of(add_account("acme")) + "/roles";
  EXPECT_EQ(send({.method = "PUT", .path = roles + "/org-admin"}).text("key"), "org-admin");
  EXPECT_EQ(status("PUT", roles + "/org-admin"), 409);
  EXPECT_EQ(get(roles).body.as_array().size(), 1U);
  EXPECT_EQ(status("PUT", roles + "/sys-admin"), 403);
  EXPECT_EQ(status("DELETE", roles + "/org-admin"), 200);
  EXPECT_EQ(status("DELETE", roles + "/org-admin"), 404);
  EXPECT_TRUE(get(roles).body.as_array().empty());
}

TEST_F(AccountsTest, SettingsAreMergedAndBounded) {
  EXPECT_EQ(get("/accounts/settings").body, json::value(json::object{}));
  EXPECT_EQ(status("PATCH", "/accounts/settings", R"({"notification.webhook.failure.policy":"queue","a":1})"), 200);
  EXPECT_EQ(status("POST", path_of(admin.account) + "/settings", R"({"b":2,"a":null})"), 200);
  EXPECT_EQ(get("/accounts/settings").body, (json::value{{"notification.webhook.failure.policy", "queue"}, {"b", 2}}));
  EXPECT_EQ(status("PATCH", "/accounts/settings", R"({"notification.webhook.failure.policy":"x"})"), 400);
  EXPECT_EQ(status("PATCH", "/accounts/settings", "[]"), 400);
  EXPECT_EQ(status("PATCH", "/accounts/settings", to_text(json::object{{"a", std::string(70'000, 'x')}})), 413);
  EXPECT_EQ(status("GET", "/accounts/-1/settings"), 404);
}

}  // namespace
}  // namespace formulary::testing
