#include "host/base/spool.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <system_error>
#include <utility>

#include "host/base/error.hpp"

namespace formulary {
namespace {

[[noreturn]] void fail(const std::filesystem::path& folder, const char* what, int number) {
  throw Error(ErrorCode::store_failed, folder.string() + ": a temporary file " + what + ": " +
                                           std::generic_category().message(number) + "; see to the space on that disk");
}

/// A file without a name. Some file systems know no O_TMPFILE; there it has a name for a moment.
Descriptor nameless_file(const std::filesystem::path& folder) {
  Descriptor file(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (file.valid()) return file;
  std::string name = folder / "spool-XXXXXX";
  file = Descriptor(::mkostemp(name.data(), O_CLOEXEC));
  if (!file.valid()) fail(folder, "cannot be made", errno);
  ::unlink(name.c_str());
  return file;
}

}  // namespace

Spool::Spool(std::filesystem::path folder, SpoolLimits limits) : folder_(std::move(folder)), limits_(limits) {}

Spool::~Spool() {
  unmap();
}

void Spool::append(std::string_view bytes) {
  if (bytes.size() > limits_.bytes_max - size_) {
    throw Error(ErrorCode::limit_reached,
                "body: it is over " + std::to_string(limits_.bytes_max) + " bytes; send less in one request");
  }
  unmap();
  if (!file_.valid() && held_.size() + bytes.size() <= limits_.held_max) {
    held_.append(bytes);
    size_ = held_.size();
    return;
  }
  if (!file_.valid()) {
    file_ = nameless_file(folder_);
    size_ = 0;
    write_out(held_);
    held_ = {};
  }
  write_out(bytes);
}

void Spool::write_out(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(size_));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) fail(folder_, "cannot be written", count == 0 ? ENOSPC : errno);
    size_ += static_cast<std::uint64_t>(count);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

std::size_t Spool::read(std::uint64_t at, std::span<char> room) const {
  if (at >= size_) return 0;
  const std::size_t wanted = static_cast<std::size_t>(std::min<std::uint64_t>(room.size(), size_ - at));
  if (!file_.valid()) {
    std::memcpy(room.data(), held_.data() + at, wanted);
    return wanted;
  }
  while (true) {
    const ssize_t count = ::pread(file_.get(), room.data(), wanted, static_cast<off_t>(at));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) fail(folder_, "cannot be read", count == 0 ? EIO : errno);
    return static_cast<std::size_t>(count);
  }
}

std::string_view Spool::view() {
  if (!file_.valid()) return held_;
  if (mapped_ == nullptr) {
    void* place = ::mmap(nullptr, static_cast<std::size_t>(size_), PROT_READ, MAP_SHARED, file_.get(), 0);
    if (place == MAP_FAILED) fail(folder_, "cannot be mapped", errno);
    mapped_ = place;
    mapped_size_ = static_cast<std::size_t>(size_);
  }
  return {static_cast<const char*>(mapped_), mapped_size_};
}

void Spool::unmap() noexcept {
  if (mapped_ != nullptr) ::munmap(mapped_, mapped_size_);
  mapped_ = nullptr;
}

}  // namespace formulary
