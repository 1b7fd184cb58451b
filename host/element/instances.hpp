/// \file
/// One customer's connections to vendors: provisioning, listing, calls.
#pragma once

#include <cstdint>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/clock.hpp"
#include "host/base/redactor.hpp"
#include "host/element/instance_document.hpp"
#include "host/plugin/catalogue.hpp"
#include "host/store/store.hpp"

namespace formulary {

/// Any thread may use it. Instance selectors are an id ("12"), or a name that is unique among the instances.
class Instances {
 public:
  /// Borrows all three; they must outlive it.
  Instances(const Catalogue& catalogue, Store& store, const Clock& clock);
  Instances(const Instances&) = delete;
  Instances& operator=(const Instances&) = delete;
  ~Instances();

  /// serialize_config, authenticate, parse_instance, open_instance, then stored. Returns the instance document as the
  /// platform shows it (id, name, token, element, tags, configuration masked, valid, ...). Throws Error(bad_input) and
  /// Error(conflict) for a draft or a name that cannot be, before the vendor is asked; then what the hooks throw.
  /// Nothing is stored when it throws.
  [[nodiscard]] json::object create(const InstanceDraft& draft, const Connection& connection,
                                    const CallContext& context);
  /// Documents without tokens.
  [[nodiscard]] std::vector<json::object> list();
  /// Error(not_found), Error(conflict) if a name fits several. `with_token` also shows the token.
  [[nodiscard]] json::object show(std::string_view selector, bool with_token);
  /// Forgets the instance and its secrets here; nothing is deleted at the vendor's. Calls in flight end as they would.
  void remove(std::string_view selector);

  /// Performs a resource request through the instance's plugin. The path may carry the /hubs/{hub} prefix. Opens the
  /// handle on first use and keeps it. Throws PluginError, Error(not_found).
  [[nodiscard]] ResourceAnswer call(std::string_view selector, const ResourceRequest& request,
                                    const CallContext& context);
  /// A redactor that knows the secrets of all of these instances, for whoever records what several of them answered.
  [[nodiscard]] Redactor redactor(const std::vector<std::string>& selectors);
  /// How safe a repeat of that call is, from the manifest; unsafe if the manifest does not know it.
  [[nodiscard]] Idempotency idempotency(std::string_view selector, std::string_view method, std::string_view path);

 private:
  struct Live;
  using LivePromise = std::shared_future<std::shared_ptr<Live>>;

  [[nodiscard]] InstanceRecord find(std::string_view selector);
  [[nodiscard]] InstanceRecord whole(std::int64_t id);
  [[nodiscard]] std::shared_ptr<Live> live(const InstanceRecord& found, const CallContext& context);
  [[nodiscard]] std::shared_ptr<Live> open_for_all(std::int64_t id, const CallContext& context,
                                                   std::promise<std::shared_ptr<Live>>& promise);
  [[nodiscard]] std::shared_ptr<Live> open(std::int64_t id, const CallContext& context);
  void forget(std::int64_t id);

  const Catalogue& catalogue_;
  Store& store_;
  const Clock& clock_;
  std::mutex mutex_;
  std::map<std::int64_t, LivePromise> live_;  ///< Opened once; whoever comes meanwhile waits for the first.
};

}  // namespace formulary
