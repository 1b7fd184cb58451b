#include "host/http/server_loop.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

#include "host/base/descriptor.hpp"
#include "host/http/response_head.hpp"
#include "host/http/server_connection.hpp"

namespace formulary {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using std::chrono::nanoseconds;
using Fault = boost::system::error_code;
using Moment = Clock::MonotonicTime;

}  // namespace

ServerLoop::ServerLoop(ServerCore& the_core) : core(the_core) {
  const ServerOptions& options = core.options;
  const auto shortest = std::min({options.head_limit, options.idle_limit, options.linger_limit, options.reading.stall,
                                  options.reading.grace, options.writing.stall, options.writing.grace});
  period_ = std::clamp<nanoseconds>(shortest / 4, std::chrono::milliseconds(5), std::chrono::milliseconds(250));
  asio::post(*io, [this] { tick(); });
  thread_ = std::thread([this] { io->run(); });
}

ServerLoop::~ServerLoop() {
  asio::post(*io, [this] {
    ended_ = true;
    timer_.cancel();
    each([](ServerConnection& one) { one.cut("the server stops"); });
    work_.reset();
  });
  thread_.join();
}

void ServerLoop::adopt(int socket, std::string peer) {
  Fault fault;
  tcp::socket owned(*io);
  owned.assign(peer.find(':') == std::string::npos ? tcp::v4() : tcp::v6(), socket, fault);
  if (fault) {
    const Descriptor closed(socket);
    return core.census.leave(peer);
  }
  auto connection = std::make_shared<ServerConnection>(*this, std::move(owned), std::move(peer));
  connection->place = connections.insert(connections.end(), connection);
  connection->start();
}

template <class Do>
void ServerLoop::each(Do what) {
  for (auto next = connections.begin(); next != connections.end();) what(**next++);  // it may take itself out
}

void ServerLoop::drain() {
  draining = true;
  each([](ServerConnection& one) { one.drain(); });
}

void ServerLoop::cut() {
  draining = true;
  each([](ServerConnection& one) { one.cut("the server stops"); });
}

const std::string& ServerLoop::date() {
  const auto now = std::chrono::floor<std::chrono::seconds>(core.clock.wall());
  if (date_.empty() || now != date_of_) {
    date_of_ = now;
    date_ = http_date(now);
  }
  return date_;
}

void ServerLoop::tick() {
  const Moment now = core.clock.monotonic();
  each([now](ServerConnection& one) { one.check(now); });
  timer_.expires_after(period_);
  timer_.async_wait([this](const Fault& fault) {
    if (!fault && !ended_) tick();
  });
}

}  // namespace formulary
