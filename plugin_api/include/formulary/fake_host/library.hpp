/// \file
/// Loads a built plugin into the test program.
#pragma once

#include <formulary/element_plugin.h>

#include <dlfcn.h>

#include <stdexcept>
#include <string>

namespace element::testing {

/// Stays mapped for the life of the process, as in the host (R10).
class library {
 public:
  /// Throws std::runtime_error with the loader's words.
  explicit library(const std::string& path) {
    void* const handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) throw std::runtime_error(std::string("cannot load the plugin: ") + dlerror());
    entry_ = reinterpret_cast<element_entry_fn>(dlsym(handle, ELEMENT_ENTRY_SYMBOL));
    if (entry_ == nullptr) throw std::runtime_error(path + ": exports no " ELEMENT_ENTRY_SYMBOL);
  }
  [[nodiscard]] element_entry_fn entry() const noexcept { return entry_; }

 private:
  element_entry_fn entry_ = nullptr;
};

}  // namespace element::testing
