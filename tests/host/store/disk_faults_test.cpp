// A disk that fails, as a layer over SQLite's own: every write and flush can be told to fail.
#include <sqlite3.h>

#include <array>
#include <atomic>
#include <cstring>

#include "tests/host/store/store_fixture.hpp"

namespace formulary::testing {
namespace {

using ::testing::SizeIs;

std::atomic<int> write_result{SQLITE_OK};
std::atomic<int> sync_result{SQLITE_OK};

/// SQLite allocates this, and behind it the file of the layer below.
struct FaultyFile {
  sqlite3_file base;

  sqlite3_file* below() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

sqlite3_file* below(sqlite3_file* file) {
  return reinterpret_cast<FaultyFile*>(file)->below();
}

const sqlite3_io_methods faulty_methods = {
    .iVersion = 3,
    .xClose = [](sqlite3_file* file) { return below(file)->pMethods->xClose(below(file)); },
    .xRead = [](sqlite3_file* file, void* bytes, int count,
                sqlite3_int64 at) { return below(file)->pMethods->xRead(below(file), bytes, count, at); },
    .xWrite =
        [](sqlite3_file* file, const void* bytes, int count, sqlite3_int64 at) {
          if (write_result != SQLITE_OK) return write_result.load();
          return below(file)->pMethods->xWrite(below(file), bytes, count, at);
        },
    .xTruncate = [](sqlite3_file* file,
                    sqlite3_int64 size) { return below(file)->pMethods->xTruncate(below(file), size); },
    .xSync =
        [](sqlite3_file* file, int flags) {
          if (sync_result != SQLITE_OK) return sync_result.load();
          return below(file)->pMethods->xSync(below(file), flags);
        },
    .xFileSize = [](sqlite3_file* file,
                    sqlite3_int64* size) { return below(file)->pMethods->xFileSize(below(file), size); },
    .xLock = [](sqlite3_file* file, int lock) { return below(file)->pMethods->xLock(below(file), lock); },
    .xUnlock = [](sqlite3_file* file, int lock) { return below(file)->pMethods->xUnlock(below(file), lock); },
    .xCheckReservedLock = [](sqlite3_file* file,
                             int* result) { return below(file)->pMethods->xCheckReservedLock(below(file), result); },
    .xFileControl =
        [](sqlite3_file* file, int operation, void* argument) {
          return below(file)->pMethods->xFileControl(below(file), operation, argument);
        },
    .xSectorSize = [](sqlite3_file* file) { return below(file)->pMethods->xSectorSize(below(file)); },
    .xDeviceCharacteristics =
        [](sqlite3_file* file) { return below(file)->pMethods->xDeviceCharacteristics(below(file)); },
    .xShmMap = [](sqlite3_file* file, int page, int size, int extend,
                  void volatile** map) { return below(file)->pMethods->xShmMap(below(file), page, size, extend, map); },
    .xShmLock = [](sqlite3_file* file, int offset, int count,
                   int flags) { return below(file)->pMethods->xShmLock(below(file), offset, count, flags); },
    .xShmBarrier = [](sqlite3_file* file) { below(file)->pMethods->xShmBarrier(below(file)); },
    .xShmUnmap = [](sqlite3_file* file, int remove) { return below(file)->pMethods->xShmUnmap(below(file), remove); },
    .xFetch = [](sqlite3_file* file, sqlite3_int64 at, int count,
                 void** bytes) { return below(file)->pMethods->xFetch(below(file), at, count, bytes); },
    .xUnfetch = [](sqlite3_file* file, sqlite3_int64 at,
                   void* bytes) { return below(file)->pMethods->xUnfetch(below(file), at, bytes); },
};

int open_faulty(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  auto* real = static_cast<sqlite3_vfs*>(vfs->pAppData);
  std::memset(below(file), 0, static_cast<std::size_t>(real->szOsFile));
  const int code = real->xOpen(real, name, below(file), flags, out_flags);
  file->pMethods = below(file)->pMethods == nullptr ? nullptr : &faulty_methods;
  return code;
}

class DiskFaults : public StoreTest {
 protected:
  DiskFaults() : vfs_(*real_) {
    vfs_.szOsFile = static_cast<int>(sizeof(FaultyFile)) + real_->szOsFile;
    vfs_.zName = "faulty";
    vfs_.pAppData = real_;
    vfs_.xOpen = open_faulty;
    sqlite3_vfs_register(&vfs_, 1);
  }
  ~DiskFaults() override {
    write_result = SQLITE_OK;
    sync_result = SQLITE_OK;
    sqlite3_vfs_unregister(&vfs_);
    sqlite3_vfs_register(real_, 1);
  }

 private:
  sqlite3_vfs* real_ = sqlite3_vfs_find(nullptr);
  sqlite3_vfs vfs_;
};

struct Fault {
  int code;
  const char* sentence;
};
constexpr std::array<Fault, 2> faults = {{{SQLITE_FULL, "the disk is full, nothing was changed; make room"},
                                          {SQLITE_IOERR_WRITE, "the disk failed; check the disk"}}};

TEST_F(DiskFaults, AWriteThatFailsLeavesWhatWasThereAndTheStoreGoesOn) {
  const auto store = open();
  store->add_instance(acme("first", "t1"));
  for (const Fault& fault : faults) {
    write_result = fault.code;
    EXPECT_THAT([&] { store->add_instance(acme("second", "t2")); },
                throws_error(ErrorCode::store_failed, fault.sentence));
    write_result = SQLITE_OK;
    EXPECT_THAT(store->instances(), SizeIs(1));
  }
  store->add_instance(acme("second", "t2"));
  EXPECT_THAT(store->instances(), SizeIs(2));
}

TEST_F(DiskFaults, AFlushThatFailsIsNotTakenForDurable) {
  const auto store = open();
  store->add_instance(acme("first", "t1"));
  sync_result = SQLITE_IOERR_FSYNC;
  EXPECT_THAT([&] { store->add_instance(acme("second", "t2")); },
              throws_error(ErrorCode::store_failed, "the disk failed"));
  sync_result = SQLITE_OK;
  EXPECT_THAT(store->instances(), SizeIs(1));
}

TEST_F(DiskFaults, AFullDiskAtTheFirstStartLeavesAFolderThatStartsLater) {
  write_result = SQLITE_FULL;
  EXPECT_THAT([&] { (void)open(); }, throws_error(ErrorCode::store_failed, "the disk is full"));
  write_result = SQLITE_OK;
  EXPECT_EQ(open()->add_instance(acme()), 1);
}

}  // namespace
}  // namespace formulary::testing
