#include "host/store/data_folder.hpp"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <functional>

#include "host/base/ids.hpp"
#include "host/store/master_key.hpp"
#include "tests/host/store/store_fixture.hpp"

namespace formulary::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// The code of what `body` throws, and whether its sentence says what to do about a missing right.
std::string sentence_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    const bool helpful = std::string_view(error.what()).find("give this user the right") != std::string_view::npos;
    return std::string(name(error.code())) + ": " + (helpful ? "give this user the right" : error.what());
  }
  return "nothing";
}

class DataFolder : public StoreTest {
 protected:
  /// Root may write everywhere, so the body runs in a process that is not root's and owns the folder.
  std::string as_another_user(const std::function<std::string()>& body) const {
    if (geteuid() != 0) return body();
    constexpr uid_t nobody = 65534;
    for (const auto& path : {folder.parent_path(), folder, database(), key_file()}) {
      EXPECT_EQ(chown(path.c_str(), nobody, nobody), 0) << path;
    }
    std::array<int, 2> answer{};
    EXPECT_EQ(pipe(answer.data()), 0);
    const pid_t child = fork();
    if (child == 0) {
      const std::string text = setuid(nobody) == 0 ? body() : "setuid";
      (void)!write(answer[1], text.data(), text.size());
      _exit(0);
    }
    close(answer[1]);
    std::string text(1024, '\0');
    const ssize_t length = read(answer[0], text.data(), text.size());
    close(answer[0]);
    EXPECT_EQ(waitpid(child, nullptr, 0), child);
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(length, 0)));
    return text;
  }

  static unsigned mode_of(const std::filesystem::path& path) {
    struct stat status {};
    EXPECT_EQ(stat(path.c_str(), &status), 0) << path;
    return status.st_mode & 0777U;
  }
};

TEST_F(DataFolder, IsMadeForItsOwnerAlone) {
  folder = folder / "deeper" / "data";
  const auto store = open();
  EXPECT_EQ(mode_of(folder), 0700U);
  EXPECT_EQ(mode_of(database()), 0600U);
  EXPECT_EQ(mode_of(key_file()), 0600U);
  EXPECT_EQ(mode_of(folder / "formulary.db-wal"), 0600U);
}

TEST_F(DataFolder, ThatOthersMayWriteIsRefused) {
  std::filesystem::create_directory(folder);
  ASSERT_EQ(chmod(folder.c_str(), 0777), 0);
  EXPECT_THAT([&] { (void)open(); },
              throws_error(ErrorCode::store_failed, "others may write the data folder; run: chmod 700"));
}

TEST_F(DataFolder, ThatIsAFileIsRefused) {
  write_file(folder, "x");
  EXPECT_THAT([&] { (void)open(); },
              throws_error(ErrorCode::store_failed, "the data folder cannot be opened: Not a directory"));
}

TEST_F(DataFolder, ThatCannotBeMadeIsRefused) {
  write_file(folder, "x");
  folder = folder / "below";
  EXPECT_THAT([&] { (void)open(); }, throws_error(ErrorCode::store_failed, "the data folder cannot be made"));
}

TEST_F(DataFolder, ThatIsReadOnlyIsRefused) {
  { (void)open(); }
  ASSERT_EQ(chmod(folder.c_str(), 0500), 0);
  EXPECT_EQ(as_another_user([&] { return sentence_of([&] { (void)open()->add_instance(acme()); }); }),
            "store_failed: give this user the right");
  ASSERT_EQ(chmod(folder.c_str(), 0700), 0);
}

TEST_F(DataFolder, TakesARestoredDatabaseAwayFromOthers) {
  { (void)open(); }
  ASSERT_EQ(chmod(database().c_str(), 0644), 0);
  { (void)open(); }
  EXPECT_EQ(mode_of(database()), 0600U);
}

TEST_F(DataFolder, ADatabaseThatIsALinkIsRefused) {
  { (void)open(); }
  std::filesystem::rename(database(), folder / "elsewhere.db");
  std::filesystem::create_symlink(folder / "elsewhere.db", database());
  EXPECT_THAT([&] { (void)open(); }, throws_error(ErrorCode::store_failed, "the database cannot be opened"));
}

class MasterKey : public DataFolder {};

