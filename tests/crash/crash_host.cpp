/// \file
/// A host to be killed: runs executions of one formula against a vendor on this machine, told what to do on stdin.
///
/// usage: crash_host run FOLDER PORT FORMULA [--die-at N] [--lose-power-at N] [--crashes-max N] [--script-dies TEXT]
///        crash_host dump FOLDER
///
/// run prints "ready", then for each line "N" on stdin "ack N ID" once the execution with args {"n":N} is acknowledged.
/// "settle" makes it print "settled OPEN IN_DOUBT VIOLATIONS" when nothing but what is in doubt is open; "stop" ends it
/// in good order. --die-at: SIGKILL instead of the n-th write, flush or truncation from "ready" on; --lose-power-at:
/// the same, and what was not flushed is lost or torn. dump prints one JSON object for each execution.
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "host/base/error.hpp"
#include "host/engine/engine.hpp"
#include "host/engine/journal_reader.hpp"
#include "host/http/poco_transport.hpp"
#include "host/store/execution_store.hpp"
#include "host/store/formula_store.hpp"
#include "host/store/storage.hpp"
#include "tests/support/engine_fakes.hpp"
#include "tests/support/fault_vfs.hpp"

namespace formulary::testing {
namespace {

[[noreturn]] void die() {
  kill(getpid(), SIGKILL);
  std::abort();
}

std::string file_text(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

struct Options {
  std::string folder;
  std::string port;
  std::string formula;
  std::map<std::string, std::string> flags;

  [[nodiscard]] std::int64_t number(const std::string& flag, std::int64_t otherwise) const {
    const auto found = flags.find(flag);
    return found == flags.end() ? otherwise : std::stoll(found->second);
  }
};

class Host {
 public:
  explicit Host(const Options& options)
      : options_(options),
        vfs_([this](DiskOperation) { return on_disk_operation(); }),
        transport_(make_poco_transport(clock_, {})),
        scripts_([this](const ScriptRequest& request) { return run_script(request); }),
        formula_(Formula::parse(with_port(file_text(options.formula)))) {}

  int run() {
    const auto storage = Storage::open({.folder = options_.folder});
    EngineSettings settings;
    settings.steps.workers = 64;
    settings.crashes_max = options_.number("--crashes-max", settings.crashes_max);
    settings.sleep_min = std::chrono::milliseconds(options_.number("--sleep-min", 60'000));
    Engine engine({.steps = {.transport = transport_.get(), .scripts = &scripts_, .timers = &timers_, .clock = &clock_},
                   .storage = storage,
                   .warn = [](const std::string& sentence) { std::cerr << sentence + "\n"; }},
                  settings);
    vfs_.remember_unflushed();
    armed_ = true;
    engine.start();
    say("ready");
    read_orders(engine);
    return 0;
  }

 private:
  [[nodiscard]] std::string with_port(std::string text) const {
    for (auto at = text.find("PORT"); at != std::string::npos; at = text.find("PORT"))
      text.replace(at, 4, options_.port);
    return text;
  }

  void read_orders(Engine& engine) {
    std::vector<std::jthread> submitters;
    for (std::string line; std::getline(std::cin, line);) {
      if (line == "stop") {
        submitters.clear();
        engine.stop(std::chrono::seconds(20));
        return;
      }
      if (line == "settle") {
        submitters.clear();
        settle(engine);
        continue;
      }
      submitters.emplace_back([this, &engine, line] { submit(engine, line); });
      if (submitters.size() > 64) submitters.erase(submitters.begin());
    }
  }

  void submit(Engine& engine, const std::string& number) {
    {
      const std::lock_guard lock(orders_mutex_);
      ++unanswered_;
    }
    answer(engine, number);
    {
      const std::lock_guard lock(orders_mutex_);
      --unanswered_;
    }
    answered_.notify_all();
  }

  void answer(Engine& engine, const std::string& number) {
    try {
      const std::int64_t id = engine.submit({.formula = formula_, .args = json::object{{"n", std::stoll(number)}}});
      say("ack " + number + " " + std::to_string(id));
    } catch (const Error& error) {
      say("refused " + number + " " + std::string(name(error.code())));
    }
  }

  void settle(Engine& engine) {
    EngineCounters counters = engine.counters();
    for (int look = 0; look < 3'000 && counters.open != counters.in_doubt; ++look) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));  // the engine has no event for "all is still"
      counters = engine.counters();
    }
    say("settled " + std::to_string(counters.open) + " " + std::to_string(counters.in_doubt) + " " +
        std::to_string(engine.violations()));
  }

  void say(const std::string& line) {
    const std::lock_guard lock(mutex_);
    std::cout << line << std::endl;
  }

  int on_disk_operation() {
    if (!armed_) return SQLITE_OK;
    const std::int64_t operation = ++operations_;
    if (operation == options_.number("--die-at", 0)) die();
    if (operation == options_.number("--lose-power-at", 0)) {
      vfs_.lose_power(static_cast<std::uint64_t>(operation));
      die();
    }
    return SQLITE_OK;
  }

  ScriptResult run_script(const ScriptRequest& request) {
    const auto found = options_.flags.find("--script-dies");
    if (found != options_.flags.end() && request.inputs.trigger->find(found->second) != std::string::npos) {
      // What was never acknowledged may vanish with the host; the culprit of these tests is one that must not.
      std::unique_lock lock(orders_mutex_);
      answered_.wait(lock, [this] { return unanswered_ == 0; });
      die();
    }
    return {.ok = true, .value = request.kind == ScriptKind::filter ? "true" : R"({"done":true})"};
  }

  const Options options_;
  std::atomic<bool> armed_ = false;
  std::atomic<std::int64_t> operations_ = 0;
  std::mutex mutex_;
  std::mutex orders_mutex_;
  std::condition_variable answered_;
  int unanswered_ = 0;  ///< Orders of this life that were neither acknowledged nor refused.
  FaultVfs vfs_;
  SystemClock clock_;
  SystemTimers timers_;
  std::unique_ptr<Transport> transport_;
  FunctionScripts scripts_;
  std::shared_ptr<const Formula> formula_;
};

json::object dumped(const ExecutionRecord& record, const JournalReader& reader, const FormulaStore& formulas) {
  json::array steps;
  json::value args;
  int starts = 0;
  reader.read(record.id, [&](JournalRecord& one) {
    if (const auto* step = std::get_if<plan::StepRecord>(&one)) {
      steps.push_back(json::object{{"run", step->run},
                                   {"name", step->name},
                                   {"status", plan::name(step->status)},
                                   {"attempts", step->attempts},
                                   {"error", step->error ? step->error->code : ""}});
    }
    auto* event = std::get_if<plan::Event>(&one);
    auto* started = event == nullptr ? nullptr : std::get_if<plan::Started>(&event->what);
    if (started != nullptr) {
      ++starts;
      args = started->args;
    }
    return true;
  });
  const auto formula = Formula::parse(*formulas.version(record.version));
  const Replayed replayed = replay(reader, record.id, *formula, {});
  return {{"id", record.id},
          {"state", static_cast<int>(record.state)},
          {"status", record.status},
          {"reason", record.reason},
          {"recorded_steps", record.steps},
          {"starts", starts},
          {"finish", replayed.finish ? json::value(plan::name(replayed.finish->status)) : json::value()},
          {"args", args},
          {"steps", std::move(steps)}};
}

int dump(const std::string& folder) {
  const auto storage = Storage::open({.folder = folder});
  const ExecutionStore store(*storage);
  const FormulaStore formulas(storage);
  const JournalReader reader(store, storage->vault());
  for (std::int64_t below = 0;;) {
    const auto records = store.list({.below_id = below});
    if (records.empty()) return 0;
    for (const ExecutionRecord& record : records) std::cout << to_text(dumped(record, reader, formulas)) << '\n';
    below = records.back().id;
  }
}

int run(const std::vector<std::string>& words) {
  if (words.size() == 2 && words[0] == "dump") return dump(words[1]);
  if (words.size() < 4 || words[0] != "run" || words.size() % 2 != 0) return 2;
  Options options{.folder = words[1], .port = words[2], .formula = words[3]};
  for (std::size_t at = 4; at < words.size(); at += 2) options.flags[words[at]] = words[at + 1];
  return Host(options).run();
}

}  // namespace
}  // namespace formulary::testing

int main(int count, char** words) {
  try {
    return formulary::testing::run({words + 1, words + count});
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
