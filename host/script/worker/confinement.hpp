/// \file
/// Takes away from the worker process what no script needs. Called once, after V8 has started all that it starts.
#pragma once

#include <cstddef>
#include <string>

namespace formulary {

/// Limits memory to `data_max` bytes of data; forbids core files, written files, further descriptors, processes and
/// threads; gives up the right to gain rights; then allows a short list of system calls. Opening a file fails with
/// EACCES, because libraries try that in passing; every other call ends the process. Applies to all threads and
/// cannot be undone. Returns what the system refused, as a sentence; empty if the process is confined.
[[nodiscard]] std::string confine(std::size_t data_max);

}  // namespace formulary
