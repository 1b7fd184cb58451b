/// \file
/// Base64 (RFC 4648): files inside JSON bodies, page tokens.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace smartrecruiters {

/// The standard alphabet, with padding.
[[nodiscard]] std::string base64_encoded(std::string_view bytes);

/// Both alphabets, padding optional, no white space; nothing if it is not base64.
[[nodiscard]] std::optional<std::string> base64_decoded(std::string_view text);

}  // namespace smartrecruiters
