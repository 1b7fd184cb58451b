#include "host/plugin/catalogue.hpp"

#include <elf.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <clocale>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <functional>

#include "tests/host/plugin/plugin_fixture.hpp"
#include "tests/support/error_matchers.hpp"

namespace formulary {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class CatalogueTest : public PluginFolderTest {
 protected:
  static void expect_hello_works(const Catalogue& catalogue) {
    const auto handle = catalogue.element("hello")->open_instance({}, "{}");
    const ResourceAnswer answer = handle->invoke({}, {.method = "GET", .path = "/echo", .query = {{"a", "b"}}});
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, R"({"query":{"a":"b"},"body":""})");
  }
  static void set_byte(const fs::path& file, std::size_t offset, unsigned char value) {
    std::string bytes = read(file);
    bytes.at(offset) = static_cast<char>(value);
    write(file, bytes);
  }
};

/// One way to be broken: what is put into the plugins folder beside hello, and what is said about it.
struct Fault {
  std::string folder;
  std::string code;
  std::string part;
  std::function<void(const fs::path& folder)> break_hello;  ///< Empty: the folder is a built fault of that name.
};

std::vector<Fault> all_faults() {
  const auto library = [](const fs::path& folder) { return folder / "hello.so"; };
  const auto manifest = [](const fs::path& folder) { return folder / "element.json"; };
  const auto chmod = [](const fs::path& path, mode_t mode) {
    if (::chmod(path.c_str(), mode) != 0) throw std::system_error(errno, std::generic_category(), path);
  };
  return {
      // The issue's twelve.
      {"not_elf", "plugin.not_elf", "not an ELF file",
       [=](const fs::path& f) { std::ofstream(library(f), std::ios::trunc) << "#!/bin/sh\n"; }},
      {"other_machine", "plugin.wrong_machine", "IBM Z",
       [=](const fs::path& f) {
         std::fstream file(library(f), std::ios::in | std::ios::out | std::ios::binary);
         file.seekp(offsetof(Elf64_Ehdr, e_machine));
         file.put(static_cast<char>(EM_S390));
       }},
      {"no_entry", "plugin.no_entry", "exports no element_plugin_entry_v1", {}},
      {"other_major", "plugin.wrong_major", "built for ABI 2.0 and this host offers 1.0", {}},
      {"newer_minor", "plugin.needs_newer_host", "needs ABI 1.7 and this host offers 1.0", {}},
      {"table_too_small", "plugin.table_too_small", "bytes and ABI 1.0 has 112", {}},
      {"manifest_differs", "plugin.manifest_differs", "not the one that the library was built with",
       [=](const fs::path& f) { std::ofstream(manifest(f), std::ios::app) << "\n"; }},
      {"world_writable", "plugin.writable_by_others", "chmod go-w",
       [=](const fs::path& f) { chmod(library(f), 0777); }},
      {"missing_library", "plugin.missing_library", "needs libmissing_library_absent.so", {}},
      {"throws_in_start", "plugin.start_failed", "start let an exception out", {}},
      {"two_with_one_id", "plugin.duplicate_id", "com.formulary.hello is also that of '", [](const fs::path&) {}},
      {"invalid_manifest", "plugin.invalid_manifest", "element.json.resources[0].idempotency",
       [=](const fs::path& f) {
         std::ofstream(manifest(f), std::ios::trunc) << R"({"id":"com.example.x","version":"1.0.0","key":"x","name":"X",
           "hub":"h","authentication":{"type":"none"},"abi":{"major":1,"minor":0},
           "resources":[{"method":"GET","path":"/a","idempotency":"perhaps"}]})";
       }},
      // And more.
      {"cut_in_half", "plugin.truncated", "cut short",
       [=](const fs::path& f) { fs::resize_file(library(f), fs::file_size(library(f)) / 2); }},
      {"last_byte_missing", "plugin.truncated", "cut short",
       [=](const fs::path& f) { fs::resize_file(library(f), fs::file_size(library(f)) - 1); }},
      {"empty_library", "plugin.not_elf", "not an ELF file",
       [=](const fs::path& f) { fs::resize_file(library(f), 0); }},
      {"no_manifest", "plugin.no_manifest", "has no element.json", [=](const fs::path& f) { fs::remove(manifest(f)); }},
      {"no_library", "plugin.no_library", "no shared library", [=](const fs::path& f) { fs::remove(library(f)); }},
      {"two_libraries", "plugin.several_libraries", "2 shared libraries",
       [=](const fs::path& f) { fs::copy(library(f), f / "other.so"); }},
      {"manifest_writable", "plugin.writable_by_others", "element.json",
       [=](const fs::path& f) { chmod(manifest(f), 0666); }},
      {"folder_writable", "plugin.writable_by_others", "folder_writable", [=](const fs::path& f) { chmod(f, 0777); }},
      {"link_outside", "plugin.outside_folder", "copy the file instead",
       [=](const fs::path& f) {
         const fs::path outside = f.parent_path().parent_path() / "outside.so";
         fs::rename(library(f), outside);
         fs::create_symlink(outside, library(f));
       }},
      {"outside_run_path", "plugin.outside_run_path", "/opt/vendor/lib", {}},
      {"newer_manifest", "plugin.needs_newer_host", "asks for ABI 1.7", {}},
      {"wrong_magic", "plugin.bad_table", "magic", {}},
      {"null_hook", "plugin.null_hook", "no parse_instance", {}},
      {"no_descriptor", "plugin.bad_descriptor", "descriptor is missing", {}},
      {"empty_id", "plugin.bad_descriptor", "id is empty", {}},
      {"wild_length", "plugin.bad_descriptor", "manifest is not the one", {}},
      {"odd_concurrency", "plugin.bad_descriptor", "concurrency 9", {}},
      {"refuses_host", "plugin.refused_host", "does not work with this host", {}},
      {"fails_in_start", "plugin.start_failed", "its licence file is missing", {}},
      {"takes_signals", "plugin.changes_process", "the handler of signal 12", {}},
      {"sets_umask", "plugin.changes_process", "the umask", {}},
      {"moves_away", "plugin.changes_process", "the working folder, the locale, the environment", {}},
  };
}

