/// \file
/// What the library exports.
#include "element_manifest.hpp"
#include "plugins/smartrecruiters/smartrecruiters.hpp"

FORMULARY_ELEMENT(smartrecruiters::SmartRecruiters)
