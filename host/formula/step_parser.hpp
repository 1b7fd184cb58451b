/// \file
/// One step or trigger of a template, from JSON to a typed value.
#pragma once

#include "host/formula/formula.hpp"
#include "host/formula/shape_reader.hpp"

namespace formulary {

/// What has the wrong shape is reported to the reader's list; the rest is kept.
[[nodiscard]] Step parse_step(ShapeReader json);
[[nodiscard]] Trigger parse_trigger(ShapeReader json);

}  // namespace formulary