class BrokenPlugin : public CatalogueTest, public ::testing::WithParamInterface<Fault> {
 protected:
  void put_broken(const Fault& fault) const {
    if (fault.break_hello) {
      fault.break_hello(put_hello(fault.folder));
    } else {
      put_fault(fault.folder);
    }
  }
};

TEST_P(BrokenPlugin, IsRefusedWithItsReasonWhileTheGoodOneWorks) {
  put_hello();
  put_broken(GetParam());
  const Catalogue catalogue = Catalogue::scan(options);
  const PluginEntry& broken = entry(catalogue, GetParam().folder);
  EXPECT_EQ(broken.state, PluginState::refused);
  EXPECT_EQ(broken.code, GetParam().code);
  EXPECT_THAT(broken.reason, HasSubstr(GetParam().part));
  EXPECT_EQ(broken.plugin, nullptr);
  EXPECT_TRUE(catalogue.has_refused());
  EXPECT_EQ(entry(catalogue, "hello").state, PluginState::ready) << entry(catalogue, "hello").reason;
  expect_hello_works(catalogue);
}

INSTANTIATE_TEST_SUITE_P(Faults, BrokenPlugin, ::testing::ValuesIn(all_faults()),
                         [](const auto& test) { return test.param.folder; });

class BrokenPlugins : public CatalogueTest {};

