#include <formulary/element.hpp>

#include "element_manifest.hpp"

namespace {

/// The JSON object `document` with one more member in front.
std::string with_member(const std::string& member, std::string_view document) {
  const auto first = document.find_first_not_of(" \t\r\n", document.find('{') + 1);
  if (first == 0 || first == std::string_view::npos) {
    throw element::error(ELEMENT_INVALID_ARGUMENT, "hello.no_object", "the document is not a JSON object; send {...}");
  }
  return "{" + member + (document[first] == '}' ? "" : ",") + std::string(document.substr(first));
}

/// Greets. There is nobody to prove credentials to: the request itself is the answer that authenticate() gets.
struct HelloElement {
  static constexpr element::descriptor descriptor{.concurrent = element::concurrency::all};

  std::string serialize_config(element::call&, std::string_view draft) {
    return with_member(R"("element":{"key":"hello-element"})", draft);
  }
  std::string authenticate(element::call&, std::string_view request, const element::connection&) {
    return std::string(request);
  }
  std::string parse_instance(element::call&, std::string_view answer) { return with_member(R"("valid":true)", answer); }

  struct Instance {
    Instance(HelloElement&, element::call&, std::string_view) {}

    element::answer invoke(element::call& call, const element::request& request) {
      constexpr std::string_view prefix = "/greetings/";
      if (request.method != "GET" || !request.path.starts_with(prefix)) {
        throw element::error(ELEMENT_NOT_FOUND, "hello.no_resource", "no such resource; send GET /greetings/NAME");
      }
      const std::string name(request.path.substr(prefix.size()));
      call.log(element::log_level::debug, "greeted", {{"name", name}});
      return {.body = R"({"greeting":)" + element::json_string("hello, " + name) + "}"};
    }
  };
};

}  // namespace

FORMULARY_ELEMENT(HelloElement)
