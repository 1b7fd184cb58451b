/// \file
/// Which plugin ABI this host offers.
#pragma once

#include <string>

namespace formulary {

/// "1.0": major and newest minor.
[[nodiscard]] std::string offered_abi();

}  // namespace formulary
