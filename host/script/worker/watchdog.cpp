#include "host/script/worker/watchdog.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <utility>

#include "host/script/script_frame.hpp"

namespace formulary {
namespace {

using script_frame::WorkerExit;

void ring(int alarm) {
  const std::uint64_t one = 1;
  // Nothing is lost if it fails: the counter is then not zero, and the thread wakes anyway.
  [[maybe_unused]] const ssize_t written = write(alarm, &one, sizeof one);
}

}  // namespace

Watchdog::Watchdog(int host, std::function<void()> stop)
    : host_(host), alarm_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), stop_(std::move(stop)) {
  thread_ = std::thread([this] {
    running_.count_down();
    watch();
  });
  // A thread begins with system calls of its own (rseq, set_robust_list). Once the process is confined they would end
  // it, so nobody goes on before they are done.
  running_.wait();
}

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  ring(alarm_);
  thread_.join();
  close(alarm_);
}

void Watchdog::arm(Time deadline) {
  bool too_late = false;
  {
    const std::lock_guard lock(mutex_);
    deadline_ = deadline;
    fired_ = false;
    // The thread looks again at its own time. It is woken only if that is too late, which spares two context switches
    // in nearly every run.
    too_late = deadline < next_look_;
  }
  if (too_late) ring(alarm_);
}

bool Watchdog::disarm() {
  const std::lock_guard lock(mutex_);
  deadline_ = Time::max();
  return fired_;
}

int Watchdog::wait_ms() {
  const std::lock_guard lock(mutex_);
  const Time now = std::chrono::steady_clock::now();
  if (deadline_ <= now) {
    deadline_ = Time::max();
    fired_ = true;
    stop_();
  }
  next_look_ = deadline_;
  if (deadline_ == Time::max()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - now).count();
  return static_cast<int>(std::min<std::int64_t>(left, 3'600'000));
}

void Watchdog::watch() {
  while (true) {
    pollfd entries[] = {{.fd = alarm_, .events = POLLIN, .revents = 0},
                        {.fd = host_, .events = POLLRDHUP, .revents = 0}};
    // A watchdog that cannot wait is none.
    if (poll(entries, 2, wait_ms()) < 0 && errno != EINTR) _exit(static_cast<int>(WorkerExit::engine_failed));
    // At once, whatever the script does just now: nobody is left who wants its result.
    if (entries[1].revents != 0) _exit(static_cast<int>(WorkerExit::host_gone));
    std::uint64_t rings = 0;
    if (entries[0].revents != 0 && read(alarm_, &rings, sizeof rings) < 0) continue;
    const std::lock_guard lock(mutex_);
    if (ending_) return;
  }
}

}  // namespace formulary
