/// \file
/// The ElementPlugin of a loaded library.
#pragma once

#include <memory>

#include "host/plugin/element_plugin.hpp"
#include "host/plugin/loaded_library.hpp"

namespace formulary {

[[nodiscard]] std::shared_ptr<ElementPlugin> make_plugin(std::shared_ptr<LoadedLibrary> library, Manifest manifest);

}  // namespace formulary
