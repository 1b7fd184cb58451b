/// \file
/// One script worker as the host sees it: a child process behind a socket.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "host/base/descriptor.hpp"

namespace formulary {

/// Starts the worker in the constructor, without waiting for it, and ends it in the destructor. Not thread-safe: one
/// exchange at a time.
class WorkerProcess {
 public:
  struct Options {
    std::filesystem::path program;
    std::size_t heap_mib = 64;
    std::size_t array_buffers_mib = 64;
  };

  enum class Ending {
    replied,
    deadline,  ///< It neither replied nor died; kill it.
    died,      ///< The socket closed.
    broken,    ///< It sent what is no frame, or a longer one than allowed.
  };
  struct Exchange {
    Ending ending = Ending::died;
    std::string reply;  ///< The payload, if it replied.
  };

  /// The worker gets the socket as descriptor 3, /dev/null as 0 to 2, no other descriptor, no environment, no blocked
  /// or ignored signal and a session of its own. Throws Error(unavailable) if the program cannot be started.
  explicit WorkerProcess(const Options& options);
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;
  ~WorkerProcess();

  /// Waits until the worker said that it is confined and ready; does nothing the second time. Throws
  /// Error(unavailable), with the reason that its exit status gives, if it ends or is silent until the deadline.
  void wait_until_ready(std::chrono::steady_clock::time_point deadline);

  /// Sends a frame; `replied` if all of it was taken.
  [[nodiscard]] Ending send(std::string_view frame, std::chrono::steady_clock::time_point deadline) const;
  /// Waits for one frame with a payload of at most `payload_max` bytes.
  [[nodiscard]] Exchange receive(std::size_t payload_max, std::chrono::steady_clock::time_point deadline);

  /// Whether it may still be given work; an idle worker can be killed from outside.
  [[nodiscard]] bool alive() const;

  /// Ends it at once; an exchange that goes on then says that it died. Any thread.
  void kill() const;

  struct End {
    bool killed_by_signal = false;
    int number = 0;  ///< The signal, or the exit status.
  };
  /// Kills it if it still runs, and waits for its end. The first call decides.
  End end();

  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  [[nodiscard]] Ending receive_more(std::chrono::steady_clock::time_point deadline);

  std::filesystem::path program_;
  pid_t pid_ = -1;
  Descriptor process_;  ///< A pidfd: it names this process even if something else in the host reaps children.
  Descriptor socket_;
  std::string received_;  ///< What came and was not yet taken; small, a long frame goes beside it.
  bool ready_ = false;
  std::optional<End> end_;
};

}  // namespace formulary
