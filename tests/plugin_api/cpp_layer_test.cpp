#include <formulary/element.hpp>
#include <formulary/fake_host.hpp>

#include <gmock/gmock.h>

#include <functional>
#include <new>

namespace {

using element::testing::call_options;
using element::testing::fake_host;
using element::testing::json_problem;
using element::testing::outcome;
using element::testing::plugin_runner;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using namespace std::chrono_literals;

struct manifest_of_test {
  static constexpr std::string_view id = "com.example.layer";
  static constexpr std::string_view version = "2.1.0";
  static std::string_view text() noexcept { return "{}"; }
};

/// A plugin whose hooks do what the test says.
struct Scripted {
  static constexpr element::descriptor descriptor{.concurrent = element::concurrency::instances};
  static inline std::function<std::string(element::call&)> provision;
  static inline std::function<element::answer(element::call&, const element::request&)> answer;
  static inline int alive = 0;

  Scripted(const element::host& of, element::call& now) : host(of) {
    ++alive;
    now.log(element::log_level::debug, "started");
  }
  Scripted(const Scripted&) = delete;
  Scripted& operator=(const Scripted&) = delete;
  ~Scripted() { --alive; }

  std::string serialize_config(element::call& now, std::string_view) { return provision(now); }
  std::string authenticate(element::call&, std::string_view, const element::connection& to) {
    return "{\"mode\":" + std::to_string(static_cast<int>(to.mode)) + ",\"base\":" + element::json_string(to.base_url) +
           "}";
  }
  std::string parse_instance(element::call&, std::string_view text) { return std::string(text); }

