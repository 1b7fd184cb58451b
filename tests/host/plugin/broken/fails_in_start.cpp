#include "working_plugin.hpp"

namespace {
element_status ELEMENT_ABI start(const element_host*, const element_call* call, element_plugin_state**) {
  element_error why{};
  why.size = sizeof why;
  why.status = ELEMENT_FAILED_PRECONDITION;
  why.code = working::text("fails.no_licence");
  why.message = working::text("its licence file is missing");
  why.retry_after_ms = -1;
  call->ops->fail(call, &why);
  return ELEMENT_FAILED_PRECONDITION;
}
}  // namespace

ENTRY {
  return working::changed([](element_plugin& table, element_descriptor&) { table.start = start; });
}
