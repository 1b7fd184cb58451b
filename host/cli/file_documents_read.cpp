#include <algorithm>
#include <filesystem>
#include <system_error>

#include "host/base/error.hpp"
#include "host/base/text.hpp"
#include "host/cli/file_documents.hpp"
#include "host/cli/input.hpp"

namespace formulary::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t document_bytes_max = 8U << 20U;
constexpr std::size_t all_bytes_max = 256U << 20U;
constexpr std::size_t files_max = 10'000;

bool is_hidden(const fs::path& path) {
  return path.filename().string().starts_with(".");
}

/// Links to folders are not followed: a folder cannot be met twice.
std::vector<std::string> json_files_below(const std::string& folder) {
  std::vector<std::string> files;
  std::error_code failure;
  fs::recursive_directory_iterator entry(folder, failure);
  for (; !failure && entry != fs::recursive_directory_iterator(); entry.increment(failure)) {
    if (is_hidden(entry->path())) {
      entry.disable_recursion_pending();
      continue;
    }
    std::error_code ignored;
    if (entry->path().extension() != ".json" || !entry->is_regular_file(ignored)) continue;
    if (files.size() == files_max) {
      throw Error(ErrorCode::limit_reached, folder + ": has over 10000 .json files; name a folder below it");
    }
    files.push_back(entry->path().string());
  }
  if (failure) {
    throw Error(ErrorCode::bad_input, folder + ": cannot be read (" + failure.message() + "); check its permissions");
  }
  if (files.empty()) {
    throw Error(ErrorCode::bad_input, folder + ": has no .json file; name a folder with documents, or one of them");
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

std::vector<FileDocument> read_documents(const Io& io, const std::string& path, std::vector<FormulaProblem>& problems) {
  std::error_code ignored;
  const bool is_folder = path != "-" && fs::is_directory(path, ignored);
  const std::vector<std::string> files = is_folder ? json_files_below(path) : std::vector<std::string>{path};
  std::vector<FileDocument> documents;
  std::size_t bytes = 0;
  for (const std::string& file : files) {
    refuse_interrupted(io, "files were read; nothing was changed");
    std::string text = read_input(io, file, document_bytes_max);
    const WipeAtExit guard(text);  // somebody may have written a secret into it
    bytes += text.size();
    if (bytes > all_bytes_max) {
      throw Error(ErrorCode::limit_reached, path + ": its files have over 256 MiB; name a folder below it");
    }
    if (auto document = parse_document(text, file, problems)) documents.push_back(std::move(*document));
  }
  order_documents(documents, problems);
  return documents;
}

}  // namespace formulary::cli
