/// \file
/// Random formulas of all kinds of step: circles, diamonds, loops in loops and sub-formulas as they fall.
#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <string>

#include "host/formula/formula.hpp"
#include "host/formula/plan.hpp"

namespace formulary::testing {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}
  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(engine_() % bound); }
  bool one_in(std::size_t count) { return below(count) == 0; }

 private:
  std::mt19937_64 engine_;
};

std::shared_ptr<const Formula> random_formula(Dice& dice);

/// What may come of the call; now and then what cannot come of it.
plan::Outcome random_outcome(Dice& dice, const plan::Call& call);

/// All that a state says, as text: equal for states that will go on in the same way.
std::string fingerprint(const plan::State& state);

/// What is wrong with a state in itself; empty if nothing is.
std::string fault_in(const plan::State& state);

}  // namespace formulary::testing
