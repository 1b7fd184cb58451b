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

inline constexpr std::size_t vendor_page_size_max = 100;
/// That one call may read.
inline constexpr std::size_t vendor_pages_max = 50;

/// What the caller's query asks for, and where in the vendor's list that is.
struct ListQuery {
  std::vector<Parameter> filters;  ///< For the vendor, but for those with Filter::own_after.
  std::size_t page_size = vendor_page_size_max;
  std::size_t page = 1;
  bool paged = false;      ///< `page`, `pageSize` or `nextPage` was given.
  bool continued = false;  ///< By a nextPage token, which says where the page begins.
  std::size_t offset = 0;  ///< Elements before the page, where the vendor counts them.
  std::string page_id;     ///< The vendor's, out of a nextPage token; empty: from the start.
  std::string mark;        ///< An earlier page's id, out of the token: if it comes again, the pages go round.
};

/// Reads the caller's query, a JSON object of decoded parameters (empty: none), and what stood behind a `?` in its path
/// (form encoded: "+" is a blank); a parameter may be in one of them. There are `where`, the resource's filters under
/// their own names, and for lists `page` (from 1), `pageSize` (to 5,000 where the vendor pages, else to 10,000) and
/// `nextPage` (a token of an earlier answer of the same resource; wins over `page` and `pageSize`). A token brings the
/// filters of its list along; a caller who repeats them must give the same. Throws element::error(INVALID_ARGUMENT,
/// HTTP 400) with code "smartrecruiters.invalid_query", "smartrecruiters.invalid_page" or parse_where()'s.
[[nodiscard]] ListQuery read_query(const Resource& resource, std::string_view query, std::string_view path_query = {});

/// One page of the vendor's; all views are into the body that it was read from.
struct VendorPage {
  std::vector<std::string_view> elements;
  std::string_view content;            ///< The whole array.
  std::optional<std::uint64_t> total;  ///< totalFound
  std::string next_page_id;            ///< nextPageId; absent and null are empty, anything but a text is refused.
};

/// Reads a list: {"content": [...], "totalFound": 3, "nextPageId": "..."} or a bare array. Throws
/// element::error(DATA_LOSS, "smartrecruiters.unexpected_answer") for everything else, also for an empty body: a list
/// that is not there is not an empty list.
[[nodiscard]] VendorPage read_page(std::string_view body);

/// The token that read_query() takes for the page after that of `query`, which has moved on to that page's place.
[[nodiscard]] std::string next_page_token(const Resource& resource, const ListQuery& query);

}  // namespace smartrecruiters
