/// \file
/// One thread of a server and its connections.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <list>
#include <memory>
#include <string>
#include <thread>

#include "host/http/server_core.hpp"

namespace formulary {

class ServerConnection;

/// Everything in it and in its connections is used by its thread alone, but for `io`, which others post to.
class ServerLoop {
 public:
  explicit ServerLoop(ServerCore& the_core);
  ServerLoop(const ServerLoop&) = delete;
  ServerLoop& operator=(const ServerLoop&) = delete;
  ~ServerLoop();

  void adopt(int socket, std::string peer);
  void drain();
  void cut();
  [[nodiscard]] const std::string& date();

  using Connections = std::list<std::shared_ptr<ServerConnection>>;

  ServerCore& core;
  const std::shared_ptr<boost::asio::io_context> io = std::make_shared<boost::asio::io_context>(1);
  Connections connections;
  bool draining = false;

 private:
  void tick();
  template <class Do>
  void each(Do what);

  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io->get_executor()};
  boost::asio::steady_timer timer_{*io};
  std::chrono::nanoseconds period_{};
  bool ended_ = false;
  Clock::WallTime date_of_{};
  std::string date_;
  std::thread thread_;
};

}  // namespace formulary
