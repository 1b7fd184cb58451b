// A plugin that was built with another Poco, linked in and visible: its own copy of a function of libPocoFoundation.
#include <cstdint>
#include <string>

#include "../broken/working_plugin.hpp"

namespace Poco {
struct [[gnu::visibility("default")]] Environment {
  static std::uint32_t libraryVersion();
};
[[gnu::noinline]] std::uint32_t Environment::libraryVersion() {
  return 4711;
}
}  // namespace Poco

static element_status ELEMENT_ABI invoke(element_instance*, const element_call* call, const element_request*) {
  return working::say(call, "{\"status\":200}\n" + std::to_string(Poco::Environment::libraryVersion()));
}

ENTRY {
  return working::changed([](element_plugin& table, element_descriptor&) { table.invoke = invoke; });
}
