/// \file
/// The failures of a session pool: one function each, so that code, status, retry class and sentence are in one place.
/// `where` is "GET https://host:443"; no sentence holds a target, a header or a body.
#pragma once

#include <formulary/element/error.hpp>

#include <string>

#include "response_parser.hpp"

namespace element::http::failure {

[[nodiscard]] error bad_url(const std::string& why);
[[nodiscard]] error bad_ca_file(const std::string& file, const std::string& why);
[[nodiscard]] error bad_request(const std::string& where, const std::string& why);
[[nodiscard]] error unknown_host(const std::string& where, const std::string& why);
[[nodiscard]] error connect_failed(const std::string& where, const std::string& why);
[[nodiscard]] error tls_failed(const std::string& where, const std::string& why);
[[nodiscard]] error tls_untrusted(const std::string& where, const std::string& why);
[[nodiscard]] error timeout(const std::string& where, const std::string& phase, retry may_retry);
[[nodiscard]] error busy(const std::string& where);
[[nodiscard]] error closed(const std::string& where, const std::string& why);
[[nodiscard]] error of(const std::string& where, const bad_answer& what);

}  // namespace element::http::failure
