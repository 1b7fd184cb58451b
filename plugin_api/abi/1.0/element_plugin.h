/* element_plugin.h -- the only contract between the Formulary host and an element plugin.
 *
 * ABI 1.0.  Plain C11, also valid C++20.  No other header of ours is needed.
 * SPDX-License-Identifier: Apache-2.0
 *
 * THE RULES (normative; every comment below only applies them)
 *
 *  R1 Layout   Each struct starts with `size`: the bytes its producer really filled, never fewer than
 *              in the minor where the struct first appeared.  Fields are only ever appended.  Tables
 *              are constant; their consumer copies min(size, sizeof mine) into a zeroed struct of its
 *              own, so that what is missing reads as 0 or NULL: "not provided".  Records passed with a
 *              call may be read in place below `size`.  element_str and element_kv are frozen.  Every
 *              function pointer of 1.0 is set unless its comment says that it may be NULL.
 *  R2 Types    Fixed-width integers, size_t, pointers.  No enum, bool, bit-field, long, va_list, FILE,
 *              errno or locale crosses.  Constants are stored in int32_t / uint32_t.  Senders zero
 *              unknown flag bits; receivers ignore them and treat unknown codes as ELEMENT_UNKNOWN.
 *  R3 Version  The entry symbol's name carries the major; a host may serve several majors at once.  A
 *              minor only appends.  A struct or service that must change otherwise gets a new id ("/2").
 *  R4 Memory   Nothing allocated on one side is freed on the other: no pointer with an obligation ever
 *              crosses.  Arguments are borrowed until the function returns.  Results are written into
 *              the host's sink (element_call_ops).  Plugin constants live until stop() has returned.
 *  R5 Strings  element_str is UTF-8, not terminated; len rules; ptr may be NULL only if len is 0.  JSON
 *              is RFC 8259 without a byte-order mark.  The host checks both, and the size, on receipt.
 *              The one exception: a request's and an answer's body is bytes of any kind.
 *  R6 Errors   A function returns element_status.  Text and code go to ops->fail() before returning;
 *              the host copies them at once.  No exception, longjmp or signal crosses in either
 *              direction; host callbacks never throw and never longjmp.
 *  R7 Threads  Each function pointer carries one tag:
 *                [any]    from any thread, also concurrently, also plugin-made ones, never from a
 *                         signal handler;
 *                [call]   only inside the hook that got this element_call, on the hook's thread;
 *                [one]    the host makes at most one such call at a time for this plugin;
 *                [hook]   from any host thread, concurrently as far as descriptor.concurrency allows.
 *              A hook must not rely on thread-locals surviving between two calls.
 *  R8 Time     A hook must return soon after ops->poll() stops returning ELEMENT_OK.  The host never
 *              kills a thread; a hook that overstays is reported and, isolated, loses its process.
 *  R9 Process  A plugin must not: install signal handlers, fork, exit, abort on bad input, change
 *              locale / umask / cwd / environment, call atexit, or write to stdout and stderr.
 * R10 Unload   The host keeps the library mapped for the life of the process unless the descriptor
 *              says ELEMENT_UNLOAD_SAFE.  A new version is loaded beside the old, which drains.
 */
#ifndef FORMULARY_ELEMENT_PLUGIN_H
#define FORMULARY_ELEMENT_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(_WIN32)
#  define ELEMENT_EXPORT __declspec(dllexport)
#  define ELEMENT_ABI __cdecl
#else
#  define ELEMENT_EXPORT __attribute__((visibility("default")))
#  define ELEMENT_ABI
#endif

#define ELEMENT_ABI_MAJOR 1u
#define ELEMENT_ABI_MINOR 0u
#define ELEMENT_MAGIC 0x314d4c45u                  /* "ELM1": cheap proof that a pointer is our table */
#define ELEMENT_ENTRY_SYMBOL "element_plugin_entry_v1"

/* ---- values ------------------------------------------------------------------------------------ */

typedef struct element_str { const char *ptr; size_t len; } element_str;          /* frozen, see R1 */
typedef struct element_kv { element_str key; element_str value; } element_kv;     /* frozen, see R1 */

