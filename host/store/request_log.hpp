/// \file
/// What was asked of the API and what became of it: for people who look something up later. Kept for some weeks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace formulary {

class Storage;

/// One request. Holds no query, no body and no secret.
struct RequestLogRecord {
  std::int64_t id = 0;  ///< Given by the log, in the order of writing.
  std::string request_id;
  std::int64_t at_ms = 0;  ///< When it came; milliseconds since 1970 UTC.
  std::int64_t account = 0;
  std::int64_t user = 0;
  std::int64_t instance = 0;  ///< 0: none's.
  std::string element_key;    ///< Of the instance.
  std::string instance_name;
  std::string tags = "[]";  ///< Of the instance, JSON.
  std::string hub;
  std::string method;
  std::string path;  ///< Below the API's base.
  int status = 0;
  std::int64_t duration_us = 0;
  std::string peer;
};

/// Which requests; empty members do not narrow.
struct RequestLogQuery {
  std::int64_t account = 0;
  std::optional<std::int64_t> instance;
  std::vector<std::string> element_keys;
  std::string hub;
  std::optional<bool> succeeded;
  std::string search;  ///< Part of the path or of the instance's name.
  std::int64_t from_ms = 0;
  std::int64_t to_ms = 0;     ///< 0: no end.
  std::int64_t below_id = 0;  ///< The cursor: only older ones; 0: from the newest.
  std::size_t limit = 200;
};

/// Any thread may use it. Nobody waits for the disk: what is added is written within half a second, and lost if the
/// process is killed before that. When more comes than is written, the newest is dropped and counted.
class RequestLog {
 public:
  explicit RequestLog(const Storage& storage, std::size_t queued_max = 20'000);
  RequestLog(const RequestLog&) = delete;
  RequestLog& operator=(const RequestLog&) = delete;
  /// Writes what was added.
  ~RequestLog();

  void add(RequestLogRecord record);
  /// Returns once everything that was added before is written. Throws nothing: a disk that takes nothing loses it.
  void flush();
  [[nodiscard]] std::uint64_t dropped() const;

  /// The newest first. These three throw Error(store_failed).
  [[nodiscard]] std::vector<RequestLogRecord> list(const RequestLogQuery& query) const;
  [[nodiscard]] std::optional<RequestLogRecord> find(std::int64_t account, std::string_view request_id) const;
  /// Forgets what came before that time; returns how many.
  std::int64_t forget_before(std::int64_t ms);

 private:
  struct Writer;
  std::unique_ptr<Writer> writer_;
};

}  // namespace formulary
