/// \file
/// The random numbers of scripts: the same for the same seed.
#pragma once

#include <cstdint>

namespace formulary {

/// xoshiro128**, by Blackman and Vigna, filled from the seed by splitmix32.
class Random {
 public:
  void seed(std::uint64_t seed);
  [[nodiscard]] std::uint32_t word();
  /// At least 0 and below 1, of 53 bits.
  [[nodiscard]] double fraction();

 private:
  std::uint32_t state_[4] = {1, 2, 3, 4};
};

}  // namespace formulary
