// Compiled by every compiler with an author's strictest warnings: none of them comes from our headers.
#include <formulary/element.hpp>
#include <formulary/fake_host.hpp>

namespace {

struct manifest {
  static constexpr std::string_view id = "com.example.strict";
  static constexpr std::string_view version = "1.0.0";
  static std::string_view text() noexcept { return "{}"; }
};

struct Strict {
  static constexpr element::descriptor descriptor{};
  std::string serialize_config(element::call&, std::string_view) { return "{}"; }
  std::string authenticate(element::call&, std::string_view, const element::connection&) { return "{}"; }
  std::string parse_instance(element::call&, std::string_view) { return "{}"; }
  struct Instance {
    Instance(Strict&, element::call&, std::string_view) {}
    element::answer invoke(element::call&, const element::request&) { return {.status = 204}; }
  };
};

}  // namespace

int main() {
  element::testing::fake_host host;
  element::testing::plugin_runner runner(host, element::detail::binding<Strict, manifest>::table);
  return runner.serialize_config("{}").ok() ? 0 : 1;
}
