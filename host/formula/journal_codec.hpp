/// \file
/// The journal's rows: what happened to one execution between two commits, as bytes, and back.
///
///   row      "FJ", version byte (major in the upper four bits), flags byte (0), length of the payload (4 bytes, little
///            endian), payload, CRC-32C of all before it (4 bytes)
///   payload  number of texts, texts, number of records, records
///   text     0, length, bytes; or 1, SHA-256, length: kept elsewhere
///   record   kind, length, members
///
/// Numbers are base-128 varints, signed ones zigzag. A string of at most 64 bytes stands where it is used, as its
/// doubled length and its bytes; a longer one is among the texts, once, and is referred to by its doubled index plus
/// one. JSON is its text.
///
/// Who reads rows of another version: a row of another major version is refused. A record whose kind is not known is
/// refused below `record_kind_optional`, since leaving it out could change what the execution does; from there on, by
/// that mark, it cannot, and is kept as it is: encode() writes it again. A known record that does not end where its
/// length says is refused for the same reason. Whoever appends a member must raise the major version or use a new kind.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "host/formula/plan.hpp"

namespace formulary {

/// A call that must not be made twice is about to be made.
struct Intent {
  plan::RunId run = 0;
  int attempt = 1;
  std::string idempotency_key;
  plan::Safety safety = plan::Safety::unsafe;  ///< As the engine sees it, manifest and all.
};
/// Another row, encrypted. Opened by whoever has the key, who then decodes what was in it.
struct Sealed {
  std::string bytes;
};
/// Of a newer writer, and of no consequence for the execution's course.
struct UnknownRecord {
  std::uint64_t kind = 0;
  std::string content;
};
/// Step records are redacted before they come here.
using JournalRecord = std::variant<plan::Event, Intent, plan::StepRecord, Sealed, UnknownRecord>;

/// Where large texts are kept. Empty functions: they stay in the row.
struct BodyStore {
  /// Returns the text's SHA-256 (32 bytes) and keeps it until the row is written, at least.
  std::function<std::string(std::string_view text)> store;
  /// Gives it back, or throws.
  std::function<std::string(std::string_view hash)> load;
};

struct JournalLimits {
  std::size_t body_bytes_min = 256U << 10U;  ///< Longer texts go to the body store.
  std::size_t row_bytes_max = 256U << 20U;   ///< Without the bodies that are kept elsewhere.
  std::size_t text_bytes_max = 1U << 30U;    ///< Of all strings of all records, each counted as often as it is used.
  std::size_t json_depth_max = 256;
};

inline constexpr std::uint64_t record_kind_optional = 1'024;

/// Throws Error(limit_reached) if the row would pass a bound: write fewer records in one.
[[nodiscard]] std::string encode(std::span<const JournalRecord> records, const BodyStore& bodies = {},
                                 const JournalLimits& limits = {});
/// Throws Error(store_failed) if the bytes are not a row, were changed, or are of a version that this one cannot read.
[[nodiscard]] std::vector<JournalRecord> decode(std::string_view row, const BodyStore& bodies = {},
                                                const JournalLimits& limits = {});

}  // namespace formulary
