/// \file
/// Any draft: refused with a sentence, or turned into a request that the next hook can read.
#include <formulary/element/error.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "plugins/smartrecruiters/configuration.hpp"
#include "plugins/smartrecruiters/json_slices.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using smartrecruiters::JsonKind;
  std::string request;
  try {
    request = smartrecruiters::instance_request({reinterpret_cast<const char*>(data), size});
  } catch (const element::error& why) {
    const bool told = why.status() == ELEMENT_INVALID_ARGUMENT && why.code() == "smartrecruiters.invalid_configuration";
    if (!told) std::abort();
    return 0;
  }
  if (smartrecruiters::json_kind(request) != JsonKind::object) std::abort();
  if (smartrecruiters::settings_of(request).key.view().empty()) std::abort();
  return 0;
}
