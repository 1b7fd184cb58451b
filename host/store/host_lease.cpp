#include "host/store/host_lease.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "host/base/error.hpp"
#include "host/store/data_folder.hpp"
#include "host/store/sqlite.hpp"
#include "host/store/storage.hpp"

namespace formulary {
namespace {

std::filesystem::path lock_folder(const Storage& storage) {
  return storage.folder() / "hosts";
}

std::filesystem::path lock_file(const Storage& storage, std::int64_t host) {
  return lock_folder(storage) / (std::to_string(host) + ".lock");
}

/// The lock, or nothing if another process has it.
Descriptor try_lock(const std::filesystem::path& file) {
  Descriptor descriptor(open(file.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!descriptor.valid()) {
    fail_with_errno(file, "the host's lock cannot be opened", "give this user the right to write its folder");
  }
  while (flock(descriptor.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return {};
    if (errno != EINTR)
      fail_with_errno(file, "the host's lock cannot be taken", "choose a data folder on a local disk");
  }
  return descriptor;
}

std::int64_t milliseconds(Clock::WallTime time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

std::vector<std::int64_t> other_hosts(Database& database, std::int64_t own) {
  Statement statement = database.prepare("SELECT id FROM host WHERE id <> ?1");
  statement.bind(1, own);
  std::vector<std::int64_t> ids;
  while (statement.step()) ids.push_back(statement.number(0));
  return ids;
}

/// state 1: ready, 2: leased, 0: finished (ExecutionState).
constexpr std::string_view adopt_orphans = R"sql(
  UPDATE execution SET
    owner = ?1,
    crashes = CASE
      WHEN state <> 2 THEN crashes
      WHEN crash_mark = (SELECT max(id) FROM journal WHERE execution = execution.id) THEN crashes + 1
      ELSE 1 END,
    crash_mark = CASE
      WHEN state <> 2 THEN crash_mark
      ELSE ifnull((SELECT max(id) FROM journal WHERE execution = execution.id), 0) END,
    state = CASE WHEN state = 2 THEN 1 ELSE state END
  WHERE state <> 0 AND owner NOT IN (SELECT id FROM host)
)sql";

}  // namespace

HostLease::HostLease(std::shared_ptr<const Storage> storage, Clock::WallTime now) : storage_(std::move(storage)) {
  const std::filesystem::path folder = lock_folder(*storage_);
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    fail_with_errno(folder, "the folder of the hosts' locks cannot be made", "give this user the right to write");
  }
  Database database = storage_->connect();
  // The lock is taken before anybody can see the row.
  Transaction transaction(database);
  Statement insert = database.prepare("INSERT INTO host (started) VALUES (?1)");
  insert.bind(1, milliseconds(now)).run();
  id_ = database.last_insert_id();
  lock_ = try_lock(lock_file(*storage_, id_));
  if (!lock_.valid()) throw Error(ErrorCode::internal, "hosts: the lock of a new host is taken");
  transaction.commit();
}

HostLease::~HostLease() {
  if (abandoned_) return;
  try {
    Database database = storage_->connect();
    database.prepare("DELETE FROM host WHERE id = ?1").bind(1, id_).run();
  } catch (const Error&) {
    return;  // then it looks like a crash, which loses nothing
  }
  std::error_code ignored;
  std::filesystem::remove(lock_file(*storage_, id_), ignored);
}

Inheritance HostLease::take_over() {
  Inheritance inheritance;
  Database database = storage_->connect();
  std::vector<Descriptor> locks;  // until the rows are gone, so that nobody else counts the same crash
  Transaction transaction(database);
  std::vector<std::int64_t> gone;
  for (const std::int64_t host : other_hosts(database, id_)) {
    Descriptor lock = try_lock(lock_file(*storage_, host));
    if (!lock.valid()) continue;
    database.prepare("DELETE FROM host WHERE id = ?1").bind(1, host).run();
    locks.push_back(std::move(lock));
    gone.push_back(host);
  }
  database.prepare(adopt_orphans).bind(1, id_).run();
  inheritance.executions = database.changed_rows();
  inheritance.hosts_that_crashed = static_cast<std::int64_t>(gone.size());
  transaction.commit();
  for (const std::int64_t host : gone) {
    std::error_code ignored;
    std::filesystem::remove(lock_file(*storage_, host), ignored);
  }
  return inheritance;
}

}  // namespace formulary
