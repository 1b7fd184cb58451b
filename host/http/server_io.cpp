#include "host/http/server_io.hpp"

#include <boost/asio/post.hpp>

#include <utility>

#include "host/http/server_loop.hpp"

namespace formulary {

ServerIo::ServerIo(ServerCore& core) : loop_(std::make_unique<ServerLoop>(core)) {}

ServerIo::~ServerIo() = default;

void ServerIo::adopt(Descriptor socket, std::string peer) {
  boost::asio::post(*loop_->io, [loop = loop_.get(), number = socket.release(), peer = std::move(peer)]() mutable {
    loop->adopt(number, std::move(peer));
  });
}

void ServerIo::drain() {
  boost::asio::post(*loop_->io, [loop = loop_.get()] { loop->drain(); });
}

void ServerIo::cut() {
  boost::asio::post(*loop_->io, [loop = loop_.get()] { loop->cut(); });
}

}  // namespace formulary
