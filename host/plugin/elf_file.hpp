/// \file
/// What a shared library says about itself, read from its bytes without running any of them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace formulary {

/// Views point into the bytes that were read.
struct ElfFile {
  bool program = false;                     ///< An executable, not a library.
  bool executable_stack = false;            ///< Loading it would make the stacks of the whole process executable.
  bool text_relocations = false;            ///< Loading it would make code pages writable.
  std::vector<std::string> needed;          ///< DT_NEEDED, in order.
  std::vector<std::string> run_paths;       ///< DT_RPATH and DT_RUNPATH, one folder each.
  std::vector<std::string> exports;         ///< The defined dynamic symbols that begin with `export_prefix`.
  std::size_t other_exports = 0;            ///< How many others there are, data included.
  std::string other_export;                 ///< The first of them.
  std::optional<std::string_view> section;  ///< The section that was asked for.
};

struct ElfQuestion {
  std::string_view export_prefix;
  std::string_view section;
};

/// Reads a 64-bit ELF shared library of this machine. Each offset, length and count is checked against the bytes that
/// are there, so that a file cut short is refused here and is not a SIGBUS later. Throws PluginRefusal:
/// plugin.not_elf, plugin.wrong_class, plugin.wrong_machine, plugin.not_a_library, plugin.truncated, plugin.damaged.
[[nodiscard]] ElfFile read_elf(std::string_view bytes, const ElfQuestion& question);

}  // namespace formulary
