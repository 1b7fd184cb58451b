/// \file
/// One request, sent again and again over connections that are kept, each of which waits for its answer.
/// usage: http_load PORT SECONDS CONNECTIONS < REQUEST; writes {"answers":N,"errors":N,"seconds":S}. What is no 200,
/// and a connection that ends without an answer, is an error.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/descriptor.hpp"

namespace {

using formulary::Descriptor;

Descriptor connect_to(std::uint16_t port) {
  Descriptor fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (!fd.valid() || connect(fd.get(), reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) {
    throw std::runtime_error("cannot connect");
  }
  const int on = 1;
  setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

struct Client {
  Descriptor fd;
  std::string received;
};

struct Answer {
  bool good = false;
  bool last = false;  ///< The server ends the connection after it.
};

/// Nothing until all of an answer with a Content-Length is there.
std::optional<Answer> whole_answer(std::string_view bytes) {
  const std::size_t head = bytes.find("\r\n\r\n");
  if (head == std::string_view::npos) return std::nullopt;
  constexpr std::string_view length_name = "\r\nContent-Length: ";
  const std::size_t at = bytes.substr(0, head + 2).find(length_name);
  std::size_t length = 0;
  if (at != std::string_view::npos) {
    const char* digits = bytes.data() + at + length_name.size();
    std::from_chars(digits, bytes.data() + head, length);
  }
  if (bytes.size() < head + 4 + length) return std::nullopt;
  return Answer{.good = bytes.starts_with("HTTP/1.1 200"),
                .last = bytes.substr(0, head + 2).find("\r\nConnection: close\r\n") != std::string_view::npos};
}

class Load {
 public:
  Load(std::uint16_t port, std::size_t connections, std::string request)
      : port_(port), request_(std::move(request)), poll_(epoll_create1(EPOLL_CLOEXEC)), clients_(connections) {}

  void run(std::chrono::duration<double> time) {
    const auto begin = std::chrono::steady_clock::now();
    for (std::size_t at = 0; at < clients_.size(); ++at) open(at);
    while (std::chrono::steady_clock::now() - begin < time) {
      std::array<epoll_event, 64> ready{};
      const int count = epoll_wait(poll_.get(), ready.data(), static_cast<int>(ready.size()), 1'000);
      for (int at = 0; at < count; ++at) receive(ready.at(static_cast<std::size_t>(at)).data.u64);
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    std::printf("{\"answers\":%zu,\"errors\":%zu,\"seconds\":%.3f}\n", answers_, errors_, took.count());
  }

 private:
  void open(std::size_t at) {
    clients_[at] = Client{connect_to(port_), {}};
    epoll_event event{EPOLLIN, {.u64 = at}};
    epoll_ctl(poll_.get(), EPOLL_CTL_ADD, clients_[at].fd.get(), &event);
    ask(at);
  }

  void ask(std::size_t at) {
    const ssize_t sent = send(clients_[at].fd.get(), request_.data(), request_.size(), MSG_NOSIGNAL);
    if (sent != static_cast<ssize_t>(request_.size())) throw std::runtime_error("the server takes no request");
  }

  void receive(std::size_t at) {
    Client& client = clients_[at];
    std::array<char, 16'384> part{};
    const ssize_t got = recv(client.fd.get(), part.data(), part.size(), 0);
    if (got <= 0) {
      ++errors_;
      return open(at);
    }
    client.received.append(part.data(), static_cast<std::size_t>(got));
    const std::optional<Answer> answer = whole_answer(client.received);
    if (!answer) return;
    ++answers_;
    if (!answer->good) complain(client.received);
    client.received.clear();
    if (answer->last) return open(at);
    ask(at);
  }

  void complain(const std::string& answer) {
    if (errors_++ == 0) std::fprintf(stderr, "%s\n", answer.c_str());
  }

  std::uint16_t port_;
  std::string request_;
  Descriptor poll_;
  std::vector<Client> clients_;
  std::size_t answers_ = 0;
  std::size_t errors_ = 0;
};

}  // namespace

int main(int count, char** words) {
  if (count != 4) {
    std::fprintf(stderr, "usage: http_load PORT SECONDS CONNECTIONS < REQUEST\n");
    return 2;
  }
  try {
    const std::string request{std::istreambuf_iterator<char>(std::cin), {}};
    Load load(static_cast<std::uint16_t>(std::atoi(words[1])), static_cast<std::size_t>(std::atoi(words[3])), request);
    load.run(std::chrono::duration<double>(std::atof(words[2])));
  } catch (const std::exception& why) {
    std::fprintf(stderr, "http_load: %s\n", why.what());
    return 1;
  }
}
