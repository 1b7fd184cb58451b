#include "host/formula/journal_bytes.hpp"

#include <boost/crc.hpp>

#include <utility>

#include "host/base/error.hpp"

namespace formulary {
namespace {

constexpr std::string_view magic = "FJ";
constexpr std::uint8_t version = 0x10;
constexpr std::uint8_t major_bits = 0xF0;
constexpr std::size_t header_bytes = 8;
constexpr std::size_t sum_bytes = 4;
constexpr std::size_t inline_bytes_max = 64;
constexpr std::size_t hash_bytes = 32;
constexpr std::uint64_t text_here = 0;
constexpr std::uint64_t text_elsewhere = 1;

void append_number(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out += static_cast<char>(static_cast<std::uint8_t>(value) | 0x80U);
    value >>= 7U;
  }
  out += static_cast<char>(value);
}

void append_fixed(std::string& out, std::uint32_t value) {
  for (unsigned shift = 0; shift < 32; shift += 8) out += static_cast<char>(static_cast<std::uint8_t>(value >> shift));
}

std::uint32_t read_fixed(std::string_view bytes) {
  std::uint32_t value = 0;
  for (unsigned at = 0; at < 4; ++at) value |= std::uint32_t{static_cast<std::uint8_t>(bytes[at])} << (8 * at);
  return value;
}

[[noreturn]] void pass(const char* bound) {
  throw Error(ErrorCode::limit_reached,
              std::string("journal row: it would pass its bound on ") + bound + "; write fewer records in one row");
}

}  // namespace

std::uint32_t row_checksum(std::string_view bytes) {
  boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> sum;
  sum.process_bytes(bytes.data(), bytes.size());
  return sum.checksum();
}

void RowWriter::number(std::uint64_t value) {
  append_number(members_, value);
}

void RowWriter::signed_number(std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  number(value < 0 ? ~(bits << 1U) : bits << 1U);
}

void RowWriter::text(std::string_view text) {
  count(text.size());
  if (text.size() <= inline_bytes_max) {
    number(text.size() * 2);
    members_ += text;
    return;
  }
  auto found = text_index_.find(text);
  if (found == text_index_.end()) {
    found = text_index_.emplace(text, text_index_.size()).first;
    const bool elsewhere = text.size() > limits_.body_bytes_min && bodies_.store;
    append_number(texts_, elsewhere ? text_elsewhere : text_here);
    if (elsewhere) texts_ += bodies_.store(text);
    append_number(texts_, text.size());
    if (!elsewhere) texts_ += text;
  }
  number(found->second * 2 + 1);
}

void RowWriter::count(std::size_t bytes) {
  if (bytes > limits_.text_bytes_max - text_bytes_) pass("strings");
  text_bytes_ += bytes;
}

void RowWriter::begin_record(std::uint64_t kind) {
  kind_ = kind;
  members_.clear();
}

void RowWriter::end_record() {
  append_number(records_, kind_);
  append_number(records_, members_.size());
  records_ += members_;
  ++record_count_;
  if (records_.size() + texts_.size() > limits_.row_bytes_max) pass("bytes");
}

void RowWriter::record(std::uint64_t kind, std::string_view content) {
  begin_record(kind);
  members_ = content;
  end_record();
}

std::string RowWriter::finish() {
  std::string payload;
  append_number(payload, text_index_.size());
  payload += texts_;
  append_number(payload, record_count_);
  payload += records_;
  if (payload.size() > limits_.row_bytes_max) pass("bytes");
  std::string row(magic);
  row += static_cast<char>(version);
  row += '\0';
  append_fixed(row, static_cast<std::uint32_t>(payload.size()));
  row += payload;
  append_fixed(row, row_checksum(row));
  return row;
}

