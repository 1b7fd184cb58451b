/// \file
/// The vendor's two ways of paging, with the turns that real lists take.
#pragma once

#include <boost/json/array.hpp>

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "company.hpp"

namespace sandbox {

struct PageBounds {
  std::size_t limit_default = 10;
  std::size_t limit_max = 100;
};

/// A whole number parameter; `otherwise` if it is absent. Throws call.invalid() outside of min..max.
[[nodiscard]] std::size_t number_parameter(const Call& call, const char* name, std::size_t otherwise, std::size_t min,
                                           std::size_t max);

/// {"limit", "offset", "totalFound", "content"} by the parameters limit and offset.
[[nodiscard]] Answer offset_page(const Call& call, const std::vector<json::object>& all, const PageBounds& bounds);

/// {"limit", "offset", "totalFound", "nextPageId", "content"} by limit and pageId, with a Link header while there is
/// more. A pageId that this list did not give out: Refusal(400, INVALID_PAGE_ID). `trap` chooses how the list ends:
/// without nextPageId (normal), with null, with "", with the same pageId again, or with one empty page before the last.
[[nodiscard]] Answer cursor_page(const Call& call, const std::vector<json::object>& all, const PageBounds& bounds,
                                 PagingTrap trap);

}  // namespace sandbox
