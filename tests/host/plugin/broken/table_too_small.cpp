#include "working_plugin.hpp"

// As if it had been built with a header from before invoke() was added.
ENTRY {
  return working::changed(
      [](element_plugin& table, element_descriptor&) { table.size = offsetof(element_plugin, invoke); });
}
