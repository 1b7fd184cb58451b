/* Compiled as C11, C17 and C++20: the ABI header needs nothing but itself. */
#include <formulary/element_plugin.h>

const element_plugin* element_plugin_entry_v1(const element_host* host) {
  (void)host;
  return NULL;
}
