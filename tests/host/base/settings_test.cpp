#include "host/base/settings.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/support/error_matchers.hpp"
#include "tests/support/temp_folder.hpp"

namespace formulary {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::throws_error;

class SettingsTest : public ::testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) {
    const std::filesystem::path path = folder.path() / name;
    std::ofstream(path) << text;
    chmod(path.c_str(), 0644);
    return path.string();
  }

  [[nodiscard]] Settings load() const {
    return Settings::load({.flags = flags,
                           .environment = [this](std::string_view name) -> std::optional<std::string> {
                             const auto found = variables.find(std::string(name));
                             return found == variables.end() ? std::nullopt : std::optional(found->second);
                           },
                           .variables =
                               [this] {
                                 std::vector<std::string> names;
                                 for (const auto& [name, value] : variables) names.push_back(name);
                                 return names;
                               },
                           .file = file});
  }

  std::map<std::string, std::string> flags;
  std::map<std::string, std::string> variables;
  std::string file;
  TempFolder folder;
};

TEST_F(SettingsTest, EachLayerCoversTheOnesBelow) {
  EXPECT_EQ(load().text("log.level"), "warn");
  EXPECT_EQ(load().origin("log.level"), "default");
  file = write("formulary.toml", "\n[log]\nlevel = \"debug\"\n");
  EXPECT_EQ(load().text("log.level"), "debug");
  EXPECT_EQ(load().origin("log.level"), file + ":3");
  variables["FORMULARY_LOG_LEVEL"] = "info";
  EXPECT_EQ(load().text("log.level"), "info");
  EXPECT_EQ(load().origin("log.level"), "FORMULARY_LOG_LEVEL");
  flags["log.level"] = "error";
  EXPECT_EQ(load().text("log.level"), "error");
  EXPECT_EQ(load().origin("log.level"), "flag");
  EXPECT_EQ(load().integer("http.time_limit_ms"), 60'000) << "the other keys keep theirs";
}

TEST_F(SettingsTest, PropertiesAreReadAsWell) {
  file = write("f.properties", "http.time_limit_ms = 250\noutput=json\n");
  EXPECT_EQ(load().integer("http.time_limit_ms"), 250);
  EXPECT_EQ(load().text("output"), "json");
  EXPECT_EQ(load().file(), file);
}

TEST_F(SettingsTest, AFileCanBeNamedByTheEnvironment) {
  variables["FORMULARY_SETTINGS"] = write("x.toml", "output = \"json\"");
  EXPECT_EQ(load().text("output"), "json");
}

TEST_F(SettingsTest, AnEmptyVariableIsNone) {
  variables["FORMULARY_OUTPUT"] = "";
  EXPECT_EQ(load().origin("output"), "default");
}

TEST_F(SettingsTest, AVariableThatIsNoSettingsIsRefusedAndNoOtherOne) {
  variables = {{"PATH", "/bin"}, {"FORMULARY", "1"}, {"formulary_data", "x"}, {"FORMULARY_SETTINGS", ""}};
  EXPECT_NO_THROW((void)load());
  for (const auto& [wrong, advice] : std::vector<std::pair<std::string, std::string>>{
           {"FORMULARY_OUTPTU", "did you mean 'FORMULARY_OUTPUT'?"},
           {"FORMULARY_DATA", "did you mean 'FORMULARY_DATA_FOLDER'?"},
           {"FORMULARY_DATA_FOLDR", "did you mean 'FORMULARY_DATA_FOLDER'?"},
           {"FORMULARY_QUITE_ANOTHER_THING", "unset it, or take one of: FORMULARY_SETTINGS, FORMULARY_DATA_FOLDER"}}) {
    variables = {{wrong, ""}};
    EXPECT_THAT([&] { (void)load(); }, throws_error(ErrorCode::bad_input, advice));
    EXPECT_THAT([&] { (void)load(); },
                throws_error(ErrorCode::bad_input, "environment: there is no setting for '" + wrong + "'; "));
  }
}

TEST_F(SettingsTest, EveryDefaultIsGoodAndDescribed) {
  const Settings settings = load();
  for (const SettingSpec& spec : known_settings()) {
    EXPECT_FALSE(spec.description.empty()) << spec.key;
    EXPECT_EQ(settings.origin(spec.key), "default");
    if (spec.kind == SettingSpec::Kind::integer) {
      EXPECT_GE(settings.integer(spec.key), spec.least) << spec.key;
      EXPECT_LE(settings.integer(spec.key), spec.most) << spec.key;
    }
  }
}

struct WrongFile {
  const char* name;
  const char* text;
  const char* message;  ///< After the file's path.
};

TEST_F(SettingsTest, AWrongFileIsRefusedWithLineKeyAndWhatIsAllowed) {
  const WrongFile wrong[] = {
      {"a.toml", "outptu = \"json\"", ":1: there is no setting 'outptu'; did you mean 'output'?"},
      {"a.toml", "\n[nothing]\nlike_it = 1", ":3: there is no setting 'nothing.like_it'; `formulary doctor` lists"},
      {"a.toml", "output = \"xml\"", ":1: output: the value 'xml' is unknown; write one of: table, json"},
      {"a.toml", "output = 1", ":1: output: the value is of another kind; write a text in quotes"},
      {"a.toml", "http.time_limit_ms = \"5\"",
       ":1: http.time_limit_ms: the value is of another kind; write an integer, without quotes"},
      {"a.toml", "http.time_limit_ms = 0",
       ":1: http.time_limit_ms: the value '0' is not an integer between 1 and 3600000"},
      {"a.properties", "http.time_limit_ms=5s", ":1: http.time_limit_ms: the value '5s' is not an integer between"},
      {"a.properties", "# c\nlog.level=loud", ":2: log.level: the value 'loud' is unknown; write one of: trace, debug"},
      {"a.toml", "output = 'json", ":1, column 11: the text has no closing '; correct that line"},
      {"a.ini", "output=json", ": its format is unknown; a settings file ends in .toml or .properties"},
      {"a.toml", "master.key = \"0123456789\"", ":1: it holds a secret and others may read the file; run: chmod 600"},
  };
  for (const WrongFile& one : wrong) {
    file = write(one.name, one.text);
    EXPECT_THAT([&] { (void)load(); }, throws_error(ErrorCode::bad_input, file + one.message)) << one.text;
  }
}

TEST_F(SettingsTest, WrongFlagsAndVariablesAreRefused) {
  flags["output"] = "xml";
  EXPECT_THAT(
      [&] { (void)load(); },
      throws_error(ErrorCode::bad_input, "flag: output: the value 'xml' is unknown; write one of: table, json"));
  flags = {{"outptu", "json"}};
  EXPECT_THAT([&] { (void)load(); }, throws_error(ErrorCode::bad_input, "flag: there is no setting 'outptu'"));
  flags.clear();
  variables["FORMULARY_SCRIPT_WORKERS"] = "many";
  EXPECT_THAT([&] { (void)load(); },
              throws_error(ErrorCode::bad_input,
                           "FORMULARY_SCRIPT_WORKERS: script.workers: the value 'many' is not an integer"));
}

TEST_F(SettingsTest, AMissingFileIsNotFoundAndAHugeOneTooLarge) {
  file = "/nowhere/formulary.toml";
  EXPECT_THAT([&] { (void)load(); },
              throws_error(ErrorCode::not_found, "/nowhere/formulary.toml: there is no such settings file"));
  file = write("big.toml", std::string(1'100'000, '#'));
  EXPECT_THAT([&] { (void)load(); }, throws_error(ErrorCode::limit_reached, "more than 1 MiB"));
  file = folder.path().string();
  EXPECT_THAT([&] { (void)load(); }, throws_error(ErrorCode::bad_input, "ends in .toml"));
}

TEST_F(SettingsTest, TheMasterKeyIsNeverAFlagAndNeverShown) {
  flags["master.key"] = "the-master-key";
  try {
    (void)load();
    ADD_FAILURE() << "a secret was taken from a flag";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("other users can see flags; set FORMULARY_MASTER_KEY"));
    EXPECT_THAT(error.what(), Not(HasSubstr("the-master-key")));
  }
  flags.clear();
  EXPECT_EQ(load().shown("master.key"), "not set");
  variables["FORMULARY_MASTER_KEY"] = "the-master-key";
  EXPECT_EQ(load().text("master.key"), "the-master-key");
  EXPECT_EQ(load().shown("master.key"), "set");
  EXPECT_EQ(load().shown("output"), "table");
  variables.clear();
  file = write("f.toml", "master.key = \"${output}\"");
  ASSERT_EQ(chmod(file.c_str(), 0600), 0);
  EXPECT_EQ(load().text("master.key"), "${output}") << "nothing is expanded";
}

TEST_F(SettingsTest, AskingForWhatIsNoneIsAMistakeOfOurs) {
  const Settings settings = load();
  EXPECT_THAT([&] { (void)settings.text("nothing"); }, throws_error(ErrorCode::internal, "'nothing'"));
  EXPECT_THAT([&] { (void)settings.text("script.workers"); }, throws_error(ErrorCode::internal, "script.workers"));
  EXPECT_THAT([&] { (void)settings.origin("nothing"); }, throws_error(ErrorCode::internal, "'nothing'"));
}

}  // namespace
}  // namespace formulary