TEST_F(BrokenPlugins, AllInOneFolderAreEachListedAndTheGoodOneWorks) {
  put_hello();
  for (const Fault& fault : all_faults()) {
    if (fault.break_hello) {
      fault.break_hello(put_hello(fault.folder));
    } else {
      put_fault(fault.folder);
    }
  }
  const Catalogue catalogue = Catalogue::scan(options);
  EXPECT_EQ(catalogue.entries().size(), all_faults().size() + 1);
  for (const Fault& fault : all_faults()) {
    EXPECT_EQ(entry(catalogue, fault.folder).code, fault.code) << entry(catalogue, fault.folder).reason;
  }
  expect_hello_works(catalogue);
}

TEST_F(CatalogueTest, PutsBackWhatAPluginChangedInTheProcess) {
  const mode_t mask = ::umask(027);
  const fs::path folder = fs::current_path();
  ::unsetenv("HTTP_PROXY");
  for (const char* fault : {"takes_signals", "sets_umask", "moves_away"}) put_fault(fault);
  const Catalogue catalogue = Catalogue::scan(options);
  EXPECT_EQ(::umask(mask), 027U);
  EXPECT_EQ(fs::current_path(), folder);
  EXPECT_EQ(std::getenv("HTTP_PROXY"), nullptr);
  EXPECT_STREQ(std::setlocale(LC_ALL, nullptr), "C");
  struct sigaction handler {};
  ::sigaction(SIGUSR2, nullptr, &handler);
  EXPECT_EQ(handler.sa_handler, SIG_DFL);
}

#if defined(__x86_64__)
TEST_F(CatalogueTest, KeepsItsFloatingPointModeAndTellsOfAPluginThatChangesIt) {
  put_fault("fast_math");
  const Catalogue catalogue = Catalogue::scan(options);
  EXPECT_EQ(entry(catalogue, "fast_math").state, PluginState::ready) << entry(catalogue, "fast_math").reason;
  ASSERT_EQ(logged().size(), 1U);
  EXPECT_THAT(logged().front().message, HasSubstr("floating-point"));
  volatile double tiny = 1e-310;
  EXPECT_NE(tiny / 2, 0.0) << "denormals are flushed to zero";
}
#endif

TEST_F(CatalogueTest, GivesUpOnAPluginThatHangsInStart) {
  put_hello();
  put_fault("hangs_in_start");
  options.start_time_limit = std::chrono::milliseconds(50);
  const Catalogue catalogue = Catalogue::scan(options);
  EXPECT_EQ(entry(catalogue, "hangs_in_start").code, "plugin.start_timeout");
  EXPECT_THAT(entry(catalogue, "hangs_in_start").reason, HasSubstr("within 50 ms"));
  expect_hello_works(catalogue);
}

TEST_F(CatalogueTest, TakesATableThatClaimsFourGigabytes) {
  put_fault("huge_table");
  const Catalogue catalogue = Catalogue::scan(options);
  EXPECT_EQ(entry(catalogue, "huge_table").state, PluginState::ready) << entry(catalogue, "huge_table").reason;
}

TEST_F(CatalogueTest, NamesTheOtherMajorOfAnEntrySymbol) {
  edit(put_hello() / "hello.so", "element_plugin_entry_v1", "element_plugin_entry_v2");
  const Catalogue catalogue = Catalogue::scan(options);
  EXPECT_EQ(entry(catalogue, "hello").code, "plugin.wrong_major");
  EXPECT_THAT(entry(catalogue, "hello").reason, HasSubstr("exports element_plugin_entry_v2"));
}

TEST_F(CatalogueTest, LoadsALibraryThatThePluginBringsAlong) {
  const fs::path folder = put_fault("brings_library");
  fs::create_directory(folder / "lib");
  fs::copy(ABSENT_LIBRARY, folder / "lib");
  const Catalogue catalogue = Catalogue::scan(options);
  EXPECT_EQ(entry(catalogue, "brings_library").state, PluginState::ready) << entry(catalogue, "brings_library").reason;
}

