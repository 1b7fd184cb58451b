/// \file
/// Resources of elements: /hubs/{hub}/{resource...} and the same without the hub, through the instance whose token
/// comes along. Source: CONTRACT 1.1 and 1.5.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "host/api/api_request.hpp"
#include "host/base/clock.hpp"
#include "host/element/hub_answer.hpp"
#include "host/element/instances.hpp"
#include "host/store/store.hpp"

namespace formulary::api {

/// Everything is borrowed and must outlive what is made of it.
struct HubPorts {
  Instances* instances = nullptr;
  Store* store = nullptr;
  const Clock* clock = nullptr;
  std::function<CallContext(const ApiRequest&)> call_context;
  std::filesystem::path spool_folder;                  ///< For bodies that are too large to hold.
  std::uint64_t stream_max = std::uint64_t{1} << 30U;  ///< The longest body that is no JSON, either way.
  /// Hears of each call that was answered 2xx, for formulas that elementRequest triggers start. May be empty.
  std::function<void(const ApiRequest& request, std::int64_t instance, const ResourceRequest& sent,
                     const ApiAnswer& answer)>
      answered;
};

/// Answers requests whose principal has an instance. What it adds to the element's answer: status 200 for every 2xx;
/// null members taken out unless the instance's `filter.response.nulls` is false; `fields=` and `orderBy=` done here,
/// within the page; counts and the next page's token as headers. Bodies that are no JSON, and may be files, are not
/// held in memory: they pass through a spool, so that an answer is begun only once all of it is there. /ping and
/// /objects are the host's. Throws Error(bad_input) for a resource that the element has not, permission_denied if the
/// instance is disabled.
class HubCalls {
 public:
  explicit HubCalls(HubPorts ports);

  [[nodiscard]] ApiAnswer handle(ApiRequest& request) const;

 private:
  [[nodiscard]] ApiAnswer call(ApiRequest& request, const InstanceRecord& instance, const std::string& path) const;
  void take_body(ApiRequest& request, ResourceRequest& sent) const;
  [[nodiscard]] ApiAnswer answer_of(const InstanceRecord& instance, const AnswerView& view,
                                    ResourceAnswer answer) const;

  HubPorts ports_;
};

}  // namespace formulary::api
