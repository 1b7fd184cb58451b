/// \file
/// Shows, on the system at hand, that the confinement holds.
#pragma once

namespace formulary {

/// For each thing that a worker must not be able to do, a child confines itself as a worker does and tries. Prints one
/// line each on stdout. Returns the number of things that were possible, or that could not be tried.
int self_test();

}  // namespace formulary
