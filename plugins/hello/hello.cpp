#include <formulary/element.hpp>

#include "element_manifest.hpp"

/// Says back what it is sent. It talks to nobody, so the request itself is the answer that authenticate() gets.
struct Hello {
  static constexpr element::descriptor descriptor{.concurrent = element::concurrency::all};

  std::string serialize_config(element::call&, std::string_view draft) {
    return with_member(R"("element":{"key":"hello"})", draft);
  }
  std::string authenticate(element::call&, std::string_view request, const element::connection&) {
    return std::string(request);
  }
  std::string parse_instance(element::call&, std::string_view answer) { return with_member(R"("valid":true)", answer); }

  struct Instance {
    Instance(Hello&, element::call&, std::string_view) {}
    element::answer invoke(element::call&, const element::request& request) {
      if (request.method != "GET" || request.path != "/echo") {
        throw element::error(ELEMENT_NOT_FOUND, "hello.no_resource", "hello has one resource; send GET /echo");
      }
      const std::string query(request.query.empty() ? "{}" : request.query);
      return {.body = R"({"query":)" + query + R"(,"body":)" + element::json_string(request.body) + "}"};
    }
  };

 private:
  /// The JSON object `document` with one more member in front.
  static std::string with_member(const std::string& member, std::string_view document) {
    const auto first = document.find_first_not_of(" \t\r\n", document.find('{') + 1);
    if (first == 0 || first == std::string_view::npos) {
      throw element::error(ELEMENT_INVALID_ARGUMENT, "hello.no_object",
                           "the document is not a JSON object; send {...}");
    }
    return "{" + member + (document[first] == '}' ? "" : ",") + std::string(document.substr(first));
  }
};
FORMULARY_ELEMENT(Hello)
