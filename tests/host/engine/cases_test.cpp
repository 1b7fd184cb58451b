/// \file
/// Formulas as data: each file of tests/cases is a template, what the world answers, and what must come of it. Read
/// tests/cases/README.md for the members.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "host/engine/runner.hpp"
#include "host/formula/problems.hpp"
#include "tests/support/engine_fakes.hpp"

namespace formulary {
namespace {

std::vector<std::filesystem::path> case_files() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(FORMULARY_CASES)) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

json::value read_json(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return parse_json(std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>()),
                    path.filename().string());
}

const json::value& member(const json::object& object, std::string_view key) {
  static const json::value absent;
  const json::value* found = object.if_contains(key);
  return found == nullptr ? absent : *found;
}
std::string text(const json::value& value) {
  return value.is_string() ? std::string(value.as_string()) : to_text(value);
}

/// The world of one case: requests in the order of the file, scripts by step name. One worker keeps the order certain.
class CaseWorld {
 public:
  explicit CaseWorld(const json::object& document) {
    if (const auto* list = member(document, "requests").if_array()) requests_ = *list;
    if (const auto* object = member(document, "scripts").if_object()) scripts_ = *object;
  }

  ResourceAnswer call_element(std::string_view selector, const ResourceRequest& request, const CallContext& context) {
    json::object seen{{"instance", selector}, {"method", request.method}, {"target", request.path}};
    if (!request.query.empty()) seen["query"] = request.query;
    if (!request.headers.empty()) seen["headers"] = request.headers;
    if (!request.body.empty()) seen["body"] = request.body;
    seen["keyed"] = !context.idempotency_key.empty();
    const json::object answer = answer_to(seen);
    if (answer.contains("refusal")) {  // as a plugin tells of it
      throw PluginError(ErrorCode::vendor_failed, text(answer.at("refusal")),
                        {.plugin_code = "vendor.refused", .http_status = answer.at("status").to_number<int>()});
    }
    ResourceAnswer result{.status = static_cast<int>(answer.at("status").to_number<int>()),
                          .content_type = content_type(answer),
                          .next_page = text_or_empty(answer, "nextPage"),
                          .body = body(answer)};
    for (const auto& [name, value] : headers(answer)) result.headers.emplace_back(name, value);
    return result;
  }

  HttpResponse send(const HttpRequest& request) {
    json::object seen{{"method", request.method}, {"target", request.url}};
    json::object sent;
    for (const auto& [name, value] : request.headers) {
      if (name != "Idempotency-Key") sent[name] = value;
    }
    if (!sent.empty()) seen["headers"] = sent;
    if (!request.body.empty()) seen["body"] = request.body;
    const json::object answer = answer_to(seen);
    HttpResponse result{.status = static_cast<int>(answer.at("status").to_number<int>()),
                        .headers = headers(answer),
                        .body = body(answer)};
    if (!content_type(answer).empty()) result.headers.emplace_back("Content-Type", content_type(answer));
    return result;
  }

  ScriptResult run(const ScriptRequest& request) {
    const std::lock_guard lock(mutex_);
    auto& results =
        scripts_[request.name].is_array() ? scripts_[request.name].as_array() : scripts_[request.name].emplace_array();
    if (results.empty())
      return {.error = "the case has no result for the script " + request.name, .error_code = "case"};
    const json::object result = results.front().as_object();
    if (results.size() > 1) results.erase(results.begin());  // the last one serves again and again
    if (const auto* part = member(result, "sees").if_string()) {
      EXPECT_NE(join_script_context(request.inputs).find(std::string(*part)), std::string::npos)
          << request.name << " sees " << request.context;
    }
    ScriptResult ended{.ok = !result.contains("throws")};
    if (ended.ok && result.contains("done")) ended.value = to_text(result.at("done"));
    if (!ended.ok) {
      ended.error = text(result.at("throws"));
      ended.error_code = "script.exception";
    }
    if (const auto* lines = member(result, "console").if_array()) {
      for (const auto& line : *lines) ended.console.push_back(text(line));
    }
    return ended;
  }

  [[nodiscard]] std::size_t requests_left() const { return requests_.size() - next_; }

 private:
  /// The answer of the next request of the file, whose other members must be as seen.
  json::object answer_to(const json::object& seen) {
    const std::lock_guard lock(mutex_);
    if (next_ >= requests_.size()) {
      ADD_FAILURE() << "an unexpected request: " << to_text(seen);
      throw Error(ErrorCode::internal, "unexpected request");
    }
    const json::object& wanted = requests_[next_++].as_object();
    for (const auto& expectation : wanted) {
      if (expectation.key() == "answer") continue;
      EXPECT_EQ(to_text(member(seen, expectation.key())), to_text(expectation.value()))
          << "request " << next_ << ": " << to_text(seen);
    }
    const json::object& answer = wanted.at("answer").as_object();
    const auto* code = member(answer, "breaks").if_string();
    if (code == nullptr) return answer;
    const bool late = *code == "timed_out";
    throw Error(late ? ErrorCode::timed_out : ErrorCode::bad_input, text(answer.at("message")));
  }