typedef int32_t element_status;       /* numbers 0..16 follow the well-known canonical status codes */
enum {
    ELEMENT_OK = 0, ELEMENT_CANCELLED = 1, ELEMENT_UNKNOWN = 2, ELEMENT_INVALID_ARGUMENT = 3,
    ELEMENT_DEADLINE_EXCEEDED = 4, ELEMENT_NOT_FOUND = 5, ELEMENT_ALREADY_EXISTS = 6,
    ELEMENT_PERMISSION_DENIED = 7, ELEMENT_RESOURCE_EXHAUSTED = 8, ELEMENT_FAILED_PRECONDITION = 9,
    ELEMENT_ABORTED = 10, ELEMENT_OUT_OF_RANGE = 11, ELEMENT_UNIMPLEMENTED = 12, ELEMENT_INTERNAL = 13,
    ELEMENT_UNAVAILABLE = 14, ELEMENT_DATA_LOSS = 15, ELEMENT_UNAUTHENTICATED = 16,
    ELEMENT_PENDING = 100             /* kept for a later asynchronous service; not a result in 1.0     */
};
enum { ELEMENT_RETRY_UNKNOWN = 0, ELEMENT_RETRY_NO = 1, ELEMENT_RETRY_SAFE = 2, ELEMENT_RETRY_IF_IDEMPOTENT = 3 };
enum { ELEMENT_LOG_TRACE = 0, ELEMENT_LOG_DEBUG = 1, ELEMENT_LOG_INFO = 2, ELEMENT_LOG_WARN = 3, ELEMENT_LOG_ERROR = 4 };
enum { ELEMENT_METRIC_COUNTER = 0, ELEMENT_METRIC_GAUGE = 1, ELEMENT_METRIC_HISTOGRAM = 2 };
enum { ELEMENT_CONCURRENT_ONE = 0,           /* one hook at a time in the whole plugin (the default) */
       ELEMENT_CONCURRENT_INSTANCES = 1,     /* hooks of different instances may overlap             */
       ELEMENT_CONCURRENT_ALL = 2 };         /* any hook may overlap any other                       */
enum { ELEMENT_UNLOAD_NEVER = 0, ELEMENT_UNLOAD_SAFE = 1 };
enum { ELEMENT_HOST_ISOLATED = 1u << 0,      /* this host is a child that serves only this plugin    */
       ELEMENT_HOST_SCANNING = 1u << 1,      /* only the descriptor is wanted; start() will not come */
       ELEMENT_HOST_VALIDATOR = 1u << 2 };   /* a conformance run: expect odd but legal use          */

typedef struct element_error {
    uint32_t size;
    element_status status;
    element_str code;                 /* stable, machine-readable: "crm.rate_limited"; never localised */
    element_str message;              /* for people; must hold no secret                               */
    element_str details;              /* a JSON object, or empty                                       */
    int32_t http_status;              /* what the remote side answered, or 0                           */
    int32_t retry;                    /* ELEMENT_RETRY_*                                               */
    int64_t retry_after_ms;           /* -1 if unknown                                                 */
} element_error;

/* ---- one hook call ------------------------------------------------------------------------------- */

/* The record and all it points to are valid until the hook returns.  A thread that outlives the hook must
 * keep none of it. */
typedef struct element_call element_call;
typedef struct element_call_ops {
    uint32_t size;
    uint32_t reserved;
    /* ELEMENT_OK, or why the work is no longer wanted: CANCELLED or DEADLINE_EXCEEDED.  Cheap. [any] */
    element_status (ELEMENT_ABI *poll)(const element_call *call);
    /* Runs fn(arg) once, from another thread, if the call is cancelled; at once if it already is.  One
     * fn at a time: a second one gets ELEMENT_FAILED_PRECONDITION.  fn NULL takes it back and waits for a
     * running one: do that before arg dies and before the hook returns.  fn must not block and may call
     * nothing of the host but poll().  A deadline may pass without fn: limit waits by deadline_ns. [call] */
    element_status (ELEMENT_ABI *on_cancel)(const element_call *call, void (ELEMENT_ABI *fn)(void *arg), void *arg);
    /* The sink.  reserve() gives at least `want` writable bytes (NULL: over the limit), commit() keeps
     * the first `used` of them and refuses more than were reserved; write() is both with a copy.  The
     * bytes are the host's, in an isolated host they are shared memory, so a result is never copied
     * across.  Reserved memory is valid until the next sink function.  A failed hook's output is dropped.
     * Over the limit: ELEMENT_RESOURCE_EXHAUSTED, and the hook has failed whatever it returns, so that a
     * result can never be cut short unnoticed. [call] */
    void *(ELEMENT_ABI *reserve)(const element_call *call, size_t want, size_t *got);
    element_status (ELEMENT_ABI *commit)(const element_call *call, size_t used);
    element_status (ELEMENT_ABI *write)(const element_call *call, const void *data, size_t len);
    /* Records why the hook is about to fail; the last one wins.  Ignored if the hook returns OK.  The
     * hook's return value is the status that counts; the host may cut long texts. [call] */
    void (ELEMENT_ABI *fail)(const element_call *call, const element_error *error);
    /* Tells the watchdog that the hook is alive; done is 0..1000. [any] */
    void (ELEMENT_ABI *heartbeat)(const element_call *call, uint32_t done, element_str note);
} element_call_ops;

