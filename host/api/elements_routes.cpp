#include "host/api/elements_routes.hpp"

#include <algorithm>
#include <utility>

#include "host/api/account_elements.hpp"
#include "host/api/ceql.hpp"
#include "host/api/element_document.hpp"
#include "host/api/element_parts.hpp"
#include "host/api/paging.hpp"
#include "host/base/error.hpp"
#include "host/base/text.hpp"

namespace formulary::api {
namespace {

using Elements = std::shared_ptr<const AccountElements>;

/// One page of a list whose members are made one by one, so that never all of them are held at once.
class PageText {
 public:
  /// As the platform does, a page has at most 200 elements, whatever is asked for.
  explicit PageText(const ApiRequest& request) : order_(page_order(request)) {
    order_.page_size = std::min<std::size_t>(order_.page_size, 200);
  }

  [[nodiscard]] bool wants_next() const noexcept { return total_ / order_.page_size + 1 == order_.page; }
  void add(const std::string& text) {
    if (text_.size() + text.size() > answer_bytes_max) {
      throw Error(ErrorCode::limit_reached, "elements: this page would be over " +
                                                std::to_string(answer_bytes_max >> 20U) +
                                                " MiB; ask with abridged=true or a smaller pageSize");
    }
    text_ += text_.empty() ? "" : ",";
    text_ += text;
    ++returned_;
    ++total_;
  }
  void skip() noexcept { ++total_; }

  [[nodiscard]] ApiAnswer answer() const {
    ApiAnswer answer;
    answer.body = "[" + text_ + "]";
    answer.headers.emplace_back("Elements-Returned-Count", std::to_string(returned_));
    answer.headers.emplace_back("Elements-Total-Count", std::to_string(total_));
    if (order_.page * order_.page_size < total_) {
      answer.headers.emplace_back("Elements-Next-Page-Token",
                                  page_token({.page_size = order_.page_size, .page = order_.page + 1, .after = 0}));
    }
    return answer;
  }

 private:
  static constexpr std::size_t answer_bytes_max = 32U << 20U;

