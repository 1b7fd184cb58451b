#include "host/store/master_key.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

#include "host/base/error.hpp"
#include "host/base/ids.hpp"
#include "host/base/text.hpp"
#include "host/store/data_folder.hpp"

namespace formulary {
namespace {

constexpr std::size_t file_bytes_max = 128;

std::string without_line_end(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

/// 64 hexadecimal digits are also base64 of 48 bytes: the length decides.
std::optional<std::string> decoded(const std::string& text) {
  auto bytes = text.size() == SecretKey::size * 2 ? from_hex(text) : from_base64(text);
  if (!bytes || bytes->size() != SecretKey::size) return std::nullopt;
  return bytes;
}

std::string read_some(int descriptor) {
  std::string text(file_bytes_max + 1, '\0');
  std::size_t filled = 0;
  while (filled < text.size()) {
    const ssize_t got = read(descriptor, text.data() + filled, text.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    filled += static_cast<std::size_t>(got);
  }
  text.resize(filled);
  return text;
}

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

void create_key(const std::filesystem::path& folder, const std::filesystem::path& file) {
  const std::filesystem::path draft = folder / ("master.key." + new_request_id());
  std::string bytes = random_bytes(SecretKey::size);
  const WipeAtExit bytes_guard(bytes);
  std::string text = to_base64(bytes) + '\n';
  const WipeAtExit text_guard(text);
  const Descriptor descriptor(open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  const bool written = descriptor.valid() && write_all(descriptor.get(), text) && fsync(descriptor.get()) == 0;
  // A link is refused where a name exists, so of two programs one makes the key and both read that one.
  const bool named = written && (link(draft.c_str(), file.c_str()) == 0 || errno == EEXIST);
  const int problem = errno;
  unlink(draft.c_str());
  errno = problem;
  if (!named) fail_with_errno(file, "the key of the secrets cannot be made", "give this user the right to write there");
  const Descriptor place(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!place.valid() || fsync(place.get()) != 0) {
    fail_with_errno(folder, "the folder cannot be written to the disk", "choose one on a local disk");
  }
}

}  // namespace

SecretKey parse_master_key(const std::string& given) {
  std::string text = without_line_end(given);
  const WipeAtExit text_guard(text);
  auto bytes = decoded(text);
  if (!bytes) {
    throw Error(ErrorCode::bad_input,
                "master.key: it is not 32 bytes in base64 (44 characters) or hex (64 digits); make one with: "
                "openssl rand -base64 32");
  }
  return SecretKey(*bytes);
}

SecretKey read_master_key(const std::filesystem::path& folder, bool create) {
  const std::filesystem::path file = folder / "master.key";
  struct stat status {};
  if (create && lstat(file.c_str(), &status) != 0 && errno == ENOENT) create_key(folder, file);
  const Descriptor descriptor(open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (!descriptor.valid() && errno == ENOENT) {
    throw Error(ErrorCode::store_failed,
                file.string() +
                    ": it is missing, and the stored secrets can be read with it alone; put it "
                    "back, or set FORMULARY_MASTER_KEY to the key");
  }
  if (!descriptor.valid() && errno == ELOOP) {
    throw Error(ErrorCode::store_failed, file.string() + ": it is a link; put the file itself here");
  }
  if (!descriptor.valid() || fstat(descriptor.get(), &status) != 0) {
    fail_with_errno(file, "the key cannot be read", "give this user the right to read it");
  }
  if (!S_ISREG(status.st_mode))
    throw Error(ErrorCode::store_failed, file.string() + ": it is not a file; put the key file here");
  if ((status.st_mode & 077U) != 0) {
    throw Error(ErrorCode::store_failed, file.string() + ": others may read the key; run: chmod 600 " + file.string());
  }
  if (status.st_uid != geteuid()) {
    throw Error(ErrorCode::store_failed, file.string() + ": it belongs to another user; run: chown " +
                                             std::to_string(geteuid()) + " " + file.string());
  }
  std::string text = read_some(descriptor.get());
  const WipeAtExit text_guard(text);
  std::string trimmed = without_line_end(text);
  const WipeAtExit trimmed_guard(trimmed);
  auto bytes = decoded(trimmed);
  if (!bytes) {
    throw Error(ErrorCode::store_failed,
                file.string() + ": it is not 32 bytes in base64 or hex; restore the file from a backup");
  }
  return SecretKey(*bytes);
}

}  // namespace formulary
