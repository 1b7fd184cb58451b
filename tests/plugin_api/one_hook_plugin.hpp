/// \file
/// A plugin inside the test program whose one interesting hook, serialize_config, is whatever the test says.
#pragma once

#include <formulary/fake_host.hpp>

#include <functional>
#include <string>

namespace element::testing {

using hook_body = std::function<element_status(const element_call*)>;

struct one_hook_plugin {
  static inline hook_body body;
  static inline const element_host* host = nullptr;
  static inline std::uint32_t concurrent = ELEMENT_CONCURRENT_ONE;

  static element_status start(const element_host* of, const element_call*, element_plugin_state** state) {
    host = of;
    *state = nullptr;
    return ELEMENT_OK;
  }
  static void stop(element_plugin_state*) {}
  static element_status serialize_config(element_plugin_state*, const element_call* call, element_str) {
    return body(call);
  }
  static element_status authenticate(element_plugin_state*, const element_call*, element_str,
                                     const element_connection*) {
    return ELEMENT_OK;
  }
  static element_status parse_instance(element_plugin_state*, const element_call*, element_str) { return ELEMENT_OK; }
  static element_status open_instance(element_plugin_state*, const element_call*, element_str, element_instance** out) {
    *out = nullptr;
    return ELEMENT_OK;
  }
  static void close_instance(element_instance*) {}
  static element_status invoke(element_instance*, const element_call* call, const element_request*) {
    return body(call);
  }

  static const element_plugin* entry(const element_host*) {
    static element_descriptor about = {sizeof about, 0, 0, 0, raw("com.example.one"), raw("1.0.0"), raw("{}")};
    about.concurrency = concurrent;
    static const element_plugin table = {sizeof table,
                                         ELEMENT_MAGIC,
                                         1,
                                         0,
                                         0,
                                         0,
                                         &about,
                                         start,
                                         stop,
                                         serialize_config,
                                         authenticate,
                                         parse_instance,
                                         open_instance,
                                         close_instance,
                                         invoke,
                                         nullptr,
                                         nullptr};
    return &table;
  }
};

inline element_status write_text(const element_call* call, std::string_view text) {
  return call->ops->write(call, text.data(), text.size());
}
inline element_status fail_with(const element_call* call, element_status status, std::string_view code = "one.failed") {
  element_error why{};
  why.size = sizeof why;
  why.status = status;
  why.code = raw(code);
  why.message = raw("it failed");
  why.retry_after_ms = -1;
  call->ops->fail(call, &why);
  return status;
}

}  // namespace element::testing