  struct Instance {
    Instance(Scripted&, element::call&, std::string_view document) {
      if (document == "throw") throw std::runtime_error("no such document");
    }
    element::answer invoke(element::call& now, const element::request& what) { return answer(now, what); }
    std::string poll_events(element::call&, std::string_view cursor, std::uint32_t max_events) {
      return "{\"cursor\":" + element::json_string(cursor) + ",\"events\":[],\"max\":" + std::to_string(max_events) +
             "}";
    }
  };
  element::host host;
};

const element_plugin* entry(const element_host* of) {
  return element::detail::binding<Scripted, manifest_of_test>::table(of);
}

class CppLayerTest : public ::testing::Test {
 protected:
  outcome provision(std::function<std::string(element::call&)> body, const call_options& options = {}) {
    Scripted::provision = std::move(body);
    return runner_->serialize_config("{}", options);
  }
  void TearDown() override {
    runner_.reset();
    EXPECT_EQ(Scripted::alive, 0);
    EXPECT_THAT(host_.violations(), IsEmpty());
  }
  fake_host host_;
  std::unique_ptr<plugin_runner> runner_ = std::make_unique<plugin_runner>(host_, entry);
};

TEST_F(CppLayerTest, DescribesThePluginFromItsManifest) {
  EXPECT_EQ(runner_->id(), "com.example.layer");
  EXPECT_EQ(runner_->version(), "2.1.0");
  EXPECT_EQ(runner_->declared_concurrency(), element::concurrency::instances);
  EXPECT_TRUE(runner_->has_events());
}

TEST_F(CppLayerTest, KeepsEveryPartOfAnAuthorsError) {
  const outcome result = provision([](element::call&) -> std::string {
    throw element::error(ELEMENT_UNAVAILABLE, "acme.busy", "acme answered 503; try again later")
        .with_http_status(503)
        .with_retry(element::retry::safe)
        .with_retry_after_ms(2000)
        .with_details(R"({"a":1})");
  });
  EXPECT_EQ(result.status, ELEMENT_UNAVAILABLE);
  ASSERT_TRUE(result.error);
  EXPECT_EQ(result.error->code, "acme.busy");
  EXPECT_EQ(result.error->message, "acme answered 503; try again later");
  EXPECT_EQ(result.error->details, R"({"a":1})");
  EXPECT_EQ(result.error->http_status, 503);
  EXPECT_EQ(result.error->retry_class, element::retry::safe);
  EXPECT_EQ(result.error->retry_after_ms, 2000);
}

struct Thrown {
  const char* name;
  std::function<void()> raise;
  element_status status;
  const char* code;
  const char* message;
};

TEST_F(CppLayerTest, TurnsEveryExceptionIntoAStatusWithText) {
  const Thrown thrown[] = {
      {"std::exception", [] { throw std::logic_error("a bug"); }, ELEMENT_INTERNAL, "plugin.exception", "a bug"},
      {"bad_alloc", [] { throw std::bad_alloc(); }, ELEMENT_RESOURCE_EXHAUSTED, "plugin.memory", "out of memory"},
      {"int", [] { throw 42; }, ELEMENT_INTERNAL, "plugin.exception", "unknown type"},
      {"error with OK", [] { throw element::error(ELEMENT_OK, "a.b", "c"); }, ELEMENT_INTERNAL, "a.b", "c"},
      {"error with PENDING", [] { throw element::error(100, "a.b", "c"); }, ELEMENT_INTERNAL, "a.b", "c"},
  };
  for (const Thrown& one : thrown) {
    const outcome result = provision([&](element::call&) -> std::string {
      one.raise();
      return "{}";
    });
    EXPECT_EQ(result.status, one.status) << one.name;
    ASSERT_TRUE(result.error) << one.name;
    EXPECT_EQ(result.error->code, one.code) << one.name;
    EXPECT_THAT(result.error->message, HasSubstr(one.message)) << one.name;
  }
}

TEST_F(CppLayerTest, AThrowingInstanceConstructorLeavesNothingBehind) {
  const auto opened = runner_->open_instance("throw");
  EXPECT_EQ(opened.result.status, ELEMENT_INTERNAL);
  EXPECT_EQ(opened.instance, nullptr);
}

TEST_F(CppLayerTest, PassesTheConnectionOn) {
  const outcome result =
      runner_->authenticate("{}", {.mode = element::connect_mode::platform, .base_url = "http://127.0.0.1:1"});
  EXPECT_EQ(result.output, R"({"mode":1,"base":"http://127.0.0.1:1"})");
}

TEST_F(CppLayerTest, ThrowsEndedOutOfCheckAndSleep) {
  for (const bool by_sleep : {false, true}) {
    const outcome result = provision(
        [&](element::call& now) -> std::string {
          for (;;) {
            now.check();
            if (by_sleep) now.sleep(1s);
            if (!by_sleep) host_.advance(1s);
          }
        },
        {.time_limit = 5s});
    EXPECT_EQ(result.status, ELEMENT_DEADLINE_EXCEEDED);
    EXPECT_EQ(result.error->code, "call.deadline_exceeded");
  }
}

TEST_F(CppLayerTest, TellsTheTimeThatRemains) {
  provision(
      [&](element::call& now) -> std::string {
        EXPECT_EQ(now.remaining(), std::optional(5'000'000'000ns));
        host_.advance(9s);
        EXPECT_EQ(now.remaining(), std::optional(0ns));
        return "{}";
      },
      {.time_limit = 5s});
  provision([](element::call& now) -> std::string {
    EXPECT_EQ(now.remaining(), std::nullopt);
    return "{}";
  });
}

TEST_F(CppLayerTest, ACancelScopeRunsOnceAndIsTakenBack) {
  int ran = 0;
  const outcome result = provision(
      [&](element::call& now) -> std::string {
        const element::cancel_scope scope(now, [&] {
          ++ran;
          throw std::runtime_error("must not pass through the host");
        });
        now.sleep(10s);
        return "{}";
      },
      {.cancel_after = 1s});
  EXPECT_EQ(result.status, ELEMENT_CANCELLED);
  EXPECT_EQ(result.error->code, "call.cancelled");
  EXPECT_EQ(ran, 1);
}

TEST_F(CppLayerTest, FillsTheSinkInPlace) {
  const outcome result = provision([](element::call& now) -> std::string {
    now.fill(16, [](char* to, std::size_t room) -> std::size_t {
      EXPECT_GE(room, 16u);
      return std::string_view("{\"a\":").copy(to, room);
    });
    return "1}";
  });
  EXPECT_EQ(result.output, R"({"a":1})");
}

TEST_F(CppLayerTest, AnOutputOverTheLimitFailsTheHook) {
  const outcome result = provision([](element::call&) { return std::string(65, ' '); }, {.output_max = 64});
  EXPECT_EQ(result.status, ELEMENT_RESOURCE_EXHAUSTED);
  EXPECT_EQ(result.error->code, "output.limit");
}

TEST_F(CppLayerTest, FramesAnAnswer) {
  Scripted::answer = [](element::call&, const element::request& what) {
    EXPECT_EQ(what.path, "/candidates");
    return element::answer{
        .status = 404, .headers = {{"x-a", "1\"2"}}, .next_page = "p2", .retry_attempts = 1, .body = "gone\n"};
  };
  const auto opened = runner_->open_instance("{}");
  const outcome result = opened.instance->invoke({.method = "GET", .path = "/candidates"});
  EXPECT_EQ(
      result.head(),
      R"({"status":404,"headers":{"x-a":"1\"2"},"contentType":"application/json","nextPage":"p2","retryAttempts":1})");
  EXPECT_EQ(result.body(), "gone\n");
}

TEST_F(CppLayerTest, AHeadOverItsLimitIsRefusedWithItsReason) {
  Scripted::answer = [](element::call&, const element::request&) {
    return element::answer{.headers = {{"x", std::string(70'000, 'a')}}};
  };
  const outcome result = runner_->open_instance("{}").instance->invoke({.method = "GET"});
  EXPECT_EQ(result.status, ELEMENT_OUT_OF_RANGE);
  EXPECT_EQ(result.error->code, "answer.head");
}

TEST_F(CppLayerTest, AHeaderInLatin1DoesNotCostTheAnswer) {
  Scripted::answer = [](element::call&, const element::request&) {
    return element::answer{.headers = {{"x", "M\xfcller"}}, .body = "b"};
  };
  const outcome result = runner_->open_instance("{}").instance->invoke({.method = "GET"});
  EXPECT_THAT(std::string(result.head()), HasSubstr(R"("x":"M\ufffdller")"));
}

TEST_F(CppLayerTest, PollsEvents) {
  const outcome result = runner_->open_instance("{}").instance->poll_events("c1", 7);
  EXPECT_EQ(result.output, R"({"cursor":"c1","events":[],"max":7})");
}

TEST_F(CppLayerTest, KeepsTheLibraryWhileAHoldLives) {
  std::optional<element::hold> kept;
  provision([&](element::call& now) -> std::string {
    kept.emplace(now.host());
    return "{}";
  });
  EXPECT_EQ(host_.holds(), 1);
  element::hold moved(std::move(*kept));
  kept.reset();
  EXPECT_EQ(host_.holds(), 1);
  std::thread([inner = std::move(moved)] {}).join();
  EXPECT_EQ(host_.holds(), 0);
}

TEST(CppLayerWithoutServices, LogsNothingMeasuresNothingAndRefusesToWait) {
  fake_host bare({.log = false, .metrics = false, .clock = false});
  {
    plugin_runner runner(bare, entry);
    Scripted::provision = [](element::call& now) -> std::string {
      now.log(element::log_level::error, "nobody hears it");
      element::metric(now.host(), element::metric_kind::gauge, "a", "1", "").record(1);
      EXPECT_GT(now.host().monotonic().count(), 0);
      now.sleep(1s);
      return "{}";
    };
    const outcome result = runner.serialize_config("{}");
    EXPECT_EQ(result.status, ELEMENT_FAILED_PRECONDITION);
    EXPECT_EQ(result.error->code, "host.no_clock");
  }
  EXPECT_THAT(bare.violations(), IsEmpty());
}

TEST(CppLayerEntry, RefusesWhatIsNotAHostOfThisMajor) {
  EXPECT_EQ(entry(nullptr), nullptr);
  element_host other = *fake_host().get();
  other.abi_major = 2;
  EXPECT_EQ(entry(&other), nullptr);
  other.abi_major = ELEMENT_ABI_MAJOR;
  other.magic = 0;
  EXPECT_EQ(entry(&other), nullptr);
}

TEST(AdoptTest, ReadsWhatTheOtherSideDidNotFillAsAbsent) {
  element_clock old{};
  old.size = offsetof(element_clock, sleep);
  old.monotonic_ns = [](const element_host*) -> std::int64_t { return 7; };
  old.sleep = [](const element_host*, const element_call*, std::int64_t) -> element_status { return 0; };
  const element_clock mine = element::adopt(&old);
  EXPECT_NE(mine.monotonic_ns, nullptr);
  EXPECT_EQ(mine.sleep, nullptr);
  EXPECT_EQ(element::adopt<element_clock>(nullptr).wall_ns, nullptr);
}

TEST(JsonStringTest, IsAlwaysOneValidJsonString) {
  std::string every_byte;
  for (int byte = 0; byte < 256; ++byte) every_byte += static_cast<char>(byte);
  for (const std::string& text :
       {every_byte, std::string("a\xe2\x82"), std::string("\xed\xa0\x80"), std::string("\xf4\x90\x80\x80"),
        std::string("\xc0\xaf"), std::string("\0x", 2), std::string("ü€𝄞")}) {
    EXPECT_EQ(json_problem(element::json_string(text)), "");
  }
  EXPECT_EQ(element::json_string("a\"\\\n\x7f€\xff"), "\"a\\\"\\\\\\u000a\\u007f€\\ufffd\"");
}

}  // namespace
