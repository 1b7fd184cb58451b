#include "working_plugin.hpp"

// Legal: whoever reads it copies only what it knows.
ENTRY {
  return working::changed([](element_plugin& table, element_descriptor&) { table.size = 0xffffffffu; });
}
