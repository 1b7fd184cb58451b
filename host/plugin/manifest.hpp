/// \file
/// element.json, read and checked: what can be shown about an element without loading its code.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/json.hpp"

namespace formulary {

enum class Idempotency { safe, idempotent, keyed, unsafe };

struct ConfigurationEntry {
  std::string key;
  std::string name;
  std::string type;  ///< The platform's types: TEXTFIELD_128, PASSWORD, BOOLEAN, ...
  std::string description;
  std::string default_value;  ///< Numbers and booleans as their JSON text. Never set for a secret.
  std::string pattern;        ///< A regular expression for the form's field; shown, not evaluated by the host.
  std::string help;
  bool required = false;
  bool secret = false;
};

struct ManifestResource {
  std::string method;
  std::string path;  ///< "/candidates/{id}", below the hub.
  std::string description;
  Idempotency idempotency = Idempotency::unsafe;
};

struct Manifest {
  std::string id;       ///< "com.formulary.smartrecruiters"
  std::string version;  ///< Semantic version of the plugin.
  std::string key;      ///< Element key, "smartrecruiters".
  std::string name;
  std::string hub;
  std::string description;
  std::string authentication_type;
  std::uint32_t abi_major = 0;
  std::uint32_t abi_minor = 0;
  std::vector<ConfigurationEntry> configuration;
  std::vector<ManifestResource> resources;
  json::value document;  ///< The whole text, unknown members included.

  /// The entry of a call such as GET /candidates/42, or nullptr. Literal segments win over {parameters}.
  [[nodiscard]] const ManifestResource* find_resource(std::string_view method, std::string_view path) const;
};

inline constexpr std::size_t manifest_bytes_max = 1U << 20U;

/// Reads the text of element.json: `where` begins each sentence. Throws Error(bad_input) with the first problem and its
/// path ("element.json.resources[3].idempotency: ..."), Error(limit_reached) over `manifest_bytes_max`. Unknown members
/// are kept in `document`.
[[nodiscard]] Manifest parse_manifest(std::string_view text, std::string_view where);

}  // namespace formulary
