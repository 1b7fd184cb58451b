// What each kind of step asks of the world, what later steps see of the answer, and what its history keeps.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "host/formula/step_call.hpp"
#include "tests/host/formula/plan_player.hpp"

namespace formulary::testing {
namespace {

std::string one_step(const std::string& type, const std::string& properties) {
  return R"({"id":1,"name":"f","triggers":[{"type":"manual","onSuccess":["a"]}],"steps":[{"name":"a","type":")" + type +
         R"(","properties":)" + properties +
         R"(,"onSuccess":["s"]},{"name":"s","type":"script","properties":{"body":"done() "}}]})";
}

TEST(PlanCalls, AStreamKeepsBothHalvesApart) {
  PlanPlayer player(
      one_step("elementRequestStream", R"({"downloadElementInstanceId":"${config.from}","downloadMethod":"GET",
    "downloadApi":"/files/${trigger.args.id}","downloadHeaders":{"Accept":"text/csv"},"uploadElementInstanceId":"${config.to}",
    "uploadMethod":"POST","uploadApi":"/files?path=/x","uploadFormDataName":"file","uploadFormData":{"kind":"csv"}})"));
  player.config = {{"from", "11"}, {"to", "12"}};
  player.start(json::object{{"id", "f-1"}});
  const auto& call = std::get<plan::StreamCall>(*player.out.at(0).call);
  EXPECT_EQ(call.download.instance + call.download.target, "11/files/f-1");
  EXPECT_EQ(call.upload.instance + call.upload.target, "12/files");
  EXPECT_EQ(to_text(call.upload.query), R"({"path":"/x"})");

  plan::Answered file = answered(200, "a,b");
  file.headers = {{"Content-Disposition", "attachment; filename=\"x.csv\""}};
  file.content_type = "text/csv";
  const auto upload = plan::upload_of(call, file, "key");
  EXPECT_EQ(upload.content_type, "multipart/form-data; boundary=formulary-key");
  EXPECT_EQ(upload.body,
            "--formulary-key\r\nContent-Disposition: form-data; name=\"kind\"\r\n\r\ncsv\r\n"
            "--formulary-key\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x.csv\"\r\nContent-Type: "
            "text/csv\r\n\r\na,b\r\n--formulary-key--\r\n");

  player.answers["a"] = {plan::Streamed{.download = answered(200), .upload = answered(201, R"({"id":9})")}};
  while (player.step()) {
  }
  const auto record = player.record("a");
  EXPECT_EQ(PlanPlayer::value(record, "a.download.request.uri"), "/files/f-1");
  EXPECT_EQ(PlanPlayer::value(record, "a.download.request.headers"), R"({"Accept":"text/csv"})");
  EXPECT_EQ(PlanPlayer::value(record, "a.download.response.code"), "200");
  EXPECT_EQ(PlanPlayer::value(record, "a.upload.request.method"), "POST");
  EXPECT_EQ(PlanPlayer::value(record, "a.upload.request.form"), R"({"kind":"csv","file":{"filename":""}})");
  EXPECT_EQ(PlanPlayer::value(record, "a.upload.response.code"), "201");
  EXPECT_EQ(PlanPlayer::value(record, "a.upload.response.body"), R"({"id":9})");
  EXPECT_EQ(player.status(), "success");
}

TEST(PlanCalls, AStreamFailsWithWhicheverHalfWasRefused) {
  const std::string stream = one_step("elementRequestStream",
                                      R"({"downloadElementInstanceId":1,"downloadMethod":"GET","downloadApi":"/a",
    "uploadElementInstanceId":2,"uploadMethod":"POST","uploadApi":"/b"})");
  PlanPlayer download(stream);
  download.answers["a"] = {plan::Streamed{.download = answered(404)}};
  EXPECT_EQ(download.play().record("a").error->code, "http.404");
  PlanPlayer upload(stream);
  upload.answers["a"] = {plan::Streamed{.download = answered(200), .upload = answered(413)}};
  EXPECT_EQ(upload.play().record("a").error->code, "http.413");
}

TEST(PlanCalls, APlatformRequestHasAPathAndNoInstance) {
  PlanPlayer player(one_step("request", R"({"method":"GET","api":"formulas/${info.formulaId}/instances?x=1",
    "acceptableStatusCodes":"401"})"));
  player.info = {{"formulaId", 111}};
  player.answers["a"] = {answered(401, "{}")};
  player.play();
  const auto& call = std::get<plan::RequestCall>(*player.begun.at(0).call);
  EXPECT_EQ(call.kind, plan::RequestCall::Kind::platform);
  EXPECT_EQ(call.target, "/formulas/111/instances");
  EXPECT_EQ(PlanPlayer::value(player.record("a"), "a.request.uri"), "/formulas/111/instances");
  EXPECT_EQ(PlanPlayer::value(player.record("a"), "a.response.code"), "401");
  EXPECT_EQ(player.status(), "success");
}

