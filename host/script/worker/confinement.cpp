#include "host/script/worker/confinement.hpp"

#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <memory>

namespace formulary {
namespace {

struct Limit {
  int resource;
  rlim_t value;
  const char* name;
};

// What V8's main thread and the watchdog use once they run, with glibc under them: memory, locks, the clock, the two
// descriptors, and the end of the process.
constexpr int allowed[] = {
    SCMP_SYS(read),        SCMP_SYS(write),        SCMP_SYS(sendto),          SCMP_SYS(recvfrom),
    SCMP_SYS(poll),        SCMP_SYS(futex),        SCMP_SYS(munmap),          SCMP_SYS(mremap),
    SCMP_SYS(madvise),     SCMP_SYS(brk),          SCMP_SYS(clock_gettime),   SCMP_SYS(gettimeofday),
    SCMP_SYS(sched_yield), SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigprocmask),  SCMP_SYS(sigaltstack),
    SCMP_SYS(getpid),      SCMP_SYS(gettid),       SCMP_SYS(restart_syscall), SCMP_SYS(getrandom),
    SCMP_SYS(getrusage),   SCMP_SYS(exit),         SCMP_SYS(exit_group),
};

// Tried in passing by ICU and glibc, which go on without.
constexpr int refused[] = {
    SCMP_SYS(open),  SCMP_SYS(openat),     SCMP_SYS(access),   SCMP_SYS(faccessat),  SCMP_SYS(stat),
    SCMP_SYS(lstat), SCMP_SYS(newfstatat), SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(sched_getaffinity)};

// All lower numbers are taken, so there cannot be another one. Not 0: poll() accepts no more entries than this limit,
// and the watchdog has two.
constexpr rlim_t descriptors_max = 2;

std::string set_limits(std::size_t data_max) {
  const Limit limits[] = {
      {RLIMIT_DATA, data_max, "RLIMIT_DATA"},  {RLIMIT_CORE, 0, "RLIMIT_CORE"},
      {RLIMIT_FSIZE, 0, "RLIMIT_FSIZE"},       {RLIMIT_NOFILE, descriptors_max, "RLIMIT_NOFILE"},
      {RLIMIT_NPROC, 0, "RLIMIT_NPROC"},       {RLIMIT_MEMLOCK, 0, "RLIMIT_MEMLOCK"},
      {RLIMIT_MSGQUEUE, 0, "RLIMIT_MSGQUEUE"},
  };
  for (const Limit& limit : limits) {
    const rlimit both{.rlim_cur = limit.value, .rlim_max = limit.value};
    if (setrlimit(static_cast<__rlimit_resource>(limit.resource), &both) != 0) {
      return std::string(limit.name) + " cannot be set: " + std::strerror(errno);
    }
  }
  return {};
}

/// "argument `index` & `mask` == `value`". libseccomp's own macros for it are C, not C++.
scmp_arg_cmp argument(unsigned index, scmp_datum_t mask, scmp_datum_t value) {
  return {.arg = index, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value};
}

/// No memory becomes executable any more: V8 runs without a compiler.
int allow_memory_calls(scmp_filter_ctx filter) {
  int failed = 0;
  for (const int call : {SCMP_SYS(mmap), SCMP_SYS(mprotect)}) {
    if (failed == 0) failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1, argument(2, PROT_EXEC, 0));
  }
  return failed;
}

int fill(scmp_filter_ctx filter) {
  constexpr scmp_datum_t whole = ~scmp_datum_t{0};
  int failed = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
  for (const int call : allowed) {
    if (failed == 0) failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0);
  }
  for (const int call : refused) {
    if (failed == 0) failed = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), call, 0);
  }
  // abort() signals itself.
  if (failed == 0) {
    failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
                              argument(0, whole, static_cast<scmp_datum_t>(getpid())));
  }
  if (failed == 0)
    failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(rt_sigaction), 1, argument(0, whole, SIGABRT));
  return failed != 0 ? failed : allow_memory_calls(filter);
}

}  // namespace

std::string confine(std::size_t data_max) {
  // Nobody of the same user may look into it or trace it.
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return std::string("PR_SET_DUMPABLE: ") + std::strerror(errno);
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return std::string("PR_SET_NO_NEW_PRIVS: ") + std::strerror(errno);
  std::string why = set_limits(data_max);
  if (!why.empty()) return why;
  const std::unique_ptr<void, decltype(&seccomp_release)> filter(seccomp_init(SCMP_ACT_KILL_PROCESS), seccomp_release);
  if (!filter) return "the system call filter cannot be made";
  int failed = fill(filter.get());
  if (failed == 0) failed = seccomp_load(filter.get());
  return failed == 0 ? std::string() : std::string("the system call filter was refused: ") + std::strerror(-failed);
}

}  // namespace formulary
