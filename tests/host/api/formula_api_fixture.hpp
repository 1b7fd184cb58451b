/// \file
/// The API's routes about formulas, on a durable engine with a data folder of its own; who asks is set, not proved.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/api/api.hpp"
#include "host/api/error_policy.hpp"
#include "host/api/formula_services.hpp"
#include "tests/host/engine/engine_fixture.hpp"

namespace formulary::testing {

class SetAuthorizer final : public api::Authorizer {
 public:
  [[nodiscard]] api::Principal authorize(const api::ApiRequest& /*request*/) override { return principal; }
  api::Principal principal{.organization = 1, .account = 7, .user = 70};
};

class FormulaApiTest : public EngineTest {
 protected:
  using Headers = api::NamedValues;

  struct Answer {
    int status = 0;
    json::value body;
    std::map<std::string, std::string> headers;
    [[nodiscard]] std::string text() const { return to_text(body); }
    [[nodiscard]] const json::value& operator[](std::string_view member) const { return body.as_object().at(member); }
    [[nodiscard]] std::int64_t id() const { return body.as_object().at("id").as_int64(); }
  };

  Answer call(const std::string& method, const std::string& target, const std::string& body = {},
              const Headers& headers = {}) {
    api::ApiRequest request;
    request.method = method;
    request.request_id = "53dbca9430045c016b46566c";
    request.headers = headers;
    request.read_body = [rest = std::string_view(body)](std::span<char> part) mutable {
      const std::size_t count = std::min(part.size(), rest.size());
      std::copy_n(rest.begin(), count, part.begin());
      rest.remove_prefix(count);
      return count;
    };
    const std::size_t mark = std::min(target.find('?'), target.size());
    const std::string path = std::string(api::api_base_path) + target.substr(0, mark);
    api::ApiAnswer given =
        api().handle(request, path, mark == target.size() ? "" : std::string_view(target).substr(mark + 1));
    Answer result{.status = given.status};
    if (!given.body.empty()) result.body = parse_json(given.body, "answer");
    for (auto& [name, value] : given.headers) result.headers[name] = value;
    return result;
  }
  Answer get(const std::string& target) { return call("GET", target); }
  Answer post(const std::string& target, const std::string& body) { return call("POST", target, body); }
  Answer put(const std::string& target, const std::string& body = {}) { return call("PUT", target, body); }
  Answer patch(const std::string& target, const std::string& body) { return call("PATCH", target, body); }
  Answer remove(const std::string& target) { return call("DELETE", target); }

  std::int64_t made(const std::string& target, const std::string& body) {
    const Answer created = post(target, body);
    EXPECT_EQ(created.status, 200) << created.text();
    return created.status == 200 ? created.id() : 0;
  }
  std::int64_t made_formula(const std::string& body) { return made("/formulas", body); }
  std::int64_t made_instance(std::int64_t formula, const std::string& body = R"({"name":"i"})") {
    return made("/formulas/" + std::to_string(formula) + "/instances", body);
  }
  /// Starts one execution and waits for its end.
  std::int64_t ran(std::int64_t instance, const std::string& body = "{}") {
    const Answer started = post("/formulas/instances/" + std::to_string(instance) + "/executions", body);
    EXPECT_EQ(started.status, 200) << started.text();
    if (started.status != 200) return 0;
    const std::int64_t id = started.body.as_array().at(0).at("id").as_int64();
    (void)running().wait(id, std::chrono::seconds(20));
    return id;
  }

  Engine& running() {
    (void)api();
    return *engine_;
  }
  /// Once the policy has heard of every end so far.
  std::vector<api::FormulaNotice> notices() {
    policy_->settle();
    return notices_;
  }
  api::FormulaServices& services() {
    (void)api();
    return services_;
  }
  api::Api& api() {
    if (!api_) open_api();
    return *api_;
  }

  SetAuthorizer authorizer;
  std::function<ScriptResult(const ScriptRequest&)> run_script = [](const ScriptRequest& request) {
    return ScriptResult{.ok = true, .value = request.kind == ScriptKind::filter ? "true" : R"({"made":1})"};
  };
  std::set<std::string> element_instances{"12", "Acme"};
  std::map<std::int64_t, Schedule> schedules;

 private:
  void open_api() {
    store_ = std::make_unique<FormulaStore>(storage());
    formulas_ = std::make_unique<api::Formulas>(*store_, clock);
    instances_ = std::make_unique<api::FormulaInstances>(
        *store_, *formulas_, clock,
        api::FormulaInstancePorts{
            .has_element_instance =
                [this](std::int64_t, std::string_view selector) {
                  return element_instances.contains(std::string(selector));
                },
            .put_schedule =
                [this](Schedule schedule) { schedules.insert_or_assign(schedule.formula_instance, schedule); },
            .remove_schedule = [this](std::int64_t id) { schedules.erase(id); },
            .warn = {}});
    policy_ = std::make_unique<api::ErrorPolicy>(
        *instances_, clock, [this](const api::FormulaNotice& notice) { notices_.push_back(notice); }, nullptr);
    EnginePorts all = ports();
    all.steps.scripts = &own_scripts_;
    all.ended = [this](const ExecutionEnded& ended) { policy_->on_ended(ended); };
    engine_ = std::make_unique<Engine>(all, settings());
    engine_->start();
    starter_ = std::make_unique<api::FormulaStarter>(*store_, *instances_, *engine_, nullptr);
    history_ = std::make_unique<History>(storage());
    services_ = {.store = store_.get(),
                 .formulas = formulas_.get(),
                 .instances = instances_.get(),
                 .starter = starter_.get(),
                 .engine = engine_.get(),
                 .history = history_.get(),
                 .storage = storage(),
                 .clock = &clock,
                 .standing = {}};
    api::ApiParts parts;
    add_all_formula_routes(parts.router, services_);
    parts.authorizer = &authorizer;
    parts.clock = &clock;
    parts.formula_resource = [this](api::ApiRequest& request) { return call_formula_resource(services_, request); };
    parts.element_resource = [](api::ApiRequest&) { return api::answer_empty(); };
    api_ = std::make_unique<api::Api>(std::move(parts));
  }
  FunctionScripts own_scripts_{[this](const ScriptRequest& request) { return run_script(request); }};
  std::unique_ptr<FormulaStore> store_;
  std::unique_ptr<api::Formulas> formulas_;
  std::unique_ptr<api::FormulaInstances> instances_;
  std::vector<api::FormulaNotice> notices_;
  std::unique_ptr<api::ErrorPolicy> policy_;
  std::unique_ptr<Engine> engine_;  ///< Tells the policy of ends: declared after it.
  std::unique_ptr<api::FormulaStarter> starter_;
  std::unique_ptr<History> history_;
  api::FormulaServices services_;
  std::unique_ptr<api::Api> api_;
};

}  // namespace formulary::testing
