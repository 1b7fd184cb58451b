/// \file
/// Lines of a log, written by a thread of its own.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>

namespace formulary::cli {

/// Any thread may write; nobody waits for the disk. When lines come faster than they are written, the newest are
/// dropped, and a line says how many. Ends when all that was taken is written.
class LineLog {
 public:
  /// Appends to the file, made with mode 0600 if absent. Error(store_failed) if it cannot be opened.
  explicit LineLog(const std::filesystem::path& file, std::size_t lines_max = 10'000);
  LineLog(const LineLog&) = delete;
  LineLog& operator=(const LineLog&) = delete;
  ~LineLog();

  /// `line` without its end.
  void write(std::string line);

 private:
  struct Writer;
  std::unique_ptr<Writer> writer_;
};

class Session;
/// Where the setting `log.access` says; null if it is empty.
[[nodiscard]] std::unique_ptr<LineLog> open_line_log(const Session& session);

}  // namespace formulary::cli
