#include "host/plugin/file_safety.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <functional>

#include "host/plugin/refusal.hpp"
#include "tests/host/plugin/plugin_fixture.hpp"

namespace formulary {
namespace {

namespace fs = std::filesystem;

class FileSafetyTest : public PluginFolderTest {
 protected:
  FileSafetyTest() {
    fs::create_directory(plugins() / "crm");
    write(file, "content");
    tree = safe_folder(plugins());
  }

  [[nodiscard]] std::string code(std::size_t bytes_max = 100) const {
    try {
      (void)read_safe_file(tree, file, bytes_max);
      return "accepted";
    } catch (const PluginRefusal& refusal) {
      return refusal.reason_code();
    }
  }

  fs::path file = plugins() / "crm" / "element.json";
  fs::path tree;
};

TEST_F(FileSafetyTest, ReadsAFileThatOnlyItsOwnerMayChange) {
  const SafeFile read = read_safe_file(tree, file, 100);
  EXPECT_EQ(read.bytes, "content");
  EXPECT_EQ(read.path, fs::canonical(file));
}

TEST_F(FileSafetyTest, FollowsALinkWithinTheFolder) {
  fs::rename(file, plugins() / "crm" / "real.json");
  fs::create_symlink("real.json", file);
  EXPECT_EQ(read_safe_file(tree, file, 100).bytes, "content");
}

struct Change {
  const char* name;
  std::function<void(const fs::path& file, const fs::path& home)> change;
  const char* code;
};

class UnsafeFile : public FileSafetyTest, public testing::WithParamInterface<Change> {};

TEST_P(UnsafeFile, IsRefused) {
  GetParam().change(file, home);
  EXPECT_EQ(code(), GetParam().code);
}

INSTANTIATE_TEST_SUITE_P(
    Changes, UnsafeFile,
    testing::Values(Change{"WritableByAll", [](const fs::path& f, const fs::path&) { ::chmod(f.c_str(), 0646); },
                           "plugin.writable_by_others"},
                    Change{"WritableByItsGroup", [](const fs::path& f, const fs::path&) { ::chmod(f.c_str(), 0664); },
                           "plugin.writable_by_others"},
                    Change{"FolderWritableByAll",
                           [](const fs::path& f, const fs::path&) { ::chmod(f.parent_path().c_str(), 0777); },
                           "plugin.writable_by_others"},
                    Change{"FolderStickyButOpen",
                           [](const fs::path& f, const fs::path&) { ::chmod(f.parent_path().c_str(), 01777); },
                           "plugin.writable_by_others"},
                    Change{"Missing", [](const fs::path& f, const fs::path&) { fs::remove(f); }, "plugin.unreadable"},
                    Change{"Folder",
                           [](const fs::path& f, const fs::path&) {
                             fs::remove(f);
                             fs::create_directory(f);
                           },
                           "plugin.not_a_file"},
                    Change{"Pipe",
                           [](const fs::path& f, const fs::path&) {
                             fs::remove(f);
                             ::mkfifo(f.c_str(), 0600);
                           },
                           "plugin.not_a_file"},
                    Change{"LinkOutside",
                           [](const fs::path& f, const fs::path& home) {
                             fs::rename(f, home / "elsewhere.json");
                             fs::create_symlink(home / "elsewhere.json", f);
                           },
                           "plugin.outside_folder"},
                    Change{"LinkToASiblingWhoseNameBeginsTheSame",
                           [](const fs::path& f, const fs::path& home) {
                             fs::create_directory(home / "plugins-old");
                             fs::rename(f, home / "plugins-old" / "x.json");
                             fs::create_symlink(home / "plugins-old" / "x.json", f);
                           },
                           "plugin.outside_folder"},
                    Change{"TooLarge", [](const fs::path& f, const fs::path&) { fs::resize_file(f, 101); },
                           "plugin.too_large"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST_F(FileSafetyTest, RefusesAFolderThatOthersMayWriteToAndSaysWhatToDo) {
  ::chmod(plugins().c_str(), 0777);
  const auto refusal = thrown_by<PluginRefusal>([&] { (void)safe_folder(plugins()); });
  EXPECT_EQ(refusal.reason_code(), "plugin.writable_by_others");
  EXPECT_THAT(refusal.what(), testing::HasSubstr("chmod go-w"));
}

TEST_F(FileSafetyTest, RefusesAFolderBelowOneThatOthersMayWriteTo) {
  ::chmod(home.c_str(), 0777);
  EXPECT_EQ(thrown_by<PluginRefusal>([&] { (void)safe_folder(plugins()); }).reason_code(), "plugin.writable_by_others");
}

TEST_F(FileSafetyTest, RefusesAStrangersFile) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  ASSERT_EQ(::chown(file.c_str(), 12345, 12345), 0);
  EXPECT_EQ(code(), "plugin.unsafe_owner");
}

TEST_F(FileSafetyTest, RefusesAStrangersFolder) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a folder away";
  ASSERT_EQ(::chown(plugins().c_str(), 12345, 12345), 0);
  EXPECT_EQ(thrown_by<PluginRefusal>([&] { (void)safe_folder(plugins()); }).reason_code(), "plugin.unsafe_owner");
}

}  // namespace
}  // namespace formulary
