#include "host/base/process.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>

namespace formulary {

bool disable_core_dumps() noexcept {
  const rlimit none{.rlim_cur = 0, .rlim_max = 0};
  const bool limited = setrlimit(RLIMIT_CORE, &none) == 0;
  // The limit alone does not hold where cores are piped to a program (core(5)); not being dumpable does.
  const bool hidden = prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
  return limited && hidden;
}

std::uint64_t raise_open_files_limit() noexcept {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  const rlimit raised{.rlim_cur = limit.rlim_max, .rlim_max = limit.rlim_max};
  return setrlimit(RLIMIT_NOFILE, &raised) == 0 ? raised.rlim_cur : limit.rlim_cur;
}

}  // namespace formulary
