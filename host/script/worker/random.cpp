#include "host/script/worker/random.hpp"

namespace formulary {
namespace {

std::uint32_t rotated(std::uint32_t word, unsigned bits) {
  return (word << bits) | (word >> (32U - bits));
}

}  // namespace

void Random::seed(std::uint64_t seed) {
  auto word = static_cast<std::uint32_t>(seed >> 32U);
  for (unsigned index = 0; index < 4; ++index) {
    if (index == 2) word ^= static_cast<std::uint32_t>(seed);
    word += 0x9e3779b9U;
    std::uint32_t mixed = (word ^ (word >> 16U)) * 0x21f0aaadU;
    mixed = (mixed ^ (mixed >> 15U)) * 0x735a2d97U;
    state_[index] = mixed ^ (mixed >> 15U);
  }
  state_[3] |= 1U;  // all zero would stay zero
}

std::uint32_t Random::word() {
  const std::uint32_t result = rotated(state_[1] * 5U, 7) * 9U;
  const std::uint32_t shifted = state_[1] << 9U;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = rotated(state_[3], 11);
  return result;
}

double Random::fraction() {
  const double high = word();
  const double low = word() >> 11U;
  return (high * 0x1p21 + low) * 0x1p-53;
}

}  // namespace formulary
