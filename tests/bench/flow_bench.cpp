/// \file
/// Whole executions, durable at each step, beside a program that does the same by hand with Poco and keeps nothing.
/// Both stand behind the same HTTP server, talk to the same vendor and are measured in one run, in turns; each line
/// ends with the ratio to the program by hand. usage: flow_bench [hire|inline|scripts|waiting|recovery]... [--flows N]
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/bench/flow/engine_subject.hpp"
#include "tests/bench/flow/front.hpp"
#include "tests/bench/flow/loopback.hpp"

namespace {

using flow::Child;
using Clock = std::chrono::steady_clock;

const std::string body = R"({"id":"c-1"})";

struct Figures {
  double flows_per_second = 0;
  double cpu_ms = 0;
  double p50_us = 0;  ///< With one connection.
};

double seconds_since(Clock::time_point began) {
  return std::chrono::duration<double>(Clock::now() - began).count();
}

/// A folder on the disk that is gone at the end.
class WorkFolder {
 public:
  WorkFolder() {
    char name[] = "flow-bench-XXXXXX";
    if (mkdtemp(name) == nullptr) throw std::runtime_error("no folder can be made here");
    path_ = std::filesystem::absolute(name);
  }
  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;
  ~WorkFolder() { std::filesystem::remove_all(path_); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// What one fsync takes here, the median of 50 in microseconds: what any durable program pays.
double fsync_us(const std::string& folder) {
  const std::string name = folder + "/fsync";
  const int file = open(name.c_str(), O_CREAT | O_WRONLY, 0600);
  std::vector<double> times;
  for (int count = 0; count < 50; ++count) {
    const auto began = Clock::now();
    if (write(file, body.data(), body.size()) < 0 || fdatasync(file) != 0) break;
    times.push_back(seconds_since(began) * 1e6);
  }
  close(file);
  std::sort(times.begin(), times.end());
  return times.empty() ? 0 : times[times.size() / 2];
}

Figures measure(const std::function<void(int report)>& subject, std::size_t flows, std::size_t connections) {
  const Child child(subject);
  const auto port = static_cast<std::uint16_t>(child.report());
  const auto check = [](const flow::LoadResult& result) {
    if (result.failed > 0) throw std::runtime_error(std::to_string(result.failed) + " flows failed");
  };
  check(flow::drive({port, connections, std::max<std::size_t>(flows / 10, 50), body}));  // to warm up
  const flow::LoadResult one = flow::drive({port, 1, std::max<std::size_t>(flows / 20, 50), body});
  check(one);
  const double before = child.cpu_seconds();
  const flow::LoadResult many = flow::drive({port, connections, flows, body});
  check(many);
  return {.flows_per_second = static_cast<double>(flows) / many.seconds,
          .cpu_ms = (child.cpu_seconds() - before) * 1e3 / static_cast<double>(flows),
          .p50_us = one.quantile_us(0.5)};
}

void print(const char* what, const Figures& figures, const Figures& by_hand) {
  std::printf("  %-24s %8.0f flows/s  %6.3f CPU ms  p50 at one %7.0f us   throughput %.2f, CPU %.1f of by hand\n", what,
              figures.flows_per_second, figures.cpu_ms, figures.p50_us,
              figures.flows_per_second / by_hand.flows_per_second, figures.cpu_ms / by_hand.cpu_ms);
}

using MakeFormula = std::function<std::shared_ptr<const formulary::Formula>(std::uint16_t vendor_port)>;
using ByHand = std::function<std::string(std::uint16_t vendor_port, const std::string& body)>;

void compare(const char* title, std::size_t flows, const MakeFormula& make_formula, const ByHand& by_hand) {
  constexpr std::size_t connections = 64;
  const WorkFolder folder;
  const Child vendor([](int report) { flow::serve_vendor(report, std::chrono::milliseconds(0)); });
  const auto port = static_cast<std::uint16_t>(vendor.report());
  std::printf("%s, %zu flows over %zu connections; fdatasync here %.0f us\n", title, flows, connections,
              fsync_us(folder.path()));
  const Figures hand = measure(
      [&](int report) {
        const flow::Front front(connections, [&](const std::string& text) { return by_hand(port, text); });
        flow::write_report(report, front.port());
        pause();
      },
      flows, connections);
  print("by hand, keeps nothing", hand, hand);
  const Figures engine = measure(
      [&](int report) {
        flow::EngineSubject subject(folder.path() + "/data");
        const auto formula = make_formula(port);
        const flow::Front front(connections, [&](const std::string& text) { return subject.run(formula, text); });
        flow::write_report(report, front.port());
        pause();
      },
      flows, connections);
  print("formula, durable", engine, hand);
}

void hire(std::size_t flows) {
  compare("hire flow (GET, script, filter, POST)", flows, flow::hire_formula, flow::hire_by_hand);
}

std::string answer_at_once(std::uint16_t /*vendor*/, const std::string& text) {
  return text;
}

void three_scripts(std::size_t flows) {
  compare(
      "3 inline scripts", flows, [](std::uint16_t) { return flow::scripts_formula(3); }, answer_at_once);
}

void forty_scripts(std::size_t flows) {
  compare(
      "40 light scripts", std::max<std::size_t>(flows / 5, 200),
      [](std::uint16_t) { return flow::scripts_formula(40); }, answer_at_once);
}

/// Executions that all wait for a vendor which takes a second: what each of them holds.
void waiting(std::size_t /*flows*/) {
  constexpr std::size_t executions = 1'000;
  const WorkFolder folder;
  const Child vendor([](int report) { flow::serve_vendor(report, std::chrono::seconds(1)); });
  const auto port = static_cast<std::uint16_t>(vendor.report());
  const Child subject([&](int report) {
    flow::EngineSubject host(folder.path() + "/data");
    const auto formula = flow::waiting_formula(port);
    (void)host.run(formula, body);
    flow::write_report(report, 0);
    for (int round = 0; round < 2; ++round) {
      const auto began = Clock::now();
      std::vector<std::int64_t> ids;
      for (std::size_t count = 0; count < executions; ++count) {
        ids.push_back(host.engine().submit({.formula = formula, .args = formulary::parse_json(body, "body")}));
      }
      flow::write_report(report, static_cast<std::int64_t>(seconds_since(began) * 1e3));
      for (const std::int64_t id : ids) (void)host.engine().wait(id, std::chrono::minutes(1));
      flow::write_report(report, static_cast<std::int64_t>(seconds_since(began) * 1e3));
    }
    pause();
  });
  (void)subject.report();
  const std::size_t idle = subject.resident_bytes();
  std::printf("%zu executions wait for a vendor that takes 1 s\n", executions);
  for (int round = 0; round < 2; ++round) {
    const auto submitted = subject.report();
    const std::size_t busy = subject.resident_bytes();
    const auto ended = subject.report();
    std::printf("  submitted in %lld ms, all ended after %lld ms; %.1f KiB each, idle %.1f MiB\n",
                static_cast<long long>(submitted), static_cast<long long>(ended),
                (static_cast<double>(busy) - static_cast<double>(idle)) / 1024 / executions,
                static_cast<double>(idle) / (1U << 20U));
  }
}

/// A host is killed with many open executions; the next one takes them over.
void recovery(std::size_t /*flows*/) {
  constexpr std::size_t executions = 10'000;
  const WorkFolder folder;
  const Child vendor([](int report) { flow::serve_vendor(report, std::chrono::hours(1)); });
  const auto port = static_cast<std::uint16_t>(vendor.report());
  {
    const Child killed([&](int report) {
      flow::EngineSubject host(folder.path() + "/data");
      const auto formula = flow::waiting_formula(port);
      for (std::size_t count = 0; count < executions; ++count) {
        (void)host.engine().submit({.formula = formula, .args = formulary::parse_json(body, "body")});
      }
      flow::write_report(report, 0);
      pause();
    });
    (void)killed.report();
  }
  const Child next([&](int report) {
    const auto began = Clock::now();
    flow::EngineSubject host(folder.path() + "/data");
    flow::write_report(report, static_cast<std::int64_t>(seconds_since(began) * 1e3));
    while (host.engine().counters().recovered < executions) usleep(1'000);
    flow::write_report(report, static_cast<std::int64_t>(seconds_since(began) * 1e3));
    pause();
  });
  const auto serving = next.report();
  const auto recovered = next.report();
  std::printf("recovery of %zu open executions: serving after %lld ms, all taken over after %lld ms\n", executions,
              static_cast<long long>(serving), static_cast<long long>(recovered));
}

}  // namespace

int main(int count, char** words) {
  std::vector<std::string> wanted(words + 1, words + count);
  std::size_t flows = 5'000;
  if (wanted.size() >= 2 && wanted[wanted.size() - 2] == "--flows") {
    flows = std::stoul(wanted.back());
    wanted.resize(wanted.size() - 2);
  }
  const std::vector<std::pair<std::string, void (*)(std::size_t)>> cases = {{"hire", hire},
                                                                            {"inline", three_scripts},
                                                                            {"scripts", forty_scripts},
                                                                            {"waiting", waiting},
                                                                            {"recovery", recovery}};
  try {
    for (const auto& [name, run] : cases) {
      if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), name) == wanted.end()) continue;
      run(flows);
      std::fflush(stdout);
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "flow_bench: %s\n", error.what());
    return 1;
  }
  return 0;
}
