#include "host/formula/graph_text.hpp"

#include <cstddef>
#include <initializer_list>
#include <set>
#include <utility>
#include <vector>

#include "host/formula/graph.hpp"
#include "host/formula/web_text.hpp"

namespace formulary {
namespace {

constexpr std::size_t detail_bytes_max = 60;

/// What all three forms draw.
struct Edge {
  std::string from;
  std::string to;
  std::string target;  ///< The name of what it leads to.
  std::string label;
  bool failure = false;
};
struct Node {
  std::string id;
  std::string name;
  std::string title;
  bool reached = true;
};
struct Drawing {
  std::string id;
  std::string title;
  std::vector<Node> nodes;  ///< The trigger first.
  std::vector<Edge> edges;  ///< By node.
  std::vector<Drawing> sub_formulas;
};

/// Nothing that a terminal would obey.
std::string shown(std::string_view text) {
  std::string result;
  for (const char byte : text) result += has_control_characters({&byte, 1}) ? ' ' : byte;
  return result;
}

std::string shortened(std::string text) {
  if (text.size() <= detail_bytes_max) return text;
  std::size_t end = detail_bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;  // not within a character
  return text.substr(0, end) + "…";
}

std::string text_of(const Property& property) {
  const json::value& source = property.source();
  if (source.is_null()) return {};
  const auto* text = source.if_string();
  return text == nullptr ? to_text(source) : std::string(*text);
}

std::string request_text(const RequestProperties& request) {
  return text_of(request.method) + ' ' + text_of(request.target);
}

/// What a step does, besides its type.
struct Detail {
  std::string operator()(const ElementRequestStep& kind) const { return request_text(kind.request); }
  std::string operator()(const PlatformRequestStep& kind) const { return request_text(kind.request); }
  std::string operator()(const HttpRequestStep& kind) const { return request_text(kind.request); }
  std::string operator()(const ElementStreamStep& kind) const {
    return text_of(kind.download.target) + " to " + text_of(kind.upload.target);
  }
  std::string operator()(const LoopStep& kind) const { return text_of(kind.list); }
  std::string operator()(const SubFormulaStep& kind) const { return text_of(kind.formula_id); }
  std::string operator()(const AmqpRequestStep& kind) const { return text_of(kind.queue); }
  template <class Other>
  std::string operator()(const Other& /*kind*/) const {
    return {};
  }
};

struct TriggerDetail {
  std::string operator()(const ScheduledTrigger& kind) const { return text_of(kind.cron); }
  std::string operator()(const ElementRequestTrigger& kind) const {
    return text_of(kind.method) + ' ' + text_of(kind.api);
  }
  template <class Other>
  std::string operator()(const Other& /*kind*/) const {
    return {};
  }
};

std::string title_of(std::string_view type, const std::string& detail) {
  const std::string rest = shortened(shown(detail));
  return shown(type) + (rest.find_first_not_of(' ') == std::string::npos ? "" : " " + rest);
}

struct Labels {
  const char* success;
  const char* failure;
};
Labels labels_of(const Step& step) {
  if (std::holds_alternative<LoopStep>(step.kind)) return {"each", "end"};
  if (std::holds_alternative<FilterStep>(step.kind)) return {"true", "false"};
  return {"success", "failure"};
}

class Drawer {
 public:
  static Drawing draw(const Formula& formula, const std::string& id) {
    Drawing drawing{.id = id, .title = shown(formula.name()) + (formula.engine() == "v1" ? " (v1)" : "")};
    const auto order = order_of(formula);
    for (const Trigger& trigger : formula.triggers()) {
      const std::string node = id + "t" + std::to_string(drawing.nodes.size());
      drawing.nodes.push_back(
          {node, shown(trigger.name), title_of(trigger.type, std::visit(TriggerDetail(), trigger.kind))});
      add_edges(formula, drawing, node, trigger.on_success, "success", false);
      add_edges(formula, drawing, node, trigger.on_failure, "failure", true);
    }
    const GraphFindings findings = examine_graph(formula);
    const std::set<std::size_t> unreached(findings.unreachable.begin(), findings.unreachable.end());
    for (const std::size_t index : order) {
      const Step& step = formula.steps()[index];
      const std::string node = step_id(id, index);
      drawing.nodes.push_back(
          {node, shown(step.name), title_of(step.type, std::visit(Detail(), step.kind)), !unreached.contains(index)});
      const Labels labels = labels_of(step);
      add_edges(formula, drawing, node, step.on_success, labels.success, false);
      add_edges(formula, drawing, node, step.on_failure, labels.failure, true);
    }
    for (std::size_t index = 0; index < formula.sub_formulas().size(); ++index) {
      drawing.sub_formulas.push_back(draw(*formula.sub_formulas()[index], id + "f" + std::to_string(index)));
    }
    return drawing;
  }

 private:
  static std::string step_id(const std::string& formula, std::size_t index) {
    return formula + "s" + std::to_string(index);
  }

  static void add_edges(const Formula& formula, Drawing& drawing, const std::string& from,
                        const std::vector<std::string>& names, const char* label, bool failure) {
    for (const std::string& name : names) {
      if (name.empty()) continue;
      const Step* step = formula.find_step(name);
      const auto index = step == nullptr ? 0 : static_cast<std::size_t>(step - formula.steps().data());
      drawing.edges.push_back({.from = from,
                               .to = step == nullptr ? std::string() : step_id(drawing.id, index),
                               .target = shown(name),
                               .label = label,
                               .failure = failure});
    }
  }

