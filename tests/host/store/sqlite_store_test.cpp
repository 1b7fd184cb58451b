#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <vector>

#include "tests/host/store/store_fixture.hpp"

namespace formulary::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class SqliteStore : public StoreTest {
 protected:
  /// Runs SQL past the store, as another program could.
  void run_sql(const std::string& sql) const {
    sqlite3* connection = nullptr;
    ASSERT_EQ(sqlite3_open(database().c_str(), &connection), SQLITE_OK);
    char* problem = nullptr;
    EXPECT_EQ(sqlite3_exec(connection, sql.c_str(), nullptr, nullptr, &problem), SQLITE_OK) << problem;
    sqlite3_free(problem);
    sqlite3_close(connection);
  }
};

TEST_F(SqliteStore, GivesBackWhatItWasGiven) {
  const auto store = open();
  const std::int64_t id = store->add_instance(acme());
  const auto record = store->instance(id);
  ASSERT_TRUE(record.has_value());
  EXPECT_EQ(record->id, id);
  EXPECT_EQ(record->name, "Acme");
  EXPECT_EQ(record->element_key, "crm");
  EXPECT_EQ(record->token, "token-of-acme");
  EXPECT_EQ(record->document, R"({"name":"Acme"})");
  EXPECT_EQ(record->secrets, R"({"api.key":"the-secret-key"})");
  EXPECT_EQ(record->created, "2018-04-04T20:44:36Z");
}

TEST_F(SqliteStore, KeepsEverythingOverARestart) {
  { (void)open()->add_instance(acme()); }
  const auto record = open()->instance_by_token("token-of-acme");
  ASSERT_TRUE(record.has_value());
  EXPECT_EQ(record->secrets, R"({"api.key":"the-secret-key"})");
}

TEST_F(SqliteStore, ListsByIdWithoutTokensAndSecrets) {
  const auto store = open();
  store->add_instance(acme("b", "t1"));
  store->add_instance(acme("a", "t2"));
  const auto all = store->instances();
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_EQ(all[0].name, "b");
  EXPECT_LT(all[0].id, all[1].id);
  for (const InstanceRecord& record : all) {
    EXPECT_THAT(record.token, IsEmpty());
    EXPECT_THAT(record.secrets, IsEmpty());
  }
}

TEST_F(SqliteStore, FindsByIdFirstAndThenByName) {
  const auto store = open();
  store->add_instance(acme("2", "t1"));
  store->add_instance(acme("other", "t2"));
  InstanceRecord same_name = acme("other", "t3");
  same_name.element_key = "erp";
  store->add_instance(same_name);
  EXPECT_EQ(store->find_instances("2").at(0).name, "other");
  EXPECT_THAT(store->find_instances("other"), SizeIs(2));
  EXPECT_THAT(store->find_instances("Other"), IsEmpty());
  EXPECT_THAT(store->find_instances("4"), IsEmpty());
  EXPECT_THAT(store->find_instances(""), IsEmpty());
  EXPECT_THAT(store->find_instances("' OR 1=1 --"), IsEmpty());
}

TEST_F(SqliteStore, ATextWithZeroBytesAndQuotesComesBackWhole) {
  const auto store = open();
  InstanceRecord record = acme(std::string("a\0'b\"", 5));
  record.secrets = std::string("\0\xff", 2);
  const auto back = store->instance(store->add_instance(record));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->name, record.name);
  EXPECT_EQ(back->secrets, record.secrets);
}

TEST_F(SqliteStore, SeveralInstancesMayHaveOneName) {
  const auto store = open();
  EXPECT_EQ(store->add_instance(acme()), 1);
  EXPECT_EQ(store->add_instance(acme("Acme", "another")), 2);
  EXPECT_THAT(store->find_instances("Acme"), SizeIs(2));
}