TEST_F(MasterKey, IsTakenInBase64AndInHex) {
  const std::string bytes = random_bytes(32);
  EXPECT_EQ(parse_master_key(to_base64(bytes)).view(), bytes);
  EXPECT_EQ(parse_master_key(to_hex(bytes) + "\n").view(), bytes);
  // 64 digits are also valid base64: of 48 bytes.
  EXPECT_EQ(parse_master_key(std::string(64, 'a')).view(), std::string(32, '\xaa'));
}

TEST_F(MasterKey, ThatIsNoneIsRefusedWithoutBeingRepeated) {
  for (const std::string& given : {std::string("hunter2"), std::string(43, 'A') + "A", to_base64(random_bytes(31)),
                                   to_hex(random_bytes(33)), std::string(64, 'x'), to_base64(random_bytes(32)) + " "}) {
    try {
      (void)parse_master_key(given);
      ADD_FAILURE() << given;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::bad_input);
      EXPECT_THAT(error.what(), HasSubstr("openssl rand -base64 32"));
      EXPECT_THAT(error.what(), Not(HasSubstr(given)));
    }
  }
}

TEST_F(MasterKey, GivenOrInAFileIsTheSame) {
  { (void)open()->add_instance(acme()); }
  const std::string key = read_file(key_file());
  EXPECT_EQ(key.size(), 45U);
  std::filesystem::remove(key_file());
  EXPECT_EQ(open(key)->instance(1)->token, "token-of-acme");
  EXPECT_FALSE(std::filesystem::exists(key_file())) << "a given key is not written down";
}

TEST_F(MasterKey, ThatDoesNotFitIsToldApartBeforeAnythingIsSealed) {
  { (void)open()->add_instance(acme()); }
  const std::string other = to_hex(random_bytes(32));
  EXPECT_THAT(
      [&] { (void)open(other); },
      throws_error(ErrorCode::store_failed, "the master key does not fit this data folder; the one that was given"));
  write_file(key_file(), to_base64(random_bytes(32)));
  EXPECT_THAT([&] { (void)open(); }, throws_error(ErrorCode::store_failed, "the master.key in it is not the key"));
}

TEST_F(MasterKey, ThatIsLostIsNotReplaced) {
  { (void)open()->add_instance(acme()); }
  std::filesystem::remove(key_file());
  EXPECT_THAT([&] { (void)open(); },
              throws_error(ErrorCode::store_failed, "it is missing, and the stored secrets can be read with it alone"));
  EXPECT_FALSE(std::filesystem::exists(key_file()));
}

TEST_F(MasterKey, ThatOthersMayReadIsRefused) {
  { (void)open(); }
  for (const mode_t mode : {0640U, 0604U, 0660U}) {
    ASSERT_EQ(chmod(key_file().c_str(), mode), 0);
    EXPECT_THAT([&] { (void)open(); },
                throws_error(ErrorCode::store_failed, "others may read the key; run: chmod 600"));
  }
}

TEST_F(MasterKey, ThatIsALinkAFolderOrAPipeIsRefused) {
  { (void)open(); }
  std::filesystem::rename(key_file(), folder / "real.key");
  std::filesystem::create_symlink(folder / "real.key", key_file());
  EXPECT_THAT([&] { (void)open(); }, throws_error(ErrorCode::store_failed, "it is a link"));
  std::filesystem::remove(key_file());
  std::filesystem::create_directory(key_file());
  EXPECT_THAT([&] { (void)open(); }, throws_error(ErrorCode::store_failed, "it is not a file"));
  std::filesystem::remove(key_file());
  ASSERT_EQ(mkfifo(key_file().c_str(), 0600), 0);
  EXPECT_THAT([&] { (void)open(); }, throws_error(ErrorCode::store_failed, "it is not a file"));
}

TEST_F(MasterKey, OfTheWrongLengthIsRefused) {
  { (void)open(); }
  for (const std::string& text :
       {std::string(), std::string("x"), to_base64(random_bytes(33)), std::string(4096, 'A')}) {
    write_file(key_file(), text);
    EXPECT_THAT([&] { (void)open(); }, throws_error(ErrorCode::store_failed, "it is not 32 bytes in base64 or hex"));
  }
}

TEST_F(MasterKey, LeavesNoDraftBehind) {
  { (void)open(); }
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    EXPECT_THAT(entry.path().filename().string(), ::testing::AnyOf("master.key", "formulary.db"));
  }
}

}  // namespace
}  // namespace formulary::testing
