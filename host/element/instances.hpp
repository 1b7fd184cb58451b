/// \file
/// One customer's connections to vendors: provisioning, listing, calls.
#pragma once

#include <cstdint>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/clock.hpp"
#include "host/base/redactor.hpp"
#include "host/element/instance_document.hpp"
#include "host/plugin/catalogue.hpp"
#include "host/store/store.hpp"

namespace formulary {

/// Whose a new instance is. All 0 and empty: the one operator's of this machine.
struct InstanceOwner {
  std::int64_t account = 0;
  std::int64_t user = 0;
  std::string email;
  std::string first_name;
  std::string last_name;
  bool may_repeat_name = false;  ///< Otherwise a name that the element has already in that account is refused.
};

/// What changes in an instance; what is absent stays.
struct InstancePatch {
  std::optional<std::string> name;
  std::optional<std::vector<std::string>> tags;
  json::object configuration;  ///< Entries that replace those of their keys; a masked secret stays as it is.
};

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
                                    const CallContext& context, const InstanceOwner& owner = {});
  /// The document as it is then. If an entry of the element's changes, the credentials are proved to the vendor as when
  /// it was made; calls in flight end as they would. Throws what create() throws, Error(not_found), Error(unsupported)
  /// if the element's entries are kept at another platform; nothing has changed then.
  json::object update(std::int64_t id, const InstancePatch& patch, const CallContext& context);
  /// A disabled one takes no calls. Error(not_found)
  void set_disabled(std::int64_t id, bool disabled);
  /// Documents without tokens, of all accounts or of one.
  [[nodiscard]] std::vector<json::object> list(std::optional<std::int64_t> account = {});
  /// Error(not_found), Error(conflict) if a name fits several. `with_token` also shows the token.
  [[nodiscard]] json::object show(std::string_view selector, bool with_token);
  /// By its id alone, never by its name; so do the others that take a number. Error(not_found)
  [[nodiscard]] json::object show(std::int64_t id, bool with_token);
  /// Forgets the instance and its secrets here; nothing is deleted at the vendor's. Calls in flight end as they would.
  void remove(std::string_view selector);
  void remove(std::int64_t id);

  /// What is stored of it, without secrets. Error(not_found), Error(conflict) if a name fits several.
  [[nodiscard]] InstanceRecord find(std::string_view selector);

  /// Performs a resource request through the instance's plugin. The path may carry the /hubs/{hub} prefix. Opens the
  /// handle on first use and keeps it. Throws PluginError, Error(not_found).
  [[nodiscard]] ResourceAnswer call(std::string_view selector, const ResourceRequest& request,
                                    const CallContext& context);
  [[nodiscard]] ResourceAnswer call(std::int64_t id, const ResourceRequest& request, const CallContext& context);
  /// Lives as long as the catalogue. Error(not_found) if no plugin brings the element.
  [[nodiscard]] const Manifest& manifest(std::string_view element_key) const {
    return catalogue_.element(element_key)->manifest();
  }
  /// A redactor that knows `secrets` and those of all of these instances, for whoever records what several of them
  /// answered.
  [[nodiscard]] Redactor redactor(const std::vector<std::string>& selectors, std::vector<std::string> secrets = {});
  /// How safe a repeat of that call is, from the manifest; unsafe if the manifest does not know it.
  [[nodiscard]] Idempotency idempotency(std::string_view selector, std::string_view method, std::string_view path);

 private:
  struct Live;
  using LivePromise = std::shared_future<std::shared_ptr<Live>>;

  [[nodiscard]] InstanceRecord find(std::int64_t id);
  [[nodiscard]] json::object show_found(const InstanceRecord& found, bool with_token);
  [[nodiscard]] ResourceAnswer call_found(const InstanceRecord& found, const ResourceRequest& request,
                                          const CallContext& context);
  [[nodiscard]] InstanceRecord whole(std::int64_t id);
  [[nodiscard]] std::shared_ptr<Live> live(const InstanceRecord& found, const CallContext& context);
  [[nodiscard]] std::shared_ptr<Live> open_for_all(std::int64_t id, const CallContext& context,
                                                   std::promise<std::shared_ptr<Live>>& promise);
  [[nodiscard]] std::shared_ptr<Live> open(std::int64_t id, const CallContext& context);
  void refuse_taken_name(const InstanceDraft& draft, std::int64_t account);
  void reprovision(InstanceRecord& record, json::object& document, const json::object& changes,
                   const CallContext& context);
  void forget(std::int64_t id);

  const Catalogue& catalogue_;
  Store& store_;
  const Clock& clock_;
  std::mutex mutex_;
  std::map<std::int64_t, LivePromise> live_;  ///< Opened once; whoever comes meanwhile waits for the first.
};

}  // namespace formulary
