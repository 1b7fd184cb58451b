/// \file
/// A plugins folder of a test's own, to put good and broken plugins into.
#pragma once

#include <gtest/gtest.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>
#include <vector>

#include "host/plugin/catalogue.hpp"
#include "tests/support/temp_folder.hpp"

namespace formulary {

class PluginFolderTest : public testing::Test {
 protected:
  PluginFolderTest() {
    std::filesystem::create_directory(plugins());
    options.folder = plugins();
    options.private_store = home / "store";
    options.host_version = "0.1.0";
    options.log = [this](const PluginLogLine& line) {
      const std::lock_guard lock(lines_mutex);
      lines.push_back(line);
    };
  }
  ~PluginFolderTest() override {
    std::error_code ignored;
    std::filesystem::permissions(plugins(), std::filesystem::perms::owner_all, ignored);
  }

  [[nodiscard]] std::filesystem::path plugins() const { return home / "plugins"; }

  /// Copies what was built as `built` to the folder `as`.
  std::filesystem::path put(const std::filesystem::path& built, const std::string& as) const {
    const std::filesystem::path to = plugins() / as;
    std::filesystem::create_directories(to);
    for (const auto& file : std::filesystem::directory_iterator(built)) {
      const auto extension = file.path().extension();
      if (extension == ".so" || extension == ".json") std::filesystem::copy(file.path(), to / file.path().filename());
    }
    return to;
  }
  std::filesystem::path put_hello(const std::string& as = "hello") const { return put(HELLO_FOLDER, as); }
  std::filesystem::path put_fault(const std::string& fault) const {
    return put(std::filesystem::path(FAULTS_FOLDER) / ("fault_" + fault), fault);
  }

  static std::string read(const std::filesystem::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  }
  static void write(const std::filesystem::path& file, const std::string& bytes) {
    std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
  }
  /// Replaces the first `from` in a file by `to`.
  static void edit(const std::filesystem::path& file, const std::string& from, const std::string& to) {
    std::string bytes = read(file);
    const auto at = bytes.find(from);
    ASSERT_NE(at, std::string::npos) << file << " has no " << from;
    write(file, bytes.replace(at, from.size(), to));
  }

  static const PluginEntry& entry(const Catalogue& catalogue, const std::string& folder) {
    for (const PluginEntry& one : catalogue.entries()) {
      if (one.folder.filename() == folder) return one;
    }
    throw std::runtime_error("the catalogue has no entry " + folder);
  }

  std::vector<PluginLogLine> logged() {
    const std::lock_guard lock(lines_mutex);
    return lines;
  }

  TempFolder base;
  std::filesystem::path home = base.path();
  CatalogueOptions options;
  std::mutex lines_mutex;
  std::vector<PluginLogLine> lines;
};

/// The value that `body` throws as `Thrown`; a test failure and a rethrow if it throws another or none.
template <class Thrown, class Body>
Thrown thrown_by(Body&& body) {
  try {
    body();
  } catch (const Thrown& error) {
    return error;
  }
  throw std::runtime_error("nothing was thrown");
}

}  // namespace formulary
