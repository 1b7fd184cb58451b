/// \file
/// Any `where`, any query, any page of a list.
#include <formulary/element/error.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "plugins/smartrecruiters/json_slices.hpp"
#include "plugins/smartrecruiters/paging.hpp"
#include "plugins/smartrecruiters/resources.hpp"
#include "plugins/smartrecruiters/where.hpp"

namespace {

/// Runs what may refuse with an element::error; anything else that comes out is a finding.
template <class Work>
void guarded(element_status expected, Work&& work) {
  try {
    work();
  } catch (const element::error& why) {
    if (why.status() != expected) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const smartrecruiters::Resource& candidates = *smartrecruiters::find_resource("GET", "/candidates").resource;
  guarded(ELEMENT_INVALID_ARGUMENT, [&] {
    for (const auto& one : smartrecruiters::parse_where(text, candidates.filters)) {
      if (one.name.empty() || one.value.empty()) std::abort();
    }
  });
  guarded(ELEMENT_INVALID_ARGUMENT, [&] { (void)smartrecruiters::read_query(candidates, text, text); });
  guarded(ELEMENT_DATA_LOSS, [&] {
    for (const std::string_view element : smartrecruiters::read_page(text).elements) {
      if (smartrecruiters::json_kind(element) == smartrecruiters::JsonKind::malformed) std::abort();
    }
  });
  return 0;
}
