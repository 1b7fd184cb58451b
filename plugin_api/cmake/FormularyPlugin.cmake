# formulary_add_plugin(): the whole build of an element plugin. The same in this repository and with an installed SDK.
include_guard(GLOBAL)

# formulary_add_plugin(NAME source... [SOURCES source...] [MANIFEST element.json] [OUTPUT_FOLDER folder])
#
# Makes the target NAME, a loadable library <build>/plugins/NAME/NAME.so with a copy of the manifest beside it, as the
# host wants to find them. Sources may be C11 or C++20 or both. They may include what is made from the manifest:
#   "element_manifest.hpp"  struct element_manifest { id, version, text() } for FORMULARY_ELEMENT()
#   "element_manifest.h"    the same for C: ELEMENT_MANIFEST_ID, ELEMENT_MANIFEST_VERSION, element_manifest_text
# The manifest's bytes are also put into the library. MANIFEST is element.json beside the CMakeLists.txt unless given.
# OUTPUT_FOLDER replaces <build>/plugins. Nothing but the entry symbol is exported, whatever the sources say.
function(formulary_add_plugin name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "MANIFEST;OUTPUT_FOLDER" "SOURCES")
  set(sources ${arg_UNPARSED_ARGUMENTS} ${arg_SOURCES})
  if(NOT sources)
    message(FATAL_ERROR "formulary_add_plugin(${name}): no sources are listed; name at least one .c or .cpp file")
  endif()
  if(NOT arg_MANIFEST)
    set(arg_MANIFEST element.json)
  endif()
  cmake_path(ABSOLUTE_PATH arg_MANIFEST BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR} NORMALIZE)
  if(NOT EXISTS ${arg_MANIFEST})
    message(FATAL_ERROR "formulary_add_plugin(${name}): there is no ${arg_MANIFEST}; write the manifest or pass MANIFEST")
  endif()
  if(NOT arg_OUTPUT_FOLDER)
    set(arg_OUTPUT_FOLDER ${CMAKE_BINARY_DIR}/plugins)
  endif()
  set(folder ${arg_OUTPUT_FOLDER}/${name})

  _formulary_embed_manifest(${name} ${arg_MANIFEST} ${folder} embedded)
  add_library(${name} MODULE ${sources} ${embedded})
  target_include_directories(${name} PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/CMakeFiles/${name}.manifest)
  target_link_libraries(${name} PRIVATE element::plugin_api)
  if(TARGET formulary_warnings)  # our own repository; an author chooses theirs
    target_link_libraries(${name} PRIVATE formulary_warnings)
  endif()
  set_target_properties(${name} PROPERTIES
    PREFIX "" OUTPUT_NAME ${name} LIBRARY_OUTPUT_DIRECTORY "${folder}$<0:>"
    POSITION_INDEPENDENT_CODE ON
    C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  get_property(languages GLOBAL PROPERTY ENABLED_LANGUAGES)
  if("CXX" IN_LIST languages)
    target_compile_features(${name} PRIVATE cxx_std_20)
  endif()
  _formulary_link_as_plugin(${name})
endfunction()

# Makes the headers, the source that carries the manifest, and the copy beside the library; again when it changes.
function(_formulary_embed_manifest name manifest folder result)
  get_property(languages GLOBAL PROPERTY ENABLED_LANGUAGES)
  set(extension cpp)
  if("C" IN_LIST languages)
    set(extension c)
  endif()
  set(made ${CMAKE_CURRENT_BINARY_DIR}/CMakeFiles/${name}.manifest)
  set(script ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/embed_manifest.cmake)
  set(outputs ${made}/element_manifest.hpp ${made}/element_manifest.h ${made}/element_manifest.${extension}
              ${folder}/element.json)
  add_custom_command(
    OUTPUT ${outputs}
    COMMAND ${CMAKE_COMMAND} -DMANIFEST=${manifest} -DMADE=${made} -DEXTENSION=${extension}
            -DCOPY=${folder}/element.json -P ${script}
    DEPENDS ${manifest} ${script}
    COMMENT "Embedding the manifest of ${name}"
    VERBATIM)
  set(${result} ${outputs} PARENT_SCOPE)
endfunction()

# One exported symbol, nothing lazily bound, no executable stack, no library's symbols passed on. The version script also
# makes GNU's unique symbols local, so -fno-gnu-unique, which clang's tools do not know, is not needed: they would pin
# the library in the process, where it could neither be unmapped nor exist in two versions.
function(_formulary_link_as_plugin name)
  if(NOT UNIX OR APPLE)
    return()
  endif()
  set(exports ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/element_plugin.map)
  target_link_options(${name} PRIVATE
    LINKER:--version-script=${exports} LINKER:-z,now LINKER:-z,relro LINKER:-z,noexecstack LINKER:--exclude-libs,ALL)
  set_property(TARGET ${name} APPEND PROPERTY LINK_DEPENDS ${exports})
  # A sanitizer's runtime lives in the program, so there its symbols must stay undefined.
  string(TOUPPER "${CMAKE_BUILD_TYPE}" build_type)
  set(flags "${CMAKE_C_FLAGS} ${CMAKE_CXX_FLAGS} ${CMAKE_C_FLAGS_${build_type}} ${CMAKE_CXX_FLAGS_${build_type}}")
  get_property(options DIRECTORY PROPERTY COMPILE_OPTIONS)
  if(NOT "${flags} ${options} ${CMAKE_MODULE_LINKER_FLAGS}" MATCHES "-fsanitize=")
    target_link_options(${name} PRIVATE LINKER:-z,defs)
  endif()
endfunction()
