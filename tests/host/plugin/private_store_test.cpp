#include "host/plugin/private_store.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/plugin/refusal.hpp"
#include "tests/host/plugin/plugin_fixture.hpp"

namespace formulary {
namespace {

namespace fs = std::filesystem;

class PrivateStoreTest : public PluginFolderTest {
 protected:
  static mode_t mode(const fs::path& path) {
    struct stat status {};
    return ::lstat(path.c_str(), &status) == 0 ? status.st_mode & 07777U : 0;
  }
  fs::path folder = home / "data" / "copies";
  const std::vector<PackageFile> files = {{"crm.so", "library"}, {"lib/libx.so.1", "companion"}};
};

TEST_F(PrivateStoreTest, KeepsCopiesThatNobodyElseCanReadOrChange) {
  PrivateStore store(folder);
  const fs::path copy = store.keep(files, 0);
  EXPECT_EQ(read(copy / "crm.so"), "library");
  EXPECT_EQ(read(copy / "lib" / "libx.so.1"), "companion");
  EXPECT_EQ(mode(folder), 0700U);
  EXPECT_EQ(mode(copy), 0700U);
  EXPECT_EQ(mode(copy / "crm.so"), 0500U);
}

TEST_F(PrivateStoreTest, FindsACopyAgainWithoutWritingIt) {
  const fs::path copy = PrivateStore(folder).keep(files, 0);
  struct stat first {};
  ASSERT_EQ(::lstat((copy / "crm.so").c_str(), &first), 0);
  EXPECT_EQ(PrivateStore(folder).keep(files, 0), copy);
  struct stat second {};
  ASSERT_EQ(::lstat((copy / "crm.so").c_str(), &second), 0);
  EXPECT_EQ(first.st_ino, second.st_ino);
}

TEST_F(PrivateStoreTest, ReplacesACopyThatIsNotWhatItsNameSays) {
  PrivateStore store(folder);
  const fs::path copy = store.keep(files, 0);
  struct stat before {};
  ASSERT_EQ(::lstat((copy / "crm.so").c_str(), &before), 0);
  fs::permissions(copy / "crm.so", fs::perms::owner_all);
  write(copy / "crm.so", "LIBRARY");
  EXPECT_EQ(store.keep(files, 0), copy);
  EXPECT_EQ(read(copy / "crm.so"), "library");
  struct stat after {};
  ASSERT_EQ(::lstat((copy / "crm.so").c_str(), &after), 0);
  EXPECT_NE(before.st_ino, after.st_ino) << "it was written in place, under a process that may have it mapped";
}

TEST_F(PrivateStoreTest, KeepsEditionsOfOneContentApart) {
  PrivateStore store(folder);
  EXPECT_NE(store.keep(files, 0), store.keep(files, 1));
}

TEST_F(PrivateStoreTest, RefusesAFolderOfAnother) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a folder away";
  fs::create_directories(folder);
  ASSERT_EQ(::chown(folder.c_str(), 12345, 12345), 0);
  EXPECT_THROW(PrivateStore{folder}, PluginRefusal);
}

TEST_F(PrivateStoreTest, SaysWhereItCannotWrite) {
  write(home / "data", "a file, not a folder");
  const auto refusal = thrown_by<PluginRefusal>([&] { PrivateStore{folder}; });
  EXPECT_EQ(refusal.reason_code(), "plugin.no_private_copy");
  EXPECT_THAT(refusal.what(), testing::HasSubstr(folder.string()));
}

TEST(ContentHash, IsSha256OfNamesAndContents) {
  // printf '6 7 crm.solibrary' | sha256sum
  EXPECT_EQ(content_hash({{"crm.so", "library"}}), "13c41c6ae0e8e78d6ce510919342498f0a61349879ecfa6c69d51ec935e557a5");
  EXPECT_NE(content_hash({{"a", "bc"}}), content_hash({{"ab", "c"}}));
}

}  // namespace
}  // namespace formulary
