/// \file
/// The server's end of a PushStream.
#pragma once

#include <functional>
#include <mutex>
#include <stop_token>
#include <string>

#include "host/http/server.hpp"

namespace formulary {

/// Shared by the writer and the connection. Any thread.
class PushSide {
 public:
  explicit PushSide(std::size_t queued_max) : queued_max_(queued_max) {}

  /// The connection's end of `stream`.
  [[nodiscard]] static std::shared_ptr<PushSide> of(const PushStream& stream) { return stream.side_; }

  bool write(std::string_view text);
  void close();
  [[nodiscard]] std::stop_token gone() const { return gone_.get_token(); }

  /// `wake` is called, on any thread, when something was queued since the last take(). False if another response has
  /// the stream already.
  bool attach(std::function<void()> wake);
  /// Moves what is queued to `out`. False once the stream is closed and nothing was left.
  bool take(std::string& out);
  /// Nobody reads any more.
  void detach();

 private:
  /// To be called without the lock; under it, `wake_` is copied out and marked as called.
  [[nodiscard]] std::function<void()> next_wake();

  const std::size_t queued_max_;
  std::mutex lock_;
  std::string queued_;
  bool closed_ = false;
  bool attached_ = false;
  bool awake_ = false;  ///< The connection has been told and has not yet looked.
  std::function<void()> wake_;
  std::stop_source gone_;
};

}  // namespace formulary
