#include "tests/host/http/wire_client.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <stdexcept>

namespace formulary {

WireClient::WireClient(std::uint16_t port, int receive_buffer) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  if (fd_ < 0) throw std::runtime_error("no socket");
  if (receive_buffer > 0) setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  const timeval patience{30, 0};
  setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) {
    close(fd_);
    throw std::runtime_error("nobody listens");
  }
}

WireClient::~WireClient() {
  if (tls_ != nullptr) SSL_free(tls_);
  if (context_ != nullptr) SSL_CTX_free(context_);
  if (fd_ >= 0) close(fd_);
}

bool WireClient::start_tls(const std::string& ca_file, int version_max) {
  context_ = SSL_CTX_new(TLS_client_method());
  SSL_CTX_load_verify_locations(context_, ca_file.c_str(), nullptr);
  SSL_CTX_set_verify(context_, SSL_VERIFY_PEER, nullptr);
  if (version_max != 0) {
    SSL_CTX_set_cipher_list(context_, "ALL:@SECLEVEL=0");
    SSL_CTX_set_min_proto_version(context_, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context_, version_max);
  }
  tls_ = SSL_new(context_);
  SSL_set_fd(tls_, fd_);
  return SSL_connect(tls_) == 1;
}

bool WireClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const long sent = tls_ != nullptr ? SSL_write(tls_, bytes.data(), static_cast<int>(bytes.size()))
                                      : ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

std::string WireClient::read_some(std::size_t most) {
  if (!pending_.empty()) {
    std::string some = pending_.substr(0, most);
    pending_.erase(0, some.size());
    return some;
  }
  std::string some(most, '\0');
  const long got = tls_ != nullptr ? SSL_read(tls_, some.data(), static_cast<int>(some.size()))
                                   : recv(fd_, some.data(), some.size(), 0);
  if (got < 0 && tls_ == nullptr && (errno == EAGAIN || errno == EWOULDBLOCK)) {
    throw std::runtime_error("the server said nothing for 30 s");
  }
  some.resize(static_cast<std::size_t>(std::max<long>(got, 0)));
  return some;
}

std::string WireClient::read_until(std::string_view part) {
  std::string all;
  for (;;) {
    const std::size_t found = all.find(part);
    if (found != std::string::npos) {
      pending_.insert(0, all.substr(found + part.size()));
      return all.substr(0, found + part.size());
    }
    const std::string some = read_some();
    if (some.empty()) return all;
    all += some;
  }
}

std::string WireClient::read_bytes(std::size_t count) {
  std::string all;
  while (all.size() < count) {
    const std::string some = read_some(count - all.size());
    if (some.empty()) break;
    all += some;
  }
  return all;
}

std::string WireClient::read_all() {
  std::string all;
  for (std::string some = read_some(); !some.empty(); some = read_some()) all += some;
  return all;
}

WireAnswer WireClient::read_answer(bool head_only) {
  WireAnswer answer;
  const std::string head = read_until("\r\n\r\n");
  if (!head.starts_with("HTTP/1.1 ")) return answer;
  answer.status = std::stoi(head.substr(9, 3));
  for (std::size_t at = head.find("\r\n") + 2; at + 2 < head.size();) {
    const std::size_t end = head.find("\r\n", at);
    const std::size_t colon = head.find(": ", at);
    std::string name = head.substr(at, colon - at);
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    answer.headers[name] = head.substr(colon + 2, end - colon - 2);
    at = end + 2;
  }
  if (head_only || answer.status < 200 || answer.status == 204 || answer.status == 304) return answer;
  if (answer.headers.contains("content-length")) {
    answer.body = read_bytes(std::stoul(answer.headers["content-length"]));
  } else if (answer.headers.contains("transfer-encoding")) {
    for (;;) {
      const std::size_t size = std::stoul(read_until("\r\n"), nullptr, 16);
      answer.body += read_bytes(size);
      read_until("\r\n");
      if (size == 0) break;
    }
  } else {
    answer.body = read_all();
  }
  return answer;
}

bool WireClient::is_ended() {
  return read_some().empty();
}

void WireClient::end_sending() {
  shutdown(fd_, SHUT_WR);
}

void WireClient::reset() {
  const linger now{1, 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close(fd_);
  fd_ = -1;
}

}  // namespace formulary
