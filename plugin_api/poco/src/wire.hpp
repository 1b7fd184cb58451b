/// \file
/// Checks a request and writes its head.
#pragma once

#include <formulary/poco/message.hpp>
#include <formulary/poco/url.hpp>

#include <string>

namespace element::http {

/// The whole head, with its empty line. Throws http.bad_request; `where` begins the sentence.
[[nodiscard]] std::string write_head(const request& what, const url& base, const std::string& user_agent,
                                     const std::string& where);

}  // namespace element::http
