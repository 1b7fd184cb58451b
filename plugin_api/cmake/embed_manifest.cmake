# Run by formulary_add_plugin() at build time:
#   cmake -DMANIFEST=element.json -DMADE=folder -DEXTENSION=c|cpp -DCOPY=file -P embed_manifest.cmake
cmake_minimum_required(VERSION 3.25)

file(READ ${MANIFEST} text)
foreach(member IN ITEMS id version)
  string(JSON ${member} ERROR_VARIABLE problem GET "${text}" ${member})
  if(problem)
    message(FATAL_ERROR "${MANIFEST}: no usable member '${member}': ${problem}")
  endif()
endforeach()
# What passes needs no escaping in a string literal.
if(NOT id MATCHES "^[a-z][a-z0-9-]*(\\.[a-z0-9][a-z0-9-]*)+$")
  message(FATAL_ERROR "${MANIFEST}: id '${id}' is not in reverse DNS form; write for instance \"com.example.crm\"")
endif()
if(NOT version MATCHES "^[0-9]+\\.[0-9]+\\.[0-9]+([-+][0-9A-Za-z.+-]+)?$")
  message(FATAL_ERROR "${MANIFEST}: version '${version}' is not a semantic version; write for instance \"1.0.0\"")
endif()

file(READ ${MANIFEST} hex HEX)
if(hex MATCHES "^(..)*00")
  message(FATAL_ERROR "${MANIFEST}: holds a NUL byte; JSON is text")
endif()
file(SIZE ${MANIFEST} size)
# Character constants: a plain number above 127 does not fit a signed char.
string(REGEX REPLACE "(................................)" "\\1\n    " rows "${hex}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${rows}")

file(WRITE ${MADE}/element_manifest.${EXTENSION} "/* Made from element.json; do not edit. */
#include <formulary/element_plugin.h>

#include \"element_manifest.h\"

ELEMENT_MANIFEST({
    ${bytes}
    '\\0'
});
")

file(WRITE ${MADE}/element_manifest.h "/* Made from element.json; do not edit. */
#ifndef ELEMENT_MANIFEST_H
#define ELEMENT_MANIFEST_H

#define ELEMENT_MANIFEST_ID \"${id}\"
#define ELEMENT_MANIFEST_VERSION \"${version}\"
#define ELEMENT_MANIFEST_SIZE ${size}u /* without the final NUL */

#ifdef __cplusplus
extern \"C\" {
#endif
extern const char element_manifest_text[ELEMENT_MANIFEST_SIZE + 1u];
#ifdef __cplusplus
}
#endif

#endif
")

file(WRITE ${MADE}/element_manifest.hpp "// Made from element.json; do not edit.
#pragma once

#include <string_view>

#include \"element_manifest.h\"

struct element_manifest {
  static constexpr std::string_view id = ELEMENT_MANIFEST_ID;
  static constexpr std::string_view version = ELEMENT_MANIFEST_VERSION;
  static std::string_view text() noexcept { return {element_manifest_text, ELEMENT_MANIFEST_SIZE}; }
};
")

get_filename_component(folder ${COPY} DIRECTORY)
file(MAKE_DIRECTORY ${folder})
file(COPY_FILE ${MANIFEST} ${COPY})
file(TOUCH ${COPY})
