/// \file
/// An element instance's configuration: from a draft to the body of POST /instances, and from a stored document to what
/// a connection needs. No network.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "plugins/smartrecruiters/secret.hpp"

namespace smartrecruiters {

/// What a connection to the vendor needs.
struct Settings {
  std::string base_url;  ///< https, or http to a loopback address.
  std::string ca_file;   ///< Empty: the system's trust anchors alone.
  std::size_t requests_per_second = 8;
  std::size_t concurrent_requests = 6;
  Secret key;
};

/// The documented body of POST /instances for a draft
///
///   {"name": "API Instance", "tags": ["Docs"], "configuration": {"api.key": "..."}}
///
/// in the documented order: {"element":{"key":"smartrecruiters"},"configuration":{...},"tags":[...],"name":"..."}.
/// `configuration` has api.key first, then the other entries in a fixed order, as strings, without
/// those that are absent or have their default. The same draft gives the same bytes, however its members are ordered.
/// `tags` may be absent. Throws element::error(INVALID_ARGUMENT, "smartrecruiters.invalid_configuration"), the sentence
/// beginning with the member: "configuration.api.key: missing; ...".
[[nodiscard]] std::string instance_request(std::string_view draft);

/// Reads the configuration of any document that has one: what instance_request() wrote, or a stored element instance,
/// whose entries that are not the vendor's business are ignored. Throws as instance_request().
[[nodiscard]] Settings settings_of(std::string_view document);

}  // namespace smartrecruiters
