#include <gmock/gmock.h>

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <semaphore>
#include <stop_token>
#include <thread>

#include "tests/host/plugin/probe_fixture.hpp"

namespace formulary {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

class HookTest : public ProbeTest {
 protected:
  void SetUp() override { load(); }
};

TEST_F(HookTest, GetsTheTermsOfItsCall) {
  CallContext context;
  context.attempt = 3;
  context.idempotency_key = "step-7";
  context.trace_parent = "00-1-2-01";
  ResourceRequest asked = request("/terms");
  asked.query = {{"where", "a='b'"}, {"list", json::array{"x", "y"}}};
  asked.headers = {{"Accept", "text/plain"}};
  EXPECT_EQ(handle->invoke(context, asked).body,
            R"(3|step-7|00-1-2-01|limited|{"where":"a='b'","list":["x","y"]}|{"Accept":"text/plain"}|text/plain)");
}

TEST_F(HookTest, GetsItsConnection) {
  const std::string answer = plugin->authenticate({}, "{}",
                                                  {.mode = ConnectMode::platform,
                                                   .base_url = "https://platform.example",
                                                   .authorization = "User u, Organization o",
                                                   .ca_file = "/ca.pem"});
  EXPECT_EQ(
      answer,
      R"({"mode":1,"base_url":"https://platform.example","authorization":"User u, Organization o","ca_file":"/ca.pem"})");
}

TEST_F(HookTest, PassesBodiesOfAnyBytes) {
  const std::string bytes("\0\xff\n\x80", 4);
  EXPECT_EQ(call("/echo", bytes).body, bytes);
}

TEST_F(HookTest, MayFillItsResultInPieces) {
  std::string expected;
  for (int piece = 0; piece < 1000; ++piece) expected += std::string(50, static_cast<char>('a' + piece % 26));
  EXPECT_EQ(call("/pieces").body, expected);
}

TEST_F(HookTest, ThatWritesTooMuchHasFailedWhateverItReturns) {
  CallContext context;
  context.output_max = 100'000;
  const auto error = thrown_by<Error>([&] { call("/flood", "", context); });
  EXPECT_EQ(error.code(), ErrorCode::limit_reached);
  EXPECT_THAT(error.what(), HasSubstr("wrote more than 100000 bytes"));
}

TEST_F(HookTest, ThatWritesTooMuchAndIsThenToldToEndHasFailedToo) {
  CallContext context;
  context.output_max = 100'000;
  context.time_limit = 50ms;
  const auto error = thrown_by<Error>([&] { call("/flood-late", "", context); });
  EXPECT_EQ(error.code(), ErrorCode::limit_reached);
}

TEST_F(HookTest, IsRefusedEveryWriteAfterTheFirstThatWasTooMuch) {
  CallContext context;
  context.output_max = 100'000;
  const auto error = thrown_by<Error>([&] { call("/flood-then-fit", "", context); });
  EXPECT_EQ(error.code(), ErrorCode::limit_reached);
}

std::string all_of(const ResourceAnswer& answer) {
  if (!answer.spool) return answer.body;
  std::string text;
  std::array<char, 10'000> room{};
  while (const std::size_t count = answer.spool->read(answer.spooled_from + text.size(), room)) {
    text.append(room.data(), count);
  }
  return text;
}

TEST_F(HookTest, WritesToASpoolWhatIsTooMuchToHold) {
  std::string sent;
  while (sent.size() < 3'000'000) sent += "line " + std::to_string(sent.size()) + '\n';
  for (const std::size_t length : {0U, 10U, 200'000U, 300'000U, 3'000'000U}) {
    CallContext context;
    context.spool = std::make_shared<Spool>(home);
    const ResourceAnswer answer = call("/echo", sent.substr(0, length), context);
    EXPECT_EQ(all_of(answer), sent.substr(0, length)) << length;
    EXPECT_EQ(answer.spool != nullptr, length > 262'144) << length;
  }
  CallContext context;
  context.spool = std::make_shared<Spool>(home);
  EXPECT_EQ(all_of(call("/pieces", "", context)).size(), 50'000U);
}

TEST_F(HookTest, ThatWritesMoreThanItsSpoolTakesHasFailed) {
  CallContext context;
  context.output_max = 10'000'000;
  context.spool = std::make_shared<Spool>(home / "no such folder");
  const auto error = thrown_by<Error>([&] { (void)call("/echo", std::string(3'000'000, 'x'), context); });
  EXPECT_EQ(error.code(), ErrorCode::store_failed);
  EXPECT_THAT(error.what(), HasSubstr("no such folder"));
  context.output_max = 100'000;
  context.spool = std::make_shared<Spool>(home);
  EXPECT_EQ(thrown_by<Error>([&] { call("/flood", "", context); }).code(), ErrorCode::limit_reached);
}

TEST_F(HookTest, ReadsABodyFromASpool) {
  ResourceRequest request{.method = "POST", .path = "/echo", .spooled_body = std::make_shared<Spool>(home)};
  const std::string bytes = std::string(400'000, 'a') + '\0' + std::string(400'000, 'b');
  request.spooled_body->append(bytes);
  EXPECT_EQ(handle->invoke({}, request).body, bytes);
}

TEST_F(HookTest, IsNotGivenATerabyte) {
  EXPECT_EQ(thrown_by<Error>([&] { call("/terabyte"); }).code(), ErrorCode::limit_reached);
}

TEST_F(HookTest, ThatKeepsMoreThanItReservedIsThePluginsFault) {
  const auto error = thrown_by<Error>([&] { call("/overcommit"); });
  EXPECT_EQ(error.code(), ErrorCode::plugin_failed);
  EXPECT_THAT(error.what(), HasSubstr("kept more bytes than it had reserved"));
}

TEST_F(HookTest, MayUseItsSinkOnItsOwnThreadOnly) {
  EXPECT_EQ(thrown_by<PluginError>([&] { call("/other-thread"); }).report().status, 9);
}

TEST_F(HookTest, MayKeepItsCallAndUseItLaterWithoutHarm) {
  call("/stash");
  EXPECT_EQ(call("/use-stashed").body, "1 9 null 9 9 9|1 9 null 9 9 9");
  // The record is used again in turn; what was kept must not reach the call that has it now.
  for (int other = 0; other < 600; ++other) {
    EXPECT_EQ(call("/echo", "mine").body, "mine");
    if (other % 100 == 99) {
      EXPECT_THAT(call("/use-stashed").body, testing::EndsWith("|1 9 null 9 9 9"));
    }
  }
}

TEST_F(HookTest, ThatThrowsDoesNotTakeTheHostAlong) {
  const auto error = thrown_by<Error>([&] { call("/throw"); });
  EXPECT_EQ(error.code(), ErrorCode::plugin_failed);
  EXPECT_THAT(error.what(), HasSubstr("let an exception out"));
  EXPECT_EQ(call("/echo", "still here").body, "still here");
}

TEST_F(HookTest, TellsWhyItFailed) {
  const auto error = thrown_by<PluginError>([&] { call("/fail", "busy"); });
  EXPECT_EQ(error.code(), ErrorCode::rate_limited);
  EXPECT_STREQ(error.what(), "probe-all: the vendor said 'busy'");
  EXPECT_EQ(error.report().status, 8);
  EXPECT_EQ(error.report().plugin_code, "probe.busy");
  EXPECT_EQ(error.report().details, R"({"sent":"busy"})");
  EXPECT_EQ(error.report().http_status, 429);
  EXPECT_EQ(error.report().retry, RetryClass::safe);
  EXPECT_EQ(error.report().retry_after, 2500ms);
}

TEST_F(HookTest, HasItsWildTextsAndNumbersLeftOut) {
  const auto error = thrown_by<PluginError>([&] { call("/fail-wild"); });
  EXPECT_EQ(error.code(), ErrorCode::plugin_failed);
  EXPECT_THAT(error.what(), HasSubstr("failed with status 77 and gave no reason"));
  EXPECT_EQ(error.report().status, 2);
  EXPECT_EQ(error.report().plugin_code, "");
  EXPECT_EQ(error.report().details, "");
  EXPECT_EQ(error.report().http_status, 0);
  EXPECT_EQ(error.report().retry, RetryClass::unknown);
  EXPECT_EQ(error.report().retry_after, 24h);
}

TEST_F(HookTest, MayHaveAnOlderErrorRecord) {
  const auto error = thrown_by<PluginError>([&] { call("/fail-small"); });
  EXPECT_EQ(error.code(), ErrorCode::not_found);
  EXPECT_EQ(error.report().plugin_code, "probe.small");
  EXPECT_EQ(error.report().retry_after, std::nullopt) << "read beyond the record's size";
}

struct Status {
  int status;
  ErrorCode code;
};

class HookStatus : public HookTest, public testing::WithParamInterface<Status> {};

TEST_P(HookStatus, BecomesACode) {
  const auto error = thrown_by<PluginError>([&] { call("/status", std::to_string(GetParam().status)); });
  EXPECT_EQ(error.code(), GetParam().code) << name(error.code());
}

INSTANTIATE_TEST_SUITE_P(Numbers, HookStatus,
                         testing::Values(Status{1, ErrorCode::cancelled}, Status{2, ErrorCode::plugin_failed},
                                         Status{3, ErrorCode::bad_input}, Status{4, ErrorCode::timed_out},
                                         Status{5, ErrorCode::not_found}, Status{6, ErrorCode::conflict},
                                         Status{7, ErrorCode::permission_denied}, Status{8, ErrorCode::limit_reached},
                                         Status{9, ErrorCode::conflict}, Status{10, ErrorCode::conflict},
                                         Status{11, ErrorCode::bad_input}, Status{12, ErrorCode::unsupported},
                                         Status{13, ErrorCode::plugin_failed}, Status{14, ErrorCode::unavailable},
                                         Status{15, ErrorCode::vendor_failed}, Status{16, ErrorCode::unauthenticated},
                                         Status{17, ErrorCode::plugin_failed}, Status{100, ErrorCode::plugin_failed},
                                         Status{-1, ErrorCode::plugin_failed}),
                         [](const auto& test) {
                           return test.param.status < 0 ? std::string("Negative")
                                                        : "Status" + std::to_string(test.param.status);
                         });

TEST_F(HookTest, HasItsSecretsTakenOutOfEverythingThatItSays) {
  const std::string secret = "s3cr3t-api-key";
  const Redactor redactor({secret});
  CallContext context;
  context.redactor = &redactor;
  const auto error = thrown_by<PluginError>([&] { call("/fail", secret, context); });
  for (const std::string& text : {std::string(error.what()), error.report().plugin_code, error.report().details}) {
    EXPECT_THAT(text, Not(HasSubstr(secret)));
    EXPECT_THAT(text, HasSubstr("********"));
  }
  const ResourceAnswer answer = call(
      "/raw", R"({"status":200,"headers":{"X-Key":")" + secret + R"("},"contentType":"a/)" + secret + "\"}\n" + secret,
      context);
  EXPECT_EQ(answer.headers.front().second, "********");
  EXPECT_EQ(answer.content_type, "a/********");
  EXPECT_EQ(answer.body, secret) << "a body is data, not words";
  call("/log", secret, context);
  for (const PluginLogLine& line : logged()) {
    EXPECT_THAT(line.message, Not(HasSubstr(secret)));
    for (const auto& [key, value] : line.fields) EXPECT_THAT(value, Not(HasSubstr(secret)));
  }
}

TEST_F(HookTest, MayNotTellAnInstancesSecretInAnotherOnesCall) {
  const Redactor redactor({"first-instance-key"});
  CallContext opening;
  opening.redactor = &redactor;
  const auto other = plugin->open_instance(opening, "{}");
  call("/log", "first-instance-key");
  ASSERT_EQ(logged().size(), 2U);
  EXPECT_EQ(logged()[1].message, "********");
}

TEST_F(HookTest, LogsWithinBoundsAsPlainText) {
  EXPECT_EQ(call("/log", "200").body, "0") << "trace was enabled";
  ASSERT_EQ(logged().size(), 2U);
  EXPECT_EQ(logged()[0].plugin_id, "com.example.probe-all");
  EXPECT_EQ(logged()[0].level, 3);
  EXPECT_EQ(logged()[0].message, "vendor answered 200 ??[2J") << "neither half characters nor terminal controls";
  EXPECT_EQ(logged()[0].fields, (std::vector<std::pair<std::string, std::string>>{{"key", "200"}, {"plain", "value"}}));
  EXPECT_EQ(logged()[1].level, 4);
}

TEST_F(HookTest, HasPluginVersionInstanceTraceAndTimeAddedToWhatItLogs) {
  CallContext context;
  context.instance_id = 42;
  context.instance_name = "Acme";
  context.trace_parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const auto before = std::chrono::system_clock::now();
  call("/log", "200", context);
  const auto after = std::chrono::system_clock::now();
  ASSERT_EQ(logged().size(), 2U);
  const PluginLogLine in_call = logged()[0];
  EXPECT_EQ(in_call.plugin_id, "com.example.probe-all");
  EXPECT_EQ(in_call.plugin_version, plugin->manifest().version);
  EXPECT_EQ(in_call.instance_id, 42);
  EXPECT_EQ(in_call.instance_name, "Acme");
  EXPECT_EQ(in_call.trace_parent, context.trace_parent);
  EXPECT_GE(in_call.time, before);
  EXPECT_LE(in_call.time, after);
  const PluginLogLine without_call = logged()[1];
  EXPECT_EQ(without_call.plugin_version, plugin->manifest().version);
  EXPECT_EQ(without_call.instance_id, 0);
  EXPECT_EQ(without_call.instance_name, "");
  EXPECT_EQ(without_call.trace_parent, "");
  EXPECT_GE(without_call.time, before);
}

TEST_F(HookTest, DoesNotLendItsInstanceToACallThatHasEnded) {
  CallContext context;
  context.instance_id = 42;
  context.instance_name = "Acme";
  call("/stash", "", context);
  call("/log-stashed");
  ASSERT_EQ(logged().size(), 2U);
  for (const PluginLogLine& line : logged()) {
    EXPECT_EQ(line.instance_id, 0) << line.message;
    EXPECT_EQ(line.instance_name, "") << line.message;
  }
}

TEST_F(HookTest, IsNamedWithItsInstanceInWhatTheHostSaysOfIt) {
  CallContext context;
  context.instance_id = 42;
  context.trace_parent = "00-1-2-01";
  call("/two-cancels", "", context);
  ASSERT_EQ(logged().size(), 1U);
  EXPECT_EQ(logged()[0].instance_id, 42);
  EXPECT_EQ(logged()[0].trace_parent, "00-1-2-01");
}

TEST_F(HookTest, CannotFloodTheLog) {
  call("/log-flood");
  EXPECT_GE(logged().size(), 1000U);
  EXPECT_LT(logged().size(), 4000U);
}

TEST_F(HookTest, RecordsMetricsWithinBounds) {
  std::vector<PluginMetric> metrics;
  unload();
  options.metric = [&](const PluginMetric& metric) { metrics.push_back(metric); };
  options.folder = home / "again";
  std::filesystem::rename(plugins(), options.folder);
  catalogue = std::make_unique<Catalogue>(Catalogue::scan(options));
  handle = entry(*catalogue, "probe_all").plugin->open_instance({}, "{}");
  EXPECT_EQ(call("/metrics").body, "same refused refused 255");
  ASSERT_EQ(metrics.size(), 1U);
  EXPECT_EQ(metrics[0].name, "probe.calls");
  EXPECT_EQ(metrics[0].value, 3.0);
  EXPECT_EQ(metrics[0].labels, (std::vector<std::pair<std::string, std::string>>{{"resource", "jobs"}}));
}

TEST_F(HookTest, MustWriteJsonWhenItProvisions) {
  for (const std::string wrong : {"", "{", "nonsense", "{\"a\":\"\xff\"}", "[1e999]", "{}{}"}) {
    const auto error = thrown_by<Error>([&] { (void)plugin->serialize_config({}, wrong); });
    EXPECT_EQ(error.code(), ErrorCode::plugin_failed) << wrong;
    EXPECT_THAT(error.what(), HasSubstr("no JSON document")) << wrong;
  }
  EXPECT_EQ(plugin->serialize_config({}, R"({"name":"n"})"), R"({"name":"n"})");
}

TEST_F(HookTest, ThatReturnsNoInstanceIsThePluginsFault) {
  EXPECT_EQ(thrown_by<Error>([&] { (void)plugin->open_instance({}, "none"); }).code(), ErrorCode::plugin_failed);
}

/// Stands still until it is moved.
class HandClock final : public Clock {
 public:
  [[nodiscard]] WallTime wall() const override { return WallTime(std::chrono::seconds(1'700'000'000)); }
  [[nodiscard]] MonotonicTime monotonic() const override {
    return MonotonicTime(std::chrono::hours(1)) + moved_.load();
  }
  void move(std::chrono::milliseconds by) { moved_ = moved_.load() + by; }

 private:
  std::atomic<std::chrono::milliseconds> moved_{0ms};
};

class HookTimeTest : public ProbeTest {
 protected:
  HookTimeTest() { options.clock = clock; }
  void SetUp() override { load(); }
  const std::shared_ptr<HandClock> clock = std::make_shared<HandClock>();
};

TEST_F(HookTimeTest, AHookIsToldToEndAtItsDeadlineAndNotBefore) {
  const Pipe pipe;
  CallContext context;
  context.time_limit = 20ms;
  std::atomic<bool> is_time = false;
  std::thread other([&] {
    pipe.wait();
    is_time = true;
    clock->move(20ms);
  });
  const auto error = thrown_by<PluginError>([&] { call("/wait-for-cancel", pipe.write_end(), context); });
  EXPECT_TRUE(is_time);
  other.join();
  EXPECT_EQ(error.code(), ErrorCode::timed_out);
}

TEST_F(HookTimeTest, ASleepEndsAtTheDeadline) {
  CallContext context;
  context.time_limit = 20ms;
  std::atomic<bool> ended = false;
  // The clock may run ahead of the sleep's own end: the deadline comes before it in any case.
  std::thread other([&] {
    while (!ended) {
      clock->move(1ms);
      std::this_thread::yield();
    }
  });
  const auto error = thrown_by<PluginError>([&] { call("/sleep", "", context); });
  ended = true;
  other.join();
  EXPECT_EQ(error.code(), ErrorCode::timed_out);
}

TEST_F(HookTest, IsNotCalledWhenItsTimeIsUpAlready) {
  CallContext context;
  context.time_limit = 0ms;
  EXPECT_EQ(thrown_by<Error>([&] { call("/echo", "", context); }).code(), ErrorCode::timed_out);
}

TEST_F(HookTest, IsNotCalledWhenItWasCancelledBefore) {
  std::stop_source source;
  source.request_stop();
  CallContext context;
  context.stop = source.get_token();
  EXPECT_EQ(thrown_by<Error>([&] { call("/echo", "", context); }).code(), ErrorCode::cancelled);
}

TEST_F(HookTest, EndsWithinATenthOfASecondOfItsCancellation) {
  for (const char* path : {"/wait-for-cancel", "/sleep"}) {
    const Pipe pipe;
    std::stop_source source;
    CallContext context;
    context.stop = source.get_token();
    std::chrono::steady_clock::time_point asked;
    std::thread other([&] {
      if (path == std::string("/wait-for-cancel")) pipe.wait();
      asked = std::chrono::steady_clock::now();
      source.request_stop();
    });
    const auto error = thrown_by<Error>([&] { call(path, pipe.write_end(), context); });
    const auto ended = std::chrono::steady_clock::now();
    other.join();
    EXPECT_EQ(error.code(), ErrorCode::cancelled) << path;
    EXPECT_LT(ended - asked, 100ms) << path;
  }
}

TEST_F(HookTest, HasOneCancelFunctionAtATimeAndMayNotLeaveItBehind) {
  EXPECT_EQ(call("/two-cancels").body, "0 9 0 0");
  ASSERT_EQ(logged().size(), 1U);
  EXPECT_THAT(logged()[0].message, HasSubstr("without taking its cancel function back"));
}

TEST_F(HookTest, ThatOverstaysItsDeadlineIsReportedWhileItStillRuns) {
  const Pipe pipe;
  std::binary_semaphore reported{0};
  unload();
  options.log = [&](const PluginLogLine& line) {
    if (line.message.find("still runs one second after") == std::string::npos) return;
    EXPECT_EQ(line.level, 4);
    EXPECT_EQ(line.fields, (std::vector<std::pair<std::string, std::string>>{{"hook", "invoke"}, {"progress", "420"}}));
    EXPECT_EQ(line.instance_id, 42);
    reported.release();
  };
  catalogue = std::make_unique<Catalogue>(Catalogue::scan(options));
  handle = entry(*catalogue, "probe_all").plugin->open_instance({}, "{}");
  std::thread other([&] {
    reported.acquire();
    pipe.put();
  });
  CallContext context;
  context.time_limit = 10ms;
  context.instance_id = 42;
  const auto error = thrown_by<PluginError>([&] { call("/overstay", pipe.read_end(), context); });
  other.join();
  EXPECT_EQ(error.code(), ErrorCode::timed_out) << "why the host ended the call outweighs what the plugin made of it";
}

TEST_F(HookTest, AnInstanceIsClosedOnceItIsLetGo) {
  auto second = plugin->open_instance({}, "{}");
  EXPECT_EQ(call("/count-open").body, "2");
  second.reset();
  EXPECT_EQ(call("/count-open").body, "1");
}

TEST_F(HookTest, AHandleKeepsItsLibrary) {
  plugin.reset();
  catalogue.reset();
  EXPECT_EQ(call("/echo", "still here").body, "still here");
}

TEST_F(HookTest, AHoldThatIsNotReleasedIsReportedAndStopDoesNotCome) {
  options.stop_time_limit = 20ms;
  unload();
  catalogue = std::make_unique<Catalogue>(Catalogue::scan(options));
  handle = entry(*catalogue, "probe_all").plugin->open_instance({}, "{}");
  call("/hold");
  unload();
  ASSERT_EQ(logged().size(), 1U);
  EXPECT_THAT(logged()[0].message, HasSubstr("a hold() has no release()"));
}

TEST_F(HookTest, AHoldThatIsReleasedOnceTooOftenIsNoHarm) {
  call("/hold");
  call("/release");
  unload();
  EXPECT_EQ(logged().size(), 0U);
}

}  // namespace
}  // namespace formulary
