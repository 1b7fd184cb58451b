/// \file
/// The primitives of journal rows: numbers and strings, and the frame around them (see journal_codec.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "host/formula/journal_codec.hpp"

namespace formulary {

/// CRC-32C.
[[nodiscard]] std::uint32_t row_checksum(std::string_view bytes);

/// Collects one row.
class RowWriter {
 public:
  RowWriter(const BodyStore& bodies, const JournalLimits& limits) : bodies_(bodies), limits_(limits) {}

  void number(std::uint64_t value);
  void signed_number(std::int64_t value);
  /// Throws Error(limit_reached) over a bound.
  void text(std::string_view text);
  /// What is written until end_record() are its members.
  void begin_record(std::uint64_t kind);
  void end_record();
  /// A whole record.
  void record(std::uint64_t kind, std::string_view content);
  [[nodiscard]] std::string finish();

 private:
  void count(std::size_t bytes);

  const BodyStore& bodies_;
  const JournalLimits& limits_;
  std::string texts_;
  std::map<std::string, std::size_t, std::less<>> text_index_;
  std::string records_;
  std::size_t record_count_ = 0;
  std::uint64_t kind_ = 0;
  std::string members_;
  std::size_t text_bytes_ = 0;
};

/// Reads one row. Every function throws Error(store_failed) if the bytes are not what it wants.
class RowReader {
 public:
  /// Checks the frame and reads the texts.
  RowReader(std::string_view row, const BodyStore& bodies, const JournalLimits& limits);

  [[nodiscard]] std::uint64_t number();
  [[nodiscard]] std::int64_t signed_number();
  [[nodiscard]] std::string text();
  /// A count of things that take at least one byte each.
  [[nodiscard]] std::size_t count();
  /// A number below `bound`.
  [[nodiscard]] std::uint64_t choice(std::uint64_t bound);

  [[nodiscard]] std::size_t records_left() const noexcept { return records_left_; }
  /// The next record's kind; what is read until end_record() are its members.
  [[nodiscard]] std::uint64_t begin_record();
  /// All members at once, as bytes.
  [[nodiscard]] std::string take_content();
  void end_record();
  [[noreturn]] static void refuse(const std::string& what);

 private:
  [[nodiscard]] std::string_view bytes(std::size_t count);
  void read_texts();
  void allow(std::size_t bytes);

  const BodyStore& bodies_;
  const JournalLimits& limits_;
  std::string_view rest_;    ///< Of the record, or of the payload between records.
  std::string_view behind_;  ///< The payload behind the record.
  std::vector<std::string> texts_;
  std::size_t records_left_ = 0;
  std::size_t text_bytes_ = 0;
};

}  // namespace formulary
