/// \file
/// The command line: which words exist, and the barrier where an Error becomes a sentence and an exit status.
#pragma once

#include <string>
#include <vector>

#include "host/cli/exit_code.hpp"
#include "host/cli/io.hpp"
#include "host/cli/session.hpp"

namespace formulary::cli {

/// Runs one command line (without the program's name). Never throws.
[[nodiscard]] ExitCode run(const std::vector<std::string>& arguments, const Io& io, const Parts& parts) noexcept;

}  // namespace formulary::cli
