/* serialize_config does nothing; parse_instance echoes. The other hooks are never called. */
#include <formulary/element_plugin.h>

#include <string.h>

#include "element_manifest.h"

static element_status nothing(element_plugin_state* state, const element_call* call, element_str document) {
  (void)state;
  (void)call;
  return document.len == 0 ? ELEMENT_INVALID_ARGUMENT : ELEMENT_OK;
}

static element_status echo(element_plugin_state* state, const element_call* call, element_str document) {
  size_t room = 0;
  void* to = call->ops->reserve(call, document.len, &room);
  (void)state;
  if (to == NULL) return ELEMENT_RESOURCE_EXHAUSTED;
  memcpy(to, document.ptr, document.len);
  return call->ops->commit(call, document.len);
}

static element_status start(const element_host* host, const element_call* call, element_plugin_state** state) {
  (void)host;
  (void)call;
  *state = NULL;
  return ELEMENT_OK;
}

static const element_descriptor descriptor = {
    .size = sizeof(element_descriptor),
    .id = {ELEMENT_MANIFEST_ID, sizeof(ELEMENT_MANIFEST_ID) - 1},
    .version = {ELEMENT_MANIFEST_VERSION, sizeof(ELEMENT_MANIFEST_VERSION) - 1},
    .manifest = {element_manifest_text, ELEMENT_MANIFEST_SIZE},
};
static const element_plugin plugin = {
    .size = sizeof(element_plugin),
    .magic = ELEMENT_MAGIC,
    .abi_major = ELEMENT_ABI_MAJOR,
    .descriptor = &descriptor,
    .start = start,
    .serialize_config = nothing,
    .parse_instance = echo,
};

const element_plugin* element_plugin_entry_v1(const element_host* host) {
  (void)host;
  return &plugin;
}