  PageOrder order_;
  std::string text_;
  std::size_t returned_ = 0;
  std::size_t total_ = 0;
};

json::object shown(json::object document) {
  mask_defaults(document);
  return document;
}

/// Clients ask for short elements in where=, too, where it is a wish and no condition.
bool wishes_abridged(const Ceql& where) {
  return std::any_of(where.conditions().begin(), where.conditions().end(), [](const CeqlCondition& condition) {
    return condition.attribute == "abridged" && condition.is == CeqlOperator::equal &&
           condition.values == std::vector<std::string>{"true"};
  });
}

ApiAnswer list_elements(const Elements& elements, const ApiRequest& request) {
  const Ceql where = Ceql::parse(request.query_value("where").value_or(""));
  const bool is_wished = wishes_abridged(where);
  const bool is_abridged = request.query_flag("abridged") || is_wished;
  PageText page(request);
  elements->for_each(request.principal.account, [&](json::object element) {
    element["abridged"] = is_wished;
    const bool holds = where.holds(element);
    element.erase("abridged");
    if (!holds) return;
    if (!page.wants_next()) return page.skip();
    page.add(to_text(shown(is_abridged ? abridged_element(element) : std::move(element))));
  });
  return page.answer();
}

ApiAnswer list_keys(const Elements& elements, const ApiRequest& request) {
  json::array keys;
  elements->for_each(request.principal.account,
                     [&keys](const json::object& element) { keys.push_back(element.at("key")); });
  return answer_page(std::move(keys), page_order(request));
}

ApiAnswer list_metadata(const Elements& elements, const ApiRequest& request) {
  json::array all;
  elements->for_each(request.principal.account,
                     [&all](const json::object& element) { all.push_back(element_metadata(element)); });
  return answer_page(std::move(all), page_order(request));
}

/// Error(conflict) if the host has an element of that key. That the account has one, the store finds.
void check_key_is_free(const Elements& elements, std::string_view key) {
  const json::object* system = elements->system_element(key);
  if (system != nullptr && text_member(*system, "key") == key) {
    throw Error(ErrorCode::conflict, "element '" + std::string(key) + "': there is one of that key; choose another");
  }
}

void add_own(const Elements& elements, std::int64_t account, const json::object& element, const std::string& origin) {
  ElementRecord record{.id = id_member(element),
                       .account = account,
                       .key = std::string(text_member(element, "key")),
                       .origin = origin,
                       .document = element_text(element),
                       .created_ms = elements->now_ms(),
                       .updated_ms = elements->now_ms()};
  const WipeAtExit guard(record.document);
  check_key_is_free(elements, record.key);
  try {
    elements->store().add(record);
  } catch (const Error& failure) {
    if (failure.code() != ErrorCode::conflict) throw;
    throw Error(ErrorCode::conflict, "element '" + record.key + "': there is one of that key; choose another");
  }
}

ApiAnswer create_element(const Elements& elements, ApiRequest& request) {
  json::object posted = request.body_object();
  PartMaking making(elements->store().take_ids(count_parts(posted)), elements->now(), request.principal.account);
  const json::object element = make_element(std::move(posted), making, "body");
  add_own(elements, request.principal.account, element, {});
  return answer_json(shown(element));
}

ApiAnswer replace_element(const Elements& elements, ApiRequest& request) {
  const AccountElements::Found found = elements->find(request);
  if (found.is_system) refuse_system_element(found.key);
  json::object posted = request.body_object();
  if (!posted.contains("key")) posted["key"] = found.key;
  if (text_member(posted, "key") != found.key) check_key_is_free(elements, text_member(posted, "key"));
  posted["id"] = found.id;
  const std::int64_t first = elements->store().take_ids(count_parts(posted));
  return answer_json(elements->change(request, AccountElements::Extendable::no, [&](json::object& document) {
    PartMaking making(first, elements->now(), request.principal.account);
    making.know(document);
    json::object made = make_element(std::move(posted), making, "body");
    document = std::move(made);
    return json::value(shown(document));
  }));
}

ApiAnswer delete_element(const Elements& elements, const ApiRequest& request) {
  const AccountElements::Found found = elements->find(request);
  if (found.is_system) refuse_system_element(found.key);
  const auto& count = elements->ports().instances_of;
  if (const std::size_t instances = count ? count(request.principal.account, found.key) : 0; instances > 0) {
    throw Error(ErrorCode::conflict,
                "element '" + found.key + "': it has " + std::to_string(instances) + " instances; delete those first");
  }
  elements->store().remove(request.principal.account, found.id);
  return answer_empty();
}

ApiAnswer set_active(const Elements& elements, const ApiRequest& request, bool is_active) {
  return answer_json(elements->change(request, AccountElements::Extendable::no, [&](json::object& document) {
    document["active"] = is_active;
    return json::value(shown(abridged_element(document)));
  }));
}

ApiAnswer export_element(const Elements& elements, const ApiRequest& request) {
  AccountElements::Found found = elements->find(request);
  if (request.query_flag("extendedOnly") && found.is_system) {
    const bool is_extended = found.document.at("extended") == true;
    found.document = abridged_element(found.document);
    for (const std::string_view name : element_lists) found.document[name] = list_of(found.extension, name);
    found.document["actuallyExtended"] = is_extended;
  }
  ApiAnswer answer = answer_json(shown(std::move(found.document)));
  answer.headers.emplace_back("Content-Disposition", "attachment; filename=\"" + found.key + ".json\"");
  return answer;
}

/// "crm" -> "crmclone", "crmclone2", ... whichever is free.
std::string free_key(const Elements& elements, std::int64_t account, const std::string& key) {
  const std::string base = key.substr(0, 48) + "clone";
  std::string candidate = base;
  for (int number = 2; elements->system_element(candidate) || elements->store().element(account, candidate); ++number) {
    candidate = base + std::to_string(number);
  }
  return candidate;
}

ApiAnswer clone_element(const Elements& elements, ApiRequest& request) {
  AccountElements::Found found = elements->find(request);
  if (found.document.at("cloneable") != true) {
    throw Error(ErrorCode::permission_denied, "element '" + found.key + "': it says that it is not to be cloned");
  }
  const json::value given = request.body_json();
  const json::object* wishes = given.if_object();
  const std::int64_t account = request.principal.account;
  json::object clone = std::move(found.document);
  const std::string_view name = wishes == nullptr ? std::string_view{} : text_member(*wishes, "name");
  const std::string_view key = wishes == nullptr ? std::string_view{} : text_member(*wishes, "key");
  if (!name.empty()) clone["name"] = name;
  clone["key"] = key.empty() ? free_key(elements, account, found.key) : std::string(key);
  // Whose application it is that logs in is not copied.
  for (json::value& entry : clone.at("configuration").get_array()) {
    if (text_member(entry.get_object(), "key") == "oauth.api.key") entry.get_object()["defaultValue"] = "";
    if (text_member(entry.get_object(), "key") == "oauth.api.secret") entry.get_object().erase("defaultValue");
  }
  PartMaking making(elements->store().take_ids(count_parts(clone)), elements->now(), account);
  const json::object element = make_element(std::move(clone), making, "clone");
  add_own(elements, account, element, found.origin);
  return answer_json(shown(element));
}

}  // namespace

void add_elements_routes(Router& router, ElementsPorts ports) {
  const Elements elements = account_elements(std::move(ports));
  const auto add = [&router, &elements](Route route, ApiAnswer (*handle)(const Elements&, const ApiRequest&)) {
    route.handler = [elements, handle](ApiRequest& request) { return handle(elements, request); };
    router.add(std::move(route));
  };
  const auto add_with_body = [&router, &elements](Route route, ApiAnswer (*handle)(const Elements&, ApiRequest&)) {
    route.handler = [elements, handle](ApiRequest& request) { return handle(elements, request); };
    router.add(std::move(route));
  };
  add({.method = "GET",
       .pattern = "/elements",
       .summary = "Lists the elements that the account sees",
       .query = {"where", "abridged", "pageSize", "nextPage"},
       .answer = "Element[]"},
      list_elements);
  add({.method = "GET",
       .pattern = "/elements/keys",
       .summary = "Lists their keys",
       .query = {"pageSize", "nextPage"},
       .answer = "string[]"},
      list_keys);
  add({.method = "GET",
       .pattern = "/elements/metadata",
       .summary = "What each of them can do",
       .query = {"pageSize", "nextPage"},
       .answer = "ElementMetadata[]"},
      list_metadata);
  add({.method = "GET",
       .pattern = "/elements/{keyOrId}/metadata",
       .summary = "What an element can do",
       .query = {"expand"},
       .answer = "ElementMetadata"},
      [](const Elements& all, const ApiRequest& request) {
        return answer_json(element_metadata(all->find(request).document));
      });
  add_with_body({.method = "POST",
                 .pattern = "/elements",
                 .summary = "Makes an element of the account's own",
                 .body = "Element",
                 .answer = "Element",
                 .failures = {409, 413}},
                create_element);
  add({.method = "GET", .pattern = "/elements/{keyOrId}", .summary = "Shows an element", .answer = "Element"},
      [](const Elements& all, const ApiRequest& request) { return answer_json(shown(all->find(request).document)); });
  add_with_body({.method = "PUT",
                 .pattern = "/elements/{keyOrId}",
                 .summary = "Replaces an element of the account's own",
                 .body = "Element",
                 .answer = "Element",
                 .failures = {409, 413}},
                replace_element);
  add({.method = "DELETE",
       .pattern = "/elements/{keyOrId}",
       .summary = "Deletes an element of the account's own",
       .failures = {409}},
      delete_element);
  add({.method = "PUT",
       .pattern = "/elements/{keyOrId}/active",
       .summary = "Lets an element be used",
       .answer = "Element"},
      [](const Elements& all, const ApiRequest& request) { return set_active(all, request, true); });
  add({.method = "DELETE",
       .pattern = "/elements/{keyOrId}/active",
       .summary = "Keeps an element from being used",
       .answer = "Element"},
      [](const Elements& all, const ApiRequest& request) { return set_active(all, request, false); });
  add({.method = "GET",
       .pattern = "/elements/{keyOrId}/export",
       .summary = "Shows an element as a file that POST /elements takes",
       .query = {"extendedOnly"},
       .answer = "Element"},
      export_element);
  add_with_body({.method = "POST",
                 .pattern = "/elements/{keyOrId}/clone",
                 .summary = "Copies an element to one of the account's own",
                 .answer = "Element",
                 .failures = {409, 413}},
                clone_element);
  add_element_part_routes(router, elements);
  add_element_docs_routes(router, elements);
  add_hub_routes(router, elements);
}

}  // namespace formulary::api
