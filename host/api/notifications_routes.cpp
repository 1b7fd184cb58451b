#include "host/api/notifications_routes.hpp"

#include <utility>

#include "host/api/identity_documents.hpp"
#include "host/api/paging.hpp"
#include "host/base/error.hpp"

namespace formulary::api {
namespace {

constexpr std::size_t topics_max = 100;
constexpr std::size_t topic_bytes_max = 1'024;

NotificationRecord known_notification(const NotificationServices& services, const ApiRequest& request) {
  const std::int64_t id = request.id("id");
  std::optional<NotificationRecord> found = services.store->notification(request.principal.account, id);
  if (found) return std::move(*found);
  throw Error(ErrorCode::not_found, "notification " + std::to_string(id) + ": there is none of that id");
}

ApiAnswer create(const NotificationServices& services, ApiRequest& request) {
  const json::value body = request.body_object();
  const JsonReader reader(body, "notification");
  delivery::Notification what{.severity = reader.text_or("severity", "medium"),
                              .topic = reader.text("topic"),
                              .message = reader.value("message"),
                              .from = reader.text_or("from", "")};
  if (what.topic.size() > topic_bytes_max || what.from.size() > topic_bytes_max) {
    throw Error(ErrorCode::bad_input, "notification: topic and from may have 1024 bytes each");
  }
  const std::int64_t id = services.deliveries->notify(request.principal.account, what, {});
  const std::optional<NotificationRecord> kept = services.store->notification(request.principal.account, id);
  if (kept) return answer_json(notification_document(*kept));
  throw Error(ErrorCode::conflict, "notification " + std::to_string(id) + ": somebody deleted it already");
}

ApiAnswer list(const NotificationServices& services, const ApiRequest& request) {
  std::vector<std::string> topics;
  for (const std::string_view topic : request.query_values("topics[]")) topics.emplace_back(topic);
  if (topics.empty()) {
    throw Error(ErrorCode::bad_input, "query topics[]: missing; name at least one topic, as topics[]=…");
  }
  if (topics.size() > topics_max) throw Error(ErrorCode::bad_input, "query topics[]: over 100 values");
  const PageOrder order = page_order(request);
  std::vector<NotificationRecord> records =
      services.store->notifications(request.principal.account, topics, order.after, order.page_size + 1);
  const bool more = records.size() > order.page_size;
  if (more) records.pop_back();
  json::array page;
  for (const NotificationRecord& record : records) page.push_back(notification_document(record));
  ApiAnswer answer = answer_json(page);
  answer.headers.emplace_back("Elements-Returned-Count", std::to_string(page.size()));
  if (more) {
    answer.headers.emplace_back("Elements-Next-Page-Token",
                                page_token({.page_size = order.page_size, .page = 1, .after = records.back().id}));
  }
  return answer;
}

ApiAnswer acknowledge(const NotificationServices& services, const ApiRequest& request) {
  NotificationRecord record = known_notification(services, request);
  record.acknowledged = services.store->acknowledge(request.principal.account, record.id);
  return answer_json(notification_document(record));
}

ApiAnswer remove(const NotificationServices& services, const ApiRequest& request) {
  const NotificationRecord record = known_notification(services, request);
  (void)services.store->remove_notification(request.principal.account, record.id);
  return answer_empty();
}

ApiAnswer refuse_email() {
  throw Error(ErrorCode::unsupported,
              "notification: this host sends no email; subscribe to its topic by webhook (POST "
              "/notifications/subscriptions)");
}

}  // namespace

json::object notification_document(const NotificationRecord& record) {
  return {{"id", record.id},       {"severity", record.severity},
          {"topic", record.topic}, {"message", parse_json(record.message, "notification.message")},
          {"from", record.sender}, {"createdDate", date_text(record.created_ms)},
          {"active", true},        {"acknowledged", record.acknowledged}};
}

void add_notifications_routes(Router& router, const NotificationServices& services) {
  router.add({.method = "POST",
              .pattern = "/notifications",
              .summary = "Tells whoever subscribed to the topic",
              .body = "Notification",
              .answer = "Notification",
              .handler = [services](ApiRequest& request) { return create(services, request); }});
  router.add({.method = "GET",
              .pattern = "/notifications",
              .summary = "Notifications of some topics, the newest first",
              .query = {"topics[]", "pageSize", "nextPage"},
              .answer = "Notification[]",
              .handler = [services](ApiRequest& request) { return list(services, request); }});
  router.add({.method = "GET",
              .pattern = "/notifications/{id}",
              .summary = "One notification",
              .answer = "Notification",
              .handler = [services](ApiRequest& request) {
                return answer_json(notification_document(known_notification(services, request)));
              }});
  router.add({.method = "DELETE",
              .pattern = "/notifications/{id}",
              .summary = "Forgets it, and what has not been delivered of it",
              .handler = [services](ApiRequest& request) { return remove(services, request); }});
  router.add({.method = "PUT",
              .pattern = "/notifications/{id}/acknowledge",
              .summary = "Somebody has read it",
              .answer = "Notification",
              .handler = [services](ApiRequest& request) { return acknowledge(services, request); }});
  router.add({.method = "POST",
              .pattern = "/notifications/emails",
              .summary = "Is refused: this host sends no email",
              .failures = {501},
              .handler = [](ApiRequest&) { return refuse_email(); }});
}

}  // namespace formulary::api
