#include "sandbox.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <exception>
#include <map>
#include <utility>

#include "apis.hpp"
#include "body_check.hpp"

namespace sandbox {
namespace {

constexpr std::size_t requests_max = 1000;
constexpr std::size_t recorded_body_max = 64U << 10U;

bool is_control(const Request& request) {
  return request.path.starts_with("/_sandbox/");
}

Answer plain_refusal(int status, const char* code, const std::string& message) {
  return refusal_answer(Refusal(status, code, message));
}

std::string masked(std::string text, const std::string& secret) {
  for (std::size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at)) {
    text.replace(at, secret.size(), "********");
  }
  return text;
}

Limits initial_limits(bool limited) {
  Limits limits;
  limits.enabled = limited;
  return limits;
}

}  // namespace

Sandbox::Sandbox(Options options) : options_(std::move(options)), company_(make_company(options_.seed)) {
  limits_.set(initial_limits(options_.limited));
  add_job_routes(router_);
  add_job_ad_routes(router_);
  add_candidate_routes(router_);
  add_application_routes(router_);
  add_attachment_routes(router_);
  add_user_routes(router_);
  add_configuration_routes(router_);
  add_hris_routes(router_);
  add_platform_routes(router_, options_.api_key);
  add_control_routes();
}

Sandbox::Served Sandbox::serve(const Request& request) {
  const Router::Match match = router_.find(request.method, request.path);
  Served served;
  if (is_control(request)) {
    served.answer = route(request, match);
    return served;
  }
  record(request);
  const Guard guard = match.route != nullptr ? match.route->guard : Guard::key;
  if (guard != Guard::open) {
    served.slot = limits_.enter(guard);
    if (!served.slot) {
      served.answer = plain_refusal(429, "TOO_MANY_REQUESTS", "over the rate limit; wait and send it again");
      served.answer.headers = limits_.headers();
      return served;
    }
  }
  const std::optional<Fault> fault = take_fault(request);
  if (fault) {
    wait(fault->delay);
    served.wire = fault->wire;
  }
  served.answer = fault && fault->answer ? *fault->answer : route(request, match);
  if (guard != Guard::open) {
    for (auto& header : limits_.headers()) served.answer.headers.push_back(std::move(header));
  }
  return served;
}

std::optional<Fault> Sandbox::take_fault(const Request& request) {
  const std::scoped_lock lock(mutex_);
  return faults_.take(request);
}

Answer Sandbox::route(const Request& request, const Router::Match& match) {
  const Guard guard = match.route != nullptr ? match.route->guard : Guard::key;
  if (!is_control(request) && guard != Guard::open && request.header("X-SmartToken") != options_.api_key) {
    return plain_refusal(401, "UNAUTHORIZED", "No valid API credential provided");
  }
  if (match.route == nullptr) {
    if (match.allowed.empty()) return plain_refusal(404, "NOT_FOUND", "the sandbox has no path " + request.path);
    Answer answer = plain_refusal(405, "METHOD_NOT_ALLOWED", request.path + " knows only " + match.allowed);
    answer.headers.emplace_back("Allow", match.allowed);
    return answer;
  }
  const Call call{request, *match.route, match.ids, options_.base_url};
  const std::scoped_lock lock(mutex_);
  try {
    return match.route->handler(company_, call);
  } catch (const Refusal& refusal) {
    return refusal_answer(refusal);
  } catch (const std::exception& bug) {
    return plain_refusal(500, "SANDBOX_BUG", std::string("the sandbox failed: ") + bug.what());
  }
}

void Sandbox::record(const Request& request) {
  const std::scoped_lock lock(mutex_);
  json::array names;
  for (const auto& [name, value] : request.headers) names.push_back(json::string(name));
  requests_.push_back({{"method", request.method},
                       {"path", request.path},
                       {"query", masked(request.raw_query, options_.api_key)},
                       {"headers", std::move(names)},
                       {"contentType", request.content_type},
                       {"bodySize", request.body.size()},
                       {"body", masked(request.body, options_.api_key).substr(0, recorded_body_max)}});
  if (requests_.size() > requests_max) requests_.pop_front();
}

