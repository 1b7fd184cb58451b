#include <csignal>

#include "working_plugin.hpp"

// Runs while the library is loaded, before anybody has called anything.
[[gnu::constructor]] static void take_signals() {
  std::signal(SIGUSR2, SIG_IGN);
}

ENTRY {
  return working::changed([](element_plugin&, element_descriptor&) {});
}
