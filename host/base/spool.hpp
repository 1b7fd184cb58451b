/// \file
/// Bytes that may be too many to hold in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "host/base/descriptor.hpp"

namespace formulary {

struct SpoolLimits {
  std::size_t held_max = 256U << 10U;  ///< More than that goes to the disk.
  std::uint64_t bytes_max = std::uint64_t{1} << 30U;
};

/// Takes bytes at its end and gives them back in any order. Beyond what it holds they are in a file that has no name
/// and is gone with it, whatever becomes of the process. Not thread-safe; once nothing is appended any more, any number
/// of threads may read.
class Spool {
 public:
  /// `folder` is used only once there is more than is held.
  explicit Spool(std::filesystem::path folder, SpoolLimits limits = {});
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;
  ~Spool();

  /// Error(limit_reached) beyond the limit, store_failed if the disk takes nothing more. It keeps what it had.
  void append(std::string_view bytes);
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  /// Copies what is from `at` on, as much as there is room for; 0 at the end. Error(store_failed).
  [[nodiscard]] std::size_t read(std::uint64_t at, std::span<char> room) const;
  /// All of it: pages of the file that the system takes from memory again as it likes. Valid until the next append().
  /// Error(store_failed).
  [[nodiscard]] std::string_view view();

 private:
  void write_out(std::string_view bytes);
  void unmap() noexcept;

  const std::filesystem::path folder_;
  const SpoolLimits limits_;
  std::string held_;  ///< All, as long as there is no file.
  Descriptor file_;
  std::uint64_t size_ = 0;
  void* mapped_ = nullptr;
  std::size_t mapped_size_ = 0;
};

}  // namespace formulary
