#include "host/store/request_log.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "host/base/error.hpp"
#include "host/store/sqlite.hpp"
#include "host/store/storage.hpp"

namespace formulary {
namespace {

constexpr std::chrono::milliseconds gather_time{500};
constexpr std::string_view columns =
    "SELECT id, request_id, at, account, user, instance, element_key, instance_name, tags, hub, method, path, status, "
    "duration, peer FROM request_log";

RequestLogRecord record_of(const Statement& row) {
  return {.id = row.number(0),
          .request_id = row.text(1),
          .at_ms = row.number(2),
          .account = row.number(3),
          .user = row.number(4),
          .instance = row.number(5),
          .element_key = row.text(6),
          .instance_name = row.text(7),
          .tags = row.text(8),
          .hub = row.text(9),
          .method = row.text(10),
          .path = row.text(11),
          .status = static_cast<int>(row.number(12)),
          .duration_us = row.number(13),
          .peer = row.text(14)};
}

/// "key IN (?3, ?4)": as many parameters as there are keys.
std::string one_of(const std::string& column, int first, std::size_t count) {
  std::string text = column + " IN (";
  for (std::size_t at = 0; at < count; ++at) {
    text += (at > 0 ? ", ?" : "?") + std::to_string(first + static_cast<int>(at));
  }
  return text + ')';
}

/// What is asked, as SQL with its values apart.
class Narrowed {
 public:
  explicit Narrowed(const RequestLogQuery& query) {
    add("account = ?", query.account);
    if (query.instance) add("instance = ?", *query.instance);
    if (!query.hub.empty()) add("hub = ?", query.hub);
    if (query.succeeded) sql_ += *query.succeeded ? " AND status < 400" : " AND status >= 400";
    if (query.from_ms != 0) add("at >= ?", query.from_ms);
    if (query.to_ms != 0) add("at < ?", query.to_ms);
    if (query.below_id != 0) add("id < ?", query.below_id);
    if (!query.search.empty()) {
      add("(instr(lower(path), lower(?)) > 0", query.search);
      sql_ += " OR instr(lower(instance_name), lower(?" + std::to_string(values_.size()) + ")) > 0)";
    }
    if (!query.element_keys.empty()) {
      sql_ += " AND " + one_of("element_key", static_cast<int>(values_.size()) + 1, query.element_keys.size());
      for (const std::string& key : query.element_keys) values_.push_back({.text = key, .number = {}});
    }
  }

  [[nodiscard]] std::string sql() const { return std::string(columns) + sql_ + " ORDER BY id DESC LIMIT "; }
  void bind(Statement& statement) const {
    for (std::size_t at = 0; at < values_.size(); ++at) {
      const int parameter = static_cast<int>(at) + 1;
      if (values_[at].number) {
        statement.bind(parameter, *values_[at].number);
      } else {
        statement.bind(parameter, values_[at].text);
      }
    }
  }

 private:
  struct Value {
    std::string text;
    std::optional<std::int64_t> number;
  };
  void begin(const std::string& condition) {
    sql_ += (values_.size() == 1 ? " WHERE " : " AND ") + condition;
    sql_.insert(sql_.rfind('?') + 1, std::to_string(values_.size()));
  }
  void add(const std::string& condition, std::int64_t number) {
    values_.push_back({.text = {}, .number = number});
    begin(condition);
  }
  void add(const std::string& condition, const std::string& text) {
    values_.push_back({.text = text, .number = {}});
    begin(condition);
  }

  std::string sql_;
  std::vector<Value> values_;
};

}  // namespace

struct RequestLog::Writer {
  Writer(const Storage& storage, std::size_t most)
      : queued_max(most), writing(storage.connect()), reading(storage.connect()), thread([this] { run(); }) {}

  ~Writer() {
    {
      const std::lock_guard lock(mutex);
      ending = true;
    }
    changed.notify_all();
    thread.join();
  }

