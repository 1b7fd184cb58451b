// A plugin that does what its test asks for, good and bad: the path of a request names it. Built three times, once for
// each concurrency that a plugin may declare.
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>

#include "../broken/working_plugin.hpp"

namespace {

using working::say;
using working::text;

const element_host* host = nullptr;
std::atomic<int> open_instances{0};
std::atomic<int> inside{0};
std::atomic<int> most_inside{0};

std::string_view view(element_str text) {
  return {text.ptr, text.len};
}

template <class Table>
const Table& service(const char* id) {
  return *static_cast<const Table*>(host->service(host, text(id)));
}

element_status answer(const element_call* call, const std::string& body) {
  return say(call, "{\"status\":200}\n" + body);
}

element_status echo(const element_call* call, const element_request* request) {
  return answer(call, std::string(view(request->body)));
}

/// Everything that came with the call.
element_status terms(const element_call* call, const element_request* request) {
  return answer(call, std::to_string(call->attempt) + '|' + std::string(view(call->idempotency_key)) + '|' +
                          std::string(view(call->trace_parent)) + '|' +
                          (call->deadline_ns > 0 ? "limited" : "endless") + '|' + std::string(view(request->query)) +
                          '|' + std::string(view(request->headers)) + '|' + std::string(view(request->content_type)));
}

element_status sleep_for_a_minute(const element_call* call, const element_request*) {
  return service<element_clock>(ELEMENT_SERVICE_CLOCK).sleep(host, call, 60'000'000'000);
}

/// As a plugin does that is blocked in a wait of its own.
element_status wait_for_cancel(const element_call* call, const element_request* request) {
  int ends[2];
  if (pipe(ends) != 0) return ELEMENT_INTERNAL;
  call->ops->on_cancel(
      call, [](void* end) { (void)!write(*static_cast<int*>(end), "x", 1); }, &ends[1]);
  // Tells the test that it waits.
  if (!view(request->body).empty()) (void)!write(std::stoi(std::string(view(request->body))), "w", 1);
  char byte;
  const bool woken = read(ends[0], &byte, 1) == 1;
  call->ops->on_cancel(call, nullptr, nullptr);
  close(ends[0]);
  close(ends[1]);
  return woken ? call->ops->poll(call) : ELEMENT_INTERNAL;
}

/// Takes no notice of its deadline: returns when the test writes to the descriptor in the body.
element_status overstay(const element_call* call, const element_request* request) {
  char byte;
  call->ops->heartbeat(call, 420, text("still here"));
  return read(std::stoi(std::string(view(request->body))), &byte, 1) == 1 ? ELEMENT_UNAVAILABLE : ELEMENT_INTERNAL;
}

element_status flood(const element_call* call, const element_request*) {
  (void)answer(call, "");
  const std::string piece(10'000, 'x');
  while (say(call, piece) == ELEMENT_OK) {
  }
  return ELEMENT_OK;  // a lie: the answer is cut short
}

/// The same lie, told after the deadline.
element_status flood_until_told_to_end(const element_call* call, const element_request* request) {
  (void)flood(call, request);
  (void)sleep_for_a_minute(call, request);
  return ELEMENT_OK;
}

/// A whole answer, and before it one byte too many that the sink refused.
element_status flood_then_fit(const element_call* call, const element_request*) {
  (void)say(call, std::string(1'000'000, 'x'));
  (void)answer(call, "small");
  return ELEMENT_OK;
}

element_status reserve_a_terabyte(const element_call* call, const element_request*) {
  std::size_t got = 1;
  void* room = call->ops->reserve(call, std::size_t{1} << 40, &got);
  return room == nullptr && got == 0 ? ELEMENT_RESOURCE_EXHAUSTED : ELEMENT_INTERNAL;
}

element_status fill_in_pieces(const element_call* call, const element_request*) {
  (void)answer(call, "");
  for (int piece = 0; piece < 1000; ++piece) {
    std::size_t got = 0;
    auto* room = static_cast<char*>(call->ops->reserve(call, 100, &got));
    if (room == nullptr || got < 100) return ELEMENT_INTERNAL;
    std::memset(room, 'a' + piece % 26, 100);
    if (call->ops->commit(call, 50) != ELEMENT_OK) return ELEMENT_INTERNAL;
  }
  return ELEMENT_OK;
}

element_status keep_more_than_reserved(const element_call* call, const element_request*) {
  std::size_t got = 0;
  (void)call->ops->reserve(call, 10, &got);
  (void)call->ops->commit(call, got + 1'000'000);
  return ELEMENT_OK;
}

const element_call* stashed_pointer = nullptr;
element_call stashed_copy;

element_status stash_the_call(const element_call* call, const element_request*) {
  stashed_pointer = call;
  stashed_copy = *call;
  return answer(call, "");
}

element_status log_with_the_stashed_call(const element_call* call, const element_request*) {
  const element_log& log = service<element_log>(ELEMENT_SERVICE_LOG);
  log.write(host, stashed_pointer, ELEMENT_LOG_WARN, text("by the pointer"), nullptr, 0);
  log.write(host, &stashed_copy, ELEMENT_LOG_WARN, text("by the copy"), nullptr, 0);
  return answer(call, "");
}

std::string use_ended(const element_call* call) {
  std::size_t got = 1;
  const element_error why{.size = sizeof why};
  std::string seen = std::to_string(call->ops->poll(call)) + ' ' + std::to_string(call->ops->write(call, "x", 1)) +
                     ' ' + (call->ops->reserve(call, 1, &got) == nullptr && got == 0 ? "null" : "room") + ' ' +
                     std::to_string(call->ops->commit(call, 1)) + ' ' +
                     std::to_string(call->ops->on_cancel(
                         call, [](void*) {}, nullptr)) +
                     ' ' + std::to_string(service<element_clock>(ELEMENT_SERVICE_CLOCK).sleep(host, call, 1));
  call->ops->fail(call, &why);
  call->ops->heartbeat(call, 1, text("late"));
  return seen;
}

element_status use_the_stashed_call(const element_call* call, const element_request*) {
  return answer(call, use_ended(stashed_pointer) + '|' + use_ended(&stashed_copy));
}

/// The sink belongs to the hook's thread.
element_status write_from_another_thread(const element_call* call, const element_request*) {
  element_status there = ELEMENT_OK;
  std::thread([&] { there = say(call, "from elsewhere"); }).join();
  return there;
}

element_status throw_through_the_abi(const element_call*, const element_request*) {
  throw std::runtime_error("not caught by its author");
}

void fail(const element_call* call, element_status status, std::string_view code, std::string_view message,
          std::string_view details, std::int64_t retry_after_ms) {
  element_error why{};
  why.size = sizeof why;
  why.status = status;
  why.code = text(code);
  why.message = text(message);
  why.details = text(details);
  why.http_status = 429;
  why.retry = ELEMENT_RETRY_SAFE;
  why.retry_after_ms = retry_after_ms;
  call->ops->fail(call, &why);
}

/// Repeats the request's body in every text that it says.
element_status fail_with_the_body(const element_call* call, const element_request* request) {
  const std::string body(view(request->body));
  fail(call, ELEMENT_RESOURCE_EXHAUSTED, "probe." + body, "the vendor said '" + body + "'",
       "{\"sent\":\"" + body + "\"}", 2500);
  return ELEMENT_RESOURCE_EXHAUSTED;
}

element_status fail_with_wild_texts(const element_call* call, const element_request*) {
  element_error why{};
  why.size = sizeof why;
  why.code = {"x", std::size_t{1} << 40};
  why.message = text("caf\xe9");
  why.details = text("[not an object]");
  why.http_status = 70'000;
  why.retry = 99;
  why.retry_after_ms = INT64_MAX;
  call->ops->fail(call, &why);
  return 77;
}

element_status fail_with_a_small_record(const element_call* call, const element_request*) {
  element_error why{};
  why.size = offsetof(element_error, details);
  why.code = text("probe.small");
  why.message = text("an older record");
  why.retry_after_ms = 5;
  call->ops->fail(call, &why);
  return ELEMENT_NOT_FOUND;
}

/// The bare status that the body names.
element_status fail_with_status(const element_call*, const element_request* request) {
  return std::stoi(std::string(view(request->body)));
}

element_status log_the_body(const element_call* call, const element_request* request) {
  const element_log& log = service<element_log>(ELEMENT_SERVICE_LOG);
  const std::string message = "vendor answered " + std::string(view(request->body)) + " \xff\x1b[2J";
  const element_kv fields[] = {{text("key"), request->body}, {text("plain"), text("value")}};
  log.write(host, call, ELEMENT_LOG_WARN, text(message), fields, 2);
  log.write(host, nullptr, ELEMENT_LOG_ERROR, request->body, nullptr, 0);
  log.write(host, call, ELEMENT_LOG_TRACE, text("not wanted"), nullptr, 0);
  return answer(call, std::to_string(log.enabled(host, ELEMENT_LOG_TRACE)));
}

element_status flood_the_log(const element_call* call, const element_request*) {
  for (int line = 0; line < 5000; ++line) {
    service<element_log>(ELEMENT_SERVICE_LOG).write(host, call, ELEMENT_LOG_INFO, text("again"), nullptr, 0);
  }
  return answer(call, "");
}

element_status record_metrics(const element_call* call, const element_request*) {
  const element_metrics& metrics = service<element_metrics>(ELEMENT_SERVICE_METRICS);
  const std::uint64_t good =
      metrics.define(host, ELEMENT_METRIC_COUNTER, text("probe.calls"), text("1"), text("Calls."));
  const std::uint64_t again =
      metrics.define(host, ELEMENT_METRIC_COUNTER, text("probe.calls"), text("1"), text("Calls."));
  const std::uint64_t clash = metrics.define(host, ELEMENT_METRIC_GAUGE, text("probe.calls"), text("1"), text(""));
  const std::uint64_t bad_name = metrics.define(host, ELEMENT_METRIC_GAUGE, text("Not a name"), text("1"), text(""));
  int defined = 0;
  while (metrics.define(host, ELEMENT_METRIC_GAUGE, text("probe.m" + std::to_string(defined)), text(""), text("")) !=
         0) {
    ++defined;
  }
  const element_kv labels[] = {{text("resource"), text("jobs")}};
  metrics.record(host, good, 3, labels, 1);
  metrics.record(host, good, 0.0 / 0.0 * defined, labels, 1);  // not a number: nobody can add it up
  metrics.record(host, 4711, 1, nullptr, 0);
  return answer(call, std::string(good == again ? "same" : "other") + (clash == 0 ? " refused" : " clash") +
                          (bad_name == 0 ? " refused " : " named ") + std::to_string(defined));
}

element_status take_hold(const element_call* call, const element_request*) {
  host->hold(host);
  return answer(call, "");
}

element_status release_twice(const element_call* call, const element_request*) {
  host->release(host);
  host->release(host);
  return answer(call, "");
}

element_status count_inside(const element_call* call, const element_request*) {
  const int now = ++inside;
  int most = most_inside.load();
  while (now > most && !most_inside.compare_exchange_weak(most, now)) {
  }
  std::this_thread::yield();
  --inside;
  return answer(call, std::to_string(most_inside.load()));
}

std::mutex meeting;
std::condition_variable arrived;
int guests = 0;

/// Returns once two hooks are in here at the same time; else when it is no longer wanted.
element_status meet_another(const element_call* call, const element_request*) {
  const auto wake = [](void*) {
    const std::lock_guard lock(meeting);
    arrived.notify_all();
  };
  call->ops->on_cancel(call, wake, nullptr);
  std::unique_lock lock(meeting);
  ++guests;
  arrived.notify_all();
  arrived.wait(lock, [&] { return guests >= 2 || call->ops->poll(call) != ELEMENT_OK; });
  const bool met = guests >= 2;
  lock.unlock();
  call->ops->on_cancel(call, nullptr, nullptr);
  if (met) return answer(call, "met");
  lock.lock();
  --guests;
  return call->ops->poll(call);
}

element_status ask_for_two_cancels(const element_call* call, const element_request*) {
  const element_status first = call->ops->on_cancel(
      call, [](void*) {}, nullptr);
  const element_status second = call->ops->on_cancel(
      call, [](void*) {}, nullptr);
  const element_status back = call->ops->on_cancel(call, nullptr, nullptr);
  const element_status third = call->ops->on_cancel(
      call, [](void*) {}, nullptr);
  (void)answer(call, std::to_string(first) + ' ' + std::to_string(second) + ' ' + std::to_string(back) + ' ' +
                         std::to_string(third));
  return ELEMENT_OK;  // and leaves the third behind
}

element_status count_open(const element_call* call, const element_request*) {
  return answer(call, std::to_string(open_instances.load()));
}

element_status say_the_body(const element_call* call, const element_request* request) {
  return call->ops->write(call, request->body.ptr, request->body.len);
}

const std::map<std::string_view, element_status (*)(const element_call*, const element_request*)> paths = {
    {"/echo", echo},
    {"/terms", terms},
    {"/sleep", sleep_for_a_minute},
    {"/wait-for-cancel", wait_for_cancel},
    {"/overstay", overstay},
    {"/flood", flood},
    {"/flood-late", flood_until_told_to_end},
    {"/flood-then-fit", flood_then_fit},
    {"/terabyte", reserve_a_terabyte},
    {"/pieces", fill_in_pieces},
    {"/overcommit", keep_more_than_reserved},
    {"/stash", stash_the_call},
    {"/use-stashed", use_the_stashed_call},
    {"/other-thread", write_from_another_thread},
    {"/throw", throw_through_the_abi},
    {"/fail", fail_with_the_body},
    {"/fail-wild", fail_with_wild_texts},
    {"/fail-small", fail_with_a_small_record},
    {"/status", fail_with_status},
    {"/log", log_the_body},
    {"/log-stashed", log_with_the_stashed_call},
    {"/log-flood", flood_the_log},
    {"/metrics", record_metrics},
    {"/hold", take_hold},
    {"/release", release_twice},
    {"/count-inside", count_inside},
    {"/meet", meet_another},
    {"/two-cancels", ask_for_two_cancels},
    {"/count-open", count_open},
    {"/raw", say_the_body},
};

element_status ELEMENT_ABI start(const element_host* of, const element_call*, element_plugin_state** state) {
  host = of;
  *state = nullptr;
  return ELEMENT_OK;
}

element_status ELEMENT_ABI authenticate(element_plugin_state*, const element_call* call, element_str,
                                        const element_connection* to) {
  return say(call, "{\"mode\":" + std::to_string(to->mode) + ",\"base_url\":\"" + std::string(view(to->base_url)) +
                       "\",\"authorization\":\"" + std::string(view(to->authorization)) + "\",\"ca_file\":\"" +
                       std::string(view(to->ca_file)) + "\"}");
}

element_status ELEMENT_ABI open_instance(element_plugin_state*, const element_call*, element_str document,
                                         element_instance** instance) {
  if (view(document) == "none") return ELEMENT_OK;  // a lie: there is no instance
  ++open_instances;
  *instance = reinterpret_cast<element_instance*>(new std::string(view(document)));
  return ELEMENT_OK;
}

void ELEMENT_ABI close_instance(element_instance* instance) {
  delete reinterpret_cast<std::string*>(instance);
  --open_instances;
}

element_status ELEMENT_ABI invoke(element_instance*, const element_call* call, const element_request* request) {
  const auto asked = paths.find(view(request->path));
  return asked == paths.end() ? ELEMENT_UNIMPLEMENTED : asked->second(call, request);
}

}  // namespace

ENTRY {
  return working::changed([](element_plugin& table, element_descriptor& about) {
    about.concurrency = PROBE_CONCURRENCY;
    table.start = start;
    table.authenticate = authenticate;
    table.open_instance = open_instance;
    table.close_instance = close_instance;
    table.invoke = invoke;
  });
}
