/// \file
/// Starts a plugin and runs its hooks one by one, as the host does.
#pragma once

#include <formulary/fake_host/call.hpp>
#include <formulary/fake_host/json_problem.hpp>

#include <stdexcept>

namespace element::testing {

class plugin_runner;

/// An open element instance. Must end before its plugin_runner. Any thread may call it, and calls wait for each other
/// as far as the plugin's declared concurrency demands.
class instance_runner {
 public:
  instance_runner(plugin_runner& plugin, element_instance* instance) : plugin_(plugin), instance_(instance) {}
  instance_runner(const instance_runner&) = delete;
  instance_runner& operator=(const instance_runner&) = delete;
  ~instance_runner();  ///< close_instance()

  outcome invoke(const request& what, const call_options& options = {});
  /// ELEMENT_UNIMPLEMENTED if the plugin has no events.
  outcome poll_events(std::string_view cursor, std::uint32_t max_events, const call_options& options = {});

 private:
  plugin_runner& plugin_;
  element_instance* instance_;
  std::mutex mutex_;
};

/// A started plugin.
class plugin_runner {
 public:
  struct opening {
    outcome result;
    std::unique_ptr<instance_runner> instance;  ///< Empty unless result.ok().
  };

  /// Calls the entry, checks the table as the host does, and start()s. Throws std::runtime_error with the reason if the
  /// plugin refuses this host, its table is not usable or start() fails.
  plugin_runner(fake_host& host, element_entry_fn entry, const call_options& options = {}) : host_(host) {
    const element_plugin* const table = entry(host.get());
    table_ = checked(table);
    if (entry(host.get()) != table) host.violation("the entry gave another table when it was called again");
    host.set_stopped(false);
    started_ = run("start", options, nullptr, nullptr,
                   [&](const element_call* call) { return table_.start(host.get(), call, &state_); });
    if (!started_.ok())
      throw std::runtime_error("start() failed: " + (started_.error ? started_.error->message : std::string()));
  }
  plugin_runner(const plugin_runner&) = delete;
  plugin_runner& operator=(const plugin_runner&) = delete;
  ~plugin_runner() {
    if (const std::int64_t holds = host_.holds(); holds != 0) {
      host_.violation(std::to_string(holds) + " hold()s were not released, so the host could never stop the plugin");
    }
    table_.stop(state_);
    host_.set_stopped(true);
  }

  [[nodiscard]] std::string_view id() const noexcept { return view(about_.id); }
  [[nodiscard]] std::string_view version() const noexcept { return view(about_.version); }
  [[nodiscard]] std::string_view manifest() const noexcept { return view(about_.manifest); }
  [[nodiscard]] concurrency declared_concurrency() const noexcept {
    return static_cast<concurrency>(about_.concurrency);
  }
  [[nodiscard]] bool has_events() const noexcept { return table_.poll_events != nullptr; }

  outcome serialize_config(std::string_view draft, const call_options& options = {}) {
    return run("serialize_config", options, nullptr, json_problem,
               [&](const element_call* call) { return table_.serialize_config(state_, call, raw(draft)); });
  }
  outcome authenticate(std::string_view request, const connection& to = {}, const call_options& options = {}) {
    const element_connection where = {sizeof(element_connection), static_cast<std::uint32_t>(to.mode), raw(to.base_url),
                                      raw(to.authorization), raw(to.ca_file)};
    return run("authenticate", options, nullptr, json_problem,
               [&](const element_call* call) { return table_.authenticate(state_, call, raw(request), &where); });
  }
  outcome parse_instance(std::string_view answer, const call_options& options = {}) {
    return run("parse_instance", options, nullptr, json_problem,
               [&](const element_call* call) { return table_.parse_instance(state_, call, raw(answer)); });
  }
  opening open_instance(std::string_view document, const call_options& options = {}) {
    element_instance* instance = nullptr;
    opening opened{
        run("open_instance", options, nullptr, nullptr,
            [&](const element_call* call) { return table_.open_instance(state_, call, raw(document), &instance); }),
        nullptr};
    if (opened.result.ok()) opened.instance = std::make_unique<instance_runner>(*this, instance);
    return opened;
  }

