/// \file
/// Encodings of bytes as text, and the two things that secrets need: comparison in constant time and wiping.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace formulary {

/// RFC 4648 section 4, with padding.
[[nodiscard]] std::string to_base64(std::string_view bytes);
/// Strict: standard alphabet, padding as written by to_base64(), no spaces, no bits left over; else nothing.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);
/// Lower case.
[[nodiscard]] std::string to_hex(std::string_view bytes);
/// Either case; nothing if a digit is missing or none.
[[nodiscard]] std::optional<std::string> from_hex(std::string_view text);
/// RFC 3986: letters, digits and -._~ stay, the rest becomes %XX in upper case.
[[nodiscard]] std::string percent_encode(std::string_view text);
/// Nothing if a % is not followed by two hexadecimal digits. A plus sign stays one.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text);

/// Whether `text` is UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, at most U+10FFFF.
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

/// Takes the same time whatever the bytes are; only lengths may show.
[[nodiscard]] bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept;
/// Overwrites the whole buffer, spare capacity included, and empties it. Not optimised away.
void wipe(std::string& secret) noexcept;

/// Wipes a string when the scope ends, however it ends. Borrows it.
class WipeAtExit {
 public:
  explicit WipeAtExit(std::string& secret) noexcept : secret_(secret) {}
  WipeAtExit(const WipeAtExit&) = delete;
  WipeAtExit& operator=(const WipeAtExit&) = delete;
  ~WipeAtExit() { wipe(secret_); }

 private:
  std::string& secret_;
};

/// The candidate that a person most likely meant by `word`; empty if none is near (more than a third of the letters
/// differ).
[[nodiscard]] std::string nearest(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace formulary
