/// \file
/// Pages of the platform's lists. Source: CONTRACT 1.1, "Paging".
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "host/api/api_request.hpp"

namespace formulary::api {

/// Which part of a list is asked for.
struct PageOrder {
  std::size_t page_size = 200;
  std::size_t page = 1;    ///< From 1.
  std::size_t offset = 0;  ///< How many are left out before the first page.
  std::int64_t after = 0;  ///< A cursor of the list's own, where it has one.
};

/// From `pageSize` and `nextPage`. Error(bad_input) for a size that is not from 1 to `most`, or a token that is
/// not one of ours.
[[nodiscard]] PageOrder page_order(const ApiRequest& request, std::size_t otherwise = 200, std::size_t most = 5'000);
/// base64 of {"pageSize":1,"page":2}, or with "after" or "offset".
[[nodiscard]] std::string page_token(const PageOrder& next);

/// That page of the whole list, with Elements-Returned-Count, Elements-Total-Count, and Elements-Next-Page-Token if
/// there is more.
[[nodiscard]] ApiAnswer answer_page(json::array whole, const PageOrder& order);

}  // namespace formulary::api
