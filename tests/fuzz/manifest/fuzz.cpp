// Any text is either a manifest or refused with bad_input or limit_reached; what was accepted can be looked up in.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "host/base/error.hpp"
#include "host/plugin/manifest.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const formulary::Manifest manifest = formulary::parse_manifest(text, "element.json");
    for (const formulary::ManifestResource& resource : manifest.resources) {
      // Its own path, parameters and all, is one of the paths that a resource stands for.
      if (manifest.find_resource(resource.method, resource.path) == nullptr) __builtin_trap();
    }
    (void)manifest.find_resource("GET", text.substr(0, 64));
  } catch (const formulary::Error& error) {
    if (error.code() != formulary::ErrorCode::bad_input && error.code() != formulary::ErrorCode::limit_reached) {
      __builtin_trap();
    }
  }
  return 0;
}
