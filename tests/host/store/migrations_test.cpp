#include "host/store/migrations.hpp"

#include <gmock/gmock.h>

#include "host/store/sqlite.hpp"
#include "tests/host/store/journal_fixture.hpp"

namespace formulary::testing {
namespace {

class MigrationsTest : public JournalTest {
 protected:
  std::int64_t number(Database& database, const std::string& sql) {
    Statement statement = database.prepare(sql);
    return statement.step() ? statement.number(0) : -1;
  }
};

/// Turns a new database back into one of version 2.
constexpr const char* back_to_version_2 = R"sql(
  DROP TABLE delivery; DROP TABLE subscription; DROP TABLE notification; DROP TRIGGER account_notifications;
  DROP TRIGGER account_events; DROP TRIGGER instance_events; DROP TABLE event; DROP TABLE event_poll; DROP TABLE event_told;
  DROP TABLE request_log; DROP TABLE element; DROP TABLE element_extension; DROP TABLE hub; DROP TRIGGER account_elements;
  DROP TRIGGER instances_owner; DROP TRIGGER formula_owner; DROP TRIGGER formula_instance_owner;
  DROP VIEW first_account;
  DROP TABLE session; DROP TABLE user; DROP TABLE account; DROP TABLE organization;
  DROP INDEX formula_account; DROP INDEX formula_instance_account;
  ALTER TABLE formula DROP COLUMN account; ALTER TABLE formula DROP COLUMN user;
  ALTER TABLE formula_instance DROP COLUMN account; ALTER TABLE formula_instance DROP COLUMN user;
  ALTER TABLE formula DROP COLUMN original; ALTER TABLE formula_instance DROP COLUMN paused;
  DROP TABLE instances;
  CREATE TABLE instances (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, element_key TEXT NOT NULL,
    token_sha256 BLOB NOT NULL UNIQUE, token BLOB NOT NULL, document TEXT NOT NULL, secrets BLOB NOT NULL,
    created TEXT NOT NULL, UNIQUE (element_key, name)) STRICT;
  DELETE FROM migrations WHERE version > 2;
)sql";

TEST_F(MigrationsTest, VersionThreeKeepsInstancesAndNeverGivesTheirIdsAgain) {
  Database database = storage()->connect();
  database.run(back_to_version_2);
  database.run(R"sql(
    INSERT INTO instances VALUES (4, 'a', 'crm', x'01', x'02', '{}', x'03', 'then');
    INSERT INTO instances VALUES (9, 'gone', 'crm', x'04', x'02', '{}', x'03', 'then');
    DELETE FROM instances WHERE id = 9;
  )sql");
  migrate(database, "file");

  Statement row = database.prepare("SELECT id, name, account, user, disabled, updated, created FROM instances");
  ASSERT_TRUE(row.step());
  EXPECT_EQ(row.number(0), 4);
  EXPECT_EQ(row.text(1), "a");
  EXPECT_EQ(row.number(2) + row.number(3) + row.number(4), 0);
  EXPECT_EQ(row.text(5), "");
  EXPECT_EQ(row.text(6), "then");
  row.reset();

  database.run(
      "INSERT INTO instances (name, element_key, token_sha256, token, document, secrets, created) "
      "VALUES ('a', 'crm', x'05', x'', '{}', x'', 'now')");
  EXPECT_EQ(database.last_insert_id(), 10) << "and the name may be there twice";
  EXPECT_THAT(
      [&] {
        database.run(
            "INSERT INTO instances (name, element_key, token_sha256, token, document, secrets, created) "
            "VALUES ('b', 'crm', x'05', x'', '{}', x'', 'now')");
      },
      throws_error(ErrorCode::conflict, "token_sha256"));
}

TEST_F(MigrationsTest, VersionThreeRemembersIdsOfWhichNoneIsLeft) {
  Database database = storage()->connect();
  database.run(back_to_version_2);
  database.run(R"sql(
    INSERT INTO instances VALUES (9, 'gone', 'crm', x'04', x'02', '{}', x'03', 'then');
    DELETE FROM instances;
  )sql");
  migrate(database, "file");
  EXPECT_EQ(number(database, "SELECT seq FROM sqlite_sequence WHERE name = 'instances'"), 9);
}

}  // namespace
}  // namespace formulary::testing
