#include "host/plugin/elf_file.hpp"

#include <elf.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <type_traits>

#include "host/plugin/refusal.hpp"

namespace formulary {
namespace {

#if defined(__x86_64__)
constexpr Elf64_Half own_machine = EM_X86_64;
#elif defined(__aarch64__)
constexpr Elf64_Half own_machine = EM_AARCH64;
#else
#error "name this machine's ELF number here and in machine_name()"
#endif

// Real plugins have some thirty sections, a few thousand symbols and a handful of needed libraries.
constexpr std::size_t symbols_max = 4U << 20U;
constexpr std::size_t exports_max = 64;
constexpr std::size_t names_max = 1024;
constexpr std::size_t name_bytes_max = 4096;

std::string machine_name(Elf64_Half machine) {
  switch (machine) {
    case EM_386:
      return "32-bit x86";
    case EM_X86_64:
      return "x86-64";
    case EM_ARM:
      return "32-bit ARM";
    case EM_AARCH64:
      return "ARM64";
    case EM_RISCV:
      return "RISC-V";
    case EM_PPC64:
      return "PowerPC 64";
    case EM_S390:
      return "IBM Z";
    default:
      return "machine number " + std::to_string(machine);
  }
}

[[noreturn]] void refuse_truncated(const std::string& what) {
  throw PluginRefusal("plugin.truncated", "the file ends before " + what + "; it was cut short: copy it again");
}

[[noreturn]] void refuse_damaged(const std::string& what) {
  throw PluginRefusal("plugin.damaged", what + "; the file is damaged: build or copy it again");
}

/// The bytes, read only within their bounds.
class Bytes {
 public:
  explicit Bytes(std::string_view bytes) : bytes_(bytes) {}

  [[nodiscard]] std::string_view part(std::uint64_t offset, std::uint64_t length, const std::string& what) const {
    if (offset > bytes_.size() || length > bytes_.size() - offset) refuse_truncated(what);
    return bytes_.substr(offset, length);
  }

  template <class Record>
  [[nodiscard]] Record record(std::uint64_t offset, const std::string& what) const {
    static_assert(std::is_trivially_copyable_v<Record>);
    Record copy{};
    std::memcpy(&copy, part(offset, sizeof copy, what).data(), sizeof copy);
    return copy;
  }

  template <class Record>
  [[nodiscard]] std::vector<Record> table(std::uint64_t offset, std::uint64_t count, const std::string& what) const {
    if (count > bytes_.size() / sizeof(Record)) refuse_truncated(what);
    std::vector<Record> records(count);
    const std::string_view from = part(offset, count * sizeof(Record), what);
    if (count != 0) std::memcpy(records.data(), from.data(), from.size());
    return records;
  }

 private:
  std::string_view bytes_;
};

/// The NUL-terminated text at `offset` of a string table.
std::string_view text_at(std::string_view table, std::uint64_t offset) {
  if (offset >= table.size()) refuse_damaged("a name lies outside its string table");
  const std::string_view rest = table.substr(offset, name_bytes_max);
  const auto end = rest.find('\0');
  if (end == std::string_view::npos) refuse_damaged("a name does not end within its string table");
  return rest.substr(0, end);
}

Elf64_Ehdr read_header(const Bytes& bytes, std::string_view all) {
  if (all.substr(0, SELFMAG) != std::string_view(ELFMAG, SELFMAG)) {
    throw PluginRefusal("plugin.not_elf", "it is not an ELF file; a plugin is a shared library built for this system");
  }
  if (all.size() < EI_NIDENT) refuse_truncated("the end of the ELF identification");
  if (all[EI_CLASS] != ELFCLASS64) {
    throw PluginRefusal("plugin.wrong_class", "it is not a 64-bit library; build it for this machine");
  }
  if (all[EI_DATA] != ELFDATA2LSB) {
    throw PluginRefusal("plugin.wrong_machine",
                        "it is for a big-endian machine; build it for " + machine_name(own_machine));
  }
  const auto header = bytes.record<Elf64_Ehdr>(0, "the end of the ELF header");
  if (header.e_machine != own_machine) {
    throw PluginRefusal("plugin.wrong_machine", "it is for another machine (" + machine_name(header.e_machine) +
                                                    "); build it for " + machine_name(own_machine));
  }
  if (header.e_type != ET_DYN) {
    throw PluginRefusal("plugin.not_a_library", "it is an ELF file but not a shared library; link it with -shared");
  }
  if (header.e_phentsize != sizeof(Elf64_Phdr) || (header.e_shnum != 0 && header.e_shentsize != sizeof(Elf64_Shdr))) {
    refuse_damaged("its header tables have entries of an unknown size");
  }
  return header;
}

class Reader {
 public:
  Reader(std::string_view all, const ElfQuestion& question)
      : bytes_(all),
        question_(question),
        header_(read_header(bytes_, all)),
        segments_(bytes_.table<Elf64_Phdr>(header_.e_phoff, header_.e_phnum, "the end of the program headers")),
        sections_(bytes_.table<Elf64_Shdr>(header_.e_shoff, header_.e_shnum, "the end of the section headers")) {}

  ElfFile read() {
    read_segments();
    read_sections();
    return std::move(file_);
  }

 private:
  void read_segments() {
    // Without PT_GNU_STACK the loader takes the old default, which is an executable stack.
    file_.executable_stack = true;
    for (const Elf64_Phdr& segment : segments_) {
      if (segment.p_type == PT_GNU_STACK) file_.executable_stack = (segment.p_flags & PF_X) != 0;
      if (segment.p_type == PT_LOAD || segment.p_type == PT_DYNAMIC) {
        (void)bytes_.part(segment.p_offset, segment.p_filesz, "the end of a loadable segment");
      }
    }
    for (const Elf64_Phdr& segment : segments_) {
      if (segment.p_type == PT_DYNAMIC) read_dynamic(segment);
    }
  }

