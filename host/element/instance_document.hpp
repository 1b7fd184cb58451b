/// \file
/// The element instance as a document: what is stored and shown, what a plugin is handed. Pure, no I/O.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/json.hpp"
#include "host/plugin/manifest.hpp"

namespace formulary {

/// The element of a plugin with every short member that the platform gives; its resources and parameters are empty.
[[nodiscard]] json::object element_summary(const Manifest& manifest);

inline constexpr std::string_view secret_mask = "********";

struct InstanceDraft {
  std::string element_key;
  std::string name;
  std::vector<std::string> tags;
  json::object configuration;  ///< By key, values as the manifest types them.
};

/// Throws Error(bad_input) before anybody is asked: a name or tag that is empty, over its bound or not printable text;
/// a configuration entry that the manifest does not know (with the nearest that it does), that is required and missing,
/// or of the wrong type. The sentence names the entry, says what it is and where it is described, and shows no value.
void check_draft(const InstanceDraft& draft, const Manifest& manifest);

/// The first part of check_draft(): name and tags.
void check_labels(const InstanceDraft& draft);

/// Every secret value of a configuration, as text.
[[nodiscard]] std::vector<std::string> secrets_of(const json::object& configuration, const Manifest& manifest);

/// {"name", "tags", "configuration"}: what serialize_config gets. Holds secrets.
[[nodiscard]] json::value draft_document(const InstanceDraft& draft);
[[nodiscard]] json::array tags_of(const InstanceDraft& draft);

/// What a new instance is made of.
struct InstanceParts {
  const InstanceDraft* draft = nullptr;
  const json::object* configuration = nullptr;  ///< As serialize_config wrote it; holds secrets.
  const json::object* answer = nullptr;         ///< What parse_instance wrote.
  std::string platform_url;                     ///< Platform mode: where the instance lives. Empty: vendor mode.
  std::string created;                          ///< ISO 8601.
};

/// Wipes its secrets when it ends.
struct NewInstance {
  json::object document;  ///< Without id and token, which show_document() adds; secrets masked.
  json::value secrets;    ///< {"configuration": {"api.key": "..."}}
  std::string token;      ///< The platform's; empty in vendor mode: the host mints one.

  NewInstance() = default;
  NewInstance(NewInstance&&) = default;
  NewInstance& operator=(NewInstance&&) = delete;
  ~NewInstance();
};

/// Puts them together in the platform's shape. In vendor mode the account and whatever else parse_instance found is
/// kept under its own names; what the platform's shape defines is the host's. In platform mode the platform's values
/// stay, its id goes to {"platform": {"id": 12345, "url": "https://..."}}, and its token becomes the instance's token,
/// so that who holds it reaches the instance here with it too. Throws Error(plugin_failed) for an answer without what
/// it needs.
[[nodiscard]] NewInstance compose_instance(const InstanceParts& parts, const Manifest& manifest);

/// The document as the platform shows it: with the platform's own entries of the configuration, which it keeps in the
/// member `platformConfiguration`. `token` empty: without it.
[[nodiscard]] json::object show_document(std::int64_t id, const json::object& document, std::string_view token);

/// What open_instance gets: the document with its secrets in clear, in platform mode with the token. The caller wipes
/// it. `id` 0: not given yet.
[[nodiscard]] json::value clear_document(std::int64_t id, const json::object& document, const json::value& secrets,
                                         std::string_view token);

/// The number under which clients know an element: the same for a key, always.
[[nodiscard]] std::int64_t element_number(std::string_view key);

}  // namespace formulary
