#include "host/plugin/private_store.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <string_view>
#include <system_error>
#include <utility>

#include "host/base/descriptor.hpp"
#include "host/base/text.hpp"
#include "host/plugin/file_safety.hpp"
#include "host/plugin/refusal.hpp"

namespace formulary {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(const fs::path& path, const std::string& why) {
  throw PluginRefusal("plugin.no_private_copy", "the host's private copy '" + path.string() + "' cannot be made: " +
                                                    why + "; check the data folder's owner, mode and free space");
}

/// Mode 0700, also for what is missing above it: the first to come makes the data folder.
void make_private_folder(const fs::path& folder) {
  std::error_code ignored;
  if (const fs::path above = folder.parent_path(); !above.empty() && above != folder && !fs::exists(above, ignored)) {
    make_private_folder(above);
  }
  if (::mkdir(folder.c_str(), S_IRWXU) != 0 && errno != EEXIST) {
    refuse(folder, std::generic_category().message(errno));
  }
}

bool holds(const fs::path& file, const std::string& bytes) {
  struct stat status {};
  if (::lstat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return false;
  if (static_cast<std::size_t>(status.st_size) != bytes.size() || status.st_uid != ::geteuid()) return false;
  std::ifstream stream(file, std::ios::binary);
  std::string found(bytes.size(), '\0');
  stream.read(found.data(), static_cast<std::streamsize>(found.size()));
  return stream && found == bytes;
}

bool write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

/// Written beside and renamed, so that neither a crash nor a second process leaves half a file under the name.
void write_file(const fs::path& file, const std::string& bytes) {
  std::string temporary = file.string() + ".XXXXXX";
  const int descriptor = ::mkostemp(temporary.data(), O_CLOEXEC);
  if (descriptor < 0) refuse(file, std::generic_category().message(errno));
  const bool written = write_all(descriptor, bytes) && ::fchmod(descriptor, S_IRUSR | S_IXUSR) == 0;
  const int write_error = errno;
  const bool closed = ::close(descriptor) == 0;
  if (written && closed && ::rename(temporary.c_str(), file.c_str()) == 0) return;
  const int error = written ? errno : write_error;
  ::unlink(temporary.c_str());
  refuse(file, std::generic_category().message(error));
}

constexpr std::size_t hash_digits = 64;
constexpr int hold_attempts_max = 100;

/// What copy_name() makes: nothing else in the folder is ours to remove.
bool is_copy_name(std::string_view name) {
  const auto made_of = [](std::string_view text, std::string_view digits) {
    return !text.empty() && text.find_first_not_of(digits) == std::string_view::npos;
  };
  if (!made_of(name.substr(0, hash_digits), "0123456789abcdef") || name.size() < hash_digits) return false;
  const std::string_view edition = name.substr(hash_digits);
  return edition.empty() || (edition.front() == '-' && made_of(edition.substr(1), "0123456789"));
}

Descriptor open_folder(const fs::path& folder) {
  return Descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

bool lock(const Descriptor& folder, int how) {
  int result = 0;
  do {
    result = ::flock(folder.get(), how);
  } while (result != 0 && errno == EINTR);
  return result == 0;
}

bool is_still(const Descriptor& open, const fs::path& folder) {
  struct stat held {};
  struct stat there {};
  return ::fstat(open.get(), &held) == 0 && ::lstat(folder.c_str(), &there) == 0 && held.st_dev == there.st_dev &&
         held.st_ino == there.st_ino;
}

/// What this process holds. Never given back, since libraries are never unmapped and may open more beside them; the
/// system does so when the process ends, however it ends.
class Holds {
 public:
  /// Makes the folder and holds it. Between the making and the lock another process may remove it: then anew.
  void make_and_hold(const fs::path& folder) {
    const std::lock_guard guard(mutex_);
    const auto held = held_.find(folder);
    if (held != held_.end() && is_still(held->second, folder)) return;
    for (int attempt = 0; attempt < hold_attempts_max; ++attempt) {
      make_private_folder(folder);
      Descriptor open = open_folder(folder);
      if (!open.valid() && errno == ENOENT) continue;
      if (!open.valid()) refuse(folder, std::generic_category().message(errno));
      // A file system without flock() lets nobody remove either, so that the copy is as safe without the hold.
      (void)lock(open, LOCK_SH);
      if (!is_still(open, folder)) continue;
      held_.insert_or_assign(folder, std::move(open));
      return;
    }
    refuse(folder, "other processes keep removing it");
  }

 private:
  std::mutex mutex_;
  std::map<fs::path, Descriptor> held_;
};

Holds& holds() {
  static auto& all = *new Holds;
  return all;
}

}  // namespace

PrivateStore::PrivateStore(const fs::path& folder) {
  make_private_folder(folder);
  folder_ = safe_folder(folder);
  if (::chmod(folder_.c_str(), S_IRWXU) != 0) refuse(folder_, std::generic_category().message(errno));
}

fs::path PrivateStore::keep(const std::vector<PackageFile>& files, const std::string& name) {
  fs::path home = folder_ / name;
  holds().make_and_hold(home);
  for (const PackageFile& file : files) {
    fs::path within = home;
    for (const fs::path& part : file.name.parent_path()) make_private_folder(within /= part);
    const fs::path target = home / file.name;
    if (!holds(target, file.bytes)) write_file(target, file.bytes);
  }
  return home;
}

void PrivateStore::remove_unheld() const {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_, error)) {
    if (!is_copy_name(entry.path().filename().string())) continue;
    const Descriptor copy = open_folder(entry.path());
    // Held until all is gone: who wants this copy meanwhile waits, and then makes it anew.
    if (copy.valid() && lock(copy, LOCK_EX | LOCK_NB)) fs::remove_all(entry.path(), error);
  }
}

std::string copy_name(const std::string& hash, unsigned edition) {
  return edition == 0 ? hash : hash + '-' + std::to_string(edition);
}

std::string content_hash(const std::vector<PackageFile>& files) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> digest(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  std::array<unsigned char, EVP_MAX_MD_SIZE> sum{};
  unsigned length = 0;
  bool good = digest != nullptr && EVP_DigestInit_ex(digest.get(), EVP_sha256(), nullptr) == 1;
  for (const PackageFile& file : files) {
    // Lengths first, so that no two packages give the same bytes.
    const std::string name = file.name.string();
    const std::string head = std::to_string(name.size()) + ' ' + std::to_string(file.bytes.size()) + ' ' + name;
    good = good && EVP_DigestUpdate(digest.get(), head.data(), head.size()) == 1;
    good = good && EVP_DigestUpdate(digest.get(), file.bytes.data(), file.bytes.size()) == 1;
  }
  good = good && EVP_DigestFinal_ex(digest.get(), sum.data(), &length) == 1;
  if (!good) throw Error(ErrorCode::internal, "SHA-256 is not available; check the OpenSSL installation");
  return to_hex(std::string_view(reinterpret_cast<const char*>(sum.data()), length));
}

}  // namespace formulary
