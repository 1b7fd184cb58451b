/// \file
/// The ways in which odd_script_worker breaks the rules.
#pragma once

namespace formulary {

enum class OddWorker {
  ends_at_once = 1,
  is_not_confined,
  is_silent,
  is_another_version,
  is_another_program,
  speaks_unasked,
  sends_nonsense,
  sends_huge_frame,
  sends_half_a_frame,
  claims_memory_ran_out,
  exits,
  hangs,
  exits_in_the_second_step,  ///< Of a chain whose results are wanted one by one; at once in any other.
  wants_what_is_not_there,
  names_a_step_that_is_not_there,
};

}  // namespace formulary
