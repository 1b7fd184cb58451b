#include "tests/bench/flow/loopback.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace flow {
namespace {

using Instant = std::chrono::steady_clock::time_point;

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(what + ": " + std::strerror(errno));
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

void without_delay(int socket) {
  const int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/// Bytes of the whole message at the front of the buffer; 0 if it is not all there.
std::size_t message_size(std::string_view buffer) {
  const std::size_t head = buffer.find("\r\n\r\n");
  if (head == std::string_view::npos) return 0;
  std::size_t body = 0;
  for (const std::string_view name : {"Content-Length: ", "content-length: "}) {
    const std::size_t at = buffer.substr(0, head).find(name);
    if (at != std::string_view::npos) body = std::stoul(std::string(buffer.substr(at + name.size(), 12)));
  }
  return buffer.size() >= head + 4 + body ? head + 4 + body : 0;
}

/// False if the other side closed.
bool receive(int socket, std::string& buffer) {
  std::array<char, 16'384> bytes;
  const ssize_t got = recv(socket, bytes.data(), bytes.size(), 0);
  if (got <= 0) return false;
  buffer.append(bytes.data(), static_cast<std::size_t>(got));
  return true;
}

void send_all(int socket, std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = send(socket, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent < 0) return;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void watch(int epoll, int socket) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = socket;
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event) != 0) fail("epoll_ctl");
}

std::string answer_text(const char* status, const std::string& body) {
  return "HTTP/1.1 " + std::string(status) +
         "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string candidate() {
  std::string text = R"({"id":"c-1","firstName":"Ada","lastName":"Byron","status":"HIRED","salary":90000,"notes":")";
  text.append(900, 'n');
  return text + R"("})";
}

/// Answers in the order of the requests, each after the same delay.
class Vendor {
 public:
  explicit Vendor(std::chrono::milliseconds delay) : delay_(delay) {}

