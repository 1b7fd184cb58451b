/// \file
/// A text that is wiped when it dies, and the care that no sentence repeats it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace smartrecruiters {

/// Overwrites all bytes that the string owns, in a way that no compiler leaves out, and empties it.
void wipe(std::string& text) noexcept;

/// Owns a credential. Moves leave nothing behind; there are no copies. Immutable: any thread may read it.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  Secret(Secret&& other) noexcept : text_(std::move(other.text_)) { wipe(other.text_); }
  Secret& operator=(Secret&&) = delete;
  ~Secret() { wipe(text_); }

  [[nodiscard]] std::string_view view() const noexcept { return text_; }

 private:
  std::string text_;
};

/// `text` without `secrets`: each occurrence of one, plain, percent-encoded or in base64, becomes "********". Secrets
/// of fewer than 4 bytes are not looked for: they would destroy every sentence and protect nothing.
[[nodiscard]] std::string redacted(std::string text, const std::vector<std::string_view>& secrets);

}  // namespace smartrecruiters
