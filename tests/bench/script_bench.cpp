/// \file
/// What a script costs, its worker process included. Times are of one script; `p50_us` and `p99_us` are over the runs,
/// `to_echo` is the median beside that of an echo of the same size between two processes in the same run of this
/// program, `worker_cpu_us` is what the worker used for one, `worker_rss_mb` what it holds afterwards.
///
///   alone            a light script, with 1 ms between two
///   in_a_row         the same without
///   mapping          twenty lines over 1.7 kB of inputs
///   chain_of_40      forty light steps in one crossing; times are of one step
///   large_untouched  in_a_row with 4 MB of outputs that the script does not touch
///   lodash, moment   scripts that require them
///   own_realm        without a version: nothing is shared
///   first_script     from nothing to the first result
///   first_of_version the first script of a version, in a worker that runs already
#include <benchmark/benchmark.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "host/script/script_workers.hpp"

namespace formulary {
namespace {

using Steady = std::chrono::steady_clock;

constexpr const char* small_context = R"({"trigger":{"id":"1"},"steps":{},"info":{},"config":{}})";

/// Twenty lines as people write them: pick, map, filter, format.
constexpr const char* mapping_body = R"js(
const candidate = trigger.body.candidate;
const application = steps['get-application'].response.body;
const {firstName, lastName, email} = candidate;
const phones = candidate.phones.filter((phone) => phone.type !== 'fax').map((phone) => phone.number.replace(/[^0-9+]/g, ''));
const skills = [...new Set(candidate.skills.map((skill) => skill.name.toLowerCase()))].sort();
const address = candidate.addresses.find((entry) => entry.primary) || candidate.addresses[0];
const started = new Date(application.startDate);
const employee = {
  externalId: `${application.jobId}-${candidate.id}`,
  displayName: `${firstName} ${lastName}`.trim(),
  email: email.toLowerCase(),
  phones,
  skills,
  address: {...address, country: address.country.toUpperCase()},
  startDate: started.toISOString().slice(0, 10),
  manager: application.hiringTeam.filter((member) => member.role === 'MANAGER').map((member) => member.id)[0] ?? null,
  salary: Math.round(application.offer.salary * 100) / 100,
  source: config['default.source'] || 'unknown',
};
done(employee);
)js";

/// About 1.7 kB.
std::string mapping_context() {
  std::string skills;
  for (int index = 0; index < 24; ++index) {
    if (index > 0) skills += ',';
    skills += R"({"name":"Skill )" + std::to_string(index % 17) + R"(","level":)" + std::to_string(index) + "}";
  }
  return R"({"trigger":{"body":{"candidate":{"id":"8000270E-1392053436","firstName":"Ada","lastName":"Lovelace",)"
         R"("email":"Ada.Lovelace@Example.com","phones":[{"type":"mobile","number":"+44 20 7946 0000"},)"
         R"({"type":"fax","number":"+44 20 7946 0001"}],"addresses":[{"primary":false,"city":"Paris","country":"fr"},)"
         R"({"primary":true,"street":"12 St James's Square","city":"London","country":"gb"}],"skills":[)" +
         skills +
         R"(]}}},"steps":{"get-application":{"response":{"code":200,"body":{"jobId":"job-77","startDate":)"
         R"("2024-02-01T09:00:00.000Z","offer":{"salary":87250.5049,"currency":"GBP"},"hiringTeam":[)"
         R"({"id":"u-1","role":"RECRUITER"},{"id":"u-2","role":"MANAGER"}]}}}},"info":{"formulaName":"hire",)"
         R"("formulaExecutionId":"12345"},"config":{"default.source":"careers page"}})";
}

ScriptChain chain_of(const std::string& body, const std::string& context, std::size_t steps = 1) {
  ScriptChain chain;
  for (std::size_t index = 0; index < steps; ++index) {
    const std::optional<std::size_t> next = index + 1 < steps ? std::optional(index + 1) : std::nullopt;
    chain.steps.push_back(
        {.name = "step-" + std::to_string(index), .body = body, .on_success = next, .on_failure = {}});
  }
  chain.inputs = split_script_context(context);
  chain.version = "bench";
  chain.now_ms = 1'700'000'000'000;
  return chain;
}

/// Two processes and a socket between them, with nothing else to do: what no worker can beat.
class Echo {
 public:
  Echo() {
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, sockets_) != 0) throw std::runtime_error("no socket");
    child_ = fork();
    if (child_ == 0) {
      close(sockets_[0]);  // or it would keep itself alive
      char bytes[4096];
      ssize_t got = 0;
      while ((got = recv(sockets_[1], bytes, sizeof bytes, 0)) > 0) {
        if (send(sockets_[1], bytes, static_cast<std::size_t>(got), 0) < 0) break;
      }
      _exit(0);
    }
    close(sockets_[1]);
  }
  Echo(const Echo&) = delete;
  Echo& operator=(const Echo&) = delete;
  ~Echo() {
    close(sockets_[0]);
    waitpid(child_, nullptr, 0);
  }

  [[nodiscard]] double median_us() const {
    std::vector<double> times;
    char bytes[256] = {};
    for (int count = 0; count < 2'000; ++count) {
      const auto start = Steady::now();
      if (send(sockets_[0], bytes, sizeof bytes, 0) < 0 || recv(sockets_[0], bytes, sizeof bytes, MSG_WAITALL) < 0)
        break;
      times.push_back(std::chrono::duration<double, std::micro>(Steady::now() - start).count());
    }
    std::sort(times.begin(), times.end());
    return times[times.size() / 2];
  }

 private:
  int sockets_[2] = {-1, -1};
  pid_t child_ = -1;
};

