#include "host/script/worker/self_test.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <latch>
#include <string>
#include <thread>

#include "host/script/worker/confinement.hpp"

namespace formulary {
namespace {

constexpr int refused_status = 0;
constexpr int possible_status = 1;
constexpr int unconfined_status = 2;

/// Something that fails by returning a negative number.
struct Attempt {
  const char* name;
  long (*perform)();
};

long start_program() {
  char* none[] = {nullptr};
  return execve("/bin/true", none, none);
}

long connect_out() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(53);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int socket_number = socket(AF_INET, SOCK_STREAM, 0);
  return socket_number < 0 ? socket_number
                           : connect(socket_number, reinterpret_cast<sockaddr*>(&address), sizeof address);
}

long map_code() {
  return mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0;
}

long take_much_memory() {
  return mmap(nullptr, 1UL << 30U, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0;
}

const Attempt attempts[] = {
    {"read a file", [] { return static_cast<long>(open("/etc/hostname", O_RDONLY)); }},
    {"write a file", [] { return static_cast<long>(open("/tmp", O_TMPFILE | O_WRONLY, 0600)); }},
    {"open a socket", [] { return static_cast<long>(socket(AF_INET, SOCK_STREAM, 0)); }},
    {"connect to another program", connect_out},
    {"start a program", start_program},
    {"make a process", [] { return static_cast<long>(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0)); }},
    {"make a process by clone3", [] { return syscall(SYS_clone3, nullptr, 0); }},
    {"signal another process", [] { return static_cast<long>(kill(getppid(), 0)); }},
    {"trace another process", [] { return ptrace(PTRACE_SEIZE, getppid(), 0, 0); }},
    {"read another process", [] { return syscall(SYS_process_vm_readv, getppid(), nullptr, 0, nullptr, 0, 0); }},
    {"use io_uring", [] { return syscall(SYS_io_uring_setup, 1, nullptr); }},
    {"load a kernel program", [] { return syscall(SYS_bpf, 0, nullptr, 0); }},
    {"change its user", [] { return static_cast<long>(setuid(0)); }},
    {"make memory executable", map_code},
    {"take 1 GiB of memory", take_much_memory},
};

/// The child's part: an exit status.
int try_confined(const Attempt& attempt) {
  // A second thread, as the watchdog is: the filter must hold for both, so the attempt is made by the other one.
  int status = unconfined_status;
  int go[2];
  if (pipe(go) != 0) return unconfined_status;
  std::latch running{1};
  std::thread other([&] {
    running.count_down();
    char byte = 0;
    if (read(go[0], &byte, 1) == 1 && byte == 'c') status = attempt.perform() < 0 ? refused_status : possible_status;
  });
  running.wait();  // else the thread's own first system calls are what ends the process, and nothing was tried
  const std::string why = confine(256U << 20U);
  const char byte = why.empty() ? 'c' : 'n';
  if (!why.empty()) std::fprintf(stderr, "script-worker: %s\n", why.c_str());
  if (write(go[1], &byte, 1) != 1) return unconfined_status;
  other.join();
  return status;
}

std::string verdict(int status) {
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) return "denied, ends the process";
  if (WIFSIGNALED(status)) return "FAILED, signal " + std::to_string(WTERMSIG(status));
  if (WEXITSTATUS(status) == refused_status) return "denied, fails";
  if (WEXITSTATUS(status) == possible_status) return "POSSIBLE";
  return "FAILED, the process could not be confined";
}

}  // namespace

int self_test() {
  int faults = 0;
  for (const Attempt& attempt : attempts) {
    std::fflush(nullptr);
    const pid_t child = fork();
    if (child == 0) _exit(try_confined(attempt));
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child) {
      std::printf("%-28s FAILED, no process\n", attempt.name);
      ++faults;
      continue;
    }
    const std::string found = verdict(status);
    if (found.rfind("denied", 0) != 0) ++faults;
    std::printf("%-28s %s\n", attempt.name, found.c_str());
  }
  return faults;
}

}  // namespace formulary
