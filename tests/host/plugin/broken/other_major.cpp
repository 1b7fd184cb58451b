#include "working_plugin.hpp"

ENTRY {
  return working::changed([](element_plugin& table, element_descriptor&) { table.abi_major = 2; });
}
