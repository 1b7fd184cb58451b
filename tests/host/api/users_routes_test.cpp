#include "host/api/users_routes.hpp"

#include <gmock/gmock.h>

#include "tests/host/api/identity_fixture.hpp"

namespace formulary::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class UsersTest : public IdentityTest {
 protected:
  [[nodiscard]] std::string users() const { return "/accounts/" + std::to_string(admin.account) + "/users"; }
  static std::string one(std::int64_t id) { return "/users/" + std::to_string(id); }
  Answer add_ada() {
    return post(users(), R"({"email":"ada@example.com","firstName":"Ada","lastName":"Love","password":"Xy12!zzzz"})");
  }
  /// Whoever administrates the organization that the machine itself has.
  std::string other_organization() {
    AccountRecord account = *store.account(1);
    account.active = true;
    store.replace_account(account);
    return add_user(1, "other@example.com", {"admin", "org-admin"});
  }
};

TEST_F(UsersTest, OnlyTheAnswerThatMakesAUserHasHisSecret) {
  const Answer made = add_ada();
  ASSERT_EQ(made.status, 200);
  EXPECT_EQ(made.text("fullName"), "Ada Love");
  const std::string header = "User " + made.text("secret") + ", Organization " + secrets.organization_secret;
  EXPECT_EQ(status("GET", "/whoami", "", header), 200);

  const std::string id = std::to_string(made.id());
  for (const std::string& path :
       {users(), users() + "/ada@example.com", users() + '/' + id, std::string("/users"), "/users/" + id,
        std::string("/users/ADA@example.com"), std::string("/organizations/users"), "/organizations/users/" + id}) {
    const Answer shown = get(path);
    EXPECT_EQ(shown.status, 200) << path;
    EXPECT_THAT(to_text(shown.body), HasSubstr("ada@example.com")) << path;
    EXPECT_THAT(to_text(shown.body), Not(HasSubstr("secret"))) << path;
  }
  EXPECT_THAT(to_text(send({.method = "PATCH", .path = one(made.id()), .body = R"({"firstName":"A"})"}).body),
              Not(HasSubstr("secret")));
}

TEST_F(UsersTest, WhatCannotBeAUserIsRefused) {
  (void)add_ada();
  struct Refused {
    const char* body;
    int status;
  };
  for (const Refused& refused :
       {Refused{"{}", 400}, Refused{R"({"email":""})", 400}, Refused{R"({"email":" "})", 400},
        Refused{R"({"email":"12"})", 400}, Refused{R"({"email":"a@"})", 400}, Refused{R"({"email":"a b@c"})", 400},
        Refused{R"({"email":"x@example.com","firstName":""})", 400},
        Refused{R"({"email":"x@example.com","password":""})", 400},
        Refused{R"({"email":"x@example.com","password":"short"})", 400},
        Refused{R"({"email":"x@example.com","roles":["nothing"]})", 400},
        Refused{R"({"email":"x@example.com","roles":[{}]})", 400},
        Refused{R"({"email":"x@example.com","roles":[{"key":"sys-admin"}]})", 403},
        Refused{R"({"email":"Ada@example.com"})", 409}}) {
    EXPECT_EQ(post(users(), refused.body).status, refused.status) << refused.body;
    EXPECT_EQ(post("/organizations/users", refused.body).status, refused.status) << refused.body;
  }
  EXPECT_EQ(status("POST", "/accounts/-1/users", R"({"email":"x@example.com"})"), 404);
  EXPECT_EQ(status("POST", "/accounts/1/users", R"({"email":"x@example.com"})"), 403);
  EXPECT_EQ(status("POST", "/organizations/users", R"({"email":"x@example.com","accountId":1})"), 403);
}

TEST_F(UsersTest, AUserIsChangedAndRemoved) {
  const std::int64_t id = add_ada().id();
  const Answer login = post("/authentication", R"({"username":"ada@example.com","password":"Xy12!zzzz"})");
  const std::string session = "Bearer " + login.text("token");
  EXPECT_EQ(status("PATCH", one(id), R"({"email":"b@example.com"})"), 200);
  EXPECT_EQ(status("PUT", users() + '/' + std::to_string(id), R"({"lastName":"Byron"})"), 200);
  EXPECT_EQ(get("/users/b@example.com").text("fullName"), "Ada Byron");
  EXPECT_EQ(status("PATCH", one(id), R"({"email":"admin@example.com"})"), 409);
  EXPECT_EQ(status("PATCH", one(id), R"({"email":""})"), 400);
  EXPECT_EQ(status("PATCH", one(id), R"({"password":"x"})"), 400);

  EXPECT_EQ(status("GET", "/whoami", "", session), 200);
  EXPECT_EQ(status("PATCH", one(id), R"({"password":"Qw34!yyyy"})"), 200);
  EXPECT_EQ(status("GET", "/whoami", "", session), 401);
  EXPECT_TRUE(store.user_of_password("b@example.com", "Qw34!yyyy"));

  EXPECT_EQ(status("PATCH", "/organizations/users/" + std::to_string(id), R"({"active":false})"), 200);
  EXPECT_EQ(status("GET", one(id)), 404);
  EXPECT_EQ(status("GET", one(id) + "?includeInactive=true"), 200);
  EXPECT_EQ(status("DELETE", one(id)), 200);
  EXPECT_EQ(status("DELETE", one(id)), 404);
}

TEST_F(UsersTest, ListsAreFilteredAndPaged) {
  (void)add_ada();
  EXPECT_EQ(get("/users?where=firstName%3D'Ada'").body.as_array().size(), 1U);
  const Answer page = get("/organizations/users?pageSize=1");
  EXPECT_EQ(page.header("Elements-Total-Count"), "2");
  EXPECT_EQ(get("/organizations/users?nextPage=" + page.header("Elements-Next-Page-Token")).body.as_array().size(), 1U);
}

