#include "host/plugin/private_store.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <memory>
#include <string_view>
#include <system_error>
#include <utility>

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

}  // namespace

PrivateStore::PrivateStore(const fs::path& folder) {
  make_private_folder(folder);
  folder_ = safe_folder(folder);
  if (::chmod(folder_.c_str(), S_IRWXU) != 0) refuse(folder_, std::generic_category().message(errno));
}

fs::path PrivateStore::keep(const std::vector<PackageFile>& files, unsigned edition) {
  const std::string suffix = edition == 0 ? "" : '-' + std::to_string(edition);
  fs::path home = folder_ / (content_hash(files) + suffix);
  make_private_folder(home);
  for (const PackageFile& file : files) {
    fs::path within = home;
    for (const fs::path& part : file.name.parent_path()) make_private_folder(within /= part);
    const fs::path target = home / file.name;
    if (!holds(target, file.bytes)) write_file(target, file.bytes);
  }
  return home;
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
