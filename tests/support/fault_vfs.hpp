/// \file
/// A disk that fails, as a layer over SQLite's own: each write and flush can be told to fail, and what was not flushed
/// can be lost or torn as when the power goes.
#pragma once

#include <sqlite3.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace formulary::testing {

enum class DiskOperation { write, sync, truncate };

/// Installed as the default file system of SQLite for as long as it lives; one at a time. Databases must be closed
/// before it ends.
class FaultVfs {
 public:
  /// What to answer instead of performing the operation: a code of SQLite, or SQLITE_OK to perform it. Called by any
  /// thread. May end the process.
  using Before = std::function<int(DiskOperation)>;

  explicit FaultVfs(Before before = {}) : before_(std::move(before)), vfs_(*real_) {
    vfs_.szOsFile = static_cast<int>(sizeof(File)) + real_->szOsFile;
    vfs_.zName = "faulty";
    vfs_.pAppData = this;
    vfs_.xOpen = &FaultVfs::open;
    sqlite3_vfs_register(&vfs_, 1);
  }
  FaultVfs(const FaultVfs&) = delete;
  FaultVfs& operator=(const FaultVfs&) = delete;
  ~FaultVfs() {
    sqlite3_vfs_unregister(&vfs_);
    sqlite3_vfs_register(real_, 1);
  }

  /// From now on what is written can be lost until it is flushed.
  void remember_unflushed() {
    const std::lock_guard lock(mutex_);
    remembers_ = true;
  }

  /// Each write that was not flushed is kept, undone, or half undone, as the numbers fall. The process should end then.
  void lose_power(std::uint64_t seed) {
    const std::lock_guard lock(mutex_);
    std::mt19937_64 random(seed);
    for (auto& [name, writes] : unflushed_) {
      for (auto write = writes.rbegin(); write != writes.rend(); ++write) undo(*write, random() % 3);
    }
    unflushed_.clear();
  }

 private:
  /// SQLite allocates this, and behind it the file of the layer below.
  struct File {
    sqlite3_file base;
    FaultVfs* owner;
  };
  struct Write {
    sqlite3_file* file = nullptr;
    sqlite3_int64 at = 0;
    std::string before;  ///< What stood there, as far as the file went.
    sqlite3_int64 size_before = 0;
  };

  static File* self(sqlite3_file* file) { return reinterpret_cast<File*>(file); }
  static sqlite3_file* below(sqlite3_file* file) { return reinterpret_cast<sqlite3_file*>(self(file) + 1); }

