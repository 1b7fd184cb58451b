/// \file
/// The way in that both measured programs share, so that only what is behind it differs: Poco's HTTP server on a free
/// port of 127.0.0.1, which hands each POSTed body to a function.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace flow {

/// Body in, body out; throws for a status of 500. Many threads call it at once.
using Handler = std::function<std::string(const std::string& body)>;

class Front {
 public:
  Front(std::size_t threads, Handler handler);
  Front(const Front&) = delete;
  Front& operator=(const Front&) = delete;
  ~Front();

  [[nodiscard]] std::uint16_t port() const;

 private:
  struct Server;
  std::unique_ptr<Server> server_;
};

/// The hire flow as a person would write it with Poco: no engine, no script, nothing durable. Any thread may call it.
[[nodiscard]] std::string hire_by_hand(std::uint16_t vendor_port, const std::string& body);

}  // namespace flow
