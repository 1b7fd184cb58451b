#include "host/store/identity_store.hpp"

#include <gmock/gmock.h>

#include "host/store/formula_store.hpp"
#include "host/store/sqlite.hpp"
#include "tests/host/store/journal_fixture.hpp"

namespace formulary::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::SizeIs;

constexpr PasswordCost cheap{.n = 16, .r = 1, .p = 1};

class IdentityStoreTest : public JournalTest {
 protected:
  IdentityStore& store() {
    if (!store_) store_ = std::make_unique<IdentityStore>(storage(), cheap);
    return *store_;
  }
  /// The account of the first user.
  std::int64_t account() {
    if (account_ == 0) {
      first = *store().bootstrap({}, test_time_ms);
      account_ = store().user_of_email("admin")->account;
    }
    return account_;
  }

  FirstSecrets first;

 private:
  std::unique_ptr<IdentityStore> store_;
  std::int64_t account_ = 0;
};

TEST_F(IdentityStoreTest, TheFirstStartMakesOneOrganizationWithOneAccountAndOneAdministrator) {
  const std::optional<FirstSecrets> made = store().bootstrap({}, test_time_ms);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->email, "admin");
  EXPECT_THAT(made->user_secret, MatchesRegex("[A-Za-z0-9+/]+="));
  EXPECT_THAT(made->user_secret, SizeIs(44));
  EXPECT_THAT(made->organization_secret, MatchesRegex("[0-9a-f]+"));
  EXPECT_THAT(made->organization_secret, SizeIs(32));
  EXPECT_THAT(made->password, SizeIs(24));

  const UserRecord user = *store().user_of_email("ADMIN");
  EXPECT_THAT(user.roles, ElementsAre("admin", "org-admin"));
  const AccountRecord account = *store().account(user.account);
  EXPECT_TRUE(account.is_default);
  EXPECT_THAT(store().accounts(account.organization), SizeIs(1));
  EXPECT_EQ(store().user_secret(user.id), made->user_secret);
  EXPECT_EQ(store().organization_secret(account.organization), made->organization_secret);
  EXPECT_FALSE(store().bootstrap({.email = "other"}, test_time_ms)) << "once only";
}

TEST_F(IdentityStoreTest, TheFirstStartTakesSecretsThatWereChosen) {
  const FirstSecrets chosen{
      .email = "a@example.com", .password = "p", .user_secret = "user", .organization_secret = "organization"};
  EXPECT_EQ(store().bootstrap(chosen, test_time_ms)->user_secret, "user");
  EXPECT_TRUE(store().user_of_password("a@example.com", "p"));
  EXPECT_TRUE(store().user_of_secret("user"));
}

TEST_F(IdentityStoreTest, IdOneOfEachKindIsNobodysWhoCanLogIn) {
  (void)account();
  EXPECT_FALSE(store().account(1)->active);
  EXPECT_FALSE(store().user(1)->active);
  EXPECT_NE(store().account(1)->organization, store().account(account())->organization);
  EXPECT_FALSE(store().user_of_password("machine", ""));
}

TEST_F(IdentityStoreTest, WhatTheMachineHasBecomesTheFirstAccounts) {
  const auto instances = open_store(*storage());
  FormulaStore formulas(storage());
  instances->add_instance(acme("before", "token-before"));
  const std::int64_t version = formulas.put_version("v", "{}");
  const std::int64_t formula = formulas.add_formula({.version = version, .name = "f"});
  EXPECT_EQ(store().owner_of_token("token-before")->account, 0);

  EXPECT_GT(account(), 1);
  EXPECT_EQ(store().owner_of_token("token-before")->account, account());
  const std::int64_t after = instances->add_instance(acme("after", "token-after"));
  EXPECT_EQ(store().owner_of_token("token-after")->account, account());
  EXPECT_EQ(store().owner_of_token("token-after")->instance, after);
  EXPECT_FALSE(store().owner_of_token("token-of-nobody"));

  formulas.add_instance({.formula = formula, .name = "i"});
  Database database = storage()->connect();
  Statement rows = database.prepare("SELECT account FROM formula UNION ALL SELECT account FROM formula_instance");
  for (int row = 0; row < 2; ++row) {
    ASSERT_TRUE(rows.step());
    EXPECT_EQ(rows.number(0), account());
  }
}

TEST_F(IdentityStoreTest, SecretsAndPasswordsAreNotOnTheDisk) {
  (void)account();
  const std::string token = store().add_session(2, test_time_ms, test_time_ms + 1'000);
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    const std::string bytes = read_file(file.path());
    for (const std::string& secret : {first.user_secret, first.organization_secret, first.password, token}) {
      EXPECT_THAT(bytes, Not(HasSubstr(secret))) << file.path();
    }
  }
}

