/// \file
/// What a script costs, its worker process included. `alone`: the worker had time to make the next realm, as in a host
/// that is not busy; `in_a_row`: it had none, so that making one counts. Times are of one run; `p50_us` and `p99_us`
/// are over the runs, `worker_cpu_us` is what the worker used for one, `worker_rss_mb` what it holds afterwards.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
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

ScriptRequest request_of(const std::string& body, const std::string& context) {
  ScriptRequest request;
  request.name = "bench";
  request.body = body;
  request.context = context;
  request.now_ms = 1'700'000'000'000;
  return request;
}

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

double run_us(ScriptWorkers& workers, const ScriptRequest& request) {
  const auto start = Steady::now();
  const ScriptResult result = workers.run(request);
  const double taken = std::chrono::duration<double, std::micro>(Steady::now() - start).count();
  if (!result.ok) throw std::runtime_error(result.error);
  return taken;
}

void round_trip(benchmark::State& state, const ScriptRequest& request, std::chrono::microseconds pause) {
  ScriptWorkers workers({.program = SCRIPT_WORKER, .workers = 1, .runs_per_worker = 1'000'000});
  for (int warm = 0; warm < 50; ++warm) run_us(workers, request);
  const pid_t worker = workers.processes().front();
  const double before = cpu_us(worker);
  std::vector<double> times;
  for (auto _ : state) {
    if (pause.count() > 0) std::this_thread::sleep_for(pause);
    times.push_back(run_us(workers, request));
    state.SetIterationTime(times.back() / 1e6);
  }
  std::sort(times.begin(), times.end());
  state.counters["p50_us"] = times[times.size() / 2];
  state.counters["p99_us"] = times[times.size() * 99 / 100];
  state.counters["worker_cpu_us"] = (cpu_us(worker) - before) / static_cast<double>(times.size());
  state.counters["worker_rss_mb"] = resident_mb(worker);
}

void trivial_alone(benchmark::State& state) {
  round_trip(state, request_of("done(trigger.id)", small_context), std::chrono::milliseconds(2));
}
void trivial_in_a_row(benchmark::State& state) {
  round_trip(state, request_of("done(trigger.id)", small_context), {});
}
void mapping_alone(benchmark::State& state) {
  round_trip(state, request_of(mapping_body, mapping_context()), std::chrono::milliseconds(2));
}
void mapping_in_a_row(benchmark::State& state) {
  round_trip(state, request_of(mapping_body, mapping_context()), {});
}

/// From nothing to the first result.
void first_script(benchmark::State& state) {
  double rss = 0;
  for (auto _ : state) {
    ScriptWorkers workers({.program = SCRIPT_WORKER, .workers = 1});
    state.SetIterationTime(run_us(workers, request_of("done(trigger.id)", small_context)) / 1e6);
    rss = resident_mb(workers.processes().front());
  }
  state.counters["worker_rss_mb"] = rss;
}

BENCHMARK(trivial_alone)->UseManualTime()->Unit(benchmark::kMicrosecond)->Iterations(500);
BENCHMARK(trivial_in_a_row)->UseManualTime()->Unit(benchmark::kMicrosecond)->Iterations(2'000);
BENCHMARK(mapping_alone)->UseManualTime()->Unit(benchmark::kMicrosecond)->Iterations(500);
BENCHMARK(mapping_in_a_row)->UseManualTime()->Unit(benchmark::kMicrosecond)->Iterations(2'000);
BENCHMARK(first_script)->UseManualTime()->Unit(benchmark::kMillisecond)->Iterations(20);

}  // namespace
}  // namespace formulary
