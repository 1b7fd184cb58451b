/// \file
/// Any text as a step property: it parses, resolves within its bound, and what is no reference comes back unchanged.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "host/base/error.hpp"
#include "host/base/text.hpp"
#include "host/formula/reference.hpp"
#include "host/formula/scope.hpp"

namespace {

using formulary::Property;
using formulary::Scope;
namespace json = formulary::json;

const Scope& sample_scope() {
  static const Scope scope = [] {
    const auto shared = [](const char* text) { return formulary::SharedJson(formulary::parse_json(text, "scope")); };
    Scope made;
    made.trigger = shared(R"({"args":{"a":[1,{"b":"x"}],"a.b":{"c":null}}})");
    made.config = shared(R"({"a.b":"1","a":{"b":2}})");
    made.info = shared(R"({"a":true})");
    made.steps.put({.name = "a-b", .output = shared(R"({"c":[[["deep"]]]})")});
    made.steps.put({.name = "a.b", .output = shared("\"${trigger.args}\"")});
    return made;
  }();
  return scope;
}

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (!formulary::is_utf8(text)) return 0;  // a template is JSON, which is UTF-8
  const Property property{json::value(text)};
  if (const auto plain = property.plain_text()) require(*plain == text);
  for (const auto& reference : property.references()) {
    require(!reference.tokens.empty() && reference.tokens.size() <= formulary::reference_tokens_max);
    require(reference.text.size() <= formulary::reference_bytes_max);
  }
  constexpr std::size_t bytes_max = 4'096;
  try {
    const auto value = formulary::resolve(property, sample_scope(), bytes_max);
    if (value && property.segments().size() > 1) require(value->as_string().size() <= bytes_max);
  } catch (const formulary::Error& error) {
    require(error.code() == formulary::ErrorCode::limit_reached);
  }
  return 0;
}
