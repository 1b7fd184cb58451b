/// \file
/// The data folder on the disk: made private, locked while it is opened.
#pragma once

#include <filesystem>
#include <string>

#include "host/base/descriptor.hpp"

namespace formulary {

/// Throws Error(store_failed) "<path>: <what>: <the system's words>; <what to do>" for the current errno.
[[noreturn]] void fail_with_errno(const std::filesystem::path& path, const std::string& what,
                                  const std::string& what_to_do);

/// Makes the folder (mode 0700, with what is above it) if it is absent, and refuses one that others may write. The
/// result holds the folder's lock, so that two programs that start at once open it one after the other.
[[nodiscard]] Descriptor lock_data_folder(const std::filesystem::path& folder);

/// Makes the file with mode 0600 if it is absent; takes other users' rights away from one that is there.
void make_private_file(const std::filesystem::path& file);

}  // namespace formulary
