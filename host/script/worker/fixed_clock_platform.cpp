#include "host/script/worker/fixed_clock_platform.hpp"

#include <libplatform/libplatform.h>

namespace formulary {

FixedClockPlatform::FixedClockPlatform() : machine_(v8::platform::NewSingleThreadedDefaultPlatform()) {}

void FixedClockPlatform::run_pending_tasks(v8::Isolate* isolate) {
  while (v8::platform::PumpMessageLoop(machine_.get(), isolate)) {
  }
}

}  // namespace formulary