void Sandbox::wait(std::chrono::milliseconds delay) {
  std::unique_lock lock(mutex_);
  stopped_.wait_for(lock, delay, [&] { return stopping_; });
}

void Sandbox::stop() {
  const std::scoped_lock lock(mutex_);
  stopping_ = true;
  stopped_.notify_all();
}

void Sandbox::reset() {
  company_ = make_company(options_.seed);
  faults_.clear();
  requests_.clear();
  limits_.set(initial_limits(options_.limited));
}

Answer Sandbox::show_requests() const {
  json::array all(requests_.begin(), requests_.end());
  return json_answer(200, {{"requests", std::move(all)}});
}

Answer Sandbox::set_paging(const Call& call) {
  static const std::map<std::string, PagingTrap> traps{{"normal", PagingTrap::normal},
                                                       {"null", PagingTrap::null},
                                                       {"empty", PagingTrap::empty},
                                                       {"repeated", PagingTrap::repeated},
                                                       {"empty-page", PagingTrap::empty_page}};
  const auto chosen = traps.find(text_at(call.body_object(), "trap"));
  if (chosen == traps.end()) throw call.invalid("/trap", "must be normal, null, empty, repeated or empty-page");
  company_.trap = chosen->second;
  return no_content();
}

Answer Sandbox::set_limits(const Call& call) {
  const json::object body = call.body_object();
  check_members(call, body, {{.path = "enabled", .kind = Kind::boolean}});
  Limits limits;
  if (const json::value* enabled = body.if_contains("enabled")) limits.enabled = enabled->as_bool();
  const auto take = [&](const char* name, std::size_t& into) {
    const json::value* found = body.if_contains(name);
    if (found == nullptr) return;
    const std::int64_t* number = found->if_int64();
    if (number == nullptr || *number < 1 || *number > 1'000'000) throw call.invalid(name, "must be 1 to 1000000");
    into = static_cast<std::size_t>(*number);
  };
  auto window_ms = static_cast<std::size_t>(limits.window.count());
  take("perWindow", limits.per_window);
  take("publicationsPerWindow", limits.publications_per_window);
  take("concurrent", limits.concurrent);
  take("candidateListsAtOnce", limits.candidate_lists_at_once);
  take("windowMs", window_ms);
  limits.window = std::chrono::milliseconds(window_ms);
  limits_.set(limits);
  return no_content();
}

void Sandbox::add_control_routes() {
  const auto add = [this](const char* method, const char* path, Handler handler) {
    router_.add(method, path, {}, std::move(handler), Guard::open);
  };
  add("GET", "/_sandbox/health", [](Company&, const Call&) { return json_answer(200, {{"status", "ok"}}); });
  add("GET", "/_sandbox/routes", [this](Company&, const Call&) {
    json::array all;
    for (const Route& one : router_.routes()) {
      if (one.guard != Guard::open) all.push_back(json::object{{"method", one.method}, {"path", one.pattern}});
    }
    return json_answer(200, {{"routes", std::move(all)}});
  });
  add("POST", "/_sandbox/faults", [this](Company&, const Call& call) {
    faults_.add(call);
    return json_answer(201, {{"faults", faults_.size()}});
  });
  add("DELETE", "/_sandbox/faults", [this](Company&, const Call&) {
    faults_.clear();
    return no_content();
  });
  add("GET", "/_sandbox/requests", [this](Company&, const Call&) { return show_requests(); });
  add("DELETE", "/_sandbox/requests", [this](Company&, const Call&) {
    requests_.clear();
    return no_content();
  });
  add("POST", "/_sandbox/paging", [this](Company&, const Call& call) { return set_paging(call); });
  add("POST", "/_sandbox/limits", [this](Company&, const Call& call) { return set_limits(call); });
  add("POST", "/_sandbox/reset", [this](Company&, const Call&) {
    reset();
    return no_content();
  });
}

}  // namespace sandbox
