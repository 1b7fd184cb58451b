#include "host/plugin/elf_file.hpp"

#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

#include "host/plugin/refusal.hpp"

namespace formulary {
namespace {

constexpr ElfQuestion question{.export_prefix = "element_plugin_entry_v", .section = ".element.manifest"};

std::string file(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

const std::string& working() {
  static const std::string bytes = file(FAULTS_FOLDER "/fault_working/fault_working.so");
  return bytes;
}

std::string code_of(const std::string& bytes) {
  try {
    (void)read_elf(bytes, question);
    return "accepted";
  } catch (const PluginRefusal& refusal) {
    return refusal.reason_code();
  }
}

/// The working library with one header field changed.
template <class Header, class Change>
std::string with(std::size_t offset, Change change) {
  std::string bytes = working();
  Header header;
  std::memcpy(&header, bytes.data() + offset, sizeof header);
  change(header);
  std::memcpy(bytes.data() + offset, &header, sizeof header);
  return bytes;
}

template <class Change>
std::string with_elf_header(Change change) {
  return with<Elf64_Ehdr>(0, change);
}

Elf64_Ehdr elf_header() {
  Elf64_Ehdr header;
  std::memcpy(&header, working().data(), sizeof header);
  return header;
}

/// With each program header of `type` changed.
template <class Change>
std::string with_segment(Elf64_Word type, Change change) {
  const Elf64_Ehdr header = elf_header();
  for (std::size_t index = 0; index < header.e_phnum; ++index) {
    const std::size_t offset = header.e_phoff + index * sizeof(Elf64_Phdr);
    Elf64_Phdr segment;
    std::memcpy(&segment, working().data() + offset, sizeof segment);
    if (segment.p_type == type) return with<Elf64_Phdr>(offset, change);
  }
  throw std::runtime_error("the working library has no such segment");
}

/// With its first dynamic entry of `from` turned into another.
std::string with_dynamic(Elf64_Sxword from, Elf64_Dyn to) {
  std::string bytes;
  with_segment(PT_DYNAMIC, [&](Elf64_Phdr& segment) {
    for (std::size_t offset = segment.p_offset; offset < segment.p_offset + segment.p_filesz;
         offset += sizeof(Elf64_Dyn)) {
      Elf64_Dyn entry;
      std::memcpy(&entry, working().data() + offset, sizeof entry);
      if (entry.d_tag != from) continue;
      bytes = with<Elf64_Dyn>(offset, [&](Elf64_Dyn& changed) { changed = to; });
      return;
    }
  });
  if (bytes.empty()) throw std::runtime_error("the working library has no such dynamic entry");
  return bytes;
}

TEST(ElfFile, TellsWhatALibrarySaysAboutItself) {
  const ElfFile elf = read_elf(working(), question);
  EXPECT_EQ(elf.exports, std::vector<std::string>{"element_plugin_entry_v1"});
  ASSERT_TRUE(elf.section.has_value());
  EXPECT_THAT(std::string(*elf.section), testing::HasSubstr("com.example.working"));
  EXPECT_FALSE(elf.program);
  EXPECT_FALSE(elf.executable_stack);
  EXPECT_FALSE(elf.text_relocations);
  EXPECT_TRUE(elf.run_paths.empty());
  EXPECT_THAT(elf.needed, testing::Contains(testing::StartsWith("libstdc++.so")));
}

TEST(ElfFile, FindsRunPaths) {
  const std::string bytes = file(FAULTS_FOLDER "/fault_outside_run_path/fault_outside_run_path.so");
  EXPECT_EQ(read_elf(bytes, question).run_paths, std::vector<std::string>{"/opt/vendor/lib"});
}

TEST(ElfFile, FindsAnExecutableStack) {
  EXPECT_TRUE(
      read_elf(with_segment(PT_GNU_STACK, [](Elf64_Phdr& s) { s.p_flags |= PF_X; }), question).executable_stack);
}

TEST(ElfFile, TakesAMissingStackHeaderForAnExecutableStackAsTheLoaderDoes) {
  EXPECT_TRUE(
      read_elf(with_segment(PT_GNU_STACK, [](Elf64_Phdr& s) { s.p_type = PT_NULL; }), question).executable_stack);
}

TEST(ElfFile, FindsTextRelocationsInBothSpellings) {
  EXPECT_TRUE(read_elf(with_dynamic(DT_FLAGS, {DT_TEXTREL, {0}}), question).text_relocations);
  EXPECT_TRUE(read_elf(with_dynamic(DT_FLAGS, {DT_FLAGS, {DF_TEXTREL}}), question).text_relocations);
}

TEST(ElfFile, TellsAProgramFromALibrary) {
  EXPECT_TRUE(read_elf(with_dynamic(DT_FLAGS_1, {DT_FLAGS_1, {DF_1_PIE}}), question).program);
}

TEST(ElfFile, RefusesWhatIsNotALibraryOfThisMachine) {
  EXPECT_EQ(code_of(""), "plugin.not_elf");
  EXPECT_EQ(code_of("#!/bin/sh\necho hello\n"), "plugin.not_elf");
  EXPECT_EQ(code_of("\x7f"
                    "ELF"),
            "plugin.truncated");
  EXPECT_EQ(code_of(with_elf_header([](Elf64_Ehdr& h) { h.e_ident[EI_CLASS] = ELFCLASS32; })), "plugin.wrong_class");
  EXPECT_EQ(code_of(with_elf_header([](Elf64_Ehdr& h) { h.e_ident[EI_DATA] = ELFDATA2MSB; })), "plugin.wrong_machine");
  EXPECT_EQ(code_of(with_elf_header([](Elf64_Ehdr& h) { h.e_machine = EM_S390; })), "plugin.wrong_machine");
  EXPECT_EQ(code_of(with_elf_header([](Elf64_Ehdr& h) { h.e_type = ET_REL; })), "plugin.not_a_library");
}

TEST(ElfFile, RefusesAFileThatWasCutShortAnywhere) {
  // The section headers lie at the end, so that each cut takes some of them away.
  for (std::size_t length = 64; length < working().size(); length += working().size() / 97) {
    EXPECT_EQ(code_of(working().substr(0, length)), "plugin.truncated") << length;
  }
  EXPECT_EQ(code_of(working().substr(0, working().size() - 1)), "plugin.truncated");
}

TEST(ElfFile, RefusesWildNumbers) {
  EXPECT_EQ(code_of(with_elf_header([](Elf64_Ehdr& h) { h.e_phoff = ~0ULL; })), "plugin.truncated");
  EXPECT_EQ(code_of(with_elf_header([](Elf64_Ehdr& h) { h.e_shoff = ~0ULL - 10; })), "plugin.truncated");
  EXPECT_EQ(code_of(with_elf_header([](Elf64_Ehdr& h) { h.e_phentsize = 1; })), "plugin.damaged");
  EXPECT_EQ(code_of(with_segment(PT_LOAD, [](Elf64_Phdr& s) { s.p_filesz = ~0ULL; })), "plugin.truncated");
  EXPECT_EQ(code_of(with_segment(PT_DYNAMIC, [](Elf64_Phdr& s) { s.p_offset = ~0ULL - 8; })), "plugin.truncated");
  EXPECT_EQ(code_of(with_dynamic(DT_STRTAB, {DT_STRTAB, {~0ULL}})), "plugin.damaged");
  EXPECT_EQ(code_of(with_dynamic(DT_STRSZ, {DT_STRSZ, {~0ULL}})), "plugin.truncated");
  EXPECT_EQ(code_of(with_dynamic(DT_NEEDED, {DT_NEEDED, {1ULL << 40U}})), "plugin.damaged");
}

}  // namespace
}  // namespace formulary
