/// \file
/// Trust anchors, read once and shared: the system's bundle costs 100 ms and some megabytes each time.
#pragma once

#include <openssl/types.h>

#include <memory>
#include <string>

namespace element::http {

/// The system's trust anchors and those of `ca_file` (a PEM file or a folder with hashed names; may be empty). Pools
/// that live at the same time share them, as long as the file is unchanged. Any thread. Throws http.bad_ca_file.
[[nodiscard]] std::shared_ptr<X509_STORE> trust_anchors(const std::string& ca_file);

}  // namespace element::http
