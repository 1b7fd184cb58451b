#include "host/cli/contexts.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "host/base/error.hpp"
#include "tests/support/temp_folder.hpp"

namespace formulary::cli {
namespace {

class ContextsTest : public testing::Test {
 protected:
  [[nodiscard]] std::filesystem::path file() const { return folder_.path() / "deep" / "contexts.json"; }

  static ServerContext context(const std::string& name) {
    ServerContext made;
    made.name = name;
    made.url = "https://example.org/elements/api-v2";
    made.user_secret = "user-secret";
    made.organization_secret = "organization-secret";
    return made;
  }

 private:
  TempFolder folder_;
};

TEST_F(ContextsTest, WhatIsSavedIsReadAgainAndOnlyItsOwnerCanReadIt) {
  Contexts contexts = Contexts::load(file());
  EXPECT_TRUE(contexts.all().empty());
  contexts.put(context("prod"));
  contexts.use("prod");
  contexts.save();

  struct stat status {};
  ASSERT_EQ(stat(file().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  const Contexts again = Contexts::load(file());
  EXPECT_EQ(again.current(), "prod");
  EXPECT_EQ(again.find("prod").user_secret, "user-secret");
  EXPECT_EQ(again.find("prod").organization_secret, "organization-secret");
}

TEST_F(ContextsTest, AFileThatOthersCanUseIsRefused) {
  Contexts contexts = Contexts::load(file());
  contexts.put(context("prod"));
  contexts.save();
  for (const mode_t mode : {0640U, 0604U, 0620U}) {
    ASSERT_EQ(chmod(file().c_str(), mode), 0);
    EXPECT_THROW((void)Contexts::load(file()), Error) << mode;
  }
}

TEST_F(ContextsTest, ALinkIsRefused) {
  Contexts contexts = Contexts::load(file());
  contexts.put(context("prod"));
  contexts.save();
  const std::filesystem::path link = file().string() + ".link";
  std::filesystem::create_symlink(file(), link);
  EXPECT_THROW((void)Contexts::load(link), Error);
}

TEST_F(ContextsTest, TheOneThatIsDeletedIsNoLongerChosen) {
  Contexts contexts = Contexts::load(file());
  contexts.put(context("prod"));
  contexts.use("prod");
  contexts.remove("prod");
  EXPECT_EQ(contexts.current(), "");
  EXPECT_THROW((void)contexts.find("prod"), Error);
  EXPECT_THROW(contexts.use("prod"), Error);
}

TEST_F(ContextsTest, NamesThatAreNoneAreRefused) {
  Contexts contexts = Contexts::load(file());
  for (const char* name : {"", "local", "a b", "a/b", "\xC3\xA4"}) {
    EXPECT_THROW(contexts.put(context(name)), Error) << name;
  }
}

TEST(ApiUrl, IsMadeOfWhatAPersonTypes) {
  EXPECT_EQ(api_url("https://example.org", false), "https://example.org/elements/api-v2");
  EXPECT_EQ(api_url("https://example.org/elements/api-v2/", false), "https://example.org/elements/api-v2");
  EXPECT_EQ(api_url("http://127.0.0.1:8080", false), "http://127.0.0.1:8080/elements/api-v2");
  EXPECT_EQ(api_url("http://[::1]:8080", false), "http://[::1]:8080/elements/api-v2");
  EXPECT_EQ(api_url("http://localhost", false), "http://localhost/elements/api-v2");
  EXPECT_EQ(api_url("http://example.org", true), "http://example.org/elements/api-v2");
}

TEST(ApiUrl, RefusesWhatIsNoneAndPlainHttpToOthers) {
  for (const char* typed : {"example.org", "ftp://example.org", "https://", "https://me:pw@example.org",
                            "https://example.org/?a=b", "https://example.org/#a", "https://exa mple.org",
                            "http://example.org", "http://127.0.0.1.example.org", "http://localhost.example.org"}) {
    EXPECT_THROW((void)api_url(typed, false), Error) << typed;
  }
}

}  // namespace
}  // namespace formulary::cli