TEST_F(SqliteStore, KeepsWhoseAnInstanceIsAndWhatChangesInIt) {
  const auto store = open();
  InstanceRecord record = acme();
  record.account = 3;
  record.user = 4;
  record.id = store->add_instance(record);
  record.name = "Acme 2";
  record.document = R"({"tags":["x"]})";
  record.disabled = true;
  record.updated = "2026-01-02T03:04:05Z";
  record.secrets.clear();
  EXPECT_TRUE(store->replace_instance(record));
  const auto kept = store->instance(record.id);
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->name, "Acme 2");
  EXPECT_EQ(kept->document, R"({"tags":["x"]})");
  EXPECT_EQ(kept->account, 3);
  EXPECT_EQ(kept->user, 4);
  EXPECT_TRUE(kept->disabled);
  EXPECT_EQ(kept->updated, "2026-01-02T03:04:05Z");
  EXPECT_EQ(kept->secrets, acme().secrets) << "empty ones replace nothing";
  record.secrets = R"({"configuration":{"api.key":"new"}})";
  EXPECT_TRUE(store->replace_instance(record));
  EXPECT_EQ(store->instance(record.id)->secrets, record.secrets);
  EXPECT_THAT(store->instances(3), SizeIs(1));
  EXPECT_THAT(store->instances(4), IsEmpty());
  record.id = 99;
  EXPECT_FALSE(store->replace_instance(record));
}

TEST_F(SqliteStore, ShowsAnInstanceByItsTokenWithoutItsSecrets) {
  const auto store = open();
  (void)store->add_instance(acme());
  const auto shown = store->shown_instance_by_token(acme().token);
  ASSERT_TRUE(shown);
  EXPECT_EQ(shown->name, "Acme");
  EXPECT_EQ(shown->token + shown->secrets, "");
  EXPECT_FALSE(store->shown_instance_by_token("nobody's"));
}

TEST_F(SqliteStore, ATokenAndAnIdAreTakenOnce) {
  const auto store = open();
  InstanceRecord record = acme();
  record.id = 7;
  EXPECT_EQ(store->add_instance(record), 7);
  EXPECT_THAT([&] { store->add_instance(acme("Other", "token-of-acme")); }, throws_error(ErrorCode::conflict, "token"));
  InstanceRecord same_id = acme("Third", "t3");
  same_id.id = 7;
  EXPECT_THAT([&] { store->add_instance(same_id); }, throws_error(ErrorCode::conflict, "id"));
  EXPECT_THAT(store->instances(), SizeIs(1)) << "a refused one leaves nothing";
}

TEST_F(SqliteStore, ForgetsWhatIsRemovedAndNeverGivesItsIdAgain) {
  const auto store = open();
  const std::int64_t id = store->add_instance(acme());
  EXPECT_TRUE(store->remove_instance(id));
  EXPECT_FALSE(store->remove_instance(id));
  EXPECT_FALSE(store->instance(id).has_value());
  EXPECT_FALSE(store->instance_by_token("token-of-acme").has_value());
  EXPECT_GT(store->add_instance(acme()), id);
}

TEST_F(SqliteStore, WritesNoSecretInClear) {
  {
    const auto store = open();
    store->add_instance(acme());
  }
  std::string disk;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) disk += read_file(entry.path());
  EXPECT_THAT(disk, Not(HasSubstr("the-secret-key")));
  EXPECT_THAT(disk, Not(HasSubstr("token-of-acme")));
  EXPECT_THAT(disk, HasSubstr("2018-04-04T20:44:36Z")) << "this looked at the right files";
}

TEST_F(SqliteStore, ASealedRecordOpensOnlyWhereItWasPut) {
  {
    const auto store = open();
    store->add_instance(acme("a", "ta"));
    store->add_instance(acme("b", "tb"));
  }
  run_sql("UPDATE instances SET secrets = (SELECT secrets FROM instances WHERE id = 1) WHERE id = 2");
  const auto store = open();
  EXPECT_TRUE(store->instance(1).has_value());
  EXPECT_THAT([&] { (void)store->instance(2); }, throws_error(ErrorCode::store_failed, "changed or moved"));
}

