#include "working_plugin.hpp"

// A length that would be read far beyond the text.
ENTRY {
  return working::changed([](element_plugin&, element_descriptor& about) { about.manifest.len = size_t{1} << 40; });
}
