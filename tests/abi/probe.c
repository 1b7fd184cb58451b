/* The probe in plain C11, against the ABI header alone: what abi_plugins_test.cpp asks of every plugin. */
#include <formulary/element_plugin.h>

#include <stdlib.h>
#include <string.h>

#include "element_manifest.h"

#define TEXT(literal) \
  { literal, sizeof(literal) - 1 }

struct element_plugin_state {
  const element_host* host;
};
struct element_instance {
  element_plugin_state* plugin;
};

static int is(element_str text, const char* wanted) {
  return text.len == strlen(wanted) && (text.len == 0 || memcmp(text.ptr, wanted, text.len) == 0);
}

static element_status fail(const element_call* call, element_status status, const char* code, const char* message) {
  element_error error = {0};
  error.size = sizeof error;
  error.status = status;
  error.code.ptr = code;
  error.code.len = strlen(code);
  error.message.ptr = message;
  error.message.len = strlen(message);
  error.retry_after_ms = -1;
  call->ops->fail(call, &error);
  return status;
}

static element_status write_all(const element_call* call, element_str text) {
  const element_status status = call->ops->write(call, text.ptr, text.len);
  return status == ELEMENT_OK ? status : fail(call, status, "output.limit", "the result is over the host's limit");
}

static element_status start(const element_host* host, const element_call* call, element_plugin_state** state) {
  (void)call;
  *state = calloc(1, sizeof **state);
  if (*state == NULL) return fail(call, ELEMENT_RESOURCE_EXHAUSTED, "plugin.memory", "out of memory");
  (*state)->host = host;
  return ELEMENT_OK;
}

static void stop(element_plugin_state* state) {
  free(state);
}

static element_status serialize_config(element_plugin_state* state, const element_call* call, element_str draft) {
  (void)state;
  return write_all(call, draft);
}

static element_status authenticate(element_plugin_state* state, const element_call* call, element_str request,
                                   const element_connection* connection) {
  (void)state;
  if (is(connection->authorization, "wrong")) {
    return fail(call, ELEMENT_UNAUTHENTICATED, "probe.refused", "the other side refused the credentials");
  }
  return write_all(call, request);
}

static element_status parse_instance(element_plugin_state* state, const element_call* call, element_str answer) {
  (void)state;
  if (is(answer, "{}")) return fail(call, ELEMENT_DATA_LOSS, "probe.missing", "the answer has no 'id'");
  return write_all(call, answer);
}

static element_status open_instance(element_plugin_state* state, const element_call* call, element_str document,
                                    element_instance** instance) {
  (void)document;
  *instance = calloc(1, sizeof **instance);
  if (*instance == NULL) return fail(call, ELEMENT_RESOURCE_EXHAUSTED, "plugin.memory", "out of memory");
  (*instance)->plugin = state;
  return ELEMENT_OK;
}

static void close_instance(element_instance* instance) {
  free(instance);
}

static element_status wait_for_ever(const element_host* host, const element_call* call) {
  const element_str id = TEXT(ELEMENT_SERVICE_CLOCK);
  const element_clock* clock = host->service(host, id);
  element_status status = ELEMENT_OK;
  if (clock == NULL) return fail(call, ELEMENT_FAILED_PRECONDITION, "host.no_clock", "the host has no clock");
  while (status == ELEMENT_OK) status = clock->sleep(host, call, INT64_C(1000000000));
  return fail(call, status, "call.ended", "the call was ended");
}

static element_status invoke(element_instance* instance, const element_call* call, const element_request* request) {
  static const element_str head = TEXT("{\"status\":200,\"contentType\":\"text/plain\"}\n");
  const element_host* host = instance->plugin->host;
  element_status status;
  if (is(request->path, "/throw")) {
    /* C has nothing to throw; what a C++ plugin's exception becomes is reported by hand. */
    return fail(call, ELEMENT_INTERNAL, "plugin.exception", "thrown inside a hook");
  }
  if (is(request->path, "/wait")) return wait_for_ever(host, call);
  if (is(request->path, "/log")) {
    const element_str id = TEXT(ELEMENT_SERVICE_LOG);
    const element_str message = TEXT("said from a hook");
    const element_kv field = {TEXT("language"), TEXT("C")};
    const element_log* log = host->service(host, id);
    if (log != NULL && log->enabled(host, ELEMENT_LOG_INFO)) {
      log->write(host, call, ELEMENT_LOG_INFO, message, &field, 1);
    }
  }
  status = write_all(call, head);
  return status == ELEMENT_OK ? write_all(call, request->body) : status;
}

static element_status poll_events(element_instance* instance, const element_call* call, element_str cursor,
                                  uint32_t max_events) {
  static const element_str nothing = TEXT("{\"cursor\":\"c1\",\"events\":[]}");
  (void)instance;
  (void)cursor;
  (void)max_events;
  return write_all(call, nothing);
}

static const element_descriptor descriptor = {
    .size = sizeof(element_descriptor),
    .concurrency = ELEMENT_CONCURRENT_ALL,
    .unload = ELEMENT_UNLOAD_SAFE,
    .id = TEXT(ELEMENT_MANIFEST_ID),
    .version = TEXT(ELEMENT_MANIFEST_VERSION),
    .manifest = {element_manifest_text, ELEMENT_MANIFEST_SIZE},
};

static const element_plugin plugin = {
    .size = sizeof(element_plugin),
    .magic = ELEMENT_MAGIC,
    .abi_major = ELEMENT_ABI_MAJOR,
    .abi_minor = ELEMENT_ABI_MINOR,
    .descriptor = &descriptor,
    .start = start,
    .stop = stop,
    .serialize_config = serialize_config,
    .authenticate = authenticate,
    .parse_instance = parse_instance,
    .open_instance = open_instance,
    .close_instance = close_instance,
    .invoke = invoke,
    .poll_events = poll_events,
};

const element_plugin* element_plugin_entry_v1(const element_host* host) {
  if (host == NULL || host->magic != ELEMENT_MAGIC || host->abi_major != ELEMENT_ABI_MAJOR) return NULL;
  return &plugin;
}
