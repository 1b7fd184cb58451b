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

#include "host/base/error.hpp"
#include "host/script/script_frame.hpp"
#include "host/script/worker/confinement.hpp"
#include "host/script/worker/engine.hpp"
#include "host/script/worker/self_test.hpp"

namespace formulary {
namespace {

using script_frame::WorkerExit;

constexpr int host = 3;

// Makes V8, ICU and glibc load and allocate now what they would otherwise load on first use, which the confinement
// forbids: time zone, collation, number formats, normalisation.
constexpr const char* warm_up =
    "const when = new Date(); const text = when.toString() + when.toLocaleString() + (12.5).toLocaleString() +"
    " ['b', 'a'].sort((a, b) => a.localeCompare(b)).join() + 'e\\u0301'.normalize() + /a+b/u.test('aab');"
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

bool receive(char* bytes, std::size_t size) {
  while (size > 0) {
    const ssize_t got = recv(host, bytes, size, 0);
    if (got <= 0) return false;
    bytes += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

bool send_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(host, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

/// Until the host closes the socket.
WorkerExit serve(Engine& engine) {
  std::string payload;
  while (true) {
    engine.prepare();
    char prefix[script_frame::prefix_size];
    if (!receive(prefix, sizeof prefix)) return WorkerExit::ok;
    payload.resize(script_frame::payload_size({prefix, sizeof prefix}, script_frame::request_max));
    if (!receive(payload.data(), payload.size())) return WorkerExit::host_gone;
    const script_frame::Reply reply = engine.run(script_frame::parse_request(payload));
    if (!send_all(script_frame::encode_reply(reply))) return WorkerExit::host_gone;
    if (reply.last) return WorkerExit::ok;
  }
}

WorkerExit start_and_serve(const Engine::Options& options) {
  // Scripts see one time zone everywhere. One arena: a second one for two threads costs memory for nothing.
  setenv("TZ", "UTC", 1);
  mallopt(M_ARENA_MAX, 1);
  auto& engine = *new Engine(options);  // never ended: see ~Engine
  ScriptRequest first;
  first.body = warm_up;
  first.context = R"({"trigger":{},"steps":{},"info":{},"config":{}})";
  if (!engine.run(first).result.ok) return WorkerExit::engine_failed;
  const std::string why = confine(engine.data_max());
  if (!why.empty()) return WorkerExit::not_confined;
  if (!send_all(script_frame::encode(script_frame::hello))) return WorkerExit::host_gone;
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