TEST(PlanCalls, AFormIsSentAsMultipartAndShownAsItsFields) {
  PlanPlayer player(one_step("httpRequest", R"({"method":"POST","url":"http://x","form":"${trigger.args.form}"})"));
  player.play(parse_json(R"({"form":{"note":"n \"1\"","n":5,"none":null,"two":["x","y"],
    "file":{"value":"csv","options":{"filename":"a\"b.csv","contentType":"text/csv"}},
    "raw":{"filename":"r.bin","type":"workflow-file-attachment","content":"/wAB"}}})",
                         "args"));
  const auto& call = std::get<plan::RequestCall>(*player.begun.at(0).call);
  EXPECT_TRUE(call.content_type.starts_with("multipart/form-data; boundary=formulary-"));
  for (const char* part :
       {"name=\"note\"\r\n\r\nn \"1\"\r\n", "name=\"n\"\r\n\r\n5\r\n", "name=\"two\"\r\n\r\nx\r\n",
        "name=\"two\"\r\n\r\ny\r\n", "name=\"file\"; filename=\"a%22b.csv\"\r\nContent-Type: text/csv\r\n\r\ncsv\r\n",
        "name=\"raw\"; filename=\"r.bin\"\r\nContent-Type: application/octet-stream\r\n\r\n\xFF"}) {
    EXPECT_NE(call.body.find(part), std::string::npos) << part;
  }
  EXPECT_EQ(call.body.find("none"), std::string::npos);
  const auto record = player.record("a");
  EXPECT_EQ(PlanPlayer::value(record, "a.request.body"), "(none)");
  EXPECT_TRUE(PlanPlayer::value(record, "a.request.form").starts_with(R"({"note":"n \"1\"","n":5)"));
}

