/// \file
/// The inbound edge beside a bare Poco HTTPServer: requests a second and the server's CPU time per request, of an
/// answer of 1 kB at 64 connections that are kept. Each server is a process of its own; the two take turns against one
/// client, so that both meet the same machine. The last line holds the ratios of the medians over all rounds. Then:
/// what 10,000 idle connections cost our server in memory. usage: server_bench [seconds of a round]
#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServer.h>
#include <Poco/Net/HTTPServerRequest.h>
#include <Poco/Net/HTTPServerResponse.h>
#include <Poco/Net/ServerSocket.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "host/base/clock.hpp"
#include "host/base/descriptor.hpp"
#include "host/http/server.hpp"

namespace {

namespace Net = Poco::Net;
using formulary::Descriptor;

constexpr std::size_t connections = 64;
constexpr std::size_t idle_connections = 10'000;
constexpr int rounds = 5;

const std::string& answer_body() {
  static const std::string body = R"({"status":"ok","items":[")" + std::string(972, 'x') + R"("]})";
  return body;
}

class Fixed final : public Net::HTTPRequestHandler {
 public:
  void handleRequest(Net::HTTPServerRequest&, Net::HTTPServerResponse& response) override {
    response.setContentType("application/json");
    response.sendBuffer(answer_body().data(), answer_body().size());
  }
};

class FixedFactory final : public Net::HTTPRequestHandlerFactory {
 public:
  Net::HTTPRequestHandler* createRequestHandler(const Net::HTTPServerRequest&) override { return new Fixed; }
};

void say_port(int pipe, std::uint16_t port) {
  if (write(pipe, &port, sizeof port) != sizeof port) std::_Exit(1);
}

[[noreturn]] void wait_for_the_end() {
  for (;;) pause();
}

[[noreturn]] void run_edge(int pipe) {
  const formulary::SystemClock clock;
  formulary::HttpServer server(clock, {.idle_limit = std::chrono::minutes(10)}, [](formulary::IncomingRequest&) {
    return formulary::OutgoingResponse{.headers = {{"Content-Type", "application/json"}}, .body = answer_body()};
  });
  server.start();
  say_port(pipe, server.port());
  wait_for_the_end();
}

[[noreturn]] void run_poco(int pipe) {
  const Net::ServerSocket listener(Net::SocketAddress("127.0.0.1", 0), 1'024);
  auto* params = new Net::HTTPServerParams;  // the server owns it
  params->setMaxThreads(static_cast<int>(connections) + 16);
  params->setMaxQueued(1'024);
  params->setKeepAlive(true);
  params->setMaxKeepAliveRequests(0);
  Poco::ThreadPool pool(static_cast<int>(connections) + 16, static_cast<int>(connections) + 16);
  Net::HTTPServer server(new FixedFactory, pool, listener, params);
  server.start();
  say_port(pipe, listener.address().port());
  wait_for_the_end();
}

/// A server in a process of its own, which ends with this.
class Subject {
 public:
  Subject(const char* name, const std::function<void(int)>& run) : name_(name) {
    std::array<int, 2> ends{};
    if (pipe(ends.data()) != 0) throw std::runtime_error("no pipe");
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      run(ends[1]);
    }
    if (read(ends[0], &port_, sizeof port_) != sizeof port_) throw std::runtime_error("the server did not start");
  }
  Subject(const Subject&) = delete;
  Subject& operator=(const Subject&) = delete;
  ~Subject() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }

  [[nodiscard]] const char* name() const { return name_; }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] double cpu_seconds() const {
    std::ifstream stat("/proc/" + std::to_string(pid_) + "/stat");
    std::string word;
    for (int i = 0; i < 13; ++i) stat >> word;
    double user = 0;
    double system = 0;
    stat >> user >> system;
    return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
  }
  [[nodiscard]] double memory_mib() const {
    std::ifstream status("/proc/" + std::to_string(pid_) + "/status");
    for (std::string word; status >> word;) {
      if (word != "VmRSS:") continue;
      double kib = 0;
      status >> kib;
      return kib / 1'024;
    }
    return 0;
  }

 private:
  const char* name_;
  pid_t pid_ = -1;
  std::uint16_t port_ = 0;
};

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

