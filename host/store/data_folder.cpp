#include "host/store/data_folder.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "host/base/error.hpp"

namespace formulary {

void fail_with_errno(const std::filesystem::path& path, const std::string& what, const std::string& what_to_do) {
  const int problem = errno;
  throw Error(ErrorCode::store_failed,
              path.string() + ": " + what + ": " + std::generic_category().message(problem) + "; " + what_to_do);
}

Descriptor lock_data_folder(const std::filesystem::path& folder) {
  std::error_code problem;
  if (folder.has_parent_path()) std::filesystem::create_directories(folder.parent_path(), problem);
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    fail_with_errno(folder, "the data folder cannot be made", "choose another one or give this user the right");
  }
  Descriptor descriptor(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct stat status {};
  if (!descriptor.valid() || fstat(descriptor.get(), &status) != 0) {
    fail_with_errno(folder, "the data folder cannot be opened", "choose another one or give this user the right");
  }
  if ((status.st_mode & 022U) != 0) {
    throw Error(ErrorCode::store_failed,
                folder.string() + ": others may write the data folder; run: chmod 700 " + folder.string());
  }
  while (flock(descriptor.get(), LOCK_EX) != 0) {
    if (errno != EINTR) fail_with_errno(folder, "the data folder cannot be locked", "choose one on a local disk");
  }
  return descriptor;
}

void make_private_file(const std::filesystem::path& file) {
  const Descriptor descriptor(open(file.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  struct stat status {};
  if (!descriptor.valid() || fstat(descriptor.get(), &status) != 0) {
    fail_with_errno(file, "the database cannot be opened", "give this user the right to read and write it");
  }
  if ((status.st_mode & 077U) != 0 && fchmod(descriptor.get(), 0600) != 0) {
    fail_with_errno(file, "others may read the database", "run: chmod 600 " + file.string());
  }
}

}  // namespace formulary
