/// \file
/// The SmartRecruiters element: its hooks. Start here, go on with resources.cpp (what there is) and vendor.hpp (how a
/// request is done); every other file of the folder is one detail of these three.
#pragma once

#include <formulary/element.hpp>

#include <string>
#include <string_view>

#include "plugins/smartrecruiters/vendor.hpp"

namespace smartrecruiters {

/// Any thread may use it.
class SmartRecruiters {
 public:
  static constexpr element::descriptor descriptor{.concurrent = element::concurrency::all};

  SmartRecruiters() : SmartRecruiters(connect_pool) {}
  /// For tests: connections are made by `connect`.
  explicit SmartRecruiters(TransportFactory connect) : connect_(std::move(connect)) {}

  /// See instance_request().
  std::string serialize_config(element::call& now, std::string_view draft);

  /// VENDOR: proves the key with Vendor::account(); a base URL or CA file of `to` goes before the configuration's.
  /// PLATFORM: see create_at_platform(). Throws as these do.
  std::string authenticate(element::call& now, std::string_view request, const element::connection& to);

  /// See instance_document().
  std::string parse_instance(element::call& now, std::string_view answer);

  /// An open element instance: one key, its connections. Any thread may use it.
  class Instance {
   public:
    /// `document` is a stored element instance with its configuration. No network. Throws as settings_of(), and what
    /// making a pool throws.
    Instance(SmartRecruiters& plugin, element::call& now, std::string_view document);

    /// One request for a resource of resources(). Success is always 200, as on the platform; the header
    /// `smartrecruiters-status` has the vendor's. Lists are bare arrays with the headers `elements-returned-count` and,
    /// if the vendor says it, `elements-total-count`. Throws as find_resource(), read_query(), make_body(),
    /// Vendor::send() and read_list().
    element::answer invoke(element::call& now, const element::request& what);

   private:
    Vendor vendor_;
  };

 private:
  TransportFactory connect_;
  KeyLimits limits_;
};

}  // namespace smartrecruiters
