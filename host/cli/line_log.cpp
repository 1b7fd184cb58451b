#include "host/cli/line_log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "host/base/descriptor.hpp"
#include "host/base/error.hpp"
#include "host/cli/session.hpp"

namespace formulary::cli {
namespace {

Descriptor opened(const std::filesystem::path& file) {
  constexpr mode_t only_ours = 0600;
  Descriptor descriptor(open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, only_ours));
  if (descriptor.get() >= 0) return descriptor;
  throw Error(ErrorCode::store_failed, file.string() + ": the log cannot be opened (" + std::strerror(errno) +
                                           "); make the folder writable, or name another file in log.access");
}

void write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(descriptor, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return;  // a full disk must not stop the host; what is lost is the log's
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

}  // namespace

struct LineLog::Writer {
  Writer(const std::filesystem::path& file, std::size_t most)
      : descriptor(opened(file)), lines_max(most), thread([this] { run(); }) {}

  ~Writer() {
    {
      const std::lock_guard lock(mutex);
      ending = true;
    }
    changed.notify_one();
    thread.join();
  }

  void run() {
    std::unique_lock lock(mutex);
    while (true) {
      changed.wait(lock, [this] { return ending || !lines.empty(); });
      if (lines.empty()) return;
      std::vector<std::string> taken = std::exchange(lines, {});
      const std::size_t lost = std::exchange(dropped, 0);
      lock.unlock();
      std::string text;
      for (const std::string& line : taken) text += line + '\n';
      if (lost > 0) text += "{\"dropped\":" + std::to_string(lost) + "}\n";
      write_all(descriptor.get(), text);
      lock.lock();
    }
  }

  Descriptor descriptor;
  const std::size_t lines_max;
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::string> lines;
  std::size_t dropped = 0;
  bool ending = false;
  std::thread thread;  ///< Uses all above: declared last.
};

LineLog::LineLog(const std::filesystem::path& file, std::size_t lines_max)
    : writer_(std::make_unique<Writer>(file, lines_max)) {}
LineLog::~LineLog() = default;

void LineLog::write(std::string line) {
  {
    const std::lock_guard lock(writer_->mutex);
    if (writer_->lines.size() >= writer_->lines_max) {
      ++writer_->dropped;
      return;
    }
    writer_->lines.push_back(std::move(line));
  }
  writer_->changed.notify_one();
}

std::unique_ptr<LineLog> open_line_log(const Session& session) {
  const std::string file = session.settings().text("log.access");
  return file.empty() ? nullptr : std::make_unique<LineLog>(file);
}

}  // namespace formulary::cli
