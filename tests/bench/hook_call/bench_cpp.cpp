#include <formulary/element.hpp>

#include "element_manifest.hpp"

namespace {

/// serialize_config does nothing; parse_instance echoes.
struct Bench {
  static constexpr element::descriptor descriptor{.concurrent = element::concurrency::all};
  std::string serialize_config(element::call&, std::string_view document) {
    if (document.empty()) throw element::error(ELEMENT_INVALID_ARGUMENT, "bench.empty", "empty");
    return {};
  }
  std::string authenticate(element::call&, std::string_view, const element::connection&) { return {}; }
  std::string parse_instance(element::call&, std::string_view document) { return std::string(document); }
  struct Instance {
    Instance(Bench&, element::call&, std::string_view) {}
    element::answer invoke(element::call&, const element::request&) { return {}; }
  };
};

}  // namespace

FORMULARY_ELEMENT(Bench)
