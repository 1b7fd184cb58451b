// The program script-worker. The host starts it with a socket as descriptor 3, and talks frames over it.
#include <malloc.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "host/base/error.hpp"
#include "host/script/script_frame.hpp"
#include "host/script/worker/confinement.hpp"
#include "host/script/worker/engine.hpp"
#include "host/script/worker/self_test.hpp"

namespace formulary {
namespace {

using script_frame::WorkerExit;

constexpr int host = 3;

// Makes V8, ICU, OpenSSL and glibc load and allocate now what they would otherwise load on first use, which the
// confinement forbids: time zone, collation, number formats, normalisation, names of countries, hashes.
constexpr const char* warm_up =
    "const when = new Date(); const text = when.toString() + when.toLocaleString() + (12.5).toLocaleString() +"
    " ['b', 'a'].sort((a, b) => a.localeCompare(b)).join() + 'e\\u0301'.normalize() + /a+b/u.test('aab') +"
    " CE.iso3CountryCode('France') + CE.currencySymbol('EUR') + CE.hmacSha512Hex('a', 'b') + CE.hmacSha1Hex('a', 'b') +"
    " CE.hmacSha256Hex('a', 'b') + CE.md5('a');"
    "console.log(text); Promise.resolve(trigger).then(done);";

int usage() {
  std::fputs(
      "usage: script-worker --heap-mib N --array-buffers-mib N   (started by the host, with its socket as descriptor "
      "3)\n"
      "       script-worker --self-test                          show that the confinement holds on this system\n",
      stderr);
  return static_cast<int>(WorkerExit::usage);
}

std::optional<std::size_t> mebibytes(const char* text) {
  char* end = nullptr;
  errno = 0;
  const unsigned long value = std::strtoul(text, &end, 10);
  if (errno != 0 || end == text || *end != '\0' || value < 1 || value > 4096) return std::nullopt;
  return value << 20U;
}

/// Ends the process if the host is gone.
void send_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(host, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) _exit(static_cast<int>(WorkerExit::host_gone));
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

/// Frames from the host, which sends one only when it is its turn.
class Incoming {
 public:
  /// The payload, until the next call. Nothing if the host closed the socket between two frames.
  std::optional<std::string_view> next() {
    bytes_.erase(0, taken_);
    taken_ = 0;
    if (bytes_.empty() && !receive()) return std::nullopt;
    need(script_frame::prefix_size);
    const std::size_t size = script_frame::payload_size(bytes_, script_frame::request_max);
    need(script_frame::prefix_size + size);
    taken_ = script_frame::prefix_size + size;
    return std::string_view(bytes_).substr(script_frame::prefix_size, size);
  }

 private:
  void need(std::size_t size) {
    bytes_.reserve(size);
    while (bytes_.size() < size) {
      if (!receive()) _exit(static_cast<int>(WorkerExit::host_gone));
    }
  }

  bool receive() {
    const ssize_t got = recv(host, chunk_, sizeof chunk_, 0);
    if (got <= 0) return false;
    bytes_.append(chunk_, static_cast<std::size_t>(got));
    return true;
  }

  char chunk_[64U << 10U] = {};
  std::string bytes_;
  std::size_t taken_ = 0;
};

/// Until the host closes the socket.
WorkerExit serve(JavaScriptEngine& engine) {
  static Incoming incoming;
  const JavaScriptEngine::Host callbacks{
      .send = [](const script_frame::Reply& reply) { send_all(script_frame::encode_reply(reply)); },
      .fetch =
          [](std::size_t part) {
            script_frame::Reply reply;
            reply.wanted = part;
            send_all(script_frame::encode_reply(reply));
            const auto text = incoming.next();
            if (!text) _exit(static_cast<int>(WorkerExit::host_gone));
            return std::string(*text);
          }};
  while (true) {
    engine.prepare();
    const auto payload = incoming.next();
    if (!payload) return WorkerExit::ok;
    if (!engine.run(script_frame::parse_request(*payload), callbacks)) return WorkerExit::ok;
  }
}

bool warm(JavaScriptEngine& engine) {
  bool ok = false;
  const JavaScriptEngine::Host callbacks{
      .send = [&ok](const script_frame::Reply& reply) { ok = reply.results[0].result.ok; },
      .fetch = [](std::size_t) { return std::string(); }};
  script_frame::Job job;
  job.steps.resize(1);
  job.steps[0].body = warm_up;
  job.parts.resize(script_frame::part_first_step, {.text = "{}"});
  return engine.run(std::move(job), callbacks) && ok;
}

WorkerExit start_and_serve(const JavaScriptEngine::Options& options) {
  // Scripts see one time zone everywhere. One arena: a second one for two threads costs memory for nothing.
  setenv("TZ", "UTC", 1);
  mallopt(M_ARENA_MAX, 1);
  auto& engine = *new JavaScriptEngine(options);  // never ended: see ~JavaScriptEngine
  if (!warm(engine)) return WorkerExit::engine_failed;
  const std::string why = confine(engine.data_max());
  if (!why.empty()) return WorkerExit::not_confined;
  send_all(script_frame::encode(script_frame::hello));
  try {
    return serve(engine);
  } catch (const Error&) {
    return WorkerExit::engine_failed;  // the host broke the protocol; nothing else throws an Error
  }
}

}  // namespace
}  // namespace formulary

int main(int count, char** words) {
  const std::string_view first = count > 1 ? words[1] : "";
  if (count == 2 && first == "--self-test") return formulary::self_test() == 0 ? 0 : 1;
  if (count != 5 || first != "--heap-mib" || std::string_view(words[3]) != "--array-buffers-mib") {
    return formulary::usage();
  }
  const auto heap = formulary::mebibytes(words[2]);
  const auto buffers = formulary::mebibytes(words[4]);
  if (!heap || !buffers) return formulary::usage();
  _exit(static_cast<int>(
      formulary::start_and_serve({.heap_bytes = *heap, .array_buffer_bytes = *buffers, .host = formulary::host})));
}