 private:
  friend class instance_runner;
  using problem_finder = std::string (*)(std::string_view);

  element_plugin checked(const element_plugin* table) {
    const auto refuse = [](const char* why) { throw std::runtime_error(why); };
    if (table == nullptr) refuse("the plugin refuses this host");
    if (table->magic != ELEMENT_MAGIC) refuse("the plugin's table has the wrong magic number");
    if (table->size < sizeof(element_plugin)) refuse("the plugin's table is smaller than in ABI 1.0");
    if (table->abi_major != ELEMENT_ABI_MAJOR) refuse("the plugin was built for another ABI major");
    if (table->abi_minor_needed > ELEMENT_ABI_MINOR) refuse("the plugin needs a newer ABI minor");
    const element_plugin mine = adopt(table);
    if (mine.start == nullptr || mine.stop == nullptr || mine.serialize_config == nullptr ||
        mine.authenticate == nullptr || mine.parse_instance == nullptr || mine.open_instance == nullptr ||
        mine.close_instance == nullptr || mine.invoke == nullptr) {
      refuse("the plugin's table has a gap: a required function is NULL");
    }
    if (mine.descriptor == nullptr || mine.descriptor->size < sizeof(element_descriptor))
      refuse("the plugin has no descriptor");
    about_ = adopt(mine.descriptor);
    if (about_.concurrency > ELEMENT_CONCURRENT_ALL) refuse("the plugin declares an unknown concurrency");
    return mine;
  }

  /// One hook. `instance` is the lock of its instance, `problem` judges what it wrote.
  template <class Hook>
  outcome run(const char* name, const call_options& options, std::mutex* instance, problem_finder problem,
              Hook&& hook) {
    std::unique_lock<std::mutex> turn;
    if (declared_concurrency() == concurrency::one ||
        (declared_concurrency() == concurrency::instances && instance == nullptr)) {
      turn = std::unique_lock(mutex_);
    } else if (declared_concurrency() == concurrency::instances) {
      turn = std::unique_lock(*instance);
    }
    const auto call = std::make_shared<detail::fake_call>(host_, name, options);
    host_.keep(call);
    outcome result = call->finish(std::forward<Hook>(hook)(call->get()));
    if (problem == nullptr || !result.ok()) return result;
    if (const std::string fault = problem(result.output); !fault.empty())
      host_.violation(std::string(name) + ": wrote " + fault);
    return result;
  }

  fake_host& host_;
  element_descriptor about_{};
  element_plugin table_{};
  element_plugin_state* state_ = nullptr;
  outcome started_;
  std::mutex mutex_;
};

namespace detail {

inline std::string answer_problem(std::string_view output) {
  const std::size_t end = output.find('\n');
  if (end == std::string_view::npos) return "no head: an answer is one line of JSON, a newline, then the body";
  if (end >= element::detail::answer_head_max) return "a head of more than 64 KiB";
  if (!output.starts_with('{')) return "a head that is no JSON object";
  if (std::string fault = json_problem(output.substr(0, end)); !fault.empty()) return "a head that is " + fault;
  return output.substr(0, end).find("\"status\"") == std::string_view::npos ? "a head without status" : std::string();
}

}  // namespace detail

inline instance_runner::~instance_runner() {
  plugin_.table_.close_instance(instance_);
}

inline outcome instance_runner::invoke(const request& what, const call_options& options) {
  const element_request record = {
      sizeof(element_request), 0, raw(what.method), raw(what.path), raw(what.query), raw(what.headers), raw(what.body),
      raw(what.content_type)};
  return plugin_.run("invoke", options, &mutex_, detail::answer_problem,
                     [&](const element_call* call) { return plugin_.table_.invoke(instance_, call, &record); });
}

inline outcome instance_runner::poll_events(std::string_view cursor, std::uint32_t max_events,
                                            const call_options& options) {
  if (!plugin_.has_events()) return {.status = ELEMENT_UNIMPLEMENTED};
  return plugin_.run("poll_events", options, &mutex_, json_problem, [&](const element_call* call) {
    return plugin_.table_.poll_events(instance_, call, raw(cursor), max_events);
  });
}

}  // namespace element::testing
