/// \file
/// From the properties of a request step to the request: references replaced, texts checked. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "host/formula/step_call.hpp"

namespace formulary::plan {

/// Every sentence begins with the step's name. Throws as make_call() does. Borrows what it is given.
class RequestBuilder {
 public:
  /// `prefix` is what the properties' names begin with, for sentences: "download" of a stream's first half.
  RequestBuilder(const Step& step, const CallInputs& inputs, std::string_view prefix = {})
      : step_(step), inputs_(inputs), prefix_(prefix) {}

  [[nodiscard]] RequestCall build_element(const Property& instance, const RequestProperties& request) const;
  [[nodiscard]] RequestCall build_platform(const RequestProperties& request) const;
  [[nodiscard]] RequestCall build_http(const RequestProperties& request) const;

  /// null and blank texts count as absent.
  [[nodiscard]] std::optional<json::value> resolved(const Property& property) const;
  /// As text; empty if absent. Objects and arrays become JSON.
  [[nodiscard]] std::string text(const Property& property) const;
  /// The property as an object, parsed if it is JSON text; nullopt if absent. Fails for anything else.
  [[nodiscard]] std::optional<json::object> object(const Property& property, std::string_view name) const;
  [[noreturn]] void fail(const std::string& what) const;
  /// "'${config.x}'", for sentences.
  [[nodiscard]] static std::string shown(const Property& property);

 private:
  [[nodiscard]] RequestCall build(const RequestProperties& request, std::string_view target_name) const;
  [[nodiscard]] std::string name_of(std::string_view property) const;
  [[nodiscard]] std::string method(const Property& property) const;
  [[nodiscard]] std::string target(const RequestProperties& request, std::string_view name, RequestCall& call) const;
  [[nodiscard]] std::string filled(const Property& target, const json::value& value, const json::object* variables,
                                   std::string_view name) const;
  [[nodiscard]] std::string with_variables(std::string_view text, const json::object* variables,
                                           std::string_view name) const;
  [[nodiscard]] std::optional<json::object> object_in(const json::value& value) const;
  [[nodiscard]] json::object query(const Property& property) const;
  [[nodiscard]] Headers headers(const Property& property) const;
  void add_body(RequestCall& call, const Property& property) const;
  void add_form(RequestCall& call, const Property& property) const;
  void normalise_path(RequestCall& call) const;

  const Step& step_;
  const CallInputs& inputs_;
  std::string_view prefix_;
};

/// Strings as they are, everything else as JSON.
[[nodiscard]] std::string scalar_text(const json::value& value);

}  // namespace formulary::plan
