/// \file
/// Two texts line by line. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace formulary::cli {

/// Lines that only `before` has begin with '-', those of `after` with '+', those of both with a space; of the latter
/// only `context` beside each change are kept, "..." stands for the rest. Empty if the texts are the same. Texts whose
/// changed parts have over 4 million pairs of lines are shown as one taken away and one put in.
[[nodiscard]] std::string line_diff(std::string_view before, std::string_view after, std::size_t context = 3);

}  // namespace formulary::cli
