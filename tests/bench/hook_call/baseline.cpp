#include "baseline.hpp"

namespace {

struct Shared final : Baseline {
  int nothing(std::string_view document) override { return document.empty() ? 1 : 0; }
  std::size_t echo(std::string_view document, char* to) override { return document.copy(to, document.size()); }
};

}  // namespace

extern "C" __attribute__((visibility("default"))) Baseline* make_baseline() {
  static Shared shared;
  return &shared;
}
