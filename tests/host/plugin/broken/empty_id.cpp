#include "working_plugin.hpp"

ENTRY {
  return working::changed([](element_plugin&, element_descriptor& about) { about.id = {nullptr, 0}; });
}