struct element_call {
    uint32_t size;
    uint32_t attempt;                 /* 1, 2, ... for retries of the same step                       */
    int64_t deadline_ns;              /* monotonic time of element.clock/1; 0: none                   */
    element_str idempotency_key;      /* same for each attempt; may be empty                          */
    element_str trace_parent;         /* W3C traceparent; may be empty                                */
    const element_call_ops *ops;
    void *host_data;                  /* the host's; a plugin must not look                           */
};

/* ---- what the host offers ------------------------------------------------------------------------ */

typedef struct element_host element_host;
struct element_host {
    uint32_t size;
    uint32_t magic;                   /* ELEMENT_MAGIC                                                 */
    uint32_t abi_major, abi_minor;    /* the newest minor this host knows                              */
    uint64_t flags;                   /* ELEMENT_HOST_*                                                */
    element_str name, version;
    void *host_data;
    /* A service table by id, or NULL: unknown to this host or not granted to this plugin by its manifest
     * and the operator.  Ids are "element.NAME/REVISION" or "com.example.NAME/REVISION"; a revision is
     * never reused for another layout or meaning.  Good until stop() returns.                 [any] */
    const void *(ELEMENT_ABI *service)(const element_host *host, element_str id);
    /* Outstanding work outside a hook (a thread, a timer, a socket).  While the count is above 0 the host
     * neither calls stop() nor unmaps.  hold() is called inside a hook or under another hold; release()
     * is the last thing that thread does in plugin code.  A thread that lives as long as the plugin takes
     * no hold: stop() ends and joins it.                                                      [any] */
    void (ELEMENT_ABI *hold)(const element_host *host);
    void (ELEMENT_ABI *release)(const element_host *host);
};

/* Log, metrics and clock are granted to every plugin. */
#define ELEMENT_SERVICE_LOG "element.log/1"
typedef struct element_log {
    uint32_t size, reserved;
    int32_t (ELEMENT_ABI *enabled)(const element_host *host, int32_t level);                   /* [any] */
    /* call may be NULL.  The host adds plugin, version, instance, trace and time.              [any] */
    void (ELEMENT_ABI *write)(const element_host *host, const element_call *call, int32_t level,
                              element_str message, const element_kv *fields, size_t n_fields);
} element_log;

#define ELEMENT_SERVICE_METRICS "element.metrics/1"
typedef struct element_metrics {
    uint32_t size, reserved;
    /* A handle, 0 if refused (name clash, too many).  The same name gives the same handle.     [any] */
    uint64_t (ELEMENT_ABI *define)(const element_host *host, int32_t kind, element_str name, element_str unit, element_str help);
    void (ELEMENT_ABI *record)(const element_host *host, uint64_t handle, double value,        /* [any] */
                               const element_kv *labels, size_t n_labels);
} element_metrics;

#define ELEMENT_SERVICE_CLOCK "element.clock/1"        /* the only clock to use: tests run on a fake one */
typedef struct element_clock {
    uint32_t size, reserved;
    int64_t (ELEMENT_ABI *wall_ns)(const element_host *host);                                  /* [any] */
    int64_t (ELEMENT_ABI *monotonic_ns)(const element_host *host);                             /* [any] */
    /* Ends early with poll()'s code when the call is cancelled or its deadline passes; ns of 0 or less
     * is poll().                                                                              [call] */
    element_status (ELEMENT_ABI *sleep)(const element_host *host, const element_call *call, int64_t ns);
} element_clock;

/* Later services (a host HTTP transport, secret handles, asynchronous hooks, script) get ids of their own
 * when a plugin needs them; 1.0 has none of them. */

/* ---- what the plugin offers ------------------------------------------------------------------------ */

typedef struct element_plugin_state element_plugin_state;   /* the plugin's own, opaque to the host */
typedef struct element_instance element_instance;           /* the plugin's own, opaque to the host */

