#include "host/plugin/file_safety.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "host/base/descriptor.hpp"
#include "host/plugin/refusal.hpp"

namespace formulary {
namespace {

namespace fs = std::filesystem;

std::string quoted(const fs::path& path) {
  return "'" + path.string() + "'";
}

[[noreturn]] void refuse_unreadable(const fs::path& path, int error) {
  throw PluginRefusal("plugin.unreadable", quoted(path) + " cannot be read (" + std::generic_category().message(error) +
                                               "); check that it exists and that this user may read it");
}

bool is_owned_by_us(const struct stat& status) {
  return status.st_uid == 0 || status.st_uid == ::geteuid();
}

void check_owner_and_mode(const fs::path& path, const struct stat& status) {
  if (!is_owned_by_us(status)) {
    throw PluginRefusal("plugin.unsafe_owner", quoted(path) + " belongs to user " + std::to_string(status.st_uid) +
                                                   ", neither root nor this user, who could change it; chown it");
  }
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    throw PluginRefusal("plugin.writable_by_others",
                        quoted(path) + " can be changed by other users; run: chmod go-w " + quoted(path));
  }
}

struct stat status_of(const fs::path& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) refuse_unreadable(path, errno);
  return status;
}

fs::path real_path(const fs::path& path) {
  std::error_code error;
  fs::path real = fs::canonical(path, error);
  if (error) refuse_unreadable(path, error.value());
  return real;
}

/// In a sticky folder of root others may add files, but neither replace nor rename ours.
bool is_shared_but_sticky(const struct stat& status) {
  return status.st_uid == 0 && (status.st_mode & S_ISVTX) != 0;
}

std::string read_all(int descriptor, std::size_t size, const fs::path& path) {
  std::string bytes(size, '\0');
  std::size_t got = 0;
  while (got < size) {
    const ssize_t count = ::read(descriptor, bytes.data() + got, size - got);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) refuse_unreadable(path, errno);
    if (count == 0) break;
    got += static_cast<std::size_t>(count);
  }
  char more = 0;
  if (got != size || ::read(descriptor, &more, 1) != 0) {
    throw PluginRefusal("plugin.file_changed", quoted(path) +
                                                   " changed while it was read; install a plugin by renaming "
                                                   "a complete folder into place, then scan again");
  }
  return bytes;
}

}  // namespace

fs::path safe_folder(const fs::path& folder) {
  fs::path real = real_path(folder);
  const struct stat own = status_of(real);
  if (!S_ISDIR(own.st_mode)) throw PluginRefusal("plugin.not_a_folder", quoted(real) + " is not a folder");
  check_owner_and_mode(real, own);
  for (fs::path above = real; above.has_relative_path();) {
    above = above.parent_path();
    const struct stat status = status_of(above);
    if (!is_shared_but_sticky(status)) check_owner_and_mode(above, status);
  }
  return real;
}

SafeFile read_safe_file(const fs::path& tree, const fs::path& file, std::size_t bytes_max) {
  SafeFile result{.path = real_path(file), .bytes = {}};
  const auto [left, unused] = std::mismatch(tree.begin(), tree.end(), result.path.begin(), result.path.end());
  if (left != tree.end()) {
    throw PluginRefusal("plugin.outside_folder", quoted(file) + " is a link to " + quoted(result.path) + ", outside " +
                                                     quoted(tree) + "; copy the file instead");
  }
  for (fs::path folder = result.path.parent_path(); folder != tree && folder.has_relative_path();
       folder = folder.parent_path()) {
    check_owner_and_mode(folder, status_of(folder));
  }
  // Not blocking: a named pipe in place of the file must not stop the host.
  const Descriptor descriptor(::open(result.path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (descriptor.get() < 0) refuse_unreadable(result.path, errno);
  struct stat status {};
  if (::fstat(descriptor.get(), &status) != 0) refuse_unreadable(result.path, errno);
  if (!S_ISREG(status.st_mode)) {
    throw PluginRefusal("plugin.not_a_file", quoted(result.path) + " is not a regular file");
  }
  check_owner_and_mode(result.path, status);
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size > bytes_max) {
    throw PluginRefusal("plugin.too_large", quoted(result.path) + " has " + std::to_string(size) +
                                                " bytes, more than " + std::to_string(bytes_max));
  }
  result.bytes = read_all(descriptor.get(), size, result.path);
  return result;
}

}  // namespace formulary
