/// \file
/// A plugin with nothing wrong, against the bare header. Each file beside it breaks one thing.
#pragma once

#include <formulary/element_plugin.h>

#include <string_view>

#include "element_manifest.hpp"

namespace working {

inline element_str text(std::string_view view) {
  return {view.data(), view.size()};
}

inline element_status say(const element_call* call, std::string_view answer) {
  return call->ops->write(call, answer.data(), answer.size());
}

inline element_status ELEMENT_ABI start(const element_host*, const element_call*, element_plugin_state** state) {
  *state = nullptr;
  return ELEMENT_OK;
}
inline void ELEMENT_ABI stop(element_plugin_state*) {}
inline element_status ELEMENT_ABI serialize_config(element_plugin_state*, const element_call* call, element_str draft) {
  return call->ops->write(call, draft.ptr, draft.len);
}
inline element_status ELEMENT_ABI authenticate(element_plugin_state*, const element_call* call, element_str,
                                               const element_connection*) {
  return say(call, "{}");
}
inline element_status ELEMENT_ABI parse_instance(element_plugin_state*, const element_call* call, element_str) {
  return say(call, R"({"valid":true})");
}
inline element_status ELEMENT_ABI open_instance(element_plugin_state*, const element_call*, element_str,
                                                element_instance** instance) {
  static char here;
  *instance = reinterpret_cast<element_instance*>(&here);
  return ELEMENT_OK;
}
inline void ELEMENT_ABI close_instance(element_instance*) {}
inline element_status ELEMENT_ABI invoke(element_instance*, const element_call* call, const element_request*) {
  return say(call, "{\"status\":200}\n{}");
}

inline element_descriptor descriptor() {
  return {
      .size = sizeof(element_descriptor),
      .concurrency = ELEMENT_CONCURRENT_ALL,
      .unload = ELEMENT_UNLOAD_NEVER,
      .reserved = 0,
      .id = text(element_manifest::id),
      .version = text(element_manifest::version),
      .manifest = text(element_manifest::text()),
  };
}

inline element_plugin table(const element_descriptor* descriptor) {
  return {
      .size = sizeof(element_plugin),
      .magic = ELEMENT_MAGIC,
      .abi_major = ELEMENT_ABI_MAJOR,
      .abi_minor = ELEMENT_ABI_MINOR,
      .abi_minor_needed = 0,
      .reserved = 0,
      .descriptor = descriptor,
      .start = start,
      .stop = stop,
      .serialize_config = serialize_config,
      .authenticate = authenticate,
      .parse_instance = parse_instance,
      .open_instance = open_instance,
      .close_instance = close_instance,
      .invoke = invoke,
      .poll_events = nullptr,
      .extension = nullptr,
  };
}

/// What an entry returns: the working table after `change` has had its way.
template <class Change>
const element_plugin* changed(Change change) {
  static element_descriptor about = descriptor();
  static element_plugin entries = table(&about);
  static const bool once = (change(entries, about), true);
  (void)once;
  return &entries;
}

}  // namespace working

#define ENTRY extern "C" ELEMENT_EXPORT const element_plugin* ELEMENT_ABI element_plugin_entry_v1(const element_host*)
