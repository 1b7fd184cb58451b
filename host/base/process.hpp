/// \file
/// What the process must not leave behind.
#pragma once

namespace formulary {

/// From now on a crash writes no core file and other processes of the same user cannot read this one's memory, since
/// both hold secrets in clear. False if the system did not allow it.
bool disable_core_dumps() noexcept;

}  // namespace formulary
