#include <semaphore>

#include "working_plugin.hpp"

// Never released: the thread waits for ever, whatever the host says.
static std::binary_semaphore never{0};

static element_status ELEMENT_ABI start(const element_host*, const element_call*, element_plugin_state**) {
  never.acquire();
  return ELEMENT_OK;
}

ENTRY {
  return working::changed([](element_plugin& table, element_descriptor&) { table.start = start; });
}
