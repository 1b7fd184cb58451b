/// \file
/// Starts the host, which lies in a library of its own and is opened RTLD_LOCAL: so the host's Poco and Boost are not
/// in the global symbol scope, where they would silently replace a plugin's own (host/decisions/0007-thin-launcher.md).
#include <dlfcn.h>
#include <unistd.h>

#include <climits>
#include <cstdio>
#include <cstring>

namespace {

constexpr char host_below_bin[] = "../lib/formulary/libformulary_host.so";
constexpr int exit_failed = 1;

/// The host's library, found from where this program lies. False if that cannot be known.
bool find_host(char (&path)[PATH_MAX]) {
  const ssize_t length = ::readlink("/proc/self/exe", path, sizeof path - sizeof host_below_bin);
  if (length <= 0) return false;
  path[length] = '\0';
  char* slash = std::strrchr(path, '/');
  if (slash == nullptr) return false;
  std::strcpy(slash + 1, host_below_bin);  // fits: readlink() was given that much less room
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  char path[PATH_MAX];
  if (!find_host(path)) {
    std::fputs("formulary: cannot find out where it is installed; is /proc mounted?\n", stderr);
    return exit_failed;
  }
  void* host = ::dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (host == nullptr) {
    std::fprintf(
        stderr,
        "formulary: its host library cannot be loaded: %s; install bin/ and lib/formulary/ of one build side by "
        "side\n",
        ::dlerror());
    return exit_failed;
  }
  void* symbol = ::dlsym(host, "formulary_main");
  if (symbol == nullptr) {
    std::fprintf(stderr, "formulary: %s has no formulary_main; it is of another version: install both of one build\n",
                 path);
    return exit_failed;
  }
  int (*run)(int, char**, char**) = nullptr;
  std::memcpy(&run, &symbol, sizeof run);  // a data pointer to a function pointer, as POSIX allows
  return run(argc, argv, environ);
}