  void run() {
    std::unique_lock lock(mutex);
    while (true) {
      changed.wait(lock, [this] { return ending || !queued.empty(); });
      if (queued.empty()) return;
      // Gathers, so that a commit serves many; somebody who flushes does not wait for more.
      changed.wait_for(lock, gather_time, [this] { return ending || flushing > 0; });
      std::vector<RequestLogRecord> taken = std::exchange(queued, {});
      lock.unlock();
      const bool kept = write(taken);
      lock.lock();
      if (!kept) lost += taken.size();
      written += taken.size();
      settled.notify_all();
    }
  }

  bool write(const std::vector<RequestLogRecord>& records) {
    try {
      const std::lock_guard lock(writing_mutex);
      Transaction transaction(writing);
      Statement insert = writing.prepare(
          "INSERT INTO request_log (request_id, at, account, user, instance, element_key, instance_name, tags, hub, "
          "method, path, status, duration, peer) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)");
      for (const RequestLogRecord& one : records) {
        insert.bind(1, one.request_id).bind(2, one.at_ms).bind(3, one.account).bind(4, one.user).bind(5, one.instance);
        insert.bind(6, one.element_key).bind(7, one.instance_name).bind(8, one.tags).bind(9, one.hub);
        insert.bind(10, one.method).bind(11, one.path).bind(12, static_cast<std::int64_t>(one.status));
        insert.bind(13, one.duration_us).bind(14, one.peer).run();
        insert.reset();
      }
      transaction.commit();
      return true;
    } catch (const Error&) {
      return false;  // counted; a log must not stop what it is about
    }
  }

  const std::size_t queued_max;
  std::mutex writing_mutex;
  Database writing;
  mutable std::mutex reading_mutex;
  Database reading;
  mutable std::mutex mutex;
  std::condition_variable changed;
  std::condition_variable settled;
  std::vector<RequestLogRecord> queued;
  std::uint64_t added = 0;
  std::uint64_t written = 0;
  std::uint64_t lost = 0;
  int flushing = 0;
  bool ending = false;
  std::thread thread;  ///< Uses all above: declared last.
};

RequestLog::RequestLog(const Storage& storage, std::size_t queued_max)
    : writer_(std::make_unique<Writer>(storage, queued_max)) {}
RequestLog::~RequestLog() = default;

void RequestLog::add(RequestLogRecord record) {
  {
    const std::lock_guard lock(writer_->mutex);
    if (writer_->queued.size() >= writer_->queued_max) {
      ++writer_->lost;
      return;
    }
    writer_->queued.push_back(std::move(record));
    ++writer_->added;
    if (writer_->queued.size() > 1) return;  // the thread knows already
  }
  writer_->changed.notify_all();
}

void RequestLog::flush() {
  std::unique_lock lock(writer_->mutex);
  const std::uint64_t mine = writer_->added;
  ++writer_->flushing;
  writer_->changed.notify_all();
  writer_->settled.wait(lock, [&] { return writer_->written >= mine; });
  --writer_->flushing;
}

std::uint64_t RequestLog::dropped() const {
  const std::lock_guard lock(writer_->mutex);
  return writer_->lost;
}

std::vector<RequestLogRecord> RequestLog::list(const RequestLogQuery& query) const {
  const Narrowed narrowed(query);
  const std::lock_guard lock(writer_->reading_mutex);
  Statement statement = writer_->reading.prepare(narrowed.sql() + std::to_string(query.limit));
  narrowed.bind(statement);
  std::vector<RequestLogRecord> records;
  while (statement.step()) records.push_back(record_of(statement));
  return records;
}

std::optional<RequestLogRecord> RequestLog::find(std::int64_t account, std::string_view request_id) const {
  const std::lock_guard lock(writer_->reading_mutex);
  Statement statement = writer_->reading.prepare(std::string(columns) +
                                                 " WHERE request_id = ?1 AND account = ?2 ORDER BY id DESC LIMIT 1");
  statement.bind(1, request_id).bind(2, account);
  return statement.step() ? std::optional(record_of(statement)) : std::nullopt;
}

std::int64_t RequestLog::forget_before(std::int64_t ms) {
  const std::lock_guard lock(writer_->writing_mutex);
  Statement statement = writer_->writing.prepare("DELETE FROM request_log WHERE at < ?1");
  statement.bind(1, ms).run();
  return writer_->writing.changed_rows();
}

}  // namespace formulary