TEST_F(CatalogueTest, ChecksALibraryThatThePluginBringsAlong) {
  const fs::path folder = put_fault("brings_library");
  fs::create_directory(folder / "lib");
  fs::copy(ABSENT_LIBRARY, folder / "lib");
  ::chmod((folder / "lib").c_str(), 0777);
  EXPECT_EQ(entry(Catalogue::scan(options), "brings_library").code, "plugin.writable_by_others");
}

TEST_F(CatalogueTest, ScanOnlyLoadsNoCode) {
  put_hello();
  put_fault("takes_signals");
  options.scan_only = true;
  const Catalogue catalogue = Catalogue::scan(options);
  EXPECT_EQ(entry(catalogue, "hello").state, PluginState::found);
  EXPECT_EQ(entry(catalogue, "hello").manifest->key, "hello");
  EXPECT_EQ(entry(catalogue, "takes_signals").state, PluginState::found) << "its constructor ran";
  EXPECT_FALSE(fs::exists(options.private_store));
  EXPECT_FALSE(catalogue.has_refused());
}

TEST_F(CatalogueTest, UsesTheNewestOfSeveralVersions) {
  put(HELLO_FOLDER, "com.formulary.hello/1.9.0");
  put(HELLO_FOLDER, "com.formulary.hello/1.10.0");
  put(HELLO_FOLDER, "com.formulary.hello/1.10.0-rc.1");
  const Catalogue catalogue = Catalogue::scan(options);
  EXPECT_EQ(entry(catalogue, "1.10.0").state, PluginState::ready) << entry(catalogue, "1.10.0").reason;
  EXPECT_EQ(entry(catalogue, "1.9.0").code, "plugin.superseded");
  EXPECT_EQ(entry(catalogue, "1.10.0-rc.1").code, "plugin.superseded");
  EXPECT_FALSE(catalogue.has_refused());
  expect_hello_works(catalogue);
}

TEST_F(CatalogueTest, FallsBackToAnOlderVersionThatWorks) {
  put(HELLO_FOLDER, "com.formulary.hello/1.0.0");
  fs::resize_file(put(HELLO_FOLDER, "com.formulary.hello/2.0.0") / "hello.so", 1000);
  const Catalogue catalogue = Catalogue::scan(options);
  EXPECT_EQ(entry(catalogue, "2.0.0").code, "plugin.truncated");
  expect_hello_works(catalogue);
}

TEST_F(CatalogueTest, RefusesEverythingInAFolderThatOthersMayWriteTo) {
  put_hello();
  ::chmod(plugins().c_str(), 0777);
  EXPECT_EQ(entry(Catalogue::scan(options), "hello").code, "plugin.writable_by_others");
}

TEST_F(CatalogueTest, PassesOverWhatIsNoPlugin) {
  put_hello();
  write(plugins() / "README.md", "notes");
  fs::create_directory(plugins() / "notes");
  fs::create_directory(plugins() / ".hidden");
  write(plugins() / ".hidden" / "x.so", "");
  const Catalogue catalogue = Catalogue::scan(options);
  EXPECT_EQ(catalogue.entries().size(), 1U);
  EXPECT_FALSE(catalogue.has_refused());
}

TEST_F(CatalogueTest, TellsWhereALooseLibraryBelongs) {
  fs::copy(fs::path(HELLO_FOLDER) / "hello.so", plugins());
  EXPECT_EQ(entry(Catalogue::scan(options), "hello.so").code, "plugin.not_in_a_folder");
}

TEST_F(CatalogueTest, NeedsItsFolder) {
  options.folder = home / "absent";
  const auto error = thrown_by<Error>([&] { (void)Catalogue::scan(options); });
  EXPECT_EQ(error.code(), ErrorCode::not_found);
  EXPECT_THAT(error.what(), HasSubstr("absent"));
}