  static int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
    auto* owner = static_cast<FaultVfs*>(vfs->pAppData);
    std::memset(below(file), 0, static_cast<std::size_t>(owner->real_->szOsFile));
    const int code = owner->real_->xOpen(owner->real_, name, below(file), flags, out_flags);
    self(file)->owner = owner;
    file->pMethods = below(file)->pMethods == nullptr ? nullptr : &methods();
    return code;
  }

  static int write(sqlite3_file* file, const void* bytes, int count, sqlite3_int64 at) {
    FaultVfs& owner = *self(file)->owner;
    const int code = owner.ask(DiskOperation::write);
    if (code != SQLITE_OK) return code;
    owner.remember(below(file), count, at);
    return below(file)->pMethods->xWrite(below(file), bytes, count, at);
  }

  static int sync(sqlite3_file* file, int flags) {
    FaultVfs& owner = *self(file)->owner;
    const int code = owner.ask(DiskOperation::sync);
    if (code != SQLITE_OK) return code;
    {
      const std::lock_guard lock(owner.mutex_);
      owner.unflushed_.erase(below(file));
    }
    return below(file)->pMethods->xSync(below(file), flags);
  }

  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    const int code = self(file)->owner->ask(DiskOperation::truncate);
    return code != SQLITE_OK ? code : below(file)->pMethods->xTruncate(below(file), size);
  }

  static int close(sqlite3_file* file) {
    {
      const std::lock_guard lock(self(file)->owner->mutex_);
      self(file)->owner->unflushed_.erase(below(file));
    }
    return below(file)->pMethods->xClose(below(file));
  }

  [[nodiscard]] int ask(DiskOperation operation) const { return before_ ? before_(operation) : SQLITE_OK; }

  void remember(sqlite3_file* file, int count, sqlite3_int64 at) {
    const std::lock_guard lock(mutex_);
    if (!remembers_) return;
    Write write{.file = file, .at = at};
    file->pMethods->xFileSize(file, &write.size_before);
    const auto there = std::clamp<sqlite3_int64>(write.size_before - at, 0, count);
    write.before.resize(static_cast<std::size_t>(there));
    if (there > 0) file->pMethods->xRead(file, write.before.data(), static_cast<int>(there), at);
    unflushed_[file].push_back(std::move(write));
  }

  static void undo(const Write& write, std::uint64_t how) {
    if (how == 0) return;
    const std::size_t from = how == 1 ? 0 : write.before.size() / 2;
    if (from < write.before.size()) {
      write.file->pMethods->xWrite(write.file, write.before.data() + from, static_cast<int>(write.before.size() - from),
                                   write.at + static_cast<sqlite3_int64>(from));
    }
    if (how == 1) write.file->pMethods->xTruncate(write.file, write.size_before);
  }

  static const sqlite3_io_methods& methods() {
    static const sqlite3_io_methods table = {
        .iVersion = 3,
        .xClose = &FaultVfs::close,
        .xRead = [](sqlite3_file* file, void* bytes, int count,
                    sqlite3_int64 at) { return below(file)->pMethods->xRead(below(file), bytes, count, at); },
        .xWrite = &FaultVfs::write,
        .xTruncate = &FaultVfs::truncate,
        .xSync = &FaultVfs::sync,
        .xFileSize = [](sqlite3_file* file,
                        sqlite3_int64* size) { return below(file)->pMethods->xFileSize(below(file), size); },
        .xLock = [](sqlite3_file* file, int lock) { return below(file)->pMethods->xLock(below(file), lock); },
        .xUnlock = [](sqlite3_file* file, int lock) { return below(file)->pMethods->xUnlock(below(file), lock); },
        .xCheckReservedLock =
            [](sqlite3_file* file, int* result) {
              return below(file)->pMethods->xCheckReservedLock(below(file), result);
            },
        .xFileControl =
            [](sqlite3_file* file, int operation, void* argument) {
              return below(file)->pMethods->xFileControl(below(file), operation, argument);
            },
        .xSectorSize = [](sqlite3_file* file) { return below(file)->pMethods->xSectorSize(below(file)); },
        .xDeviceCharacteristics =
            [](sqlite3_file* file) { return below(file)->pMethods->xDeviceCharacteristics(below(file)); },
        .xShmMap =
            [](sqlite3_file* file, int page, int size, int extend, void volatile** map) {
              return below(file)->pMethods->xShmMap(below(file), page, size, extend, map);
            },
        .xShmLock = [](sqlite3_file* file, int offset, int count,
                       int flags) { return below(file)->pMethods->xShmLock(below(file), offset, count, flags); },
        .xShmBarrier = [](sqlite3_file* file) { below(file)->pMethods->xShmBarrier(below(file)); },
        .xShmUnmap = [](sqlite3_file* file,
                        int remove) { return below(file)->pMethods->xShmUnmap(below(file), remove); },
        .xFetch = [](sqlite3_file* file, sqlite3_int64 at, int count,
                     void** bytes) { return below(file)->pMethods->xFetch(below(file), at, count, bytes); },
        .xUnfetch = [](sqlite3_file* file, sqlite3_int64 at,
                       void* bytes) { return below(file)->pMethods->xUnfetch(below(file), at, bytes); },
    };
    return table;
  }

  Before before_;
  sqlite3_vfs* real_ = sqlite3_vfs_find(nullptr);
  sqlite3_vfs vfs_;
  std::mutex mutex_;
  bool remembers_ = false;
  std::map<sqlite3_file*, std::vector<Write>> unflushed_;
};

}  // namespace formulary::testing
