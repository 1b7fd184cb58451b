/// \file
/// /notifications: what happened, who wants to hear of it, and whether they have. Source: CONTRACT 1.5,
/// "Notifications"; 4, "Delivery/retry".
#pragma once

#include "host/api/router.hpp"
#include "host/base/clock.hpp"
#include "host/delivery/deliveries.hpp"
#include "host/store/notification_store.hpp"

namespace formulary::api {

/// Borrowed; outlives the router.
struct NotificationServices {
  NotificationStore* store = nullptr;
  delivery::Deliveries* deliveries = nullptr;
  const Clock* clock = nullptr;
};

/// POST and GET /notifications, GET and DELETE /{id}, PUT /{id}/acknowledge, POST /emails.
void add_notifications_routes(Router& router, const NotificationServices& services);
/// /notifications/subscriptions, and how far their deliveries have come.
void add_subscriptions_routes(Router& router, const NotificationServices& services);

/// {"id":7,"severity":"high","topic":"…","message":…,"from":"…","createdDate":"…","active":true,"acknowledged":false}
[[nodiscard]] json::object notification_document(const NotificationRecord& record);
/// {"id":3,"channel":"webhook","topics":["…"],"config":{"url":"…"},"active":true,"createdDate":"…","updatedDate":"…"};
/// "owner":"instance:764" if nobody made it by hand. No secret.
[[nodiscard]] json::object subscription_document(const SubscriptionRecord& record);
/// {"id":9,"notificationId":7,"subscriptionId":3,"status":"queued","attempts":1,"lastError":"…","channel":"webhook",
/// "config":{"url":"…"},"createdDate":"…","updatedDate":"…","nextAttemptDate":"…"}; the last while it comes again.
[[nodiscard]] json::object delivery_document(const DeliveryRecord& record, const json::object& subscription);

}  // namespace formulary::api