TEST_F(IdentityStoreTest, AccountsAreAddedReplacedAndRemovedWithTheirUsers) {
  const std::int64_t organization = store().account(account())->organization;
  AccountRecord record{.organization = organization,
                       .name = "n",
                       .external_id = "x",
                       .description = "d",
                       .roles = {"admin"},
                       .settings = R"({"a":"b"})",
                       .created_ms = 1,
                       .updated_ms = 2};
  record.id = store().add_account(record);
  const AccountRecord kept = *store().account(record.id);
  EXPECT_EQ(kept.name, "n");
  EXPECT_EQ(kept.external_id, "x");
  EXPECT_EQ(kept.description, "d");
  EXPECT_THAT(kept.roles, ElementsAre("admin"));
  EXPECT_EQ(kept.settings, R"({"a":"b"})");
  EXPECT_EQ(kept.created_ms, 1);
  EXPECT_FALSE(kept.is_default);

  record.name = "m";
  record.active = false;
  record.roles = {};
  EXPECT_TRUE(store().replace_account(record)) << "its own external id is no conflict";
  EXPECT_EQ(store().account(record.id)->name, "m");
  EXPECT_FALSE(store().account(record.id)->active);
  EXPECT_THAT(store().account(record.id)->roles, SizeIs(0));
  EXPECT_THAT([&] { store().add_account({.organization = organization, .name = "o", .external_id = "x"}); },
              throws_error(ErrorCode::conflict, "externalId"));

  const std::int64_t user = store().add_user({.account = record.id, .email = "u"}, "p", "secret-of-u");
  const std::string token = store().add_session(user, 0, 10);
  EXPECT_TRUE(store().remove_account(record.id));
  EXPECT_FALSE(store().account(record.id));
  EXPECT_FALSE(store().user(user));
  EXPECT_FALSE(store().user_of_session(token, 1));
  EXPECT_FALSE(store().remove_account(record.id));
  EXPECT_FALSE(store().replace_account(record));
}

TEST_F(IdentityStoreTest, UsersAreAddedReplacedAndRemoved) {
  UserRecord record{.account = account(), .email = "u@example.com", .first_name = "U", .last_name = "V"};
  record.id = store().add_user(record, "p", "secret-of-u");
  EXPECT_EQ(store().user(record.id)->first_name, "U");
  EXPECT_THAT(store().users_of_account(account()), SizeIs(2));
  EXPECT_THAT(store().users_of_organization(store().account(account())->organization), SizeIs(2));
  EXPECT_THAT([&] { store().add_user({.account = account(), .email = "U@EXAMPLE.com"}, "p", "other"); },
              throws_error(ErrorCode::conflict, "email"));

  record.email = "w@example.com";
  record.roles = {"admin"};
  EXPECT_TRUE(store().replace_user(record));
  EXPECT_EQ(store().user_of_email("w@example.com")->id, record.id);
  EXPECT_THAT(store().user(record.id)->roles, ElementsAre("admin"));
  EXPECT_TRUE(store().remove_user(record.id));
  EXPECT_FALSE(store().remove_user(record.id));
  EXPECT_FALSE(store().replace_user(record));
  EXPECT_FALSE(store().set_password(record.id, "x"));
  EXPECT_FALSE(store().user_of_secret("secret-of-u"));
  EXPECT_THAT([&] { (void)store().user_secret(record.id); }, throws_error(ErrorCode::not_found, "user"));
}

TEST_F(IdentityStoreTest, AUserWithoutAPasswordHasNoneThatFits) {
  store().add_user({.account = account(), .email = "u"}, "", "secret-of-u");
  EXPECT_FALSE(store().user_of_password("u", ""));
  EXPECT_FALSE(store().user_of_password("nobody", ""));
}

TEST_F(IdentityStoreTest, SessionsEndWithTimeANewPasswordAndTheUsersActivity) {
  const std::int64_t user = store().add_user({.account = account(), .email = "u"}, "p", "secret-of-u");
  const std::string token = store().add_session(user, 100, 200);
  EXPECT_EQ(store().user_of_session(token, 199)->user.id, user);
  EXPECT_FALSE(store().user_of_session(token, 200));
  EXPECT_EQ(store().user(user)->last_login_ms, 100);

  EXPECT_TRUE(store().set_password(user, "q"));
  EXPECT_FALSE(store().user_of_session(token, 101));
  EXPECT_TRUE(store().user_of_password("u", "q"));

  const std::string next = store().add_session(user, 100, 200);
  UserRecord record = *store().user(user);
  record.active = false;
  store().replace_user(record);
  EXPECT_FALSE(store().user_of_session(next, 101));
}

TEST_F(IdentityStoreTest, AUserHasAtMostAHundredSessions) {
  const std::int64_t user = store().add_user({.account = account(), .email = "u"}, "p", "secret-of-u");
  const std::string oldest = store().add_session(user, 0, 1'000);
  for (int session = 1; session < 100; ++session) (void)store().add_session(user, 0, 1'000 + session);
  EXPECT_TRUE(store().user_of_session(oldest, 1));
  (void)store().add_session(user, 0, 2'000);
  EXPECT_FALSE(store().user_of_session(oldest, 1));
}

TEST_F(IdentityStoreTest, AnOrganizationIsRenamedAndKeepsSettings) {
  OrganizationRecord record = *store().organization(store().account(account())->organization);
  record.name = "n";
  record.settings = R"({"a":1})";
  EXPECT_TRUE(store().replace_organization(record));
  EXPECT_EQ(store().organization(record.id)->name, "n");
  EXPECT_EQ(store().organization(record.id)->settings, R"({"a":1})");
  record.id = 99;
  EXPECT_FALSE(store().replace_organization(record));
  EXPECT_FALSE(store().organization(99));
}

}  // namespace
}  // namespace formulary::testing