  /// Where an address of the loaded library lies in the file.
  [[nodiscard]] std::uint64_t offset_of(std::uint64_t address) const {
    for (const Elf64_Phdr& segment : segments_) {
      if (segment.p_type == PT_LOAD && address >= segment.p_vaddr && address - segment.p_vaddr < segment.p_filesz) {
        return segment.p_offset + (address - segment.p_vaddr);  // cannot wrap: offset + filesz is within the file
      }
    }
    refuse_damaged("its dynamic section points outside every segment");
  }

  void read_dynamic(const Elf64_Phdr& segment) {
    const auto entries = bytes_.table<Elf64_Dyn>(segment.p_offset, segment.p_filesz / sizeof(Elf64_Dyn),
                                                 "the end of the dynamic section");
    const std::string_view names = dynamic_names(entries);
    for (const Elf64_Dyn& entry : entries) {
      if (entry.d_tag == DT_NULL) return;
      if (entry.d_tag == DT_TEXTREL) file_.text_relocations = true;
      if (entry.d_tag == DT_FLAGS && (entry.d_un.d_val & DF_TEXTREL) != 0) file_.text_relocations = true;
      if (entry.d_tag == DT_FLAGS_1 && (entry.d_un.d_val & DF_1_PIE) != 0) file_.program = true;
      if (entry.d_tag == DT_NEEDED) add_name(file_.needed, text_at(names, entry.d_un.d_val));
      if (entry.d_tag == DT_RPATH || entry.d_tag == DT_RUNPATH) add_folders(text_at(names, entry.d_un.d_val));
    }
  }

  [[nodiscard]] std::string_view dynamic_names(const std::vector<Elf64_Dyn>& entries) const {
    std::uint64_t address = 0;
    std::uint64_t size = 0;
    for (const Elf64_Dyn& entry : entries) {
      if (entry.d_tag == DT_NULL) break;
      if (entry.d_tag == DT_STRTAB) address = entry.d_un.d_ptr;
      if (entry.d_tag == DT_STRSZ) size = entry.d_un.d_val;
    }
    return size == 0 ? std::string_view{}
                     : bytes_.part(offset_of(address), size, "the end of the dynamic string table");
  }

  static void add_name(std::vector<std::string>& to, std::string_view name) {
    if (to.size() == names_max) refuse_damaged("it needs more than " + std::to_string(names_max) + " libraries");
    to.emplace_back(name);
  }

  void add_folders(std::string_view list) {
    while (true) {
      const auto end = list.find(':');
      add_name(file_.run_paths, list.substr(0, end));
      if (end == std::string_view::npos) return;
      list.remove_prefix(end + 1);
    }
  }

  void read_sections() {
    std::string_view names;
    if (header_.e_shstrndx < sections_.size()) names = contents(sections_[header_.e_shstrndx]);
    for (const Elf64_Shdr& section : sections_) {
      const std::string_view content = contents(section);
      if (section.sh_type == SHT_DYNSYM) read_symbols(section);
      if (section.sh_type == SHT_PROGBITS && !names.empty() && text_at(names, section.sh_name) == question_.section) {
        file_.section = content;
      }
    }
  }

  [[nodiscard]] std::string_view contents(const Elf64_Shdr& section) const {
    if (section.sh_type == SHT_NOBITS || section.sh_type == SHT_NULL) return {};
    return bytes_.part(section.sh_offset, section.sh_size, "the end of a section");
  }

  void read_symbols(const Elf64_Shdr& section) {
    const std::uint64_t count = section.sh_size / sizeof(Elf64_Sym);
    if (count > symbols_max) refuse_damaged("it has more than " + std::to_string(symbols_max) + " symbols");
    if (section.sh_link >= sections_.size()) refuse_damaged("its symbols have no string table");
    const std::string_view names = contents(sections_[section.sh_link]);
    for (const Elf64_Sym& symbol : bytes_.table<Elf64_Sym>(section.sh_offset, count, "the end of the symbols")) {
      const auto binding = ELF64_ST_BIND(symbol.st_info);
      if (symbol.st_shndx == SHN_UNDEF) continue;
      if (binding != STB_GLOBAL && binding != STB_WEAK && binding != STB_GNU_UNIQUE) continue;
      const auto visibility = ELF64_ST_VISIBILITY(symbol.st_other);
      add_export(text_at(names, symbol.st_name), {.function = ELF64_ST_TYPE(symbol.st_info) == STT_FUNC,
                                                  .hidden = visibility == STV_HIDDEN || visibility == STV_INTERNAL});
    }
  }

  struct SymbolKind {
    bool function = false;
    bool hidden = false;
  };
  void add_export(std::string_view name, SymbolKind kind) {
    if (name.starts_with(question_.export_prefix)) {
      if (kind.function && file_.exports.size() < exports_max) file_.exports.emplace_back(name);
      return;
    }
    if (kind.hidden || is_linkers_own(name)) return;
    if (file_.other_exports++ == 0) file_.other_export = name;
  }

  /// What some linkers put into every library.
  static bool is_linkers_own(std::string_view name) {
    constexpr std::string_view names[] = {"_init", "_fini", "_edata", "_end", "__bss_start", ""};
    return std::find(std::begin(names), std::end(names), name) != std::end(names);
  }

  Bytes bytes_;
  ElfQuestion question_;
  Elf64_Ehdr header_;
  std::vector<Elf64_Phdr> segments_;
  std::vector<Elf64_Shdr> sections_;
  ElfFile file_;
};

}  // namespace

ElfFile read_elf(std::string_view bytes, const ElfQuestion& question) {
  return Reader(bytes, question).read();
}

}  // namespace formulary