RowReader::RowReader(std::string_view row, const BodyStore& bodies, const JournalLimits& limits)
    : bodies_(bodies), limits_(limits) {
  if (row.size() < header_bytes + sum_bytes || !row.starts_with(magic)) refuse("is none");
  const auto written = static_cast<std::uint8_t>(row[2]);
  if ((written & major_bits) != (version & major_bits)) {
    refuse("was written by version " + std::to_string(written >> 4U) + " of the format, and this is version " +
           std::to_string(version >> 4U));
  }
  const std::size_t size = read_fixed(row.substr(4, 4));
  if (row[3] != 0 || size != row.size() - header_bytes - sum_bytes || size > limits.row_bytes_max + 2 * header_bytes) {
    refuse("has a wrong length");
  }
  if (read_fixed(row.substr(header_bytes + size)) != row_checksum(row.substr(0, header_bytes + size))) {
    refuse("was changed: its checksum is wrong");
  }
  rest_ = row.substr(header_bytes, size);
  read_texts();
  records_left_ = count();
}

void RowReader::refuse(const std::string& what) {
  throw Error(ErrorCode::store_failed, "journal row: it " + what + "; restore the data folder from a backup");
}

void RowReader::read_texts() {
  const std::size_t texts = count();
  for (std::size_t at = 0; at < texts; ++at) {
    if (choice(2) == text_here) {
      texts_.emplace_back(bytes(count()));
      continue;
    }
    const std::string_view hash = bytes(hash_bytes);
    const std::uint64_t size = number();
    if (!bodies_.load || size > limits_.text_bytes_max) refuse("refers to a body that is not here");
    allow(size);
    texts_.push_back(bodies_.load(hash));
    if (texts_.back().size() != size) refuse("refers to a body of another length");
  }
}

std::string_view RowReader::bytes(std::size_t count) {
  if (count > rest_.size()) refuse("ends too early");
  const std::string_view taken = rest_.substr(0, count);
  rest_.remove_prefix(count);
  return taken;
}

std::uint64_t RowReader::number() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const auto byte = static_cast<std::uint8_t>(bytes(1).front());
    if (shift == 63 && byte > 1) break;
    value |= std::uint64_t{byte & 0x7FU} << shift;
    if (byte < 0x80) {
      if (byte == 0 && shift > 0) break;  // one way to write each number
      return value;
    }
  }
  refuse("has an improper number");
}

std::int64_t RowReader::signed_number() {
  const std::uint64_t bits = number();
  return static_cast<std::int64_t>((bits & 1U) != 0 ? ~(bits >> 1U) : bits >> 1U);
}

std::string RowReader::text() {
  const std::uint64_t tag = number();
  if (tag % 2 == 0) {
    if (tag / 2 > inline_bytes_max) refuse("has an improper string");
    allow(tag / 2);
    return std::string(bytes(tag / 2));
  }
  if (tag / 2 >= texts_.size()) refuse("refers to a string that it has not");
  allow(texts_[tag / 2].size());
  return texts_[tag / 2];
}

void RowReader::allow(std::size_t bytes) {
  if (bytes > 2 * limits_.text_bytes_max - text_bytes_) refuse("has more strings than fit");
  text_bytes_ += bytes;
}

std::size_t RowReader::count() {
  const std::uint64_t value = number();
  if (value > rest_.size()) refuse("ends too early");
  return value;
}

std::uint64_t RowReader::choice(std::uint64_t bound) {
  const std::uint64_t value = number();
  if (value >= bound) refuse("has an unknown choice");
  return value;
}

std::uint64_t RowReader::begin_record() {
  if (records_left_ == 0) refuse("has too few records");
  --records_left_;
  const std::uint64_t kind = number();
  const std::size_t size = count();
  behind_ = rest_.substr(size);
  rest_ = rest_.substr(0, size);
  return kind;
}

std::string RowReader::take_content() {
  return std::string(bytes(rest_.size()));
}

void RowReader::end_record() {
  if (!rest_.empty()) refuse("has a record with more members than are known here");
  rest_ = behind_;
  if (records_left_ == 0 && !rest_.empty()) refuse("has bytes behind its records");
}

}  // namespace formulary
