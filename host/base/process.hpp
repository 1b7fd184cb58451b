/// \file
/// What the process asks of the system for itself.
#pragma once

#include <cstdint>

namespace formulary {

/// From now on a crash writes no core file and other processes of the same user cannot read this one's memory, since
/// both hold secrets in clear. False if the system did not allow it.
bool disable_core_dumps() noexcept;

/// Lets the process have as many open files as the system allows it, which is more than a shell gives, and says how
/// many that are. What is as it was if the system did not allow it.
std::uint64_t raise_open_files_limit() noexcept;

}  // namespace formulary
