/// \file
/// The hub's resources and what each one is at SmartRecruiters: one table. Read resources.cpp to know what the element
/// can do; nothing else names a path of the vendor but the two calls that prove a key (vendor.hpp).
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace smartrecruiters {

/// How the vendor pages a list.
enum class Paging {
  none,     ///< Not a list.
  whole,    ///< The vendor sends everything at once; `page` and `pageSize` cut it here.
  offset,   ///< limit and offset.
  page_id,  ///< limit and pageId; the next one is `nextPageId` in the answer.
};

/// What the caller's body must be, and what becomes of it.
enum class Body {
  none,           ///< Ignored: clients of the platform send `null` with GET and DELETE.
  json,           ///< A JSON object, passed on as it is.
  json_optional,  ///< The same, or nothing.
  json_patch,     ///< RFC 6902: an array of operations, or one operation.
  attachment,     ///< multipart/form-data with `file` and `attachmentType`.
  resume,         ///< multipart/form-data with `file`.
  cancelled,      ///< Ignored; the vendor gets {"status":"CANCELLED"}.
};

/// What the caller gets when the vendor says yes.
enum class Answer {
  as_is,
  list,          ///< The elements alone: the vendor's array, or the array in its member `content`.
  one_in_list,   ///< The vendor's object as the only element of an array, as the platform's element does it.
  echo,          ///< The vendor sends nothing; the caller gets back the member that it set (Resource::required).
  empty_object,  ///< {}
  file,          ///< Any bytes with the vendor's content type.
};

/// Which of the vendor's limits a call is under, besides those of the key.
enum class Limit {
  ordinary,
  alone,  ///< One at a time for the key.
  slow,   ///< 2 requests a second for the key.
};

/// A query parameter of the vendor that `where=` (or a parameter of the same name) may set.
struct Filter {
  std::string_view name;
  bool repeatable = false;  ///< IN ('a','b') is possible.
  bool time = false;        ///< The value must be one that parse_instant() reads.
  /// The element's member, a time, that must be after the value. The vendor does not know such a filter, so the plugin
  /// applies it to what comes. Empty: the vendor applies it.
  std::string_view own_after = {};
};

struct Resource {
  std::string_view method;  ///< The hub's.
  std::string_view path;    ///< Below the hub; {name} stands for one segment.
  std::string_view vendor_method;
  std::string_view vendor_path;  ///< With the same names.
  Paging paging = Paging::none;
  Body body = Body::none;
  Answer answer = Answer::as_is;
  Limit limit = Limit::ordinary;
  std::string_view required;        ///< Members that the body must have, separated by blanks.
  std::span<const Filter> filters;  ///< What `where=` may say.
  std::string_view fixed_query;     ///< Always sent: "sort=job_id".
};

/// All of them, ordered by path and method.
[[nodiscard]] std::span<const Resource> resources() noexcept;

/// Whether the vendor's call may be sent twice: GET, PUT, DELETE, and PATCH with plain members, which sets them.
[[nodiscard]] constexpr bool idempotent(const Resource& resource) noexcept {
  if (resource.vendor_method == "PATCH") return resource.body == Body::json;
  return resource.vendor_method != "POST";
}

/// One path parameter, decoded: {"id", "42"}.
struct PathValue {
  std::string_view name;
  std::string value;
};

struct Match {
  const Resource* resource = nullptr;
  std::vector<PathValue> values;
};

/// Finds the resource for a hub's request. `path` is "/candidates/42" or "/hubs/humancapital/candidates/42", with
/// percent escapes. Throws element::error: INVALID_ARGUMENT "smartrecruiters.unknown_resource" (HTTP 400, with near
/// paths), UNIMPLEMENTED "smartrecruiters.unknown_method" (HTTP 405, with the methods there are), INVALID_ARGUMENT
/// "smartrecruiters.bad_path" for a segment that is empty, "." or "..", or holds control characters.
[[nodiscard]] Match find_resource(std::string_view method, std::string_view path);

/// The vendor's path with the values put in, percent-encoded.
[[nodiscard]] std::string vendor_path(const Match& match);

/// `text` with %XX replaced; a wrong escape stays as it is.
[[nodiscard]] std::string percent_decoded(std::string_view text);

}  // namespace smartrecruiters
