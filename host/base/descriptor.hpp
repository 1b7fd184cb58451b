/// \file
/// Owns a file descriptor.
#pragma once

#include <utility>

namespace formulary {

/// Closes its descriptor when it ends. Not thread-safe.
class Descriptor {
 public:
  Descriptor() = default;
  /// Takes the descriptor over; a negative number is none.
  explicit Descriptor(int number) noexcept : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();

  [[nodiscard]] int get() const noexcept { return number_; }
  [[nodiscard]] bool valid() const noexcept { return number_ >= 0; }
  /// The caller closes it from now on.
  int release() noexcept { return std::exchange(number_, -1); }

 private:
  int number_ = -1;
};

}  // namespace formulary