TEST_F(UsersTest, OrganizationsDoNotSeeEachOther) {
  const std::int64_t ada = add_ada().id();
  const std::string other = other_organization();
  for (const char* path : {"/users", "/organizations/users", "/accounts/1/users"}) {
    const Answer list = send({.path = path, .authorization = other});
    ASSERT_EQ(list.status, 200) << path;
    EXPECT_THAT(to_text(list.body), Not(HasSubstr("ada@"))) << path;
  }
  for (const char* path : {"/users", "/organizations/users"}) {
    EXPECT_THAT(to_text(get(path).body), Not(HasSubstr("other@"))) << path;
  }
  struct Refused {
    std::string method;
    std::string path;
    int status;
  };
  for (const Refused& refused :
       {Refused{"GET", one(ada), 403}, Refused{"GET", "/users/ada@example.com", 404}, Refused{"DELETE", one(ada), 403},
        Refused{"PATCH", one(ada), 403}, Refused{"GET", "/organizations/users/ada@example.com", 404},
        Refused{"DELETE", "/organizations/users/" + std::to_string(ada), 403}, Refused{"GET", users(), 403},
        Refused{"DELETE", "/accounts/1/users/" + std::to_string(ada), 403}, Refused{"POST", users(), 403},
        Refused{"PUT", one(ada) + "/roles/admin", 403}, Refused{"PUT", one(ada) + "/roles/nothing", 400},
        Refused{"GET", one(ada) + "/roles", 403}, Refused{"PUT", "/users/-1/roles/admin", 404}}) {
    EXPECT_EQ(status(refused.method, refused.path, R"({"email":"x@example.com"})", other), refused.status)
        << refused.method << ' ' << refused.path;
  }
  EXPECT_TRUE(store.user(ada));
}

TEST_F(UsersTest, AnotherAccountsUserIsNotFoundInThisOne) {
  const std::int64_t account = add_account("acme");
  const std::int64_t ada = add_ada().id();
  const std::string elsewhere = "/accounts/" + std::to_string(account) + "/users/";
  EXPECT_EQ(status("GET", elsewhere + std::to_string(ada)), 404);
  EXPECT_EQ(status("DELETE", elsewhere + std::to_string(ada)), 404);
  EXPECT_EQ(status("GET", elsewhere + "ada@example.com"), 404);
}

TEST_F(UsersTest, ARoleIsGivenOnceAndTaken) {
  const std::string roles = one(add_ada().id()) + "/roles";
  EXPECT_EQ(send({.method = "PUT", .path = roles + "/admin"}).text("key"), "admin");
  EXPECT_EQ(status("PUT", roles + "/admin"), 409);
  EXPECT_EQ(status("PUT", roles + "/sys-admin"), 403);
  EXPECT_EQ(status("PUT", roles + "/nothing"), 400);
  EXPECT_EQ(get(roles).body.as_array().front().at("key"), "admin");
  EXPECT_EQ(status("DELETE", roles + "/admin"), 200);
  EXPECT_EQ(status("DELETE", roles + "/admin"), 404);
}

TEST_F(UsersTest, NobodyReachesAboveHimself) {
  const std::string account_admin = add_user(admin.account, "a@example.com", {"admin"});
  const std::string user = add_user(admin.account, "u@example.com");
  const std::int64_t user_id = store.user_of_email("u@example.com")->id;
  struct Tried {
    const std::string& by;
    std::string method;
    std::string path;
    std::string body;
    int status;
  };
  for (const Tried& tried :
       {Tried{account_admin, "PATCH", one(admin.id), R"({"password":"Qw34!yyyy"})", 403},
        Tried{account_admin, "PATCH", one(admin.id), R"({"firstName":"x"})", 403},
        Tried{account_admin, "DELETE", one(admin.id), "", 403},
        Tried{account_admin, "DELETE", one(admin.id) + "/roles/admin", "", 403},
        Tried{account_admin, "PUT", one(user_id) + "/roles/org-admin", "", 403},
        Tried{account_admin, "POST", users(), R"({"email":"x@example.com","roles":["org-admin"]})", 403},
        Tried{account_admin, "GET", "/organizations/users", "", 403},
        Tried{account_admin, "PUT", one(user_id) + "/roles/admin", "", 200},
        Tried{account_admin, "DELETE", one(user_id) + "/roles/admin", "", 200},
        Tried{user, "PUT", one(user_id) + "/roles/admin", "", 403},
        Tried{user, "PATCH", one(user_id), R"({"firstName":"Mine"})", 200},
        Tried{user, "PATCH", one(user_id), R"({"email":"y@example.com"})", 403},
        Tried{user, "PATCH", one(user_id), R"({"password":"Qw34!yyyy"})", 403},
        Tried{user, "PATCH", one(admin.id), R"({"firstName":"x"})", 403},
        Tried{user, "POST", users(), R"({"email":"x@example.com"})", 403}, Tried{user, "GET", users(), "", 200},
        Tried{user, "DELETE", one(user_id), "", 403}}) {
    EXPECT_EQ(status(tried.method, tried.path, tried.body, tried.by), tried.status)
        << tried.method << ' ' << tried.path << ' ' << tried.body;
  }
}

TEST_F(UsersTest, NobodyLocksHimselfOut) {
  EXPECT_EQ(status("DELETE", one(admin.id)), 409);
  EXPECT_EQ(status("PATCH", one(admin.id), R"({"active":false})"), 409);
  EXPECT_EQ(status("DELETE", one(admin.id) + "/roles/org-admin"), 409);
  EXPECT_EQ(status("GET", "/whoami"), 200);
}

}  // namespace
}  // namespace formulary::testing