typedef struct element_descriptor {
    uint32_t size;
    uint32_t concurrency;             /* ELEMENT_CONCURRENT_*                                          */
    uint32_t unload;                  /* ELEMENT_UNLOAD_*                                              */
    uint32_t reserved;
    element_str id;                   /* reverse DNS, equal to the manifest's: "com.example.crm"       */
    element_str version;              /* semantic version of the plugin                                */
    element_str manifest;             /* the JSON manifest that also lies beside the library           */
} element_descriptor;

enum { ELEMENT_CONNECT_VENDOR = 0,           /* the vendor's own API (the default)                     */
       ELEMENT_CONNECT_PLATFORM = 1 };       /* POST /instances of an element platform                 */

/* Where authenticate() connects, and with which rights.  Lives for the call. */
typedef struct element_connection {
    uint32_t size;
    uint32_t mode;                    /* ELEMENT_CONNECT_*                                             */
    element_str base_url;             /* empty: the plugin's default                                   */
    element_str authorization;        /* PLATFORM: "User <secret>, Organization <secret>"; else empty  */
    element_str ca_file;              /* extra trust anchors, empty: the system's                      */
} element_connection;
typedef struct element_request {
    uint32_t size;
    uint32_t flags;                   /* none in 1.0                                                   */
    element_str method;               /* "GET"                                                         */
    element_str path;                 /* below the hub: "/candidates/42"                               */
    element_str query;                /* JSON object of decoded parameters: strings, or arrays of them  */
    element_str headers;              /* JSON object of strings                                        */
    element_str body; element_str content_type;
} element_request;

typedef struct element_plugin {
    uint32_t size;
    uint32_t magic;                   /* ELEMENT_MAGIC                                                 */
    uint32_t abi_major, abi_minor;    /* what it was built with                                        */
    uint32_t abi_minor_needed;        /* refuses hosts older than this                                 */
    uint32_t reserved;
    const element_descriptor *descriptor;

    /* Once after loading, before anything below; sets *state, also to NULL if there is none.  `host` is
     * good until stop() returns.  If it fails, *state is not read and stop() does not come.    [one] */
    element_status (ELEMENT_ABI *start)(const element_host *host, const element_call *call, element_plugin_state **state);
    /* After the last instance is gone and hold()s are back at 0.  On return no thread of the plugin may
     * run, no callback may be pending, and start() may come again.  Cannot fail.               [one] */
    void (ELEMENT_ABI *stop)(element_plugin_state *state);

    /* -- provisioning: draft -> request -> answer -> instance, one hook a step ----------------------- */

    /* draft: {"name","tags","configuration":{"api.key":...}}.  The sink gets the body of POST /instances:
     * {"element":{"key"},"configuration","tags","name"}.  Checks required keys, types and bounds; no
     * network.  The same draft gives the same bytes.                                          [hook] */
    element_status (ELEMENT_ABI *serialize_config)(element_plugin_state *state, const element_call *call, element_str draft);
    /* request: what serialize_config wrote.  Proves the credentials to the other side.  The sink gets its
     * answer, verbatim.  Bad credentials: ELEMENT_UNAUTHENTICATED with the other side's words. [hook] */
    element_status (ELEMENT_ABI *authenticate)(element_plugin_state *state, const element_call *call,
                                               element_str request, const element_connection *connection);
    /* answer: what authenticate wrote, in either mode.  The sink gets the element instance, normalised:
     * id and token (PLATFORM: from the answer; VENDOR: absent, the host mints them), name, valid, the
     * account it belongs to.  An answer without what it needs is ELEMENT_DATA_LOSS with the missing member's
     * name; unknown members are kept; no network.                                             [hook] */
    element_status (ELEMENT_ABI *parse_instance)(element_plugin_state *state, const element_call *call, element_str answer);

    /* -- use ------------------------------------------------------------------------------------------- */

    /* A live handle for a stored instance document (with its configuration); keeps connections; no network
     * yet.  If it fails, *instance is not read and close_instance() does not come.             [hook] */
    element_status (ELEMENT_ABI *open_instance)(element_plugin_state *state, const element_call *call,
                                                element_str document, element_instance **instance);
    /* Never overlaps another hook of the same instance and is the last one.  Cannot fail.     [hook] */
    void (ELEMENT_ABI *close_instance)(element_instance *instance);
    /* One resource request.  The sink gets a head, one line of JSON of at most 64 KiB, then the body's bytes:
     *   {"status":200,"headers":{...},"contentType":"application/json","nextPage":"...","retryAttempts":0}\n
     * Only status is required.  nextPage is absent on the last page and goes back unchanged as the query
     * parameter "nextPage".  The other side's answer may be passed on whatever its status, also 404; failing
     * is for when there is none, or when the host should know how to repeat (retry class).    [hook] */
    element_status (ELEMENT_ABI *invoke)(element_instance *instance, const element_call *call, const element_request *request);
    /* The sink gets {"cursor": ..., "events": [...]} with at most max_events; the cursor is opaque to the
     * host, which stores it only after the events are safe; empty: from the beginning.  Nothing new is OK with none.
     * May be NULL: no events.                                                                 [hook] */
    element_status (ELEMENT_ABI *poll_events)(element_instance *instance, const element_call *call, element_str cursor, uint32_t max_events);

    /* A table by id for anything newer than this header, or NULL.  Static; good until stop().  The
     * function itself may be NULL: none.                                                       [any] */
    const void *(ELEMENT_ABI *extension)(element_plugin_state *state, element_str id);
} element_plugin;

