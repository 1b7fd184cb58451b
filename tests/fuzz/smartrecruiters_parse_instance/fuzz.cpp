/// \file
/// Any answer: refused as data loss, or normalised into JSON that has what the host relies on.
#include <formulary/element/error.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "plugins/smartrecruiters/instance_document.hpp"
#include "plugins/smartrecruiters/json_slices.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using smartrecruiters::JsonKind;
  std::string document;
  try {
    document = smartrecruiters::instance_document({reinterpret_cast<const char*>(data), size});
  } catch (const element::error& why) {
    if (why.status() != ELEMENT_DATA_LOSS || why.code() != "smartrecruiters.unexpected_answer") std::abort();
    return 0;
  }
  if (smartrecruiters::json_kind(document) != JsonKind::object) std::abort();
  const auto members = smartrecruiters::json_members(document);
  for (const std::string_view needed : {"name", "valid"}) {
    if (std::none_of(members.begin(), members.end(), [&](const auto& one) { return one.key == needed; })) std::abort();
  }
  return 0;
}