TEST_F(CatalogueTest, AnUnknownElementIsToldWhichThereAre) {
  put_hello();
  put_fault("fails_in_start");
  const Catalogue catalogue = Catalogue::scan(options);
  const auto unknown = thrown_by<Error>([&] { (void)catalogue.element("nothing"); });
  EXPECT_EQ(unknown.code(), ErrorCode::not_found);
  EXPECT_THAT(unknown.what(), HasSubstr("ready are: hello"));
  const auto refused = thrown_by<Error>([&] { (void)catalogue.element("fails-in-start"); });
  EXPECT_THAT(refused.what(), HasSubstr("licence file is missing"));
}

TEST_F(CatalogueTest, WorksOnWhenAPluginsFileIsOverwrittenInPlace) {
  const fs::path folder = put_hello();
  const Catalogue catalogue = Catalogue::scan(options);
  std::string zeroes = read(folder / "hello.so");
  zeroes.assign(zeroes.size(), '\0');
  write(folder / "hello.so", zeroes);  // as cp does: the same inode, which a mapping of it would show at once
  expect_hello_works(catalogue);
}

TEST_F(CatalogueTest, CanBeScannedAgainAndTwiceAtOnce) {
  put_hello();
  { expect_hello_works(Catalogue::scan(options)); }
  const Catalogue first = Catalogue::scan(options);
  const Catalogue second = Catalogue::scan(options);
  expect_hello_works(first);
  expect_hello_works(second);
}

class InspectTest : public CatalogueTest {};

TEST_F(InspectTest, ShowsAFileOrItsFolderWithoutLoadingIt) {
  const fs::path folder = put_fault("takes_signals");
  for (const fs::path& path : {folder, folder / "", folder / "fault_takes_signals.so"}) {
    const PluginEntry entry = inspect_plugin(path);
    EXPECT_EQ(entry.state, PluginState::found) << path << entry.reason;
    EXPECT_EQ(entry.manifest->id, "com.example.takes-signals");
    EXPECT_EQ(entry.library, folder / "fault_takes_signals.so");
  }
}

TEST_F(InspectTest, WarnsOfExportsBesidesTheEntry) {
  EXPECT_EQ(inspect_plugin(put_hello()).warning, "");
  const PluginEntry entry = inspect_plugin(put_fault("own_poco"));
  EXPECT_EQ(entry.state, PluginState::found) << entry.reason;
  EXPECT_THAT(entry.warning, HasSubstr("other symbols besides element_plugin_entry_v1"));
}

TEST_F(InspectTest, ShowsTheManifestOfARefusedPluginToo) {
  const PluginEntry entry = inspect_plugin(put_fault("no_entry") / "fault_no_entry.so");
  EXPECT_EQ(entry.state, PluginState::refused);
  EXPECT_EQ(entry.code, "plugin.no_entry");
  EXPECT_EQ(entry.manifest->id, "com.example.no-entry");
}

TEST_F(InspectTest, SaysThatThereIsNothingOfThatName) {
  for (const char* name : {"x.so", "absent/x.so", "absent/"}) {
    EXPECT_THAT([&] { (void)inspect_plugin(plugins() / name); }, testing::throws_error(ErrorCode::not_found, name));
  }
}

TEST_F(InspectTest, SaysOfALoneFileWhatItIsBeforeItMissesAManifest) {
  const fs::path folder = put_fault("no_entry");
  fs::remove(folder / "element.json");
  EXPECT_EQ(inspect_plugin(folder / "fault_no_entry.so").code, "plugin.no_entry");
  std::ofstream(folder / "notes.txt") << "no library";
  EXPECT_EQ(inspect_plugin(folder / "notes.txt").code, "plugin.not_elf");
  EXPECT_EQ(inspect_plugin("/bin/ls").code, "plugin.not_a_library");
  const fs::path good = put_fault("takes_signals");
  fs::remove(good / "element.json");
  EXPECT_EQ(inspect_plugin(good / "fault_takes_signals.so").code, "plugin.no_manifest");
}

}  // namespace
}  // namespace formulary