/* The one exported symbol.  Fast, pure, callable more than once and from a scanning process: no thread,
 * no file, no network, nothing to undo.  NULL means "not with this host".  `host` is lent for this call only:
 * start() gets the one to keep.                                                                [any] */
typedef const element_plugin *(ELEMENT_ABI *element_entry_fn)(const element_host *host);
ELEMENT_EXPORT const element_plugin *ELEMENT_ABI element_plugin_entry_v1(const element_host *host);

/* The manifest again, inside the file, so that a host can read it without running any plugin code and
 * see that the file beside the library belongs to it.  Once per plugin, at file scope; `text` is a string
 * literal or a braced list of bytes ending in 0.  formulary_add_plugin() writes this file for its user. */
#if defined(__ELF__)
#  define ELEMENT_MANIFEST_SECTION ".element.manifest"
#  define ELEMENT_MANIFEST(...) \
      __attribute__((used, section(ELEMENT_MANIFEST_SECTION))) const char element_manifest_text[] = __VA_ARGS__
#endif

#ifdef __cplusplus
}
#  define ELEMENT_ASSERT(c) static_assert(c, #c)
#else
#  define ELEMENT_ASSERT(c) _Static_assert(c, #c)
#endif

#if UINTPTR_MAX == 0xffffffffffffffffu          /* the layout of 1.0 on LP64; lines are only added      */
ELEMENT_ASSERT(sizeof(element_str) == 16 && sizeof(element_kv) == 32 && sizeof(void (*)(void)) == 8);
ELEMENT_ASSERT(offsetof(element_error, code) == 8 && offsetof(element_error, http_status) == 56);
ELEMENT_ASSERT(offsetof(element_error, retry_after_ms) == 64 && sizeof(element_error) == 72);
ELEMENT_ASSERT(offsetof(element_call_ops, poll) == 8 && offsetof(element_call_ops, heartbeat) == 56);
ELEMENT_ASSERT(sizeof(element_call_ops) == 64);
ELEMENT_ASSERT(offsetof(element_call, deadline_ns) == 8 && offsetof(element_call, ops) == 48);
ELEMENT_ASSERT(sizeof(element_call) == 64);
ELEMENT_ASSERT(offsetof(element_host, flags) == 16 && offsetof(element_host, service) == 64);
ELEMENT_ASSERT(sizeof(element_host) == 88);
ELEMENT_ASSERT(sizeof(element_log) == 24 && sizeof(element_metrics) == 24 && sizeof(element_clock) == 32);
ELEMENT_ASSERT(offsetof(element_descriptor, id) == 16 && sizeof(element_descriptor) == 64);
ELEMENT_ASSERT(offsetof(element_connection, base_url) == 8 && sizeof(element_connection) == 56);
ELEMENT_ASSERT(offsetof(element_request, method) == 8 && offsetof(element_request, content_type) == 88);
ELEMENT_ASSERT(sizeof(element_request) == 104);
ELEMENT_ASSERT(offsetof(element_plugin, descriptor) == 24 && offsetof(element_plugin, start) == 32);
ELEMENT_ASSERT(offsetof(element_plugin, serialize_config) == 48 && offsetof(element_plugin, open_instance) == 72);
ELEMENT_ASSERT(offsetof(element_plugin, extension) == 104 && sizeof(element_plugin) == 112);
#endif

#endif /* FORMULARY_ELEMENT_PLUGIN_H */
