/// \file
/// The elements that an account sees: those of plugins, with what the account added, and its own.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "host/api/api_request.hpp"
#include "host/api/elements_routes.hpp"
#include "host/base/json.hpp"
#include "host/store/element_store.hpp"

namespace formulary::api {

/// Immutable; any thread may use it.
class AccountElements {
 public:
  explicit AccountElements(ElementsPorts ports);

  /// An element as it is, default values in clear: mask_defaults() before it is shown.
  struct Found {
    json::object document;
    std::int64_t id = 0;
    std::string key;
    std::string origin;
    bool is_system = false;
    json::object extension;  ///< What the account added to a system element.
  };
  /// The account's own first, keys before ids. Error(not_found) for what the account may not see, too.
  [[nodiscard]] Found find(std::int64_t account, std::string_view key_or_id) const;
  /// As find(), of the route's {keyOrId}.
  [[nodiscard]] Found find(const ApiRequest& request) const;
  /// Calls `visit` for each element that the account sees, one after the other: those of plugins by key, then its own.
  void for_each(std::int64_t account, const std::function<void(json::object document)>& visit) const;

  enum class Extendable { no, yes };
  /// Lets `edit` change the newest state of the element: its whole document, or of a plugin's element only what the
  /// account added to it, which has resources, objects and models. `edit` must not use the store. Error(not_found), or
  /// Error(permission_denied) for a plugin's element that cannot be extended so.
  json::value change(const ApiRequest& request, Extendable extendable,
                     const std::function<json::value(json::object& document)>& edit) const;

  [[nodiscard]] const std::vector<json::object>& system() const noexcept { return system_; }  ///< By key.
  [[nodiscard]] const json::object* system_element(std::string_view key) const;
  [[nodiscard]] const ElementsPorts& ports() const noexcept { return ports_; }
  [[nodiscard]] ElementStore& store() const noexcept { return *ports_.store; }
  [[nodiscard]] std::int64_t now_ms() const;
  [[nodiscard]] std::string now() const;

 private:
  [[nodiscard]] Found found_own(const ElementRecord& record) const;
  [[nodiscard]] Found found_system(std::int64_t account, const json::object& element) const;

  ElementsPorts ports_;
  std::vector<json::object> system_;
};

/// The text of a document that is to be kept. Error(limit_reached) over its bound.
[[nodiscard]] std::string element_text(const json::object& document);
[[noreturn]] void refuse_system_element(std::string_view key);

}  // namespace formulary::api
