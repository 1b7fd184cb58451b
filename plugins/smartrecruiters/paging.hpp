/// \file
/// The platform's paging (page, pageSize, nextPage, bare arrays) over the vendor's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/smartrecruiters/resources.hpp"
#include "plugins/smartrecruiters/where.hpp"

namespace smartrecruiters {

/// What the caller's query asks for.
struct ListQuery {
  std::vector<Parameter> filters;  ///< For the vendor.
  std::size_t page_size = 100;     ///< The vendor's most.
  std::size_t page = 1;
  bool paged = false;   ///< `page`, `pageSize` or `nextPage` was given.
  std::string page_id;  ///< The vendor's, out of a nextPage token; empty: from the start.
};

/// Reads the caller's query, a JSON object of decoded parameters (empty: none), and what stood behind a `?` in its path
/// (form encoded: "+" is a blank); a parameter may be in one of them. There are `where`, the resource's filters under
/// their own names, and for lists `page` (from 1), `pageSize` (more than 100 counts as 100 where the vendor pages) and
/// `nextPage` (a token of an earlier answer of the same resource; wins over `page`). Throws
/// element::error(INVALID_ARGUMENT, HTTP 400) with code "smartrecruiters.invalid_query", "smartrecruiters.invalid_page"
/// or parse_where()'s.
[[nodiscard]] ListQuery read_query(const Resource& resource, std::string_view query, std::string_view path_query = {});

/// One page of the vendor's; all views are into the body that it was read from.
struct VendorPage {
  std::vector<std::string_view> elements;
  std::string_view content;            ///< The whole array.
  std::optional<std::uint64_t> total;  ///< totalFound
  std::string next_page_id;            ///< nextPageId; absent and null are empty.
};

/// Reads a list: {"content": [...], "totalFound": 3, "nextPageId": "..."} or a bare array. Throws
/// element::error(DATA_LOSS, "smartrecruiters.unexpected_answer") for everything else, also for an empty body: a list
/// that is not there is not an empty list.
[[nodiscard]] VendorPage read_page(std::string_view body);

/// The token that read_query() takes for the page after `asked`.
[[nodiscard]] std::string next_page_token(const Resource& resource, const ListQuery& asked,
                                          std::string_view next_page_id);

}  // namespace smartrecruiters