  std::uint16_t listen_somewhere() {
    listener_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address = loopback(0);
    if (bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fail("bind");
    if (listen(listener_, 4'096) != 0) fail("listen");
    socklen_t size = sizeof address;
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    watch(epoll_, listener_);
    return ntohs(address.sin_port);
  }

  [[noreturn]] void serve() {
    std::array<epoll_event, 256> events;
    while (true) {
      const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), wait_ms());
      for (int index = 0; index < count; ++index) take(events[static_cast<std::size_t>(index)].data.fd);
      answer_due();
    }
  }

 private:
  struct Due {
    Instant when;
    int socket;
    bool post;
  };

  [[nodiscard]] int wait_ms() const {
    if (due_.empty()) return -1;
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(due_.front().when - std::chrono::steady_clock::now());
    return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
  }

  void take(int socket) {
    if (socket == listener_) {
      const int accepted = accept(listener_, nullptr, nullptr);
      if (accepted < 0) return;
      without_delay(accepted);
      watch(epoll_, accepted);
      return;
    }
    std::string& buffer = buffers_[socket];
    if (!receive(socket, buffer)) {
      close(socket);
      buffers_.erase(socket);
      return;
    }
    while (const std::size_t size = message_size(buffer)) {
      due_.push_back({std::chrono::steady_clock::now() + delay_, socket, buffer[0] == 'P'});
      buffer.erase(0, size);
    }
  }

  void answer_due() {
    const Instant now = std::chrono::steady_clock::now();
    while (!due_.empty() && due_.front().when <= now) {
      const Due due = due_.front();
      due_.pop_front();
      if (buffers_.contains(due.socket)) send_all(due.socket, due.post ? created_ : found_);
    }
  }

  std::chrono::milliseconds delay_;
  int epoll_ = epoll_create1(0);
  int listener_ = -1;
  std::map<int, std::string> buffers_;
  std::deque<Due> due_;
  std::string found_ = answer_text("200 OK", candidate());
  std::string created_ = answer_text("201 Created", R"({"id":"e-1"})");
};

/// One process and its children, as /proc shows them.
std::vector<pid_t> family(pid_t pid) {
  std::vector<pid_t> found = {pid};
  std::error_code gone;
  for (const auto& task : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task", gone)) {
    std::ifstream children(task.path() / "children");
    for (pid_t child = 0; children >> child;) found.push_back(child);
  }
  return found;
}

std::vector<std::string> stat_fields(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text((std::istreambuf_iterator<char>(file)), {});
  std::istringstream rest(text.substr(std::min(text.size(), text.rfind(')') + 2)));
  std::vector<std::string> fields;
  for (std::string field; rest >> field;) fields.push_back(field);
  return fields;
}

struct Connection {
  int socket = -1;
  std::string buffer;
  Instant sent;
};

int connect_to(std::uint16_t port) {
  const int made = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = loopback(port);
  if (connect(made, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fail("connect");
  without_delay(made);
  return made;
}

}  // namespace

Child::Child(const std::function<void(int report)>& body) {
  int pipe_ends[2];
  if (pipe(pipe_ends) != 0) fail("pipe");
  pid_ = fork();
  if (pid_ < 0) fail("fork");
  if (pid_ == 0) {
    close(pipe_ends[0]);
    try {
      body(pipe_ends[1]);
    } catch (const std::exception& error) {
      const std::string text = std::string("child: ") + error.what() + "\n";
      [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, text.data(), text.size());
      _exit(1);
    }
    _exit(0);
  }
  close(pipe_ends[1]);
  report_ = pipe_ends[0];
}

Child::~Child() {
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  close(report_);
}

std::int64_t Child::report() const {
  std::int64_t number = 0;
  if (read(report_, &number, sizeof number) != sizeof number) throw std::runtime_error("a child ended too early");
  return number;
}

double Child::cpu_seconds() const {
  double ticks = 0;
  for (const pid_t pid : family(pid_)) {
    const auto fields = stat_fields(pid);
    if (fields.size() > 12) ticks += std::stod(fields[11]) + std::stod(fields[12]);
  }
  return ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
}

std::size_t Child::resident_bytes() const {
  std::size_t pages = 0;
  for (const pid_t pid : family(pid_)) {
    const auto fields = stat_fields(pid);
    if (fields.size() > 21) pages += std::stoul(fields[21]);
  }
  return pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

void write_report(int report, std::int64_t number) {
  if (write(report, &number, sizeof number) != sizeof number) fail("report");
}

void serve_vendor(int report, std::chrono::milliseconds delay) {
  Vendor vendor(delay);
  write_report(report, vendor.listen_somewhere());
  vendor.serve();
}

double LoadResult::quantile_us(double part) const {
  if (latencies_us.empty()) return 0;
  const auto index = static_cast<std::size_t>(part * static_cast<double>(latencies_us.size() - 1));
  return latencies_us[index];
}

LoadResult drive(const Load& load) {
  const std::string request =
      "POST /hire HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: " +
      std::to_string(load.body.size()) + "\r\n\r\n" + load.body;
  const int epoll = epoll_create1(0);
  std::map<int, Connection> connections;
  LoadResult result;
  const Instant began = std::chrono::steady_clock::now();
  std::size_t sent = 0;
  const auto send_next = [&](Connection& connection) {
    if (sent == load.requests) return;
    ++sent;
    connection.sent = std::chrono::steady_clock::now();
    send_all(connection.socket, request);
  };
  for (std::size_t count = 0; count < std::min(load.connections, load.requests); ++count) {
    const int socket = connect_to(load.port);
    watch(epoll, socket);
    Connection& connection = connections[socket];
    connection.socket = socket;
    send_next(connection);
  }
  std::array<epoll_event, 256> events;
  while (result.latencies_us.size() < load.requests) {
    const int count = epoll_wait(epoll, events.data(), static_cast<int>(events.size()), 60'000);
    if (count <= 0) throw std::runtime_error("the measured program has not answered for a minute");
    for (int index = 0; index < count; ++index) {
      Connection& connection = connections.at(events[static_cast<std::size_t>(index)].data.fd);
      if (!receive(connection.socket, connection.buffer)) throw std::runtime_error("the measured program hung up");
      const std::size_t size = message_size(connection.buffer);
      if (size == 0) continue;
      if (connection.buffer.find(" 200 ") != 8) ++result.failed;
      connection.buffer.erase(0, size);
      const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - connection.sent;
      result.latencies_us.push_back(took.count());
      send_next(connection);
    }
  }
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  for (const auto& [socket, connection] : connections) close(socket);
  close(epoll);
  std::sort(result.latencies_us.begin(), result.latencies_us.end());
  return result;
}

}  // namespace flow
