/// \file
/// Hashes for CE, made by OpenSSL.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace formulary {

[[nodiscard]] std::string to_base64(std::string_view bytes);
[[nodiscard]] std::string to_hexadecimal(std::string_view bytes);

/// The bytes of the hash, or of the HMAC with `key` if there is one. Nothing if the algorithm is unknown; known are
/// md5, sha1, sha224, sha256, sha384 and sha512, in any case and with or without a hyphen.
[[nodiscard]] std::optional<std::string> digest(std::string_view algorithm, std::optional<std::string_view> key,
                                                std::string_view text);

}  // namespace formulary
