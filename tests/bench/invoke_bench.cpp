/// \file
/// What the way through the plugin costs beside the request itself: GET of one candidate through invoke() of the built
/// library, against a bare Poco HTTPClientSession to the same server. Both kinds of call alternate in one loop, so that
/// the machine's other work hits both; the medians and their ratio are what to read.
#include <formulary/element.hpp>

#include <Poco/Net/HTTPClientSession.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/StreamCopier.h>
#include <benchmark/benchmark.h>
#include <dlfcn.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "tests/plugins/smartrecruiters/loopback_vendor.hpp"

namespace {

using smartrecruiters::testing::LoopbackVendor;

// The smallest host: the system's clock, a string as the sink.
struct Sink {
  std::string output;
  std::vector<char> reserved;
};
Sink& sink_of(const element_call* call) {
  return *static_cast<Sink*>(call->host_data);
}

std::int64_t now_ns(const element_host* /*host*/) {
  return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
}
element_status no_sleep(const element_host* /*host*/, const element_call* /*call*/, std::int64_t /*ns*/) {
  std::abort();  // a rate limit that waits would be measured instead of the way
}
const element_clock real_clock = {sizeof(element_clock), 0, now_ns, now_ns, no_sleep};

const void* service(const element_host* /*host*/, element_str id) {
  return element::view(id) == ELEMENT_SERVICE_CLOCK ? &real_clock : nullptr;
}
const element_host host = {.size = sizeof(element_host),
                           .magic = ELEMENT_MAGIC,
                           .abi_major = ELEMENT_ABI_MAJOR,
                           .abi_minor = ELEMENT_ABI_MINOR,
                           .flags = 0,
                           .name = element::raw("invoke_bench"),
                           .version = element::raw("1.0.0"),
                           .host_data = nullptr,
                           .service = service,
                           .hold = [](const element_host*) {},
                           .release = [](const element_host*) {}};

const element_call_ops ops = {
    sizeof(element_call_ops),
    0,
    [](const element_call*) -> element_status { return ELEMENT_OK; },
    [](const element_call*, void (*)(void*), void*) -> element_status { return ELEMENT_OK; },
    [](const element_call* call, std::size_t want, std::size_t* got) -> void* {
      sink_of(call).reserved.resize(want);
      *got = want;
      return sink_of(call).reserved.data();
    },
    [](const element_call* call, std::size_t used) -> element_status {
      sink_of(call).output.append(sink_of(call).reserved.data(), used);
      return ELEMENT_OK;
    },
    [](const element_call* call, const void* data, std::size_t size) -> element_status {
      sink_of(call).output.append(static_cast<const char*>(data), size);
      return ELEMENT_OK;
    },
    [](const element_call*, const element_error*) {},
    nullptr,
};

element_call call_into(Sink& sink) {
  element_call call{};
  call.size = sizeof call;
  call.attempt = 1;
  call.deadline_ns = now_ns(&host) + 60'000'000'000;
  call.ops = &ops;
  call.host_data = &sink;
  return call;
}

/// The plugin with one open instance; ends the program if it cannot.
class Plugin {
 public:
  explicit Plugin(const std::string& base_url) {
    void* const library = dlopen(SMARTRECRUITERS_LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) std::abort();
    const auto entry = reinterpret_cast<element_entry_fn>(dlsym(library, ELEMENT_ENTRY_SYMBOL));
    table_ = entry(&host);
    const std::string document = R"({"configuration":{"api.key":"DCRA1-0123456789","base.url":")" + base_url +
                                 R"(","limit.requests_per_second":"100000"}})";
    Sink sink;
    const element_call call = call_into(sink);
    if (table_->start(&host, &call, &state_) != ELEMENT_OK) std::abort();
    if (table_->open_instance(state_, &call, element::raw(document), &instance_) != ELEMENT_OK) std::abort();
  }
  Plugin(const Plugin&) = delete;
  Plugin& operator=(const Plugin&) = delete;
  ~Plugin() {
    table_->close_instance(instance_);
    table_->stop(state_);
  }

  std::string get(std::string_view path) {
    Sink sink;
    const element_call call = call_into(sink);
    element_request request{};
    request.size = sizeof request;
    request.method = element::raw("GET");
    request.path = element::raw(path);
    if (table_->invoke(instance_, &call, &request) != ELEMENT_OK) std::abort();
    return sink.output.substr(sink.output.find('\n') + 1);
  }

 private:
  const element_plugin* table_ = nullptr;
  element_plugin_state* state_ = nullptr;
  element_instance* instance_ = nullptr;
};

std::string bare_get(Poco::Net::HTTPClientSession& session) {
  Poco::Net::HTTPRequest request("GET", "/candidates/1", Poco::Net::HTTPMessage::HTTP_1_1);
  request.set("X-SmartToken", "DCRA1-0123456789");
  session.sendRequest(request);
  Poco::Net::HTTPResponse response;
  std::string body;
  Poco::StreamCopier::copyToString(session.receiveResponse(response), body);
  return body;
}

template <class Get>
double microseconds(Get&& get) {
  const auto start = std::chrono::steady_clock::now();
  if (get() != LoopbackVendor::candidate()) std::abort();
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count();
}

double median(std::vector<double>& times) {
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  return *middle;
}

void invoke_against_a_bare_request(benchmark::State& state) {
  const LoopbackVendor vendor;
  Plugin plugin(vendor.base_url());
  Poco::Net::HTTPClientSession session("127.0.0.1", vendor.port());
  session.setKeepAlive(true);
  std::vector<double> bare;
  std::vector<double> invoked;
  for (auto _ : state) {
    bare.push_back(microseconds([&] { return bare_get(session); }));
    invoked.push_back(microseconds([&] { return plugin.get("/candidates/1"); }));
  }
  state.counters["bare_us"] = median(bare);
  state.counters["invoke_us"] = median(invoked);
  state.counters["ratio"] = median(invoked) / median(bare);
}
BENCHMARK(invoke_against_a_bare_request)->Iterations(3000)->UseRealTime()->Unit(benchmark::kMicrosecond);

}  // namespace
