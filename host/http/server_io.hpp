/// \file
/// What moves the bytes of a server's connections.
#pragma once

#include <memory>
#include <string>

#include "host/base/descriptor.hpp"
#include "host/http/server_core.hpp"

namespace formulary {

class ServerLoop;

/// One thread and its connections.
class ServerIo {
 public:
  /// `core` outlives it.
  explicit ServerIo(ServerCore& core);
  ServerIo(const ServerIo&) = delete;
  ServerIo& operator=(const ServerIo&) = delete;
  ~ServerIo();  ///< Cuts what is left.

  /// Serves a connection that has entered the census; it leaves when it ends. Any thread.
  void adopt(Descriptor socket, std::string peer);
  /// Ends idle connections and push streams now and each other one behind its answer. Any thread.
  void drain();
  /// Cuts all connections; handlers hear of it. Any thread.
  void cut();

 private:
  std::unique_ptr<ServerLoop> loop_;
};

}  // namespace formulary