TEST(PlanCalls, ABoundaryThatOccursInTheFormIsMadeLonger) {
  PlanPlayer first(one_step("httpRequest", R"({"method":"POST","url":"http://x","form":"${trigger.args}"})"));
  first.start(json::object{{"a", "1"}});
  const std::string type = std::get<plan::RequestCall>(*first.out.at(0).call).content_type;
  const std::string boundary = type.substr(type.find('=') + 1);
  PlanPlayer second(one_step("httpRequest", R"({"method":"POST","url":"http://x","form":"${trigger.args}"})"));
  second.start(json::object{{"a", "--" + boundary}});
  EXPECT_EQ(std::get<plan::RequestCall>(*second.out.at(0).call).content_type, type + "x");
}

TEST(PlanCalls, AFileBodyIsSentAsTheFile) {
  PlanPlayer player(one_step("httpRequest", R"({"method":"POST","url":"http://x","body":"${trigger.args.file}"})"));
  player.play(
      json::object{{"file", {{"filename", "a.bin"}, {"type", "workflow-file-attachment"}, {"content", "/wAB"}}}});
  const auto& call = std::get<plan::RequestCall>(*player.begun.at(0).call);
  EXPECT_EQ(call.body, std::string("\xFF\0\x01", 3));
  EXPECT_EQ(call.content_type, "application/octet-stream");
  EXPECT_EQ(PlanPlayer::value(player.record("a"), "a.request.body"), "(none)") << "it is no text";
}

TEST(PlanCalls, PathVariablesAreOnRecord) {
  PlanPlayer player(one_step("httpRequest", R"({"method":"GET","url":"http://x/{id}","path":{"id":"a b"}})"));
  player.play();
  EXPECT_EQ(PlanPlayer::value(player.record("a"), "a.request.url"), "http://x/a%20b");
  EXPECT_EQ(PlanPlayer::value(player.record("a"), "a.request.path"), R"({"id":"a b"})");
}

TEST(PlanCalls, AMessageShowsWhereItWentWithoutCredentials) {
  PlanPlayer player(one_step(
      "amqpRequest", R"({"url":"amqp://user:s3cret@host/v","queue":"q","exchange":"e","body":"${trigger.args}"})"));
  player.play(json::object{{"x", 1}});
  const auto& call = std::get<plan::AmqpCall>(*player.begun.at(0).call);
  EXPECT_EQ(call.url, "amqp://user:s3cret@host/v");
  EXPECT_EQ(call.body, R"({"x":1})");
  EXPECT_EQ(player.record("a").values, (plan::Values{{"a.request.url", "amqp://********@host/v"},
                                                     {"a.request.exchange", "e"},
                                                     {"a.request.queue", "q"},
                                                     {"a.request.body", R"({"x":1})"}}));
  EXPECT_EQ(player.status(), "success");
}

TEST(PlanCalls, APasswordWithASlashIsHiddenToo) {
  PlanPlayer player(one_step("amqpRequest", R"({"url":"amqp://user:s3/cr@et@host/v","queue":"q","body":"x"})"));
  player.play();
  EXPECT_EQ(PlanPlayer::value(player.record("a"), "a.request.url"), "amqp://********@host/v");
}

TEST(PlanCalls, AnAddressOfAnotherKindIsNotShownInTheError) {
  PlanPlayer player(one_step("amqpRequest", R"({"url":"ampq://user:s3cret@host","queue":"q","body":"x"})"));
  player.play();
  EXPECT_EQ(player.record("a").error->message.find("s3cret"), std::string::npos) << player.record("a").error->message;
}

struct BadMessage {
  const char* why;
  const char* properties;
  const char* sentence;
};
class BadMessages : public ::testing::TestWithParam<BadMessage> {};
TEST_P(BadMessages, FailTheirStep) {
  PlanPlayer player(one_step("amqpRequest", GetParam().properties));
  EXPECT_NE(player.play().record("a").error->message.find(GetParam().sentence), std::string::npos)
      << player.record("a").error->message;
}
INSTANTIATE_TEST_SUITE_P(
    Table, BadMessages,
    ::testing::Values(BadMessage{"address", R"({"url":"http://x","queue":"q","body":"b"})", "amqp://"},
                      BadMessage{"nowhere", R"({"url":"amqp://x","body":"b"})", "neither queue nor exchange"}),
    [](const auto& tested) { return std::string(tested.param.why); });

TEST(PlanCalls, ANotificationIsToldAndOnRecord) {
  PlanPlayer player(one_step("notification", R"({"body":"hello ${trigger.args.who}"})"));
  player.play(json::object{{"who", "Ada"}});
  EXPECT_EQ(std::get<plan::NotifyCall>(*player.begun.at(0).call).body, "hello Ada");
  EXPECT_EQ(player.record("a").values, (plan::Values{{"a.request.body", "hello Ada"}}));
}

TEST(PlanCalls, RetriesAreCountedAndTheLastAnswerStays) {
  PlanPlayer player(one_step(
      "httpRequest", R"({"method":"GET","url":"http://x","retry":"true","retryAttempts":"3","retryDelay":"10"})"));
  player.answers["a"] = {answered(500)};
  player.play();
  EXPECT_EQ(player.delays.size(), 3U);
  EXPECT_EQ(PlanPlayer::value(player.record("a"), "a.request.retry-attempt"), "3");
  EXPECT_EQ(player.status(), "failed");
}

TEST(PlanCalls, ThePolicyMayComeFromTheConfiguration) {
  PlanPlayer player(one_step("httpRequest", R"({"method":"GET","url":"http://x","retry":"${config.retry}",
    "retryAttempts":"${config.attempts}","retryDelay":"${config.delay}","acceptableStatusCodes":"${config.accept}"})"));
  player.config = {{"retry", "true"}, {"attempts", 2}, {"delay", "70"}, {"accept", "404"}};
  player.answers["a"] = {answered(500), answered(404)};
  player.play();
  EXPECT_EQ(player.delays, std::vector<std::chrono::milliseconds>{std::chrono::milliseconds(70)});
  EXPECT_EQ(player.status(), "success");
}

TEST(PlanCalls, InfoKnowsTheFormulaTheExecutionAndTheTime) {
  PlanPlayer player(one_step("httpRequest", R"({"method":"GET","url":"http://x"})"));
  player.info = {{"formulaId", 1}, {"formulaInstanceId", 2}, {"formulaInstanceName", "mine"}};
  player.play();
  const json::value info = std::get<plan::ScriptCall>(*player.begun.back().call).scope->info.value();
  EXPECT_EQ(to_text(info),
            R"({"formulaId":1,"formulaInstanceId":2,"formulaInstanceName":"mine","formulaExecutionId":"e-1",)"
            R"("formulaStartTime":1700000000001,"formulaName":"f","stepEndTime":1700000000002})");
}

struct OddResult {
  const char* why;
  std::string value;
};
class OddResults : public ::testing::TestWithParam<OddResult> {};
TEST_P(OddResults, FailTheScript) {
  PlanPlayer player(one_step("script", R"({"body":"done() "})"));
  player.answers["a"] = {said(GetParam().value)};
  EXPECT_EQ(player.play().record("a").error->code, "script.output");
  EXPECT_EQ(player.status(), "failed");
}
INSTANTIATE_TEST_SUITE_P(Table, OddResults,
                         ::testing::Values(OddResult{"no_json", "{\"a\":1}}"}, OddResult{"not_utf8", "\"\xFF\""},
                                           OddResult{"too_deep", std::string(200, '[') + std::string(200, ']')},
                                           OddResult{"not_a_number", "NaN"}),
                         [](const auto& tested) { return std::string(tested.param.why); });

TEST(PureChain, IsTheScriptsThatFollowEachOther) {
  PlanPlayer player(std::string(R"({"name":"f","triggers":[{"type":"manual","onSuccess":["a"]}],"steps":[
    {"name":"a","type":"script","properties":{"body":"done() "},"onSuccess":["b"]},
    {"name":"b","type":"filter","properties":{"body":"done() "},"onSuccess":["c"],"onFailure":["d"]},
    {"name":"c","type":"script","properties":{"body":"done() "},"onSuccess":["get"]},
    {"name":"d","type":"script","properties":{"body":"done() "},"onSuccess":["a"]},
    {"name":"get","type":"httpRequest","properties":{"method":"GET","url":"http://x"}}]})"));
  player.start();
  const auto chain = plan::pure_chain(player.state, player.out.at(0).run);
  ASSERT_EQ(chain.size(), 4U);
  EXPECT_EQ(chain[0].step->name + chain[1].step->name + chain[2].step->name + chain[3].step->name, "abcd");
  EXPECT_EQ(chain[0].on_success, 1U);
  EXPECT_EQ(chain[1].on_success, 2U);
  EXPECT_EQ(chain[1].on_failure, 3U);
  EXPECT_FALSE(chain[2].on_success) << "a request follows";
  EXPECT_FALSE(chain[3].on_success) << "each step is in it once";
  EXPECT_TRUE(chain[1].filter);
  while (player.step()) {
  }
  for (std::size_t at = 0; at < 3; ++at) {
    EXPECT_EQ(chain[at].seed, std::get<plan::ScriptCall>(*player.begun[at].call).seed) << "as when it runs alone";
  }
}

TEST(PureChain, IsOneLinkWhileSomethingElseIsOut) {
  PlanPlayer player(std::string(R"({"name":"f","triggers":[{"type":"manual","onSuccess":["a","get"]}],"steps":[
    {"name":"a","type":"script","properties":{"body":"done() "},"onSuccess":["b"]},
    {"name":"b","type":"script","properties":{"body":"done() "}},
    {"name":"get","type":"httpRequest","properties":{"method":"GET","url":"http://x"}}]})"));
  player.start();
  EXPECT_EQ(plan::pure_chain(player.state, player.out.at(0).run).size(), 1U);
  EXPECT_TRUE(plan::pure_chain(player.state, player.out.at(1).run).empty()) << "a request is no script";
  EXPECT_TRUE(plan::pure_chain(player.state, 99).empty());
}

TEST(PureChain, ForksEndIt) {
  PlanPlayer player(std::string(R"({"name":"f","triggers":[{"type":"manual","onSuccess":["a"]}],"steps":[
    {"name":"a","type":"script","properties":{"body":"done() "},"onSuccess":["b","c"]},
    {"name":"b","type":"script","properties":{"body":"done() "}},{"name":"c","type":"script","properties":{"body":"done() "}}]})"));
  player.start();
  const auto chain = plan::pure_chain(player.state, player.out.at(0).run);
  ASSERT_EQ(chain.size(), 1U);
  EXPECT_FALSE(chain[0].on_success);
}

TEST(Outstanding, TellsWhoTakesOverWhatIsOutAndWhatIsLeftOfEachWait) {
  PlanPlayer player(std::string(R"({"name":"f","triggers":[{"type":"manual","onSuccess":["a","get"]}],"steps":[
    {"name":"a","type":"script","properties":{"body":"done() "}},
    {"name":"get","type":"httpRequest","properties":{"method":"GET","url":"http://x","retry":"true","retryAttempts":"1","retryDelay":"500"}}]})"));
  player.start();
  player.send(plan::StepEnded{.run = player.out.at(1).run, .outcome = answered(500)});
  const auto actions = plan::outstanding(player.state, player.now + std::chrono::milliseconds(200));
  ASSERT_EQ(actions.size(), 2U);
  EXPECT_EQ(std::get<plan::RunStep>(actions[0]).step->name, "a");
  EXPECT_EQ(std::get<plan::SetTimer>(actions[1]).delay, std::chrono::milliseconds(300));
  const auto late = plan::outstanding(player.state, player.now + std::chrono::hours(1));
  EXPECT_EQ(std::get<plan::SetTimer>(late[1]).delay, std::chrono::milliseconds(0));
}

}  // namespace
}  // namespace formulary::testing
