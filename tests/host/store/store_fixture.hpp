/// \file
/// A data folder of its own for each test.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "host/base/text.hpp"
#include "host/store/store.hpp"
#include "tests/support/error_matchers.hpp"
#include "tests/support/temp_folder.hpp"

namespace formulary::testing {

inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

inline void write_file(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

inline InstanceRecord acme(std::string name = "Acme", std::string token = "token-of-acme") {
  InstanceRecord record;
  record.name = std::move(name);
  record.element_key = "crm";
  record.token = std::move(token);
  record.document = R"({"name":"Acme"})";
  record.secrets = R"({"api.key":"the-secret-key"})";
  record.created = "2018-04-04T20:44:36Z";
  return record;
}

class StoreTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::unique_ptr<Store> open(const std::string& master_key = {}) const {
    return open_store({.folder = folder, .master_key = master_key});
  }
  [[nodiscard]] std::filesystem::path database() const { return folder / "formulary.db"; }
  [[nodiscard]] std::filesystem::path key_file() const { return folder / "master.key"; }

  TempFolder base;
  std::filesystem::path folder = base.path() / "data";  ///< Not made yet.
};

}  // namespace formulary::testing
