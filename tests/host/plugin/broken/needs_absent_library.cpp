#include "working_plugin.hpp"

int absent_answer();

static element_status ELEMENT_ABI start(const element_host*, const element_call*, element_plugin_state**) {
  return absent_answer() == 42 ? ELEMENT_OK : ELEMENT_INTERNAL;
}

ENTRY {
  return working::changed([](element_plugin& table, element_descriptor&) { table.start = start; });
}
