/// \file
/// One plugin, built in every way that authors build plugins, loaded with dlopen and driven through all hooks.
#include <formulary/fake_host.hpp>

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <latch>
#include <sstream>
#include <thread>

namespace {

using namespace std::chrono_literals;
using element::testing::fake_host;
using element::testing::library;
using element::testing::outcome;
using element::testing::plugin_runner;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Build {
  const char* name;
  const char* file;  ///< Empty: its compiler is not here.
};

class AbiPlugins : public ::testing::TestWithParam<Build> {
 protected:
  void SetUp() override {
    if (*GetParam().file == '\0') GTEST_SKIP() << "no compiler for it here";
    runner_ = std::make_unique<plugin_runner>(host_, library(GetParam().file).entry());
    opened_ = runner_->open_instance(R"({"id":1})");
    ASSERT_TRUE(opened_.result.ok());
  }
  void TearDown() override {
    opened_.instance.reset();
    runner_.reset();
    EXPECT_THAT(host_.violations(), IsEmpty());
  }
  outcome get(std::string_view path, std::string_view body = {}, const element::testing::call_options& options = {}) {
    return opened_.instance->invoke({.method = "GET", .path = path, .body = body}, options);
  }

  fake_host host_;
  std::unique_ptr<plugin_runner> runner_;
  plugin_runner::opening opened_;
};

TEST_P(AbiPlugins, CarriesTheExactBytesOfItsManifest) {
  std::ifstream file(PROBE_MANIFEST, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_EQ(runner_->manifest(), text.str());
  EXPECT_EQ(runner_->id(), "com.example.probe");
  EXPECT_EQ(runner_->version(), "1.2.3");
}

TEST_P(AbiPlugins, TakesADraftToAnInstance) {
  const std::string draft = R"({"name":"ü","configuration":{"api.key":"k"}})";
  const outcome request = runner_->serialize_config(draft);
  EXPECT_EQ(request.output, draft);
  const outcome answer = runner_->authenticate(request.output);
  EXPECT_EQ(answer.output, draft);
  EXPECT_EQ(runner_->parse_instance(answer.output).output, draft);
}

TEST_P(AbiPlugins, SaysWhyItFails) {
  const outcome refused = runner_->authenticate("{}", {.authorization = "wrong"});
  EXPECT_EQ(refused.status, ELEMENT_UNAUTHENTICATED);
  EXPECT_EQ(refused.error->code, "probe.refused");
  EXPECT_EQ(refused.error->retry_after_ms, -1);
  EXPECT_EQ(runner_->parse_instance("{}").status, ELEMENT_DATA_LOSS);
}

TEST_P(AbiPlugins, TurnsAnExceptionIntoAStatusWithItsText) {
  const outcome result = get("/throw");
  EXPECT_EQ(result.status, ELEMENT_INTERNAL);
  ASSERT_TRUE(result.error);
  EXPECT_EQ(result.error->code, "plugin.exception");
  EXPECT_EQ(result.error->message, "thrown inside a hook");
}

TEST_P(AbiPlugins, AnswersWithHeadAndBody) {
  std::string bytes("not text: \xff\0\n", 13);
  const outcome result = get("/echo", bytes);
  EXPECT_THAT(std::string(result.head()), HasSubstr(R"("status":200)"));
  EXPECT_EQ(result.body(), bytes);
}

TEST_P(AbiPlugins, EndsAtTheDeadlineAndWhenCancelled) {
  EXPECT_EQ(get("/wait", {}, {.time_limit = 10s}).status, ELEMENT_DEADLINE_EXCEEDED);
  EXPECT_EQ(get("/wait", {}, {.cancel_after = 10s}).status, ELEMENT_CANCELLED);
}

TEST_P(AbiPlugins, EndsWhenAnotherThreadCancels) {
  std::stop_source source;
  std::latch started(1);
  std::jthread canceller([&] {
    started.wait();
    source.request_stop();
  });
  started.count_down();
  EXPECT_EQ(get("/wait", {}, {.stop = source.get_token()}).status, ELEMENT_CANCELLED);
}

TEST_P(AbiPlugins, KeepsToTheOutputLimit) {
  EXPECT_EQ(get("/echo", std::string(1000, 'x'), {.output_max = 200}).status, ELEMENT_RESOURCE_EXHAUSTED);
  EXPECT_EQ(runner_->serialize_config(R"({"a":1})", {.output_max = 3}).status, ELEMENT_RESOURCE_EXHAUSTED);
}

TEST_P(AbiPlugins, LogsThroughTheHost) {
  EXPECT_TRUE(get("/log").ok());
  ASSERT_EQ(host_.log().size(), 1u);
  EXPECT_EQ(host_.log()[0].message, "said from a hook");
  EXPECT_TRUE(host_.log()[0].in_call);
}

TEST_P(AbiPlugins, PollsEvents) {
  EXPECT_EQ(opened_.instance->poll_events("", 10).output, R"({"cursor":"c1","events":[]})");
}

TEST_P(AbiPlugins, ServesManyThreads) {
  std::vector<std::jthread> threads;
  threads.reserve(4);
  for (int count = 0; count < 4; ++count) {
    threads.emplace_back([&] {
      for (int turn = 0; turn < 100; ++turn) {
        EXPECT_EQ(get("/echo", "x").body(), "x");
        EXPECT_EQ(get("/throw").status, ELEMENT_INTERNAL);
      }
    });
  }
}

TEST_P(AbiPlugins, StartsAgainAfterItWasStopped) {
  opened_.instance.reset();
  runner_.reset();
  for (int turn = 0; turn < 20; ++turn) {
    plugin_runner again(host_, library(GetParam().file).entry());
    EXPECT_TRUE(again.serialize_config("{\"a\":1}").ok());
  }
}

/// The builds that can be unmapped: Rust does not say so, and a static libstdc++ never frees its reserve for
/// exceptions (71 KiB), which LeakSanitizer would report.
class UnloadablePlugins : public AbiPlugins {};

/// What declares ELEMENT_UNLOAD_SAFE really goes: neither a unique symbol nor anything else pins it.
TEST_P(UnloadablePlugins, IsUnmapped) {
  const auto* table = library(GetParam().file).entry()(host_.get());
  ASSERT_EQ(table->descriptor->unload, static_cast<std::uint32_t>(ELEMENT_UNLOAD_SAFE));
  const std::string copy = ::testing::TempDir() + GetParam().name + std::to_string(getpid()) + ".so";
  std::filesystem::copy_file(GetParam().file, copy);
  void* const handle = dlopen(copy.c_str(), RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(handle, nullptr) << dlerror();
  {
    plugin_runner runner(host_, reinterpret_cast<element_entry_fn>(dlsym(handle, ELEMENT_ENTRY_SYMBOL)));
    EXPECT_TRUE(runner.serialize_config("{}").ok());
  }
  EXPECT_EQ(dlclose(handle), 0);
  EXPECT_EQ(dlopen(copy.c_str(), RTLD_NOW | RTLD_NOLOAD), nullptr);
  std::filesystem::remove(copy);
}

INSTANTIATE_TEST_SUITE_P(Builds, AbiPlugins,
                         ::testing::Values(Build{"Cpp", PROBE_CPP}, Build{"C", PROBE_C},
                                           Build{"CppByClang", PROBE_CPP_CLANG}, Build{"CByClang", PROBE_C_CLANG},
                                           Build{"CppWithStaticHiddenRuntime", PROBE_CPP_STATIC},
                                           Build{"COfAbi10", PROBE_C_1_0}, Build{"Rust", PROBE_RUST}),
                         [](const auto& one) { return std::string(one.param.name); });
INSTANTIATE_TEST_SUITE_P(Builds, UnloadablePlugins,
                         ::testing::Values(Build{"Cpp", PROBE_CPP}, Build{"C", PROBE_C},
                                           Build{"CppByClang", PROBE_CPP_CLANG}, Build{"CByClang", PROBE_C_CLANG},
                                           Build{"COfAbi10", PROBE_C_1_0}),
                         [](const auto& one) { return std::string(one.param.name); });

}  // namespace
