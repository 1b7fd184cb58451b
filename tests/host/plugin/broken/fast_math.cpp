#include <xmmintrin.h>

#include "working_plugin.hpp"

// What gcc puts into a library that is linked with -ffast-math. Put back and told, but no reason to refuse it.
[[gnu::constructor]] static void flush_denormals() {
  _mm_setcsr(_mm_getcsr() | 0x8040u);
}

ENTRY {
  return working::changed([](element_plugin&, element_descriptor&) {});
}
