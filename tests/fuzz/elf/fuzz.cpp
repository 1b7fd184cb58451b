// Any bytes are either read as a library or refused; nothing is read outside of them.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "host/plugin/elf_file.hpp"
#include "host/plugin/refusal.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    const formulary::ElfFile elf =
        formulary::read_elf(bytes, {.export_prefix = "element_plugin_entry_v", .section = ".element.manifest"});
    if (elf.section && !elf.section->empty() &&
        (elf.section->data() < bytes.data() ||
         elf.section->data() + elf.section->size() > bytes.data() + bytes.size())) {
      __builtin_trap();
    }
  } catch (const formulary::PluginRefusal&) {
  }
  return 0;
}