  /// Depth first from the triggers, then what they do not reach.
  static std::vector<std::size_t> order_of(const Formula& formula) {
    std::vector<std::size_t> order;
    std::vector<bool> seen(formula.steps().size());
    std::vector<std::size_t> open;
    const auto push = [&](const std::vector<std::string>& names) {
      for (auto name = names.rbegin(); name != names.rend(); ++name) {
        const Step* step = formula.find_step(*name);
        if (step != nullptr) open.push_back(static_cast<std::size_t>(step - formula.steps().data()));
      }
    };
    const auto drain = [&] {
      while (!open.empty()) {
        const std::size_t index = open.back();
        open.pop_back();
        if (seen[index]) continue;
        seen[index] = true;
        order.push_back(index);
        push(formula.steps()[index].on_failure);
        push(formula.steps()[index].on_success);
      }
    };
    for (const Trigger& trigger : formula.triggers()) {
      push(trigger.on_failure);
      push(trigger.on_success);
      drain();
    }
    for (std::size_t index = 0; index < seen.size(); ++index) {
      if (seen[index]) continue;
      open.push_back(index);
      drain();
    }
    return order;
  }
};

void append(std::string& out, std::initializer_list<std::string_view> parts) {
  for (const std::string_view part : parts) out += part;
}

void write_text(const Drawing& drawing, const std::string& indent, std::string& out) {
  append(out, {indent, drawing.title, "\n"});
  std::size_t edge = 0;
  for (const Node& node : drawing.nodes) {
    append(out, {indent, "  ", node.name, " (", node.title, ")", node.reached ? "\n" : ", never reached\n"});
    for (; edge < drawing.edges.size() && drawing.edges[edge].from == node.id; ++edge) {
      const Edge& to = drawing.edges[edge];
      append(out, {indent, "      ", to.label, " -> ", to.target, to.to.empty() ? ", which does not exist\n" : "\n"});
    }
  }
  for (const Drawing& inner : drawing.sub_formulas) write_text(inner, indent + "  ", out);
}

std::string in_quotes(std::string_view text, std::string_view quote_as) {
  std::string result = "\"";
  for (const char byte : text) {
    if (byte == '"') {
      result += quote_as;
    } else if (byte == '\\' && quote_as == "\\\"") {
      result += "\\\\";
    } else {
      result += byte;
    }
  }
  return result + '"';
}

std::string dot_text(std::string_view text) {
  return in_quotes(text, "\\\"");
}

void write_dot(const Drawing& drawing, const std::string& indent, std::string& out) {
  for (const Node& node : drawing.nodes) {
    append(out, {indent, node.id, " [label=", dot_text(node.name + " · " + node.title),
                 node.reached ? "];\n" : ", style=dashed];\n"});
  }
  std::size_t missing = 0;
  for (const Edge& edge : drawing.edges) {
    std::string to = edge.to;
    if (to.empty()) {
      to = drawing.id + "x" + std::to_string(missing++);
      append(out, {indent, to, " [label=", dot_text(edge.target + " · does not exist"), ", style=dotted];\n"});
    }
    append(out, {indent, edge.from, " -> ", to, " [label=", dot_text(edge.label),
                 edge.failure ? ", style=dashed];\n" : "];\n"});
  }
  for (const Drawing& inner : drawing.sub_formulas) {
    append(out, {indent, "subgraph cluster_", inner.id, " {\n", indent, "  label=", dot_text(inner.title), ";\n"});
    write_dot(inner, indent + "  ", out);
    append(out, {indent, "}\n"});
  }
}

std::string mermaid_text(std::string_view text) {
  return in_quotes(text, "#quot;");
}

void write_mermaid(const Drawing& drawing, const std::string& indent, std::string& out) {
  for (const Node& node : drawing.nodes) {
    append(out, {indent, node.id, "[", mermaid_text(node.name + " · " + node.title), "]\n"});
  }
  std::size_t missing = 0;
  for (const Edge& edge : drawing.edges) {
    append(out, {indent, edge.from, edge.failure ? " -.->|" : " -->|", edge.label, "| "});
    if (edge.to.empty()) {
      append(out,
             {drawing.id, "x", std::to_string(missing++), "[", mermaid_text(edge.target + " · does not exist"), "]\n"});
    } else {
      append(out, {edge.to, "\n"});
    }
  }
  for (const Drawing& inner : drawing.sub_formulas) {
    append(out, {indent, "subgraph ", inner.id, "[", mermaid_text(inner.title), "]\n"});
    write_mermaid(inner, indent + "  ", out);
    append(out, {indent, "end\n"});
  }
}

}  // namespace

std::optional<GraphForm> parse_graph_form(std::string_view name) {
  if (name == "text") return GraphForm::text;
  if (name == "dot") return GraphForm::dot;
  if (name == "mermaid") return GraphForm::mermaid;
  return std::nullopt;
}

std::string draw_graph(const Formula& formula, GraphForm form) {
  const Drawing drawing = Drawer::draw(formula, "n");
  std::string out;
  if (form == GraphForm::text) {
    write_text(drawing, "", out);
  } else if (form == GraphForm::dot) {
    out = "digraph formula {\n  label=" + dot_text(drawing.title) + ";\n  node [shape=box];\n";
    write_dot(drawing, "  ", out);
    out += "}\n";
  } else {
    out = "flowchart TD\n";
    write_mermaid(drawing, "  ", out);
  }
  return out;
}

}  // namespace formulary
