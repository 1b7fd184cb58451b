/// \file
/// One page of a hub's list out of the vendor's pages.
#pragma once

#include <formulary/element/call.hpp>
#include <formulary/element/values.hpp>

#include "plugins/smartrecruiters/paging.hpp"
#include "plugins/smartrecruiters/resources.hpp"
#include "plugins/smartrecruiters/vendor.hpp"

namespace smartrecruiters {

/// The page that `query` asks for, as a bare array, with the headers `elements-returned-count` and, if the vendor says
/// it, `elements-total-count`, and with a token while there is more. `request` is complete but for its target; `path`
/// is the vendor's path with the fixed parameters. A page of more than 100 elements is gathered from several of the
/// vendor's, and a page by number of a list that the vendor pages by ids is walked to from the first one: 50 of the
/// vendor's pages for one call are the most. Ids that go round end the list, with a warning in the log.
///
/// A filter of Filter::own_after is applied here: then elements-total-count is missing, and a call that has read 50 of
/// the vendor's pages ends with a shorter page and a token.
///
/// Throws as Vendor::send() and read_page(), DATA_LOSS "smartrecruiters.incomplete_list" if a list that the vendor
/// documents as whole names a next page, and OUT_OF_RANGE "smartrecruiters.page_too_far" beyond the 50th page by number
/// or the 10,000th by tokens.
[[nodiscard]] element::answer read_list(Vendor& vendor, element::call& now, const Resource& resource,
                                        VendorRequest request, const std::string& path, ListQuery query);

}  // namespace smartrecruiters
