/// \file
/// A client that sends exactly the bytes it is told to, and the parts of answers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

struct ssl_st;
struct ssl_ctx_st;

namespace formulary {

struct WireAnswer {
  int status = 0;                              ///< 0: the connection ended without one.
  std::map<std::string, std::string> headers;  ///< By their names in lower case.
  std::string body;
};

/// One connection to a port of 127.0.0.1. Waits at most 30 s for anything. One thread at a time.
class WireClient {
 public:
  explicit WireClient(std::uint16_t port, int receive_buffer = 0);
  WireClient(const WireClient&) = delete;
  WireClient& operator=(const WireClient&) = delete;
  ~WireClient();

  /// Speaks TLS from now on, with at most that version (0: any). False if the handshake failed.
  bool start_tls(const std::string& ca_file, int version_max = 0);
  /// False once the server has gone.
  bool send(std::string_view bytes);
  /// The next answer: by length, by chunks or to the end of the connection. Answers of class 1xx, too.
  WireAnswer read_answer(bool head_only = false);
  /// Something: up to `most` bytes; empty at the end.
  std::string read_some(std::size_t most = 64U << 10U);
  /// Reads until `part` was seen; what came up to its end. Shorter if the connection ended.
  std::string read_until(std::string_view part);
  /// Everything to the end of the connection.
  std::string read_all();
  /// Whether the server ends the connection with nothing more sent.
  bool is_ended();
  void end_sending();
  /// Leaves with a reset.
  void reset();

 private:
  std::string read_bytes(std::size_t count);

  int fd_;
  ssl_ctx_st* context_ = nullptr;
  ssl_st* tls_ = nullptr;
  std::string pending_;
};

}  // namespace formulary
