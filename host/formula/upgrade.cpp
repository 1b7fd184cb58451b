#include "host/formula/upgrade.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "host/formula/reference.hpp"
#include "host/formula/script_scan.hpp"

namespace formulary {
namespace {

constexpr std::array<std::string_view, 4> roots{"trigger", "steps", "config", "info"};
/// Properties of a step whose whole text may be a bare reference.
constexpr std::array<std::string_view, 9> reference_properties{
    "list", "path", "query", "headers", "body", "form", "args", "subFormulaConfigs", "uploadFormData"};
/// Those of them that mean nothing as a text that is no reference.
constexpr std::array<std::string_view, 2> never_texts{"list", "path"};

template <std::size_t size>
bool is_one_of(std::string_view word, const std::array<std::string_view, size>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string_view text_of(const json::object& object, std::string_view key) {
  const json::value* member = object.if_contains(key);
  const auto* text = member == nullptr ? nullptr : member->if_string();
  return text == nullptr ? std::string_view() : std::string_view(*text);
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

bool is_script(std::string_view type) {
  return type == "script" || type == "filter";
}

/// Calls `visit` with each object in the array `key` of the document.
template <class Document, class Visit>
void each_entry(Document& document, std::string_view key, const Visit& visit) {
  auto* member = document.if_contains(key);
  auto* array = member == nullptr ? nullptr : member->if_array();
  if (array == nullptr) return;
  for (std::size_t index = 0; index < array->size(); ++index) {
    if (auto* object = (*array)[index].if_object()) visit(*object, index);
  }
}

using Names = std::set<std::string, std::less<>>;

Names names_in(const json::object& document, std::string_view array, std::string_view key) {
  Names names;
  each_entry(document, array, [&](const json::object& entry, std::size_t) { names.emplace(text_of(entry, key)); });
  return names;
}

/// Whether all scripts of the template that name an engine name v1; false if none does.
bool scripts_are_v1(const json::object& document) {
  bool any = false;
  bool all = true;
  each_entry(document, "steps", [&](const json::object& step, std::size_t) {
    if (!is_script(text_of(step, "type"))) return;
    const json::value* properties = step.if_contains("properties");
    const auto* object = properties == nullptr ? nullptr : properties->if_object();
    const std::string_view engine = object == nullptr ? std::string_view() : text_of(*object, "scriptEngine");
    if (engine.empty()) return;
    any = true;
    all = all && engine == "v1";
  });
  return any && all;
}

class Upgrader {
 public:
  explicit Upgrader(json::value document) : document_(std::move(document)) {
    const json::object& template_object = document_.as_object();
    says_v3_ = text_of(template_object, "engine") == "v3";
    scripts_are_v1_ = scripts_are_v1(template_object);
    steps_ = names_in(template_object, "steps", "name");
    keys_ = names_in(template_object, "configuration", "key");
  }

  FormulaUpgrade run() && {
    json::object& template_object = document_.as_object();
    each_entry(template_object, "steps", [this](json::object& step, std::size_t index) {
      path_ = "steps[" + std::to_string(index) + "].properties";
      json::value* properties = step.if_contains("properties");
      if (properties != nullptr && properties->is_object()) upgrade(text_of(step, "type"), properties->as_object());
    });
    if (text_of(template_object, "engine") == "v1") {
      template_object["engine"] = "v3";
      changes_.push_back({"engine", "'v1' became 'v3'"});
    }
    return {.document = std::move(document_), .changes = std::move(changes_)};
  }

 private:
  void upgrade(std::string_view type, json::object& properties) {
    if (is_script(type)) return upgrade_script(properties);
    for (auto& member : properties) {
      const bool may_be_bare =
          is_one_of(member.key(), never_texts) || (!says_v3_ && is_one_of(member.key(), reference_properties));
      if (auto* text = member.value().if_string(); text != nullptr && may_be_bare) unfold_bare(member.key(), *text);
      if (!says_v3_) unfold(std::string(member.key()), member.value());
    }
    if (says_v3_) return;
    fill_variables(properties);
    remove_blank(properties, "path");
    remove_blank(properties, "query");
  }

  void upgrade_script(json::object& properties) {
    if (!text_of(properties, "scriptEngine").empty()) return;
    const std::string engine(text_of(document_.as_object(), "engine"));
    const ScriptScan scan = scan_script(text_of(properties, "body"));
    const bool returns = engine == "v1" && script_result("", engine, scan) == ScriptEnding::required;
    if (!returns && !scripts_are_v1_) return;
    properties["scriptEngine"] = "v1";
    changed("scriptEngine", "became 'v1'");
  }

  /// "ids.list" as "${steps.ids.list}". In `body`, where a text may be anything, only what leads into a known step.
  void unfold_bare(std::string_view key, json::string& text) {
    const std::string_view old(text);
    if (is_blank(old) || old.find("${") != std::string_view::npos) return;
    const Property property{json::value("${" + std::string(old) + "}")};
    const auto& segments = property.segments();
    const auto* reference = segments.size() == 1 ? std::get_if<Reference>(&segments.front()) : nullptr;
    if (reference == nullptr) return;
    const auto path = full_path(*reference);
    if (!path || (key == "body" && reference->tokens.size() < 2)) return;
    replace(key, text, "${" + *path + "}");
  }

  /// Every reference without its root in any text below.
  void unfold(const std::string& key, json::value& value) {
    if (auto* array = value.if_array()) {
      for (std::size_t index = 0; index < array->size(); ++index) {
        unfold(key + '[' + std::to_string(index) + ']', (*array)[index]);
      }
    } else if (auto* object = value.if_object()) {
      for (auto& member : *object) unfold(key + '.' + std::string(member.key()), member.value());
    } else if (auto* text = value.if_string()) {
      if (const auto unfolded = unfolded_text(value)) replace(key, *text, *unfolded);
    }
  }

  /// nullopt if nothing is to be changed.
  [[nodiscard]] std::optional<std::string> unfolded_text(const json::value& value) const {
    std::string result;
    bool any = false;
    const Property property(value);
    for (const auto& segment : property.segments()) {
      const auto* reference = std::get_if<Reference>(&segment);
      if (reference == nullptr) {
        result += std::get<std::string>(segment);
        continue;
      }
      const auto path = is_one_of(reference->tokens.front().key, roots) ? std::nullopt : full_path(*reference);
      any = any || path;
      result += "${" + path.value_or(reference->text) + "}";
    }
    return any ? std::optional(result) : std::nullopt;
  }

  /// The path with its root, nullopt if it begins with none, nor with a configuration key or a step.
  [[nodiscard]] std::optional<std::string> full_path(const Reference& reference) const {
    const std::string& text = reference.text;
    if (reference.function != Reference::Function::none) return std::nullopt;
    if (is_one_of(reference.tokens.front().key, roots)) {
      return reference.tokens.size() > 1 ? std::optional(text) : std::nullopt;
    }
    if (leads_into(keys_, reference)) return "config." + text;
    if (leads_into(steps_, reference)) return "steps." + text;
    return std::nullopt;
  }

  [[nodiscard]] static bool leads_into(const Names& names, const Reference& reference) {
    std::string name;
    for (const auto& token : reference.tokens) {
      if (token.index) return false;
      name += name.empty() ? token.key : '.' + token.key;
      if (names.contains(name)) return true;
    }
    return false;
  }

  /// {entry} in api, where path is "${steps.looper}": the one place that says which step's values they are.
  void fill_variables(json::object& properties) {
    const json::value* path = properties.if_contains("path");
    json::value* api = properties.if_contains("api");
    if (api == nullptr) api = properties.if_contains("url");
    if (path == nullptr || api == nullptr || !api->is_string()) return;
    const Property property(*path);
    const auto& segments = property.segments();
    const auto* reference = segments.size() == 1 ? std::get_if<Reference>(&segments.front()) : nullptr;
    if (reference == nullptr || reference->function != Reference::Function::none) return;
    const std::string filled = filled_text(std::string_view(api->as_string()), reference->text);
    if (filled == std::string_view(api->as_string())) return;
    replace(properties.if_contains("api") == api ? "api" : "url", api->as_string(), filled);
    properties.stable_erase("path");
    changed("path", "was removed, since it is part of the address now");
  }

  /// Each {name} that is not the rest of a ${...}.
  [[nodiscard]] static std::string filled_text(std::string_view text, std::string_view path) {
    std::string result;
    while (!text.empty()) {
      const std::size_t open = std::min(text.find('{'), text.size());
      const std::size_t close = std::min(text.find('}', open), text.size());
      result += text.substr(0, open);
      const bool is_variable = close < text.size() && (open == 0 || text[open - 1] != '$');
      const std::string_view name = text.substr(open, close - open);
      if (is_variable && name.size() > 1) {
        result += "${" + std::string(path) + '.' + std::string(name.substr(1)) + '}';
      } else {
        result += text.substr(open, std::min(close + 1, text.size()) - open);
      }
      text.remove_prefix(std::min(close + 1, text.size()));
    }
    return result;
  }

  void remove_blank(json::object& properties, std::string_view key) {
    const json::value* member = properties.if_contains(key);
    const auto* text = member == nullptr ? nullptr : member->if_string();
    if (text == nullptr || !is_blank(*text)) return;
    properties.stable_erase(key);
    changed(key, "was blank and was removed");
  }

  void replace(std::string_view key, json::string& text, std::string_view by) {
    changed(key, "'" + std::string(text) + "' became '" + std::string(by) + "'");
    text = by;
  }

  void changed(std::string_view key, std::string sentence) {
    changes_.push_back({path_ + '.' + std::string(key), std::move(sentence)});
  }

  json::value document_;
  bool says_v3_ = false;
  bool scripts_are_v1_ = false;
  Names steps_;
  Names keys_;
  std::string path_;
  std::vector<FormulaChange> changes_;
};

}  // namespace

FormulaUpgrade upgrade_steps(json::value document) {
  if (!document.is_object()) return {.document = std::move(document), .changes = {}};
  return Upgrader(std::move(document)).run();
}

FormulaUpgrade upgrade_to_v3(json::value document) {
  FormulaUpgrade upgrade = upgrade_steps(std::move(document));
  if (!upgrade.document.is_object()) return upgrade;
  each_entry(upgrade.document.as_object(), "subFormulas", [&upgrade](json::object& entry, std::size_t index) {
    FormulaUpgrade inner = upgrade_to_v3(std::move(entry));
    entry = std::move(inner.document.as_object());
    for (FormulaChange& change : inner.changes) {
      change.path.insert(0, "subFormulas[" + std::to_string(index) + "].");
      upgrade.changes.push_back(std::move(change));
    }
  });
  return upgrade;
}

json::value with_script_engine(const json::value& document, json::value step) {
  auto* object = step.if_object();
  if (object == nullptr || !document.is_object() || !is_script(text_of(*object, "type"))) return step;
  if (!scripts_are_v1(document.as_object())) return step;
  json::value& properties = (*object)["properties"];
  if (properties.is_null()) properties = json::object();
  if (properties.is_object() && text_of(properties.as_object(), "scriptEngine").empty()) {
    properties.as_object()["scriptEngine"] = "v1";
  }
  return step;
}

}  // namespace formulary
