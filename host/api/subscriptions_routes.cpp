#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "host/api/api_time.hpp"
#include "host/api/ceql.hpp"
#include "host/api/identity_documents.hpp"
#include "host/api/notifications_routes.hpp"
#include "host/api/paging.hpp"
#include "host/base/error.hpp"
#include "host/base/text.hpp"
#include "host/delivery/webhook_request.hpp"

namespace formulary::api {
namespace {

constexpr std::size_t topics_max = 100;
constexpr std::size_t url_bytes_max = 8'192;
constexpr std::size_t found_max = 10'000;      ///< Deliveries that one answer has.
constexpr std::size_t examined_max = 100'000;  ///< Deliveries that are looked at for it.

/// The members of `config` that are kept sealed and never shown.
constexpr std::string_view signature_key = "signature.key";
constexpr std::string_view user_name = "basic.username";
constexpr std::string_view password = "basic.password";

SubscriptionRecord known_subscription(const NotificationServices& services, const ApiRequest& request,
                                      std::string_view parameter) {
  const std::int64_t id = request.id(parameter);
  std::optional<SubscriptionRecord> found = services.store->subscription(request.principal.account, id);
  if (found) return std::move(*found);
  throw Error(ErrorCode::not_found, "subscription " + std::to_string(id) + ": there is none of that id");
}

std::vector<std::string> topics_of(const JsonReader& reader) {
  std::vector<std::string> topics;
  for (const json::value& topic : reader.array("topics")) {
    if (!topic.is_string()) throw Error(ErrorCode::bad_input, "subscription.topics: not all are strings");
    topics.emplace_back(topic.as_string());
  }
  if (topics.empty() || topics.size() > topics_max) {
    throw Error(ErrorCode::bad_input, "subscription.topics: give 1 to 100 topics");
  }
  return topics;
}

std::string channel_of(const JsonReader& reader) {
  constexpr std::array<std::string_view, 4> channels = {"webhook", "email", "sms", "push"};
  std::string channel = reader.text_or("channel", "webhook");
  if (std::find(channels.begin(), channels.end(), channel) != channels.end()) return channel;
  throw Error(ErrorCode::bad_input, "subscription.channel: give webhook, email, sms or push");
}

/// `config` without what is secret, which goes to `secrets`.
void take_config(const NotificationServices& services, const JsonReader& reader, SubscriptionRecord& record) {
  const JsonReader config = reader.object("config");
  if (record.channel == "webhook") {
    record.url = config.text("url");
    if (record.url.size() > url_bytes_max) throw Error(ErrorCode::bad_input, "subscription.config.url: over 8 KiB");
    services.deliveries->check_url(record.url);
  }
  json::object shown = config.raw();
  const std::array<std::string_view, 3> sealed = {signature_key, user_name, password};
  const bool has_secrets =
      std::any_of(sealed.begin(), sealed.end(), [&shown](std::string_view key) { return shown.contains(key); });
  if (has_secrets) {
    wipe(record.secrets);
    record.secrets = delivery::secrets_text({.owner = {},
                                             .url = {},
                                             .signature_key = config.text_or(signature_key, ""),
                                             .user_name = config.text_or(user_name, ""),
                                             .password = config.text_or(password, "")});
  }
  for (const std::string_view key : sealed) shown.erase(key);
  record.config = to_text(shown);
}

ApiAnswer create(const NotificationServices& services, ApiRequest& request) {
  const json::object body = request.body_object();
  const JsonReader reader(body, "subscription");
  const std::int64_t now = milliseconds_of(services.clock->wall());
  SubscriptionRecord record;
  record.account = request.principal.account;
  record.created_ms = record.updated_ms = now;
  record.channel = channel_of(reader);
  record.topics = topics_of(reader);
  record.active = reader.flag_or("active", true);
  record.secrets = "{}";
  const WipeAtExit guard(record.secrets);
  take_config(services, reader, record);
  record.id = services.store->add_subscription(record);
  return answer_json(subscription_document(record));
}

ApiAnswer change(const NotificationServices& services, ApiRequest& request) {
  SubscriptionRecord record = known_subscription(services, request, "id");
  const WipeAtExit guard(record.secrets);
  if (!record.owner.empty()) {
    throw Error(ErrorCode::permission_denied, "subscription " + std::to_string(record.id) + ": it is the callback of " +
                                                  record.owner + "; change it there");
  }
  const json::object body = request.body_object();
  const JsonReader reader(body, "subscription");
  if (reader.has("channel")) record.channel = channel_of(reader);
  if (reader.has("topics")) record.topics = topics_of(reader);
  if (reader.has("config")) take_config(services, reader, record);
  record.active = reader.flag_or("active", record.active);
  record.updated_ms = milliseconds_of(services.clock->wall());
  (void)services.store->replace_subscription(record);
  return answer_json(subscription_document(record));
}

ApiAnswer list(const NotificationServices& services, const ApiRequest& request) {
  json::array documents;
  for (SubscriptionRecord& record : services.store->subscriptions(request.principal.account)) {
    documents.push_back(subscription_document(record));
    wipe(record.secrets);
  }
  return answer_page(std::move(documents), page_order(request));
}

ApiAnswer show(const NotificationServices& services, const ApiRequest& request) {
  SubscriptionRecord record = known_subscription(services, request, "id");
  const WipeAtExit guard(record.secrets);
  return answer_json(subscription_document(record));
}

ApiAnswer remove(const NotificationServices& services, const ApiRequest& request) {
  SubscriptionRecord record = known_subscription(services, request, "id");
  const WipeAtExit guard(record.secrets);
  (void)services.store->remove_subscription(request.principal.account, record.id);
  return answer_empty();
}

/// Whether only queued deliveries can fulfil it, which there are few of.
bool asks_for_queued(const Ceql& where) {
  const auto& all = where.conditions();
  return where.is_conjunction() && std::any_of(all.begin(), all.end(), [](const CeqlCondition& one) {
           return one.attribute == "status" && one.is == CeqlOperator::equal && one.values.front() == "queued";
         });
}

struct Found {
  DeliveryRecord record;
  json::object document;
};

/// The account's deliveries for which `where` holds, by id.
std::vector<Found> find(const NotificationServices& services, std::int64_t account, const Ceql& where) {
  std::map<std::int64_t, json::object> subscriptions;
  for (SubscriptionRecord& one : services.store->subscriptions(account)) {
    subscriptions.emplace(one.id, subscription_document(one));
    wipe(one.secrets);
  }
  NotificationStore::DeliveryQuery query;
  query.account = account;
  query.only_queued = asks_for_queued(where);
  std::vector<Found> found;
  for (std::size_t examined = 0; examined < examined_max; examined += query.limit) {
    const std::vector<DeliveryRecord> part = services.store->deliveries(query);
    for (const DeliveryRecord& record : part) {
      json::object document = delivery_document(record, subscriptions[record.subscription]);
      if (where.holds(document)) found.push_back({.record = record, .document = std::move(document)});
      if (found.size() == found_max) return found;
    }
    if (part.size() < query.limit) break;
    query.above_id = part.back().id;
  }
  return found;
}

ApiAnswer list_deliveries(const NotificationServices& services, const ApiRequest& request) {
  const Ceql where = Ceql::parse(request.query_value("where").value_or(""));
  json::array documents;
  for (Found& one : find(services, request.principal.account, where)) documents.push_back(std::move(one.document));
  return answer_page(std::move(documents), page_order(request));
}

ApiAnswer release(const NotificationServices& services, const ApiRequest& request) {
  const auto text = request.query_value("where");
  if (!text || text->empty()) {
    throw Error(ErrorCode::bad_input, "query where: missing; say which: channel='webhook' and status='queued'");
  }
  std::vector<std::int64_t> ids;
  json::array documents;
  for (Found& one : find(services, request.principal.account, Ceql::parse(*text))) {
    if (one.record.status != DeliveryStatus::queued) continue;
    ids.push_back(one.record.id);
    one.document["status"] = name(DeliveryStatus::created);
    documents.push_back(std::move(one.document));
  }
  services.deliveries->release(request.principal.account, ids);
  return answer_json(documents);
}

ApiAnswer deliveries_of(const NotificationServices& services, const ApiRequest& request) {
  const std::int64_t account = request.principal.account;
  const std::int64_t id = request.id("id");
  const std::optional<NotificationRecord> notification = services.store->notification(account, id);
  if (!notification) {
    throw Error(ErrorCode::not_found, "notification " + std::to_string(id) + ": there is none of that id");
  }
  SubscriptionRecord subscription = known_subscription(services, request, "subscriptionId");
  const WipeAtExit guard(subscription.secrets);
  const json::object shown = subscription_document(subscription);
  NotificationStore::DeliveryQuery query;
  query.account = account;
  query.notification = id;
  query.subscription = subscription.id;
  json::array documents;
  for (const DeliveryRecord& record : services.store->deliveries(query)) {
    json::object document = delivery_document(record, shown);
    if (request.query_flag("hydrate")) {
      document["notification"] = notification_document(*notification);
      document["subscription"] = shown;
    }
    documents.push_back(std::move(document));
  }
  return answer_json(documents);
}

void add_deliveries_routes(Router& router, const NotificationServices& services) {
  constexpr const char* pattern = "/notifications/subscriptions/deliveries";
  router.add({.method = "GET",
              .pattern = pattern,
              .summary = "How far deliveries have come",
              .query = {"where", "pageSize", "nextPage"},
              .answer = "Delivery[]",
              .handler = [services](ApiRequest& request) { return list_deliveries(services, request); }});
  router.add({.method = "PUT",
              .pattern = pattern,
              .summary = "Lets queued deliveries begin anew",
              .query = {"where"},
              .answer = "Delivery[]",
              .handler = [services](ApiRequest& request) { return release(services, request); }});
  router.add({.method = "GET",
              .pattern = "/notifications/{id}/subscriptions/{subscriptionId}/deliveries",
              .summary = "How far one notification has come with one subscription",
              .query = {"hydrate"},
              .answer = "Delivery[]",
              .handler = [services](ApiRequest& request) { return deliveries_of(services, request); }});
}

}  // namespace

json::object subscription_document(const SubscriptionRecord& record) {
  json::object config = parse_json(record.config, "subscription.config").as_object();
  if (!record.url.empty()) config["url"] = record.url;
  json::object document{{"id", record.id},
                        {"channel", record.channel},
                        {"topics", json::array(record.topics.begin(), record.topics.end())},
                        {"config", std::move(config)},
                        {"active", record.active},
                        {"createdDate", date_text(record.created_ms)},
                        {"updatedDate", date_text(record.updated_ms)}};
  if (!record.owner.empty()) document["owner"] = record.owner;
  return document;
}

json::object delivery_document(const DeliveryRecord& record, const json::object& subscription) {
  json::object document{{"id", record.id},
                        {"notificationId", record.notification},
                        {"subscriptionId", record.subscription},
                        {"status", name(record.status)},
                        {"attempts", record.attempts},
                        {"lastError", record.error},
                        {"createdDate", date_text(record.created_ms)},
                        {"updatedDate", date_text(record.updated_ms)}};
  for (const std::string_view key : {"channel", "config"}) {
    if (const json::value* value = subscription.if_contains(key)) document[key] = *value;
  }
  if (record.status == DeliveryStatus::retry) document["nextAttemptDate"] = date_text(record.due_ms);
  return document;
}

void add_subscriptions_routes(Router& router, const NotificationServices& services) {
  router.add({.method = "GET",
              .pattern = "/notifications/subscriptions",
              .summary = "Who wants to hear of which topics, and the callbacks of instances",
              .query = {"pageSize", "nextPage"},
              .answer = "Subscription[]",
              .handler = [services](ApiRequest& request) { return list(services, request); }});
  router.add({.method = "POST",
              .pattern = "/notifications/subscriptions",
              .summary = "Subscribes to topics",
              .body = "Subscription",
              .answer = "Subscription",
              .handler = [services](ApiRequest& request) { return create(services, request); }});
  router.add({.method = "GET",
              .pattern = "/notifications/subscriptions/{id}",
              .summary = "One subscription",
              .answer = "Subscription",
              .handler = [services](ApiRequest& request) { return show(services, request); }});
  for (const char* method : {"PUT", "PATCH"}) {
    router.add({.method = method,
                .pattern = "/notifications/subscriptions/{id}",
                .summary = "Changes what is given of it",
                .body = "Subscription",
                .answer = "Subscription",
                .handler = [services](ApiRequest& request) { return change(services, request); }});
  }
  router.add({.method = "DELETE",
              .pattern = "/notifications/subscriptions/{id}",
              .summary = "Ends it, with what has not been delivered",
              .handler = [services](ApiRequest& request) { return remove(services, request); }});
  add_deliveries_routes(router, services);
}

}  // namespace formulary::api
