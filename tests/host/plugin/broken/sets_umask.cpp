#include <sys/stat.h>

#include "working_plugin.hpp"

static element_status ELEMENT_ABI start(const element_host*, const element_call*, element_plugin_state**) {
  umask(0);
  return ELEMENT_OK;
}

ENTRY {
  return working::changed([](element_plugin& table, element_descriptor&) { table.start = start; });
}
