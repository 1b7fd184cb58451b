/// \file
/// The probe in C++: what abi_plugins_test.cpp asks of every plugin, with a real exception inside a hook.
#include <formulary/element.hpp>

#include <atomic>

#include "element_manifest.hpp"

namespace {

/// Has its own type information in the plugin: the barrier must find it also when libstdc++ is static and hidden.
struct OwnException : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// GNU makes such a variable unique in the process, which would pin the library, were it visible.
template <class>
struct Counter {
  static inline std::atomic<int> drafts{0};
};

struct Probe {
  static constexpr element::descriptor descriptor{.concurrent = element::concurrency::all, .unload_safe = true};

  std::string serialize_config(element::call&, std::string_view draft) {
    ++Counter<int>::drafts;
    return std::string(draft);
  }
  std::string authenticate(element::call&, std::string_view request, const element::connection& to) {
    if (to.authorization == "wrong") {
      throw element::error(ELEMENT_UNAUTHENTICATED, "probe.refused", "the other side refused the credentials");
    }
    return std::string(request);
  }
  std::string parse_instance(element::call&, std::string_view answer) {
    if (answer == "{}") throw element::error(ELEMENT_DATA_LOSS, "probe.missing", "the answer has no 'id'");
    return std::string(answer);
  }

  struct Instance {
    Instance(Probe&, element::call&, std::string_view) {}

    element::answer invoke(element::call& call, const element::request& request) {
      if (request.path == "/throw") throw OwnException("thrown inside a hook");
      if (request.path == "/throw/int") throw 42;
      while (request.path == "/wait") call.sleep(std::chrono::seconds(1));
      if (request.path == "/log") call.log(element::log_level::info, "said from a hook", {{"language", "C++"}});
      return {.content_type = "text/plain", .body = std::string(request.body)};
    }
    std::string poll_events(element::call&, std::string_view, std::uint32_t) {
      return R"({"cursor":"c1","events":[]})";
    }
  };
};

}  // namespace

FORMULARY_ELEMENT(Probe)
