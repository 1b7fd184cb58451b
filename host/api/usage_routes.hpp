/// \file
/// /usage: what was asked through the API. Source: CONTRACT 1.5, "Usage".
#pragma once

#include <functional>
#include <string>

#include "host/api/api.hpp"
#include "host/api/router.hpp"
#include "host/base/clock.hpp"
#include "host/store/request_log.hpp"
#include "host/store/store.hpp"

namespace formulary::api {

/// GET /usage, /usage/{id}, /usage/analytics/{activity,statuses,times}. What is borrowed outlives the router.
void add_usage_routes(Router& router, RequestLog& log, const Clock& clock);

/// What the log keeps of a request. `store` tells the instance that it went through.
[[nodiscard]] RequestLogRecord request_log_record(const RequestSeen& seen, Store& store);

/// {"id","requestStatus","status","elementKey","instanceName","usageDate","processTime","requestURI",...}
[[nodiscard]] json::object usage_document(const RequestLogRecord& record);

}  // namespace formulary::api
