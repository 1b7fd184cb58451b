/// \file
/// One request between the thread that moves its connection's bytes and the worker that runs its handler.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "host/http/request_parser.hpp"
#include "host/http/server.hpp"

namespace formulary {

class HttpExchange final : public RequestBody {
 public:
  /// `more` is called on the handler's thread when it waits for bytes or has made room for some. `held` counts the
  /// bytes that all exchanges of a server hold, and outlives them.
  HttpExchange(std::uint64_t body_max, std::atomic<std::uint64_t>& held, std::function<void()> more)
      : limit_(body_max), held_(held), more_(std::move(more)) {}
  ~HttpExchange() override { held_ -= buffered(); }

  // The handler's side.
  [[nodiscard]] std::size_t read(std::span<char> room) override;
  void set_limit(std::uint64_t bytes_max) override;
  [[nodiscard]] std::optional<std::uint64_t> content_length() const override { return declared; }
  /// What befell the body, if something did: 400, 408 or 413.
  [[nodiscard]] std::optional<RequestRefusal> refusal() const;
  /// Whether the handler is waiting for a byte.
  [[nodiscard]] bool wanted() const;

  // The connection's side.
  void put(std::string_view bytes);
  [[nodiscard]] std::size_t buffered() const;
  void end();                         ///< The body is complete.
  void fail(RequestRefusal refusal);  ///< It never will be.
  /// The client has gone, the server stops, or time is over: the handler hears of it.
  void cancel();
  [[nodiscard]] std::stop_token token() const { return stop_.get_token(); }

  std::optional<std::uint64_t> declared;  ///< Content-Length. Set before the handler runs.

 private:
  const std::size_t low_water_ = 64U << 10U;

  mutable std::mutex lock_;
  std::condition_variable changed_;
  std::string bytes_;
  std::size_t begin_ = 0;  ///< Of what is not read yet, in bytes_.
  std::uint64_t read_ = 0;
  std::uint64_t limit_;
  bool ended_ = false;
  bool cancelled_ = false;
  bool wanted_ = false;
  std::optional<RequestRefusal> refusal_;
  std::atomic<std::uint64_t>& held_;
  std::function<void()> more_;
  std::stop_source stop_;
};

}  // namespace formulary
