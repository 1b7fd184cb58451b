#include "tests/plugins/smartrecruiters/scripted_vendor.hpp"

#include <formulary/poco/json.hpp>

#include <utility>

#include "plugins/smartrecruiters/smartrecruiters.hpp"

namespace smartrecruiters::testing {
namespace {

namespace http = element::http;
namespace json = element::json;

ScriptedVendor* current = nullptr;

class ScriptedTransport final : public Transport {
 public:
  explicit ScriptedTransport(ScriptedVendor& vendor) : vendor_(&vendor) {}
  http::response send(const http::control& within, const http::request& what) override {
    within.check();
    return vendor_->send(what);
  }

 private:
  ScriptedVendor* vendor_;
};

std::unique_ptr<Transport> connect_script(const http::options& how) {
  current->connected = how;
  return std::make_unique<ScriptedTransport>(*current);
}

json::value head_of(const element::testing::outcome& of) {
  return json::parse(of.head(), {.where = "head"});
}

}  // namespace

ScriptedVendor& ScriptedVendor::answers(int status, std::string body, http::header_list headers) {
  const std::lock_guard lock(mutex_);
  queue_.emplace_back([status, body = std::move(body), headers = std::move(headers)](const Sent&) {
    return http::response{.status = status, .headers = headers, .body = body};
  });
  return *this;
}

ScriptedVendor& ScriptedVendor::fails(const element::error& why) {
  const std::lock_guard lock(mutex_);
  queue_.emplace_back([why](const Sent&) -> http::response { throw why; });
  return *this;
}

void ScriptedVendor::always(Answerer answerer) {
  const std::lock_guard lock(mutex_);
  otherwise_ = std::move(answerer);
}

std::vector<Sent> ScriptedVendor::sent() const {
  const std::lock_guard lock(mutex_);
  return sent_;
}

std::vector<std::string> ScriptedVendor::targets() const {
  std::vector<std::string> targets;
  for (const Sent& one : sent()) targets.push_back(one.method + " " + one.target);
  return targets;
}

http::response ScriptedVendor::send(const http::request& what) {
  Answerer answerer = [](const Sent&) { return http::response{.status = 599, .body = "the script has ended"}; };
  Sent got = {what.method,
              what.target,
              std::string(what.headers.value_or("X-SmartToken", "")),
              std::string(what.headers.value_or("Authorization", "")),
              std::string(what.headers.value_or("Accept", "")),
              std::string(what.body),
              what.content_type};
  {
    const std::lock_guard lock(mutex_);
    sent_.push_back(got);
    if (!queue_.empty()) {
      answerer = std::move(queue_.front());
      queue_.pop_front();
    } else if (otherwise_) {
      answerer = otherwise_;
    }
  }
  return answerer(got);
}

void lead_to(ScriptedVendor* vendor) {
  current = vendor;
}

void ElementTest::TearDown() {
  instance.reset();
  EXPECT_EQ(host.violations(), std::vector<std::string>{});
}

element::testing::outcome ElementTest::invoke(const element::request& what,
                                              const element::testing::call_options& options) {
  if (instance == nullptr) {
    auto opened = plugin.open_instance(request_with_key());
    EXPECT_TRUE(opened.result.ok());
    instance = std::move(opened.instance);
  }
  return instance->invoke(what, options);
}

element::testing::outcome ElementTest::get(std::string_view path, std::string_view query) {
  return invoke({.method = "GET", .path = path, .query = query, .headers = {}, .body = {}, .content_type = {}});
}

std::string ElementTest::header(const element::testing::outcome& of, std::string_view name) {
  const json::value head = head_of(of);
  return json::reader(head, {.where = "head"}).object("headers").text_or(name, "");
}

std::string ElementTest::next_page(const element::testing::outcome& of) {
  const json::value head = head_of(of);
  return json::reader(head, {.where = "head"}).text_or("nextPage", "");
}

int ElementTest::retries(const element::testing::outcome& of) {
  const json::value head = head_of(of);
  return static_cast<int>(json::reader(head, {.where = "head"}).integer("retryAttempts"));
}

std::string request_with_key() {
  return R"({"element":{"key":"smartrecruiters"},"configuration":{"api.key":")" + std::string(api_key) +
         R"("},"tags":[],"name":"one"})";
}

}  // namespace smartrecruiters::testing

struct element_manifest {
  static constexpr std::string_view id = "com.formulary.smartrecruiters";
  static constexpr std::string_view version = "1.0.0";
  static std::string_view text() noexcept { return "{}"; }
};

struct ScriptedElement : smartrecruiters::SmartRecruiters {
  ScriptedElement() : SmartRecruiters(smartrecruiters::testing::connect_script) {}
};
FORMULARY_ELEMENT(ScriptedElement)
