#include <stdexcept>

#include "working_plugin.hpp"

namespace {
element_status ELEMENT_ABI start(const element_host*, const element_call*, element_plugin_state**) {
  throw std::runtime_error("not caught by its author");
}
}  // namespace

ENTRY {
  return working::changed([](element_plugin& table, element_descriptor&) { table.start = start; });
}