void ask(const Descriptor& fd) {
  constexpr std::string_view request =
      "GET /v1/candidates?limit=10 HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\n"
      "Authorization: Bearer 0123456789abcdef0123456789abcdef\r\nAccept: application/json\r\n\r\n";
  if (send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size())) {
    throw std::runtime_error("the server has gone");
  }
}

/// Reads one answer; the servers write head and body at once, but the kernel may cut.
void read_answer(const Descriptor& fd) {
  std::array<char, 4'096> bytes;  // NOLINT(cppcoreguidelines-pro-type-member-init): recv() fills it
  std::string all;
  for (;;) {
    const ssize_t got = recv(fd.get(), bytes.data(), bytes.size(), 0);
    if (got <= 0) throw std::runtime_error("the server has gone");
    all.append(bytes.data(), static_cast<std::size_t>(got));
    const std::size_t head = all.find("\r\n\r\n");
    if (head != std::string::npos && all.size() >= head + 4 + answer_body().size()) return;
  }
}

struct Figures {
  double per_second = 0;
  double cpu_us = 0;
};

Figures load(const Subject& subject, std::chrono::duration<double> time) {
  std::vector<Descriptor> clients;
  const Descriptor poll(epoll_create1(EPOLL_CLOEXEC));
  for (std::size_t i = 0; i < connections; ++i) {
    clients.push_back(connect_to(subject.port()));
    epoll_event event{EPOLLIN, {.u64 = i}};
    epoll_ctl(poll.get(), EPOLL_CTL_ADD, clients.back().get(), &event);
  }
  const double cpu = subject.cpu_seconds();
  const auto begin = std::chrono::steady_clock::now();
  for (const Descriptor& client : clients) ask(client);
  std::size_t answers = 0;
  std::array<epoll_event, connections> ready{};
  while (std::chrono::steady_clock::now() - begin < time) {
    const int count = epoll_wait(poll.get(), ready.data(), connections, 1'000);
    for (int i = 0; i < count; ++i) {
      const Descriptor& client = clients[ready[static_cast<std::size_t>(i)].data.u64];
      read_answer(client);
      ++answers;
      ask(client);
    }
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  const auto done = static_cast<double>(answers);
  return {.per_second = done / took.count(), .cpu_us = (subject.cpu_seconds() - cpu) * 1e6 / done};
}

template <class Member>
double median(std::vector<Figures> figures, Member member) {
  std::sort(figures.begin(), figures.end(), [&](const Figures& a, const Figures& b) { return a.*member < b.*member; });
  return figures[figures.size() / 2].*member;
}

void compare(std::chrono::duration<double> time) {
  const Subject edge("edge", run_edge);
  const Subject poco("poco", run_poco);
  std::vector<Figures> of_edge;
  std::vector<Figures> of_poco;
  for (int round = 0; round < rounds; ++round) {
    for (const auto& [subject, figures] : {std::pair(&edge, &of_edge), std::pair(&poco, &of_poco)}) {
      figures->push_back(load(*subject, time));
      std::printf("%s: %.0f requests/s, %.1f us of CPU a request\n", subject->name(), figures->back().per_second,
                  figures->back().cpu_us);
    }
  }
  std::printf("edge to poco, medians: requests/s %.2f, CPU %.2f\n",
              median(of_edge, &Figures::per_second) / median(of_poco, &Figures::per_second),
              median(of_edge, &Figures::cpu_us) / median(of_poco, &Figures::cpu_us));
}

void hold_idle() {
  const Subject edge("edge", run_edge);
  const double before = edge.memory_mib();
  std::vector<Descriptor> clients;
  const auto begin = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < idle_connections; ++i) {
    clients.push_back(connect_to(edge.port()));
    ask(clients.back());
    read_answer(clients.back());
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  const double cpu = edge.cpu_seconds();
  sleep(2);
  std::printf(
      "%zu idle connections: %.1f MiB more than %.1f, opened and asked once in %.2f s, %.1f %% of a core idle\n",
      clients.size(), edge.memory_mib() - before, before, took.count(), (edge.cpu_seconds() - cpu) * 50);
}

}  // namespace

int main(int count, char** words) {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  try {
    compare(std::chrono::duration<double>(count > 1 ? std::atof(words[1]) : 2.0));
    hold_idle();
  } catch (const std::exception& why) {
    std::fprintf(stderr, "server_bench: %s\n", why.what());
    return 1;
  }
}
