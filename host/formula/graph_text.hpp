/// \file
/// A formula drawn: for a terminal, for Graphviz, for Mermaid.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "host/formula/formula.hpp"

namespace formulary {

enum class GraphForm {
  text,     ///< One step a line, below it what follows it.
  dot,      ///< Graphviz: `formulary formulas graph --as dot f.json | dot -Tsvg`.
  mermaid,  ///< A flowchart, as Markdown renders it.
};
/// "text", "dot", "mermaid"; nullopt for anything else.
[[nodiscard]] std::optional<GraphForm> parse_graph_form(std::string_view name);

/// The trigger, every step with what it does, where it goes on success and on failure, loops and filters in their own
/// words, steps that are named and missing, steps that are never reached, and the sub-formulas. Steps come in the order
/// in which the trigger leads to them. Control characters of the template are left out. Linear in its size.
[[nodiscard]] std::string draw_graph(const Formula& formula, GraphForm form);

}  // namespace formulary
