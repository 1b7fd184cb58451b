# Writes a C++ file that holds texts: cmake -DOUTPUT=... -DLIST=<file of lines "name|path|wrap"> -P embed.cmake
# The assembler reads them as they are (.incbin), so that nothing is escaped and nothing is copied. A text that is to be
# wrapped becomes a function with the parameters that CommonJS promises to a module.
file(STRINGS ${LIST} entries)
set(code "// Made by embed.cmake.\n#include \"host/script/worker/embedded_text.hpp\"\n\n__asm__(\n    \".section .rodata\\n\"\n")
set(table "")
set(declarations "")
set(index 0)
foreach(entry IN LISTS entries)
  string(REPLACE "|" ";" fields "${entry}")
  list(GET fields 0 name)
  list(GET fields 1 path)
  list(GET fields 2 wrap)
  set(before "")
  set(after "")
  if(wrap STREQUAL "module")
    set(before "    \".ascii \\\"(function (exports, require, module, global, process) {\\\"\\n\"\n")
    set(after "    \".ascii \\\"\\\\n})\\\"\\n\"\n")
  endif()
  string(APPEND code "    \"formulary_text_${index}:\\n\"\n${before}    \".incbin \\\"${path}\\\"\\n\"\n${after}    \"formulary_text_${index}_end:\\n\"\n")
  string(APPEND declarations "extern const char text_${index}[] __asm__(\"formulary_text_${index}\");\nextern const char text_${index}_end[] __asm__(\"formulary_text_${index}_end\");\n")
  string(APPEND table "    {\"${name}\", text_${index}, text_${index}_end},\n")
  math(EXPR index "${index} + 1")
endforeach()
string(APPEND code "    \".byte 0\\n\"\n    \".text\\n\");\n\nextern \"C\" {\n${declarations}}\n\nnamespace formulary {\n\n"
  "extern const EmbeddedText embedded_texts[];\nextern const std::size_t embedded_texts_size;\n\n"
  "const EmbeddedText embedded_texts[] = {\n${table}};\nconst std::size_t embedded_texts_size = ${index};\n\n}  // namespace formulary\n")
file(WRITE ${OUTPUT} "${code}")
