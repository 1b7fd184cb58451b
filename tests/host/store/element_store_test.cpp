#include "host/store/element_store.hpp"

#include <gmock/gmock.h>

#include "host/store/sqlite.hpp"
#include "host/store/storage.hpp"
#include "tests/host/store/store_fixture.hpp"

namespace formulary::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class ElementStoreTest : public StoreTest {
 protected:
  ElementStoreTest() : storage(Storage::open({.folder = folder})), store(storage) {}

  std::int64_t add(std::int64_t account, const std::string& key, const std::string& document = "{}") {
    const std::int64_t id = store.take_ids(1);
    store.add({.id = id, .account = account, .key = key, .document = document, .created_ms = 1, .updated_ms = 1});
    return id;
  }

  std::shared_ptr<Storage> storage;
  ElementStore store;
};

TEST_F(ElementStoreTest, AnIdIsNeverGivenTwice) {
  const std::int64_t first = store.take_ids(10);
  EXPECT_EQ(store.take_ids(1), first + 10);
  const std::int64_t id = add(1, "a");
  EXPECT_TRUE(store.remove(1, id));
  ElementStore other(storage);
  EXPECT_EQ(other.take_ids(1), id + 1);
}

TEST_F(ElementStoreTest, AnElementIsItsAccountsAlone) {
  const std::int64_t id = add(1, "a", R"({"name":"A"})");
  EXPECT_EQ(store.element(1, id)->key, "a");
  EXPECT_EQ(store.element(1, "a")->document, R"({"name":"A"})");
  EXPECT_FALSE(store.element(2, id));
  EXPECT_FALSE(store.element(2, "a"));
  EXPECT_THAT(store.elements(2), IsEmpty());
  EXPECT_FALSE(store.change(2, id, [](ElementRecord&) { FAIL(); }));
  EXPECT_FALSE(store.remove(2, id));
  add(2, "a");
  EXPECT_THAT(store.elements(1), SizeIs(1));
}

TEST_F(ElementStoreTest, AKeyIsTakenOncePerAccount) {
  add(1, "a");
  EXPECT_THAT([&] { add(1, "a"); }, throws_error(ErrorCode::conflict, ""));
}

TEST_F(ElementStoreTest, AChangeThatFailsChangesNothing) {
  const std::int64_t id = add(1, "a", "{}");
  EXPECT_TRUE(store.change(1, id, [](ElementRecord& record) {
    record.document = R"({"b":1})";
    record.updated_ms = 7;
  }));
  EXPECT_EQ(store.element(1, id)->updated_ms, 7);
  const auto failing = [](ElementRecord& record) {
    record.document = "lost";
    throw Error(ErrorCode::bad_input, "body: no");
  };
  EXPECT_THAT([&] { store.change(1, id, failing); }, throws_error(ErrorCode::bad_input, "body: no"));
  EXPECT_EQ(store.element(1, id)->document, R"({"b":1})");
}

TEST_F(ElementStoreTest, DefaultValuesAreSealed) {
  add(1, "a", R"({"defaultValue":"very-secret-word"})");
  storage->connect().run("PRAGMA wal_checkpoint(TRUNCATE)");
  EXPECT_THAT(read_file(database()), Not(HasSubstr("very-secret-word")));
}

TEST_F(ElementStoreTest, AnExtensionComesAndGoes) {
  EXPECT_FALSE(store.extension(1, "crm"));
  store.change_extension(1, "crm", [](std::string& document) {
    EXPECT_EQ(document, "");
    document = "1";
  });
  store.change_extension(1, "crm", [](std::string& document) {
    EXPECT_EQ(document, "1");
    document = "2";
  });
  EXPECT_EQ(store.extension(1, "crm"), "2");
  EXPECT_FALSE(store.extension(2, "crm"));
  store.change_extension(1, "crm", [](std::string& document) { document.clear(); });
  EXPECT_FALSE(store.extension(1, "crm"));
}

TEST_F(ElementStoreTest, AnAccountHasBounds) {
  const std::string large(9U << 20U, 'x');
  for (const char* key : {"a", "b", "c", "d", "e", "f"}) add(1, key, large);
  const std::int64_t id = add(1, "g", large);
  EXPECT_THAT([&] { add(1, "h", large); }, throws_error(ErrorCode::limit_reached, "over 64 MiB"));
  const auto grow = [](ElementRecord& record) { record.document.append(6U << 20U, 'x'); };
  EXPECT_THAT([&] { store.change(1, id, grow); }, throws_error(ErrorCode::limit_reached, "over 64 MiB"));
  EXPECT_THAT(store.elements(1), SizeIs(7));
  add(2, "h", large);
}

TEST_F(ElementStoreTest, HubsAreAnAccounts) {
  store.add_hub({.id = store.take_ids(1), .account = 1, .key = "mine", .document = "{}"});
  EXPECT_THAT(store.hubs(1), SizeIs(1));
  EXPECT_THAT(store.hubs(2), IsEmpty());
  EXPECT_FALSE(store.remove_hub(2, "mine"));
  EXPECT_TRUE(store.remove_hub(1, "mine"));
}

}  // namespace
}  // namespace formulary::testing
