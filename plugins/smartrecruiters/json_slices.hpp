/// \file
/// Cuts a JSON text into its members or elements without building a tree: what the vendor answered is passed on byte
/// for byte (numbers of any size, order, spelling), and a list of 100 candidates costs one pass instead of a Poco::JSON
/// tree.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace smartrecruiters {

enum class JsonKind { malformed, null, boolean, number, text, array, object };

/// What `text` is as a whole: RFC 8259 in UTF-8, white space around it allowed, at most 128 levels deep. Never throws;
/// everything else (also nothing at all) is `malformed`.
[[nodiscard]] JsonKind json_kind(std::string_view text) noexcept;

/// One member of an object: the decoded key and the value's bytes, borrowed from the text.
struct JsonMember {
  std::string key;
  std::string_view value;
};

/// The members, in their order, of a text for which json_kind() says `object`.
[[nodiscard]] std::vector<JsonMember> json_members(std::string_view object);

/// The elements of a text for which json_kind() says `array`.
[[nodiscard]] std::vector<std::string_view> json_elements(std::string_view array);

}  // namespace smartrecruiters
