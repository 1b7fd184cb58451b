#include "host/script/worker_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>
#include <vector>

#include "host/base/error.hpp"
#include "host/script/script_frame.hpp"

namespace formulary {
namespace {

using Deadline = std::chrono::steady_clock::time_point;

constexpr int worker_socket = 3;
constexpr std::size_t chunk_size = 64U << 10U;

[[noreturn]] void throw_unavailable(const std::string& what, int error) {
  throw Error(ErrorCode::unavailable, "script worker: " + what + ": " + std::strerror(error));
}

/// The descriptors and signals that a worker starts with. Freed in every case.
class SpawnPlan {
 public:
  explicit SpawnPlan(int socket) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawnattr_init(&attributes_);
    // Before 0 to 2 are opened, since the socket may be one of them.
    posix_spawn_file_actions_adddup2(&actions_, socket, worker_socket);
    for (int number = 0; number < worker_socket; ++number) {
      posix_spawn_file_actions_addopen(&actions_, number, "/dev/null", O_RDWR, 0);
    }
    posix_spawn_file_actions_addclosefrom_np(&actions_, worker_socket + 1);
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    // A session of its own: Ctrl-C at the host's terminal is the host's to handle.
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;
  ~SpawnPlan() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }

  [[nodiscard]] pid_t start(const std::vector<std::string>& words) const {
    std::vector<char*> arguments;
    arguments.reserve(words.size() + 1);
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    char* no_environment = nullptr;
    pid_t pid = -1;
    const int failed =
        posix_spawn(&pid, words.front().c_str(), &actions_, &attributes_, arguments.data(), &no_environment);
    if (failed != 0) throw_unavailable("cannot start '" + words.front() + "'", failed);
    return pid;
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

/// Waits for `events`, or for the other side's end. False at the deadline.
bool wait_for(int socket, short events, Deadline deadline) {
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd entry{.fd = socket, .events = events, .revents = 0};
    const int wait_ms = static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000));
    const int found = poll(&entry, 1, wait_ms);
    if (found > 0) return true;
    if (found == 0 && left.count() <= wait_ms) return false;
    if (found < 0 && left.count() <= 0) return false;  // interrupted, or out of memory, again and again
  }
}

std::string start_failure(const WorkerProcess::End& end) {
  using script_frame::WorkerExit;
  if (end.killed_by_signal) return "it was ended by signal " + std::to_string(end.number) + " while it started";
  if (end.number == static_cast<int>(WorkerExit::not_confined)) {
    return "it cannot confine itself on this system; run 'script-worker --self-test' to see why";
  }
  return "it ended with status " + std::to_string(end.number) +
         " while it started; run 'script-worker --self-test' to see why";
}

}  // namespace

WorkerProcess::WorkerProcess(const Options& options) : program_(options.program) {
  int pair[2] = {-1, -1};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) throw_unavailable("no socket", errno);
  socket_ = Descriptor(pair[0]);
  const Descriptor theirs(pair[1]);
  fcntl(socket_.get(), F_SETFL, O_NONBLOCK);
  pid_ = SpawnPlan(theirs.get())
             .start({options.program.string(), "--heap-mib", std::to_string(options.heap_mib), "--array-buffers-mib",
                     std::to_string(options.array_buffers_mib)});
  // By number, since <sys/pidfd.h> of glibc 2.36 cannot be linked from C++.
  process_ = Descriptor(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
  if (process_.get() < 0) {
    const int error = errno;
    ::kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    throw_unavailable("no process descriptor", error);
  }
}

WorkerProcess::~WorkerProcess() {
  end();
}

void WorkerProcess::wait_until_ready(Deadline deadline) {
  if (ready_) return;
  const Exchange greeting = receive(script_frame::hello.size(), deadline);
  if (greeting.ending == Ending::replied && greeting.reply == script_frame::hello) {
    ready_ = true;
    return;
  }
  std::string why = "it did not get ready in time; the machine may be overloaded";
  if (greeting.ending == Ending::died) why = start_failure(end());
  if (greeting.ending == Ending::broken || greeting.ending == Ending::replied) {
    why = "it is not the worker of this version; install host and worker together";
  }
  throw Error(ErrorCode::unavailable, "script worker: '" + program_.string() + "': " + why);
}

bool WorkerProcess::alive() const {
  pollfd entry{.fd = socket_.get(), .events = POLLIN | POLLRDHUP, .revents = 0};
  // A worker speaks only when it was asked; so anything to read is a broken one.
  return !end_ && (!ready_ || (received_.empty() && poll(&entry, 1, 0) == 0));
}

void WorkerProcess::kill() const {
  syscall(SYS_pidfd_send_signal, process_.get(), SIGKILL, nullptr, 0);
}

WorkerProcess::End WorkerProcess::end() {
  if (end_) return *end_;
  // A worker that lost its socket is about to end by itself, and its own status says more than our signal.
  pollfd entry{.fd = process_.get(), .events = POLLIN, .revents = 0};
  pollfd socket{.fd = socket_.get(), .events = POLLRDHUP, .revents = 0};
  const bool hung_up = poll(&socket, 1, 0) > 0 && (socket.revents & (POLLHUP | POLLRDHUP)) != 0;
  if (poll(&entry, 1, hung_up ? 1'000 : 0) <= 0) kill();
  siginfo_t status{};
  while (waitid(P_PIDFD, static_cast<id_t>(process_.get()), &status, WEXITED) != 0 && errno == EINTR) {
  }
  end_ = End{.killed_by_signal = status.si_code != CLD_EXITED, .number = status.si_status};
  return *end_;
}

WorkerProcess::Ending WorkerProcess::send(std::string_view frame, Deadline deadline) const {
  while (!frame.empty()) {
    const ssize_t sent = ::send(socket_.get(), frame.data(), frame.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      frame.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      if (!wait_for(socket_.get(), POLLOUT, deadline)) return Ending::deadline;
    } else if (errno != EINTR) {
      return Ending::died;
    }
  }
  return Ending::replied;
}

WorkerProcess::Ending WorkerProcess::receive_more(Deadline deadline) {
  char bytes[chunk_size];
  while (true) {
    // Waits first: nothing is there yet, as a rule.
    if (!wait_for(socket_.get(), POLLIN, deadline)) return Ending::deadline;
    const ssize_t got = recv(socket_.get(), bytes, sizeof bytes, 0);
    if (got > 0) {
      received_.append(bytes, static_cast<std::size_t>(got));
      return Ending::replied;
    }
    if (got == 0 || (errno != EAGAIN && errno != EINTR)) return Ending::died;
  }
}

WorkerProcess::Exchange WorkerProcess::receive(std::size_t payload_max, Deadline deadline) {
  std::size_t needed = script_frame::prefix_size;
  for (const bool knows_size : {false, true}) {
    while (received_.size() < needed) {
      const Ending ending = receive_more(deadline);
      if (ending != Ending::replied) return {.ending = ending, .reply = {}};
    }
    if (knows_size) break;
    try {
      needed += script_frame::payload_size(received_, payload_max);
    } catch (const Error&) {
      return {.ending = Ending::broken, .reply = {}};
    }
    received_.reserve(needed);
  }
  Exchange exchange{.ending = Ending::replied,
                    .reply = received_.substr(script_frame::prefix_size, needed - script_frame::prefix_size)};
  received_.erase(0, needed);
  return exchange;
}

}  // namespace formulary
