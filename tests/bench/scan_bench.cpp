// What it costs to look at, load and start 200 plugins. Goal: under 0.3 s cold, when no private copy exists yet.
//
// The plugins are copies of hello with ids of their own. Each round has a private store of its own, since a library
// that is mapped already would cost nothing.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "host/plugin/catalogue.hpp"

namespace {

namespace fs = std::filesystem;

constexpr int plugins = 200;

std::string read(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

/// A folder with the plugins, removed at exit.
class Folder {
 public:
  Folder() {
    std::string name = fs::temp_directory_path() / "formulary-scan-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    home_ = name;
    for (int index = 0; index < plugins; ++index) {
      // As long as "hello", since the library's bytes must not move.
      const std::string own = "h" + std::to_string(1000 + index);
      for (const char* file : {"element.json", "hello.so"}) {
        std::string bytes = read(fs::path(HELLO_FOLDER) / file);
        replace_all(bytes, "com.formulary.hello", "com.formulary." + own);
        replace_all(bytes, "\"key\": \"hello\"", "\"key\": \"" + own + "\"");
        fs::create_directories(home_ / "plugins" / own);
        std::ofstream(home_ / "plugins" / own / file, std::ios::binary) << bytes;
      }
    }
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(home_, ignored);
  }

  [[nodiscard]] formulary::CatalogueOptions options() {
    formulary::CatalogueOptions options;
    options.folder = home_ / "plugins";
    options.private_store = home_ / ("store-" + std::to_string(++rounds_));
    options.host_version = "0.1.0";
    return options;
  }

 private:
  fs::path home_;
  int rounds_ = 0;
};

Folder& folder() {
  static Folder one;
  return one;
}

void scan(benchmark::State& state, bool warm, bool scan_only) {
  fs::path filled;
  if (warm) {
    const formulary::CatalogueOptions options = folder().options();
    (void)formulary::Catalogue::scan(options);
    filled = options.private_store;
  }
  for (auto round : state) {
    (void)round;
    state.PauseTiming();
    formulary::CatalogueOptions options = folder().options();
    options.scan_only = scan_only;
    if (warm) fs::copy(filled, options.private_store, fs::copy_options::recursive);
    state.ResumeTiming();
    auto catalogue = std::make_unique<formulary::Catalogue>(formulary::Catalogue::scan(options));
    state.PauseTiming();
    if (catalogue->entries().size() != plugins || catalogue->has_refused()) {
      state.SkipWithError("a plugin was refused");
    }
    catalogue.reset();  // stopping them is not what is measured
    state.ResumeTiming();
  }
}

BENCHMARK_CAPTURE(scan, 200_plugins_cold, false, false)
    ->Unit(benchmark::kMillisecond)
    ->Iterations(10)
    ->MeasureProcessCPUTime()
    ->UseRealTime();
BENCHMARK_CAPTURE(scan, 200_plugins_warm, true, false)
    ->Unit(benchmark::kMillisecond)
    ->Iterations(10)
    ->MeasureProcessCPUTime()
    ->UseRealTime();
BENCHMARK_CAPTURE(scan, 200_plugins_without_loading, false, true)
    ->Unit(benchmark::kMillisecond)
    ->Iterations(10)
    ->MeasureProcessCPUTime()
    ->UseRealTime();

}  // namespace
