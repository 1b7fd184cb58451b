/// \file
/// The probe plugin, loaded: a plugin that does what its test asks for.
#pragma once

#include <unistd.h>

#include <memory>
#include <string>
#include <utility>

#include "tests/host/plugin/plugin_fixture.hpp"

namespace formulary {

class ProbeTest : public PluginFolderTest {
 protected:
  void load(const std::string& probe = "probe_all") {
    put_fault(probe);
    catalogue = std::make_unique<Catalogue>(Catalogue::scan(options));
    const PluginEntry& loaded = entry(*catalogue, probe);
    ASSERT_EQ(loaded.state, PluginState::ready) << loaded.reason;
    plugin = loaded.plugin;
    handle = plugin->open_instance({}, "{}");
  }
  /// Lets go of everything, so that the plugin is stopped.
  void unload() {
    handle.reset();
    plugin.reset();
    catalogue.reset();
  }

  static ResourceRequest request(const std::string& path, std::string body = {}) {
    return {.method = "POST",
            .path = path,
            .query = {},
            .headers = {},
            .body = std::move(body),
            .content_type = "text/plain"};
  }
  ResourceAnswer call(const std::string& path, std::string body = {}, const CallContext& context = {}) {
    return handle->invoke(context, request(path, std::move(body)));
  }

  std::unique_ptr<Catalogue> catalogue;
  std::shared_ptr<ElementPlugin> plugin;
  std::unique_ptr<ElementHandle> handle;
};

/// A pipe between a test and a hook that it wants to hear from, or to hold back.
class Pipe {
 public:
  Pipe() {
    if (::pipe(ends_) != 0) throw std::runtime_error("no pipe");
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  [[nodiscard]] std::string read_end() const { return std::to_string(ends_[0]); }
  [[nodiscard]] std::string write_end() const { return std::to_string(ends_[1]); }
  void put() const { ASSERT_EQ(::write(ends_[1], "x", 1), 1); }
  void wait() const {
    char byte;
    ASSERT_EQ(::read(ends_[0], &byte, 1), 1);
  }

 private:
  int ends_[2];
};

}  // namespace formulary
