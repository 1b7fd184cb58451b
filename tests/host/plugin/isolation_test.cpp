#include <gmock/gmock.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <string>

#include "tests/host/plugin/plugin_fixture.hpp"

namespace formulary {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

/// The real launcher, laid out as it is installed, before a small host that uses Poco; and a plugin that brings a Poco
/// of its own, version 4711.
class IsolationTest : public PluginFolderTest {
 protected:
  IsolationTest() {
    put_fault("own_poco");
    fs::create_directories(home / "bin");
    fs::create_directories(home / "lib" / "formulary");
    fs::copy(LAUNCHER, launcher);
  }

  struct Outcome {
    int status;
    std::string output;
  };
  [[nodiscard]] Outcome run(const fs::path& program) const {
    const std::string command = program.string() + ' ' + plugins().string() + ' ' + (home / "store").string() + " 2>&1";
    FILE* pipe = ::popen(command.c_str(), "r");
    Outcome outcome{-1, {}};
    if (pipe == nullptr) return outcome;
    std::array<char, 4096> buffer{};
    while (std::fgets(buffer.data(), static_cast<int>(buffer.size()), pipe) != nullptr) outcome.output += buffer.data();
    outcome.status = WEXITSTATUS(::pclose(pipe));
    return outcome;
  }

  fs::path launcher = home / "bin" / "formulary";
  fs::path host_library = home / "lib" / "formulary" / "libformulary_host.so";
};

TEST_F(IsolationTest, BehindTheLauncherAPluginCallsItsOwnPoco) {
  fs::copy(SMALL_HOST, host_library);
  const Outcome outcome = run(launcher);
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  EXPECT_THAT(outcome.output, HasSubstr("plugin 4711"));
  EXPECT_THAT(outcome.output, Not(HasSubstr("host 4711")));
}

TEST_F(IsolationTest, WithoutTheLauncherTheHostsPocoWouldReplaceIt) {
  const Outcome outcome = run(LINKED_HOST);
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  EXPECT_THAT(outcome.output, Not(HasSubstr("plugin 4711")))
      << "the launcher is not needed any more: see decision 0007";
}

TEST_F(IsolationTest, TheLauncherSaysWhatIsMissing) {
  const Outcome outcome = run(launcher);
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.output, HasSubstr("its host library cannot be loaded"));
  EXPECT_THAT(outcome.output, HasSubstr("libformulary_host.so"));
}

TEST_F(IsolationTest, TheLauncherRefusesALibraryThatIsNoHost) {
  fs::copy(fs::path(FAULTS_FOLDER) / "fault_working" / "fault_working.so", host_library);
  const Outcome outcome = run(launcher);
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.output, HasSubstr("has no formulary_main"));
}

}  // namespace
}  // namespace formulary
