#include <unistd.h>

#include <clocale>
#include <cstdlib>

#include "working_plugin.hpp"

static element_status ELEMENT_ABI start(const element_host*, const element_call*, element_plugin_state**) {
  setenv("HTTP_PROXY", "http://elsewhere.example", 1);
  std::setlocale(LC_ALL, "C.UTF-8");
  return chdir("/") == 0 ? ELEMENT_OK : ELEMENT_INTERNAL;
}

ENTRY {
  return working::changed([](element_plugin& table, element_descriptor&) { table.start = start; });
}
