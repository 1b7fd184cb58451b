/// \file
/// From templates of the first engine to what means the same in v3. Source: CONTRACT 2.8, 2.4.
#pragma once

#include <string>
#include <vector>

#include "host/base/json.hpp"

namespace formulary {

/// What a template of the older engine had to be told to mean the same in v3.
struct FormulaChange {
  std::string path;      ///< "steps[2].properties.list"
  std::string sentence;  ///< "'ids.list' became '${steps.ids.list}'"
};

struct FormulaUpgrade {
  json::value document;
  std::vector<FormulaChange> changes;
};

/// The same template for engine v3:
///
///   "list": "ids.list"                                      becomes  "${steps.ids.list}"
///   "query": "${trigger_instance}", "${get.response[0].id}"  become  "${config.trigger_instance}", "${steps.get…}"
///   "api": "/x/{entry}", "path": "${looper}"                becomes  "api": "/x/${steps.looper.entry}"
///   blank path and query                                    are removed
///   scripts that give their result by a return              get "scriptEngine": "v1"
///   "engine": "v1"                                          becomes  "v3"
///
/// In steps only; bodies of scripts and triggers stay as they are. Of a template that says v3 nothing is changed but
/// what could mean nothing else there: a list or path that is a bare reference. Everything that is not as a template's
/// should be is left alone. Sub-formulas are upgraded too. Changing twice changes nothing more.
[[nodiscard]] FormulaUpgrade upgrade_to_v3(json::value document);

/// The same without sub-formulas.
[[nodiscard]] FormulaUpgrade upgrade_steps(json::value document);

/// `step` as it is to be added to the formula: a script that names no scriptEngine gets v1 if the formula has scripts
/// and all of them are v1. Source: CONTRACT 2.7.
[[nodiscard]] json::value with_script_engine(const json::value& document, json::value step);

}  // namespace formulary
