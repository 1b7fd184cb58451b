#include "host/plugin/abi_version.hpp"

#include <formulary/element_plugin.h>

namespace formulary {

std::string offered_abi() {
  return std::to_string(ELEMENT_ABI_MAJOR) + '.' + std::to_string(ELEMENT_ABI_MINOR);
}

}  // namespace formulary
