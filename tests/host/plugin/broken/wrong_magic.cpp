#include "working_plugin.hpp"

ENTRY {
  return working::changed([](element_plugin& table, element_descriptor&) { table.magic = 0x7f454c46; });
}
