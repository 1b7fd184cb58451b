#include "host/api/account_elements.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "host/api/element_document.hpp"
#include "host/api/element_parts.hpp"
#include "host/base/error.hpp"
#include "host/base/text.hpp"

namespace formulary::api {
namespace {

constexpr std::string_view extension_lists[] = {"resources", "objects", "models"};

std::optional<std::int64_t> number_of(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

json::object read_document(std::string_view text, std::string_view where) {
  json::value value = parse_json(text, where);
  return std::move(value.as_object());
}

json::object read_extension(std::string_view text, std::string_view key) {
  json::object extension =
      text.empty() ? json::object() : read_document(text, "extension of '" + std::string(key) + "'");
  for (const std::string_view name : extension_lists) {
    if (!extension.contains(name)) extension[name] = json::array();
  }
  return extension;
}

bool is_empty(const json::object& extension) {
  return std::all_of(std::begin(extension_lists), std::end(extension_lists),
                     [&extension](std::string_view name) { return list_of(extension, name).empty(); });
}

}  // namespace

std::string element_text(const json::object& document) {
  std::string text = to_text(document);
  if (text.size() > element_bytes_max) {
    throw Error(ErrorCode::limit_reached, "element: it is over " + std::to_string(element_bytes_max >> 20U) +
                                              " MiB of JSON; leave out models that no resource needs");
  }
  return text;
}

void refuse_system_element(std::string_view key) {
  throw Error(ErrorCode::permission_denied, "element '" + std::string(key) +
                                                "': it comes with a plugin, which alone says what it is; clone it and "
                                                "change the clone, or add resources to it");
}

AccountElements::AccountElements(ElementsPorts ports) : ports_(std::move(ports)) {
  for (const PluginEntry& entry : ports_.catalogue->entries()) {
    if (entry.state == PluginState::ready && entry.plugin)
      system_.push_back(element_document(entry.plugin->manifest()));
  }
  std::sort(system_.begin(), system_.end(),
            [](const json::object& a, const json::object& b) { return text_member(a, "key") < text_member(b, "key"); });
}

const json::object* AccountElements::system_element(std::string_view key) const {
  const std::optional<std::int64_t> number = number_of(key);
  const auto by_key = std::find_if(system_.begin(), system_.end(),
                                   [key](const json::object& one) { return text_member(one, "key") == key; });
  if (by_key != system_.end()) return &*by_key;
  const auto by_id = std::find_if(system_.begin(), system_.end(),
                                  [number](const json::object& one) { return number && id_member(one) == *number; });
  return by_id == system_.end() ? nullptr : &*by_id;
}

AccountElements::Found AccountElements::found_own(const ElementRecord& record) const {
  Found found{.document = read_document(record.document, "element " + std::to_string(record.id)),
              .id = record.id,
              .key = record.key,
              .origin = record.origin};
  return found;
}

AccountElements::Found AccountElements::found_system(std::int64_t account, const json::object& element) const {
  Found found{.id = id_member(element), .key = std::string(text_member(element, "key")), .is_system = true};
  found.origin = found.key;
  found.extension = read_extension(ports_.store->extension(account, found.key).value_or(""), found.key);
  found.document = extended_element(element, found.extension);
  return found;
}

AccountElements::Found AccountElements::find(std::int64_t account, std::string_view key_or_id) const {
  if (const auto own = ports_.store->element(account, key_or_id)) return found_own(*own);
  const std::optional<std::int64_t> number = number_of(key_or_id);
  if (number) {
    if (const auto own = ports_.store->element(account, *number)) return found_own(*own);
  }
  if (const json::object* element = system_element(key_or_id)) return found_system(account, *element);
  throw Error(ErrorCode::not_found, "element '" + std::string(key_or_id.substr(0, 100)) +
                                        "': there is none of that key or id; GET /elements/keys lists them");
}

AccountElements::Found AccountElements::find(const ApiRequest& request) const {
  return find(request.principal.account, request.parameter("keyOrId"));
}

void AccountElements::for_each(std::int64_t account, const std::function<void(json::object document)>& visit) const {
  for (const json::object& element : system_) visit(found_system(account, element).document);
  for (ElementRecord& record : ports_.store->elements(account)) {
    const WipeAtExit guard(record.document);
    visit(found_own(record).document);
  }
}

json::value AccountElements::change(const ApiRequest& request, Extendable extendable,
                                    const std::function<json::value(json::object& document)>& edit) const {
  const std::int64_t account = request.principal.account;
  const Found found = find(request);
  json::value result;
  if (!found.is_system) {
    const bool exists = ports_.store->change(account, found.id, [&](ElementRecord& record) {
      json::object document = read_document(record.document, "element " + std::to_string(record.id));
      result = edit(document);
      record.key = text_member(document, "key");
      record.document = element_text(document);
      record.updated_ms = now_ms();
    });
    if (!exists) throw Error(ErrorCode::not_found, "element '" + found.key + "': it was deleted meanwhile");
    return result;
  }
  if (extendable == Extendable::no) refuse_system_element(found.key);
  ports_.store->change_extension(account, found.key, [&](std::string& text) {
    json::object extension = read_extension(text, found.key);
    result = edit(extension);
    text = is_empty(extension) ? std::string() : element_text(extension);
  });
  return result;
}

std::int64_t AccountElements::now_ms() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(ports_.clock->wall().time_since_epoch()).count();
}

std::string AccountElements::now() const {
  return iso8601(ports_.clock->wall());
}

std::shared_ptr<const AccountElements> account_elements(ElementsPorts ports) {
  return std::make_shared<const AccountElements>(std::move(ports));
}

}  // namespace formulary::api
