#include "host/store/formula_store.hpp"

#include <gmock/gmock.h>

#include "host/store/schedule_store.hpp"
#include "tests/host/store/journal_fixture.hpp"

namespace formulary::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

class FormulaStoreTest : public JournalTest {
 protected:
  std::int64_t add_formula(FormulaStore& store, const std::string& name) {
    const std::int64_t version = store.put_version("id-of-" + name, R"({"name":")" + name + "\"}");
    return store.add_formula({.version = version, .name = name, .created_ms = 1, .updated_ms = 1});
  }
};

TEST_F(FormulaStoreTest, AVersionIsKeptOncePerContent) {
  FormulaStore store(storage());
  const std::int64_t first = store.put_version("a", R"({"name":"f"})");
  EXPECT_EQ(store.put_version("a", R"({"name":"f"})"), first);
  EXPECT_NE(store.put_version("b", R"({"name":"g"})"), first);
  EXPECT_EQ(store.version(first), R"({"name":"f"})");
  EXPECT_FALSE(store.version(99));
}

TEST_F(FormulaStoreTest, FormulasAreAddedReplacedAndRemoved) {
  FormulaStore store(storage());
  const std::int64_t id = add_formula(store, "f");
  EXPECT_EQ(store.formula(id)->document, R"({"name":"f"})");
  FormulaRecord changed = *store.formula(id);
  changed.version = store.put_version("id-of-g", R"({"name":"g"})");
  changed.name = "g";
  changed.active = false;
  changed.updated_ms = 7;
  EXPECT_TRUE(store.replace_formula(changed));
  EXPECT_EQ(store.formula(id)->document, R"({"name":"g"})");
  EXPECT_EQ(store.formula(id)->updated_ms, 7);
  EXPECT_FALSE(store.formula(id)->active);
  EXPECT_THAT(store.formulas(), SizeIs(1));

  changed.id = 99;
  EXPECT_FALSE(store.replace_formula(changed));
  EXPECT_FALSE(store.remove_formula(99));
  EXPECT_TRUE(store.remove_formula(id));
  EXPECT_FALSE(store.formula(id));
}

TEST_F(FormulaStoreTest, AFormulaWithInstancesStays) {
  FormulaStore store(storage());
  const std::int64_t id = add_formula(store, "f");
  const std::int64_t instance = store.add_instance({.formula = id, .name = "i"});
  EXPECT_THAT([&] { store.remove_formula(id); }, throws_error(ErrorCode::conflict, "it has 1 instances"));
  EXPECT_TRUE(store.remove_instance(instance));
  EXPECT_TRUE(store.remove_formula(id));
}

TEST_F(FormulaStoreTest, AnInstanceComesBackAsItWasAndItsConfigurationIsSealed) {
  FormulaStore store(storage());
  const std::int64_t formula = add_formula(store, "f");
  FormulaInstanceRecord record{.formula = formula,
                               .name = "i",
                               .configuration = R"({"password":"very-secret-word"})",
                               .settings = R"({"api":"GET /x"})",
                               .active = false,
                               .single_threaded = true,
                               .created_ms = 1,
                               .updated_ms = 2,
                               .consecutive_errors = 3,
                               .first_error_ms = 4,
                               .warnings = 5};
  record.id = store.add_instance(record);
  const auto same = [&record](const FormulaInstanceRecord& other) {
    return other.id == record.id && other.formula == record.formula && other.name == record.name &&
           other.configuration == record.configuration && other.settings == record.settings &&
           other.active == record.active && other.single_threaded == record.single_threaded &&
           other.created_ms == record.created_ms && other.updated_ms == record.updated_ms &&
           other.consecutive_errors == record.consecutive_errors && other.first_error_ms == record.first_error_ms &&
           other.warnings == record.warnings;
  };
  EXPECT_TRUE(same(*store.instance(record.id)));
  record.name = "j";
  record.configuration = R"({"password":"another-secret"})";
  record.active = true;
  record.consecutive_errors = 0;
  EXPECT_TRUE(store.replace_instance(record));
  EXPECT_TRUE(same(*store.instance(record.id)));
  EXPECT_THAT(store.instances(formula), SizeIs(1));
  EXPECT_THAT(store.instances(), SizeIs(1));
  EXPECT_THAT(store.instances(formula + 1), SizeIs(0));
  storage()->connect().run("PRAGMA wal_checkpoint(TRUNCATE)");
  EXPECT_THAT(read_file(database()), Not(HasSubstr("another-secret")));
  EXPECT_THAT(read_file(database()), HasSubstr("GET /x"));

  EXPECT_TRUE(store.remove_instance(record.id));
  EXPECT_FALSE(store.remove_instance(record.id));
  EXPECT_FALSE(store.replace_instance(record));
  EXPECT_FALSE(store.instance(record.id));
}

TEST_F(FormulaStoreTest, AMomentOfAScheduleIsClaimedOnceAndNeverAnEarlierOne) {
  ScheduleStore one(*storage());
  ScheduleStore other(*storage());
  EXPECT_FALSE(one.find(1));
  EXPECT_TRUE(one.claim(1, {.last_fire_ms = 1'000}));
  EXPECT_FALSE(other.claim(1, {.last_fire_ms = 1'000}));
  EXPECT_FALSE(other.claim(1, {.last_fire_ms = 500, .missed = 7}));
  EXPECT_TRUE(other.claim(1, {.last_fire_ms = 4'000, .missed = 2}));
  EXPECT_TRUE(other.claim(1, {.last_fire_ms = 5'000, .missed = 1}));
  EXPECT_EQ(one.find(1)->last_fire_ms, 5'000);
  EXPECT_EQ(one.find(1)->missed, 3);
}

}  // namespace
}  // namespace formulary::testing
