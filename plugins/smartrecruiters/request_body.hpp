/// \file
/// Checks the caller's body and brings it into the form that the vendor wants.
#pragma once

#include <formulary/element/values.hpp>

#include <string>
#include <string_view>

#include "plugins/smartrecruiters/resources.hpp"

namespace smartrecruiters {

struct RequestBody {
  std::string bytes;
  std::string content_type;  ///< Empty: no body is sent.
  std::string echo;          ///< For Answer::echo: what the caller gets back, {"status":"HIRED"}.
};

/// What becomes of a body, by Resource::body:
///
/// - json: one JSON object, byte for byte, after a look for the members of Resource::required (present and not null);
///   other members are the vendor's business.
/// - json_patch: an array of RFC 6902 operations, byte for byte; a single operation {"op", "path", ...}, which is what
///   the platform's element takes, becomes an array of one. An object that is no operation is refused: which members it
///   should replace is a guess.
/// - attachment, resume: multipart/form-data of the caller, passed on with its boundary; or JSON
///   {"file": {"name": "cv.pdf", "contentType": "application/pdf", "content": "<base64>"}, "attachmentType": "RESUME"},
///   from which a multipart body is made. A part `file` is required. attachmentType is GENERIC_FILE (also when absent),
///   RESUME or COVER_LETTER.
///
/// Throws element::error(INVALID_ARGUMENT, "smartrecruiters.invalid_body", HTTP 400) that names the member; more than
/// 32 MiB are "smartrecruiters.body_too_large" (HTTP 413).
[[nodiscard]] RequestBody make_body(const Resource& resource, const element::request& what);

}  // namespace smartrecruiters