double resident_mb(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/statm");
  double pages = 0;
  file >> pages >> pages;
  return pages * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1U << 20U);
}

double cpu_us(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/schedstat");  // main thread only; the watchdog sleeps
  double nanoseconds = 0;
  file >> nanoseconds;
  return nanoseconds / 1'000;
}

/// Of one step.
double run_us(ScriptWorkers& workers, const ScriptChain& chain) {
  const auto start = Steady::now();
  const auto results = workers.run_chain(chain);
  const double taken = std::chrono::duration<double, std::micro>(Steady::now() - start).count();
  for (const auto& entry : results) {
    if (!entry.result.ok) throw std::runtime_error(entry.result.error);
  }
  if (results.size() != chain.steps.size()) throw std::runtime_error("the chain stopped early");
  return taken / static_cast<double>(results.size());
}

void round_trip(benchmark::State& state, const ScriptChain& chain, std::chrono::microseconds pause = {}) {
  const double echo = Echo().median_us();
  ScriptWorkers workers({.program = SCRIPT_WORKER, .workers = 1, .runs_per_worker = 10'000'000});
  for (int warm = 0; warm < 50; ++warm) run_us(workers, chain);
  const pid_t worker = workers.processes().front();
  const double before = cpu_us(worker);
  std::vector<double> times;
  for (auto _ : state) {
    if (pause.count() > 0) std::this_thread::sleep_for(pause);
    times.push_back(run_us(workers, chain));
    state.SetIterationTime(times.back() / 1e6);
  }
  std::sort(times.begin(), times.end());
  const double median = times[times.size() / 2];
  state.counters["p50_us"] = median;
  state.counters["p99_us"] = times[times.size() * 99 / 100];
  state.counters["to_echo"] = median / echo;
  const auto runs = static_cast<double>(times.size() * chain.steps.size());
  state.counters["worker_cpu_us"] = (cpu_us(worker) - before) / runs;
  state.counters["worker_rss_mb"] = resident_mb(worker);
}

void alone(benchmark::State& state) {
  round_trip(state, chain_of("done({id: trigger.id})", small_context), std::chrono::milliseconds(1));
}
void in_a_row(benchmark::State& state) {
  round_trip(state, chain_of("done({id: trigger.id})", small_context));
}
void mapping(benchmark::State& state) {
  round_trip(state, chain_of(mapping_body, mapping_context()));
}
void chain_of_40(benchmark::State& state) {
  round_trip(state, chain_of("done({id: trigger.id, before: steps['step-3']})", small_context, 40));
}
void large_untouched(benchmark::State& state) {
  ScriptChain chain = chain_of("done({id: trigger.id})", small_context);
  for (const char* name : {"a", "b", "c", "d"}) {
    chain.inputs.steps.emplace_back(name, std::make_shared<const std::string>('"' + std::string(1U << 20U, 'x') + '"'));
  }
  round_trip(state, chain);
}
void lodash(benchmark::State& state) {
  round_trip(state, chain_of("const _ = require('lodash'); done(_.map([1, 2, 3], (n) => n + 1));", small_context));
}
void moment(benchmark::State& state) {
  round_trip(state, chain_of("const moment = require('moment'); done(moment().format('YYYY'));", small_context));
}
void own_realm(benchmark::State& state) {
  ScriptChain chain = chain_of("done({id: trigger.id})", small_context);
  chain.version.clear();
  round_trip(state, chain);
}

/// From nothing to the first result.
void first_script(benchmark::State& state) {
  double rss = 0;
  for (auto _ : state) {
    ScriptWorkers workers({.program = SCRIPT_WORKER, .workers = 1});
    state.SetIterationTime(run_us(workers, chain_of("done(trigger.id)", small_context)) / 1e6);
    rss = resident_mb(workers.processes().front());
  }
  state.counters["worker_rss_mb"] = rss;
}

void first_of_version(benchmark::State& state) {
  ScriptWorkers workers({.program = SCRIPT_WORKER, .workers = 1});
  int version = 0;
  for (auto _ : state) {
    ScriptChain chain = chain_of("done(trigger.id)", small_context);
    chain.version = "version-" + std::to_string(version++);
    state.SetIterationTime(run_us(workers, chain) / 1e6);
  }
  state.counters["worker_rss_mb"] = resident_mb(workers.processes().front());
}

BENCHMARK(alone)->UseManualTime()->Unit(benchmark::kMicrosecond)->Iterations(1'000);
BENCHMARK(in_a_row)->UseManualTime()->Unit(benchmark::kMicrosecond)->Iterations(10'000);
BENCHMARK(mapping)->UseManualTime()->Unit(benchmark::kMicrosecond)->Iterations(5'000);
BENCHMARK(chain_of_40)->UseManualTime()->Unit(benchmark::kMicrosecond)->Iterations(1'000);
BENCHMARK(large_untouched)->UseManualTime()->Unit(benchmark::kMicrosecond)->Iterations(2'000);
BENCHMARK(lodash)->UseManualTime()->Unit(benchmark::kMicrosecond)->Iterations(2'000);
BENCHMARK(moment)->UseManualTime()->Unit(benchmark::kMicrosecond)->Iterations(1'000);
BENCHMARK(own_realm)->UseManualTime()->Unit(benchmark::kMicrosecond)->Iterations(500);
BENCHMARK(first_script)->UseManualTime()->Unit(benchmark::kMillisecond)->Iterations(20);
BENCHMARK(first_of_version)->UseManualTime()->Unit(benchmark::kMillisecond)->Iterations(50);

}  // namespace
}  // namespace formulary
