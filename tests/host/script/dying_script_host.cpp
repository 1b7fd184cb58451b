// A host that is killed while a script runs. Prints its own process and its worker's, once the script has begun.
// usage: dying_script_host SCRIPT_WORKER
#include <unistd.h>

#include <cstdio>
#include <thread>

#include "host/script/script_workers.hpp"

int main(int count, char** words) {
  if (count != 2) return 64;
  formulary::ScriptWorkers workers({.program = words[1], .workers = 1});
  std::thread reporter([&] {
    while (workers.counts().runs == 0) std::this_thread::yield();
    std::printf("%d %d\n", getpid(), workers.processes().front());
    std::fflush(stdout);
  });
  formulary::ScriptRequest request;
  request.body = "for (;;) {}";
  request.context = R"({"trigger":{},"steps":{},"info":{},"config":{}})";
  (void)workers.run(request);
  reporter.join();
}
