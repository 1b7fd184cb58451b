#include "host/plugin/private_store.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "host/plugin/refusal.hpp"
#include "tests/host/plugin/probe_fixture.hpp"

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
  const std::string name = content_hash(files);
};

/// A process of its own that is given a copy and lives until it is told to end.
class Holder {
 public:
  Holder(PrivateStore& store, const std::vector<PackageFile>& files, const std::string& name) {
    process_ = ::fork();
    if (process_ == 0) {
      (void)store.keep(files, name);
      kept_.put();
      end_.wait();
      ::_exit(0);
    }
    kept_.wait();
  }
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;
  ~Holder() { kill(); }

  void kill() {
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    process_ = 0;
  }

 private:
  Pipe kept_;
  Pipe end_;
  pid_t process_ = 0;
};

TEST_F(PrivateStoreTest, KeepsCopiesThatNobodyElseCanReadOrChange) {
  PrivateStore store(folder);
  const fs::path copy = store.keep(files, name);
  EXPECT_EQ(read(copy / "crm.so"), "library");
  EXPECT_EQ(read(copy / "lib" / "libx.so.1"), "companion");
  EXPECT_EQ(mode(folder), 0700U);
  EXPECT_EQ(mode(copy), 0700U);
  EXPECT_EQ(mode(copy / "crm.so"), 0500U);
}

TEST_F(PrivateStoreTest, FindsACopyAgainWithoutWritingIt) {
  const fs::path copy = PrivateStore(folder).keep(files, name);
  struct stat first {};
  ASSERT_EQ(::lstat((copy / "crm.so").c_str(), &first), 0);
  EXPECT_EQ(PrivateStore(folder).keep(files, name), copy);
  struct stat second {};
  ASSERT_EQ(::lstat((copy / "crm.so").c_str(), &second), 0);
  EXPECT_EQ(first.st_ino, second.st_ino);
}

TEST_F(PrivateStoreTest, ReplacesACopyThatIsNotWhatItsNameSays) {
  PrivateStore store(folder);
  const fs::path copy = store.keep(files, name);
  struct stat before {};
  ASSERT_EQ(::lstat((copy / "crm.so").c_str(), &before), 0);
  fs::permissions(copy / "crm.so", fs::perms::owner_all);
  write(copy / "crm.so", "LIBRARY");
  EXPECT_EQ(store.keep(files, name), copy);
  EXPECT_EQ(read(copy / "crm.so"), "library");
  struct stat after {};
  ASSERT_EQ(::lstat((copy / "crm.so").c_str(), &after), 0);
  EXPECT_NE(before.st_ino, after.st_ino) << "it was written in place, under a process that may have it mapped";
}

TEST_F(PrivateStoreTest, KeepsEditionsOfOneContentApart) {
  PrivateStore store(folder);
  EXPECT_NE(store.keep(files, name), store.keep(files, copy_name(name, 1)));
}

TEST_F(PrivateStoreTest, RemovesACopyOnceTheLastProcessThatHeldItIsGone) {
  PrivateStore store(folder);
  Holder one(store, files, name);
  Holder other(store, files, name);
  one.kill();
  store.remove_unheld();
  EXPECT_EQ(read(folder / name / "crm.so"), "library");
  other.kill();
  store.remove_unheld();
  EXPECT_FALSE(fs::exists(folder / name));
}

TEST_F(PrivateStoreTest, LeavesWhatItHoldsAndWhatIsNotACopy) {
  PrivateStore store(folder);
  const fs::path copy = store.keep(files, name);
  fs::create_directory(folder / "notes");
  fs::create_directory(folder / (name + "-old"));
  store.remove_unheld();
  EXPECT_EQ(read(copy / "crm.so"), "library");
  EXPECT_TRUE(fs::exists(folder / "notes"));
  EXPECT_TRUE(fs::exists(folder / (name + "-old")));
}

TEST_F(PrivateStoreTest, HoldsACopyAgainThatSomebodyRemoved) {
  PrivateStore store(folder);
  fs::remove_all(store.keep(files, name));
  const fs::path copy = store.keep(files, name);
  store.remove_unheld();
  EXPECT_EQ(read(copy / "crm.so"), "library");
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