TEST_F(SqliteStore, RefusesADatabaseOfANewerVersion) {
  { (void)open(); }
  run_sql("INSERT INTO migrations (version) VALUES (1000)");
  EXPECT_THAT([&] { (void)open(); },
              throws_error(ErrorCode::store_failed, "the database is of version 1000 and this program knows up to "));
}

TEST_F(SqliteStore, RefusesAnotherProgramsDatabase) {
  std::filesystem::create_directory(folder);
  run_sql("CREATE TABLE theirs (x)");
  EXPECT_THAT([&] { (void)open(); }, throws_error(ErrorCode::store_failed, "another program's database"));
}

TEST_F(SqliteStore, RefusesAFileThatIsNoDatabase) {
  std::filesystem::create_directory(folder);
  write_file(database(), std::string(5000, 'x'));
  EXPECT_THAT([&] { (void)open(); }, throws_error(ErrorCode::store_failed, "no database of Formulary"));
}

TEST_F(SqliteStore, SaysThatADatabaseIsDamaged) {
  {
    const auto store = open();
    for (int i = 0; i < 50; ++i) store->add_instance(acme("n" + std::to_string(i), "t" + std::to_string(i)));
  }
  std::string bytes = read_file(database());
  ASSERT_GT(bytes.size(), 16384U);
  bytes.replace(4096, bytes.size() - 4096, bytes.size() - 4096, '\x5a');
  write_file(database(), bytes);
  EXPECT_THAT([&] { (void)open()->instances(); },
              throws_error(ErrorCode::store_failed, "the database is damaged; stop, keep a copy"));
}

TEST_F(SqliteStore, SaysWhoIsInTheWayWhenTheDatabaseIsLocked) {
  const auto store = open_store({.folder = folder, .lock_wait = std::chrono::milliseconds(1)});
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open(database().c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other, "BEGIN EXCLUSIVE", nullptr, nullptr, nullptr), SQLITE_OK);
  EXPECT_THAT([&] { store->add_instance(acme()); },
              throws_error(ErrorCode::store_failed, "another process keeps the database locked"));
  sqlite3_close(other);
  EXPECT_EQ(store->add_instance(acme()), 1);
}

TEST_F(SqliteStore, ServesManyThreads) {
  const auto store = open();
  std::atomic<int> found{0};
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i) {
        const std::string name = std::to_string(t) + "-" + std::to_string(i);
        const std::int64_t id = store->add_instance(acme(name, "token " + name));
        const auto record = store->instance_by_token("token " + name);
        found += record && record->id == id ? 1 : 0;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(found, 80);
  EXPECT_THAT(store->instances(), SizeIs(80));
}

TEST_F(SqliteStore, TwoProgramsThatStartAtOnceMakeOneKey) {
  constexpr int programs = 6;
  std::array<int, 2> gate{};
  ASSERT_EQ(pipe(gate.data()), 0);
  std::vector<pid_t> children;
  for (int i = 0; i < programs; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      close(gate[1]);
      char byte = 0;
      (void)!read(gate[0], &byte, 1);  // ends when the parent lets all go at once
      int status = 1;
      try {
        const std::string name = std::to_string(i);
        open()->add_instance(acme(name, "token " + name));
        status = 0;
      } catch (const Error& error) {
        std::fprintf(stderr, "child %d: %s\n", i, error.what());
      }
      _exit(status);
    }
    children.push_back(child);
  }
  close(gate[0]);
  close(gate[1]);
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  const auto store = open();
  EXPECT_THAT(store->instances(), SizeIs(programs));
  for (int i = 0; i < programs; ++i) EXPECT_TRUE(store->instance_by_token("token " + std::to_string(i)).has_value());
}

}  // namespace
}  // namespace formulary::testing
