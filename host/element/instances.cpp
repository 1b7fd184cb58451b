#include "host/element/instances.hpp"

#include <algorithm>
#include <utility>

#include "host/base/error.hpp"
#include "host/base/ids.hpp"
#include "host/base/text.hpp"
#include "host/element/platform_configuration.hpp"
#include "host/element/provisioning.hpp"
#include "host/element/secret_json.hpp"

namespace formulary {
namespace {

constexpr std::size_t path_bytes_max = 8U << 10U;

json::object stored_object(const InstanceRecord& record, std::string_view text, const char* what) {
  const std::string where = "instance " + std::to_string(record.id) + ": its stored " + what;
  try {
    json::value value = parse_json(text, where);
    if (value.is_object()) return std::move(value.get_object());
  } catch (const Error&) {
    // Said below: what a person can do about it is the same.
  }
  throw Error(ErrorCode::store_failed, where + " cannot be read; delete the instance and create it again");
}

json::object user_part(const InstanceOwner& owner) {
  return {{"id", owner.user},
          {"emailAddress", owner.email},
          {"firstName", owner.first_name},
          {"lastName", owner.last_name}};
}

/// What is there stays unless `given` has it.
void overlay(json::object& there, const char* member, const json::object& given) {
  if (given.empty()) return;
  json::value& at = there[member];
  if (!at.is_object()) at = json::object();
  for (const auto& [key, value] : given) at.get_object()[key] = value;
}

void put_platform_configuration(const PlatformConfiguration& platform, json::object& document, json::value& secrets) {
  overlay(document, "platformConfiguration", platform.shown);
  overlay(secrets.as_object(), "platformConfiguration", platform.hidden);
}

/// A masked value is one that a client gave back as it was shown.
json::object overlaid(json::object configuration, const json::object& changes) {
  for (const auto& [key, value] : changes) {
    const bool is_mask = value.is_string() && std::string_view(value.get_string()) == secret_mask;
    if (!is_mask) configuration[key] = value;
  }
  return configuration;
}

InstanceDraft draft_of(const InstanceRecord& record, const json::object& document, json::object configuration) {
  InstanceDraft draft{
      .element_key = record.element_key, .name = record.name, .configuration = std::move(configuration)};
  if (const json::value* tags = document.if_contains("tags"); tags != nullptr && tags->is_array()) {
    for (const json::value& tag : tags->get_array()) {
      if (tag.is_string()) draft.tags.emplace_back(std::string_view(tag.get_string()));
    }
  }
  return draft;
}

/// "/hubs/humancapital/candidates" -> "/candidates". Other prefixes are the element's own business.
std::string path_below_hub(std::string_view path, const Manifest& manifest) {
  const std::string shown(path.substr(0, 200));
  const bool has_control =
      std::any_of(path.begin(), path.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
  if (path.size() > path_bytes_max || has_control || path.find('?') != std::string_view::npos) {
    throw Error(ErrorCode::bad_input,
                "path: it is over 8 KiB, has control characters or a '?'; give parameters as a query");
  }
  if (path.empty() || path.front() != '/') {
    throw Error(ErrorCode::bad_input, "path '" + shown + "': it does not begin with '/'; write /" + shown);
  }
  constexpr std::string_view hubs = "/hubs/";
  if (!path.starts_with(hubs)) return std::string(path);
  const std::string_view rest = path.substr(hubs.size());
  const std::string_view hub = rest.substr(0, rest.find('/'));
  if (hub != manifest.hub) {
    throw Error(ErrorCode::bad_input, "path '" + shown + "': element '" + manifest.key + "' belongs to the hub '" +
                                          manifest.hub + "'; write /hubs/" + manifest.hub + "/...");
  }
  const std::string_view below = rest.substr(hub.size());
  return below.empty() ? "/" : std::string(below);
}

Redactor redactor_of(const json::value& secrets, std::string_view token) {
  std::vector<std::string> texts;
  collect_texts(secrets, texts);
  texts.emplace_back(token);
  return Redactor(std::move(texts));
}

}  // namespace

/// An open handle, with what every call through it needs. Calls in flight share it: the handle closes with the last.
struct Instances::Live {
  std::shared_ptr<ElementPlugin> plugin;
  Redactor redactor;
  std::unique_ptr<ElementHandle> handle;
};

Instances::Instances(const Catalogue& catalogue, Store& store, const Clock& clock)
    : catalogue_(catalogue), store_(store), clock_(clock) {}

Instances::~Instances() = default;

json::object Instances::create(const InstanceDraft& draft, const Connection& connection, const CallContext& context,
                               const InstanceOwner& owner) {
  const std::shared_ptr<ElementPlugin> plugin = catalogue_.element(draft.element_key);
  InstanceDraft of_element = draft;
  const PlatformConfiguration platform = take_platform_configuration(of_element.configuration, plugin->manifest());
  check_draft(of_element, plugin->manifest());
  if (!owner.may_repeat_name) refuse_taken_name(draft, owner.account);
  InstanceRecord record;
  record.name = draft.name;
  record.element_key = draft.element_key;
  record.created = iso8601(clock_.wall());
  record.account = owner.account;
  record.user = owner.user;
  const WipeAtExit secrets_guard(record.secrets);
  const WipeAtExit token_guard(record.token);
  NewInstance instance = provision(*plugin, of_element, connection, context, record.created);
  put_platform_configuration(platform, instance.document, instance.secrets);
  if (owner.user != 0) instance.document["user"] = user_part(owner);
  record.document = to_text(instance.document);
  record.secrets = to_text(instance.secrets);
  record.token = instance.token.empty() ? new_token() : std::move(instance.token);
  const std::int64_t id = store_.add_instance(record);
  return show_document(id, instance.document, record.token);
}

json::object Instances::update(std::int64_t id, const InstancePatch& patch, const CallContext& context) {
  InstanceRecord record = whole(id);
  const WipeAtExit secrets_guard(record.secrets);
  const WipeAtExit token_guard(record.token);
  json::object document = stored_object(record, record.document, "document");
  if (patch.name) record.name = *patch.name;
  document["name"] = record.name;
  if (patch.tags) document["tags"] = tags_of({.element_key = {}, .name = {}, .tags = *patch.tags, .configuration = {}});
  check_labels(draft_of(record, document, {}));
  json::value secrets = stored_object(record, record.secrets, "secrets");
  const WipeJsonAtExit secrets_json_guard(secrets);
  json::object changes = patch.configuration;
  put_platform_configuration(take_platform_configuration(changes, catalogue_.element(record.element_key)->manifest()),
                             document, secrets);
  record.secrets = to_text(secrets);
  if (!changes.empty()) reprovision(record, document, changes, context);
  record.document = to_text(document);
  record.updated = iso8601(clock_.wall());
  if (!store_.replace_instance(record)) (void)whole(id);
  forget(id);
  return show_document(id, document, record.token);
}

/// Proves the whole configuration again, as it will be.
void Instances::reprovision(InstanceRecord& record, json::object& document, const json::object& changes,
                            const CallContext& context) {
  if (document.contains("platform")) {
    throw Error(ErrorCode::unsupported, "instance " + std::to_string(record.id) +
                                            ": its configuration is kept at another platform; change it there, or "
                                            "delete the instance and create it again");
  }
  json::value secrets = stored_object(record, record.secrets, "secrets");
  const WipeJsonAtExit secrets_guard(secrets);
  json::value clear = clear_document(record.id, document, secrets, {});
  const WipeJsonAtExit clear_guard(clear);
  const std::shared_ptr<ElementPlugin> plugin = catalogue_.element(record.element_key);
  InstanceDraft draft = draft_of(record, document, overlaid(clear.get_object()["configuration"].as_object(), changes));
  check_draft(draft, plugin->manifest());
  NewInstance fresh = provision(*plugin, draft, {}, context, record.created);
  for (const char* kept : {"user", "platformConfiguration", "disabled"}) {
    if (const json::value* value = document.if_contains(kept)) fresh.document[kept] = *value;
  }
  if (const json::value* kept = secrets.get_object().if_contains("platformConfiguration")) {
    fresh.secrets.get_object()["platformConfiguration"] = *kept;
  }
  document = fresh.document;
  wipe(record.secrets);
  record.secrets = to_text(fresh.secrets);
}

void Instances::set_disabled(std::int64_t id, bool disabled) {
  std::optional<InstanceRecord> record = store_.shown_instance(id);
  if (!record) (void)find(id);
  json::object document = stored_object(*record, record->document, "document");
  document["disabled"] = disabled;
  record->document = to_text(document);
  record->disabled = disabled;
  record->updated = iso8601(clock_.wall());
  store_.replace_instance(*record);
}

void Instances::refuse_taken_name(const InstanceDraft& draft, std::int64_t account) {
  for (const InstanceRecord& other : store_.instances(account)) {
    if (other.element_key != draft.element_key || other.name != draft.name) continue;
    throw Error(ErrorCode::conflict, "instance '" + draft.name + "': element '" + draft.element_key +
                                         "' has an instance of that name already, with id " + std::to_string(other.id) +
                                         "; choose another name or delete it");
  }
}

std::vector<json::object> Instances::list(std::optional<std::int64_t> account) {
  std::vector<json::object> documents;
  for (const InstanceRecord& record : store_.instances(account)) {
    documents.push_back(show_document(record.id, stored_object(record, record.document, "document"), {}));
  }
  return documents;
}

json::object Instances::show(std::string_view selector, bool with_token) {
  return show_found(find(selector), with_token);
}

json::object Instances::show(std::int64_t id, bool with_token) {
  return show_found(find(id), with_token);
}

json::object Instances::show_found(const InstanceRecord& found, bool with_token) {
  const json::object document = stored_object(found, found.document, "document");
  if (!with_token) return show_document(found.id, document, {});
  InstanceRecord record = whole(found.id);
  const WipeAtExit secrets_guard(record.secrets);
  const WipeAtExit token_guard(record.token);
  return show_document(found.id, document, record.token);
}

void Instances::remove(std::string_view selector) {
  remove(find(selector).id);
}

void Instances::remove(std::int64_t id) {
  if (!store_.remove_instance(id)) (void)find(id);
  forget(id);
}

ResourceAnswer Instances::call(std::string_view selector, const ResourceRequest& request, const CallContext& context) {
  return call_found(find(selector), request, context);
}

ResourceAnswer Instances::call(std::int64_t id, const ResourceRequest& request, const CallContext& context) {
  return call_found(find(id), request, context);
}

ResourceAnswer Instances::call_found(const InstanceRecord& found, const ResourceRequest& request,
                                     const CallContext& context) {
  if (found.disabled) {
    throw Error(ErrorCode::permission_denied, "instance " + std::to_string(found.id) +
                                                  ": it is disabled; enable it with PUT /instances/" +
                                                  std::to_string(found.id) + "/enabled");
  }
  const std::shared_ptr<Live> open_instance = live(found, context);
  ResourceRequest below = request;
  below.path = path_below_hub(request.path, open_instance->plugin->manifest());
  CallContext guarded = context;
  guarded.redactor = &open_instance->redactor;
  guarded.instance_id = found.id;
  guarded.instance_name = found.name;
  return open_instance->handle->invoke(guarded, below);
}

Idempotency Instances::idempotency(std::string_view selector, std::string_view method, std::string_view path) {
  const std::shared_ptr<ElementPlugin> plugin = catalogue_.element(find(selector).element_key);
  const Manifest& manifest = plugin->manifest();
  const ManifestResource* resource = manifest.find_resource(method, path_below_hub(path, manifest));
  return resource == nullptr ? Idempotency::unsafe : resource->idempotency;
}

Redactor Instances::redactor(const std::vector<std::string>& selectors, std::vector<std::string> secrets) {
  for (const std::string& selector : selectors) {
    InstanceRecord record = whole(find(selector).id);
    const WipeAtExit guard(record.secrets);
    json::value stored = stored_object(record, record.secrets, "secrets");
    const WipeJsonAtExit json_guard(stored);
    collect_texts(stored, secrets);
    secrets.push_back(std::move(record.token));
  }
  return Redactor(std::move(secrets));
}

InstanceRecord Instances::find(std::string_view selector) {
  std::vector<InstanceRecord> found = store_.find_instances(selector);
  const std::string shown(selector.substr(0, 200));
  if (found.empty()) {
    throw Error(ErrorCode::not_found, "instance '" + shown +
                                          "': there is none of that id or name; `formulary instances "
                                          "list` shows those that there are");
  }
  if (found.size() == 1) return std::move(found.front());
  std::string ids;
  for (const InstanceRecord& record : found) ids += (ids.empty() ? "" : ", ") + std::to_string(record.id);
  throw Error(ErrorCode::conflict,
              "instance '" + shown + "': the name fits several elements' instances; give one of the ids " + ids);
}

InstanceRecord Instances::find(std::int64_t id) {
  std::optional<InstanceRecord> found = store_.shown_instance(id);
  if (found) return std::move(*found);
  throw Error(ErrorCode::not_found, "instance " + std::to_string(id) + ": there is none of that id (any more)");
}

InstanceRecord Instances::whole(std::int64_t id) {
  auto record = store_.instance(id);
  if (!record) {
    throw Error(ErrorCode::not_found, "instance " + std::to_string(id) + ": it was deleted meanwhile; create it again");
  }
  return std::move(*record);
}

std::shared_ptr<Instances::Live> Instances::live(const InstanceRecord& found, const CallContext& context) {
  while (true) {
    std::promise<std::shared_ptr<Live>> promise;
    LivePromise others;
    {
      const std::lock_guard lock(mutex_);
      if (const auto known = live_.find(found.id); known != live_.end()) {
        others = known->second;
      } else {
        live_.emplace(found.id, promise.get_future().share());
      }
    }
    if (!others.valid()) return open_for_all(found.id, context, promise);
    try {
      return others.get();
    } catch (const Error& error) {
      // That other call was cancelled or had no time left; this one may have.
      if (error.code() != ErrorCode::cancelled && error.code() != ErrorCode::timed_out) throw;
    }
  }
}

std::shared_ptr<Instances::Live> Instances::open_for_all(std::int64_t id, const CallContext& context,
                                                         std::promise<std::shared_ptr<Live>>& promise) {
  try {
    std::shared_ptr<Live> opened = open(id, context);
    // remove() may have come before the handle was in the map.
    if (store_.find_instances(std::to_string(id)).empty()) forget(id);
    promise.set_value(opened);
    return opened;
  } catch (...) {
    forget(id);  // the next call tries again
    promise.set_exception(std::current_exception());
    throw;
  }
}

std::shared_ptr<Instances::Live> Instances::open(std::int64_t id, const CallContext& context) {
  InstanceRecord record = whole(id);
  const WipeAtExit secrets_guard(record.secrets);
  const WipeAtExit token_guard(record.token);
  json::value secrets = stored_object(record, record.secrets, "secrets");
  const WipeJsonAtExit secrets_json_guard(secrets);
  json::value clear = clear_document(id, stored_object(record, record.document, "document"), secrets, record.token);
  const WipeJsonAtExit clear_json_guard(clear);
  std::string text = to_text(clear);
  const WipeAtExit text_guard(text);

  auto opened = std::make_shared<Live>();
  opened->plugin = catalogue_.element(record.element_key);
  opened->redactor = redactor_of(secrets, record.token);
  CallContext guarded = context;
  guarded.redactor = &opened->redactor;
  guarded.instance_id = id;
  guarded.instance_name = record.name;
  opened->handle = opened->plugin->open_instance(guarded, text);
  return opened;
}

void Instances::forget(std::int64_t id) {
  LivePromise last;  // closes the handle outside the lock
  const std::lock_guard lock(mutex_);
  if (const auto known = live_.find(id); known != live_.end()) {
    last = std::move(known->second);
    live_.erase(known);
  }
}

}  // namespace formulary