  static std::string text_or_empty(const json::object& answer, std::string_view key) {
    return answer.contains(key) ? text(answer.at(key)) : std::string();
  }
  static std::string body(const json::object& answer) { return text_or_empty(answer, "body"); }
  static std::string content_type(const json::object& answer) {
    if (answer.contains("contentType")) return text(answer.at("contentType"));
    return answer.contains("body") && !answer.at("body").is_string() ? "application/json" : "";
  }
  static plan::Headers headers(const json::object& answer) {
    plan::Headers result;
    if (const auto* object = member(answer, "headers").if_object()) {
      for (const auto& header : *object) result.emplace_back(header.key(), text(header.value()));
    }
    return result;
  }

  std::mutex mutex_;
  json::array requests_;
  std::size_t next_ = 0;
  json::object scripts_;
};

json::array route_of(const Execution& execution) {
  json::array route;
  for (const auto& step : execution.steps) route.emplace_back(step.name + ' ' + std::string(name(step.status)));
  return route;
}

/// The last value of each key, as a loop of steps overwrites them.
std::map<std::string, std::string> values_of(const Execution& execution) {
  std::map<std::string, std::string> values;
  for (const auto& step : execution.steps) {
    for (const auto& [key, value] : step.values) values[key] = value;
  }
  return values;
}

void expect_values(const Execution& execution, const json::object& expected) {
  const auto values = values_of(execution);
  for (const auto& wanted : expected) {
    const auto found = values.find(std::string(wanted.key()));
    if (wanted.value().is_null()) {
      EXPECT_EQ(found, values.end()) << wanted.key();
    } else if (found == values.end()) {
      ADD_FAILURE() << "there is no value " << wanted.key();
    } else {
      EXPECT_EQ(found->second, text(wanted.value())) << wanted.key();
    }
  }
}

void expect_outcome(const Execution& execution, const json::object& expected) {
  EXPECT_EQ(name(execution.status), text(expected.at("status")));
  EXPECT_EQ(to_text(route_of(execution)), to_text(expected.at("route")));
  if (const auto* values = member(expected, "values").if_object()) expect_values(execution, *values);
  if (expected.contains("result")) {
    EXPECT_EQ(to_text(execution.result), to_text(expected.at("result")));
  }
  if (expected.contains("error")) {
    EXPECT_EQ(execution.error ? execution.error->code : "", text(expected.at("error")));
  }
  if (const auto* errors = member(expected, "errors").if_object()) {
    for (const auto& step : execution.steps) {
      if (!errors->contains(step.name)) continue;
      EXPECT_NE((step.error ? step.error->message : "").find(text(errors->at(step.name))), std::string::npos)
          << step.name << ": " << (step.error ? step.error->message : "no error");
    }
  }
}

class Cases : public ::testing::TestWithParam<std::filesystem::path> {};

TEST_P(Cases, EndAsTheirFileSays) {
  const json::value parsed = read_json(GetParam());
  const json::object& document = parsed.as_object();
  SCOPED_TRACE(text(member(document, "about")));
  CaseWorld world(document);
  formulary::testing::SetClock clock;
  formulary::testing::PromptTimers timers;
  formulary::testing::FunctionTransport transport([&world](const HttpRequest& request) { return world.send(request); });
  formulary::testing::FunctionScripts scripts([&world](const ScriptRequest& request) { return world.run(request); });
  RunnerPorts ports{.transport = &transport, .scripts = &scripts, .timers = &timers, .clock = &clock};
  ports.call_element = [&world](std::string_view selector, const ResourceRequest& request, const CallContext& context) {
    return world.call_element(selector, request, context);
  };
  RunnerSettings settings{.workers = 1};
  if (document.contains("steps_max")) settings.limits.steps_max = document.at("steps_max").to_number<std::size_t>();
  FormulaRun order{.formula = Formula::from_json(document.at("formula"))};
  if (const auto* config = member(document, "config").if_object()) order.configuration = *config;
  order.args = document.contains("args") ? document.at("args") : json::value(json::object());
  if (document.contains("secret")) order.redactor = Redactor({text(document.at("secret"))});

  Runner runner(ports, settings);
  const json::object& expected = document.at("expect").as_object();
  if (const auto* problems = member(expected, "problems").if_array()) {
    try {
      (void)runner.run(order);
      ADD_FAILURE() << "it ran";
    } catch (const Error& error) {
      for (const auto& problem : *problems) {
        EXPECT_NE(std::string(error.what()).find(text(problem)), std::string::npos) << error.what();
      }
    }
    return;
  }
  expect_outcome(runner.run(order), expected);
  EXPECT_EQ(world.requests_left(), 0U) << "requests that were never made";
  if (const auto* delays = member(expected, "delays").if_array()) {
    json::array seen;
    for (const auto delay : timers.delays()) seen.emplace_back(delay.count());
    EXPECT_EQ(to_text(seen), to_text(*delays));
  }
}

std::string case_name(const ::testing::TestParamInfo<std::filesystem::path>& file) {
  std::string name = file.param.stem().string();
  std::replace_if(
      name.begin(), name.end(), [](char byte) { return std::isalnum(static_cast<unsigned char>(byte)) == 0; }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Files, Cases, ::testing::ValuesIn(case_files()), case_name);

TEST(CaseFiles, AreManyEnoughToMeanSomething) {
  EXPECT_GE(case_files().size(), 25U);
}

}  // namespace
}  // namespace formulary
