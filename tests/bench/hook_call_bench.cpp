/// \file
/// What the ABI costs: a hook of a C table and of the C++ layer against a virtual call into a shared library, in turns
/// in the same run, so that the machine's load meets both. Counters are medians in ns a call; `extra_ns` is the
/// difference. The goals: 2 ns for the C table, 4 ns for the C++ layer.
#include <formulary/element/call.hpp>
#include <formulary/fake_host/library.hpp>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <vector>

#include "hook_call/baseline.hpp"

namespace {

constexpr int calls_per_turn = 20'000;

Baseline& baseline() {
  void* const handle = dlopen(BENCH_BASELINE, RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) throw std::runtime_error(dlerror());
  return *reinterpret_cast<Baseline* (*)()>(dlsym(handle, "make_baseline"))();
}

/// The least that a host can do: a sink of fixed size.
class Sink {
 public:
  Sink() { call_ = {sizeof call_, 1, 0, {}, {}, &ops, this}; }
  const element_call* call() {
    used_ = 0;
    return &call_;
  }
  [[nodiscard]] char* buffer() { return buffer_.data(); }

 private:
  static Sink& self(const element_call* call) { return *static_cast<Sink*>(call->host_data); }
  static void* reserve(const element_call* call, std::size_t want, std::size_t* got) {
    Sink& me = self(call);
    if (want > me.buffer_.size() - me.used_) return nullptr;
    *got = me.buffer_.size() - me.used_;
    return me.buffer_.data() + me.used_;
  }
  static element_status commit(const element_call* call, std::size_t used) {
    self(call).used_ += used;
    return ELEMENT_OK;
  }
  static element_status write(const element_call* call, const void* data, std::size_t size) {
    std::size_t got = 0;
    void* const to = reserve(call, size, &got);
    if (to == nullptr) return ELEMENT_RESOURCE_EXHAUSTED;
    std::memcpy(to, data, size);
    return commit(call, size);
  }
  static constexpr element_call_ops ops = {
      sizeof(element_call_ops),
      0,
      [](const element_call*) -> element_status { return ELEMENT_OK; },
      [](const element_call*, void (*)(void*), void*) -> element_status { return ELEMENT_OK; },
      reserve,
      commit,
      write,
      [](const element_call*, const element_error*) {},
      [](const element_call*, std::uint32_t, element_str) {},
  };

  element_call call_{};
  std::size_t used_ = 0;
  std::array<char, 4096> buffer_{};
};

struct Loaded {
  explicit Loaded(const char* file) {
    static const element_host host = {sizeof host,
                                      ELEMENT_MAGIC,
                                      1,
                                      0,
                                      0,
                                      {},
                                      {},
                                      nullptr,
                                      [](const element_host*, element_str) -> const void* { return nullptr; },
                                      [](const element_host*) {},
                                      [](const element_host*) {}};
    table = element::adopt(element::testing::library(file).entry()(&host));
    if (table.start(&host, sink.call(), &state) != ELEMENT_OK) throw std::runtime_error("start() failed");
  }
  Sink sink;
  element_plugin table{};
  element_plugin_state* state = nullptr;
};

template <class Once>
double ns_per_call(Once&& once) {
  const auto begin = std::chrono::steady_clock::now();
  for (int turn = 0; turn < calls_per_turn; ++turn) benchmark::DoNotOptimize(once());
  const std::chrono::duration<double, std::nano> time = std::chrono::steady_clock::now() - begin;
  return time.count() / calls_per_turn;
}

double median(std::vector<double>& values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

template <class Virtual, class Hook>
void compare(benchmark::State& state, Virtual&& by_virtual, Hook&& by_hook) {
  std::vector<double> virtual_ns;
  std::vector<double> hook_ns;
  for (const auto turn : state) {
    static_cast<void>(turn);
    virtual_ns.push_back(ns_per_call(by_virtual));
    hook_ns.push_back(ns_per_call(by_hook));
  }
  const double one = median(virtual_ns);
  const double other = median(hook_ns);
  state.counters["virtual_ns"] = one;
  state.counters["hook_ns"] = other;
  state.counters["extra_ns"] = other - one;
}

void nothing(benchmark::State& state, const char* file) {
  Loaded plugin(file);
  Baseline& shared = baseline();
  const std::string document(64, 'x');
  const element_call* const call = plugin.sink.call();
  compare(
      state, [&] { return shared.nothing(document); },
      [&] { return plugin.table.serialize_config(plugin.state, call, element::raw(document)); });
}

void echo(benchmark::State& state, const char* file) {
  Loaded plugin(file);
  Baseline& shared = baseline();
  const std::string document(static_cast<std::size_t>(state.range(0)), 'x');
  compare(
      state, [&] { return shared.echo(document, plugin.sink.buffer()); },
      [&] { return plugin.table.parse_instance(plugin.state, plugin.sink.call(), element::raw(document)); });
}

BENCHMARK_CAPTURE(nothing, c_table, BENCH_C)->Iterations(201);
BENCHMARK_CAPTURE(nothing, cpp_layer, BENCH_CPP)->Iterations(201);
BENCHMARK_CAPTURE(echo, c_table, BENCH_C)->Arg(64)->Iterations(51);
BENCHMARK_CAPTURE(echo, cpp_layer, BENCH_CPP)->Arg(64)->Iterations(51);

}  // namespace
