/// \file
/// usage: drive_plugin LIBRARY: one life of any plugin under the fake host. Hooks may fail, for it knows no valid
/// documents; rules may not be broken. Exit status 1 and a sentence each if they are.
#include <formulary/fake_host.hpp>

#include <iostream>

namespace {

using element::testing::outcome;

/// The first document that the hook accepted, or the one that went in.
std::string next(const char* hook, const outcome& result, const std::string& before) {
  std::cout << hook << ": status " << result.status << (result.error ? " " + result.error->code : "") << '\n';
  return result.ok() ? result.output : before;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 2) throw std::runtime_error("usage: drive_plugin LIBRARY");
  element::testing::fake_host host;
  {
    element::testing::plugin_runner plugin(host, element::testing::library(argv[1]).entry());
    std::string document = R"({"name":"one","tags":[],"configuration":{}})";
    document = next("serialize_config", plugin.serialize_config(document), document);
    document = next("authenticate", plugin.authenticate(document, {.base_url = "http://127.0.0.1:1"}), document);
    document = next("parse_instance", plugin.parse_instance(document), document);
    const auto opened = plugin.open_instance(document);
    next("open_instance", opened.result, document);
    if (opened.instance) {
      next("invoke", opened.instance->invoke({.method = "GET", .path = "/no/such/resource", .query = "{}"}), document);
    }
    next("serialize_config of an empty draft", plugin.serialize_config("{}"), document);
  }
  for (const std::string& rule : host.violations()) std::cerr << "broken rule: " << rule << '\n';
  return host.violations().empty() ? 0 : 1;
} catch (const std::exception& problem) {
  std::cerr << argv[0] << ": " << problem.what() << '\n';
  return 1;
}
