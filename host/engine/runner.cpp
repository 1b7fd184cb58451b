#include "host/engine/runner.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>
#include <variant>

#include "host/base/ids.hpp"
#include "host/engine/conductor.hpp"
#include "host/engine/formula_check.hpp"

namespace formulary {
namespace {

/// Where conductors leave word for the thread that waits. Outlives it in their hands.
class Mailbox {
 public:
  using Word = std::variant<StepLine, Execution>;

  void post(Word word) {
    {
      const std::lock_guard lock(mutex_);
      words_.push_back(std::move(word));
    }
    arrived_.notify_one();
  }

  [[nodiscard]] Word take() {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [this] { return !words_.empty(); });
    Word word = std::move(words_.front());
    words_.pop_front();
    return word;
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Word> words_;
};

/// An observer may throw; then nobody waits for the execution any more.
class CancelAtExit {
 public:
  explicit CancelAtExit(Conductor& conductor) : conductor_(conductor) {}
  CancelAtExit(const CancelAtExit&) = delete;
  CancelAtExit& operator=(const CancelAtExit&) = delete;
  ~CancelAtExit() { conductor_.cancel({}); }

 private:
  Conductor& conductor_;
};

plan::Started started(const FormulaRun& order, Clock::WallTime now) {
  const auto* document = order.formula->document().if_object();
  const json::value* id = document == nullptr ? nullptr : document->if_contains("id");
  return {.execution_id = uuid_v7(now),
          .args = order.args,
          .config = order.configuration,
          .info = {{"formulaId", id != nullptr ? *id : json::value(order.formula->content_id())},
                   {"formulaInstanceName", order.instance_name.empty() ? order.formula->name() : order.instance_name}}};
}

}  // namespace

Runner::Runner(const RunnerPorts& ports, const RunnerSettings& settings)
    : shop_(std::make_shared<Workshop>(ports, settings)) {}

Runner::~Runner() {
  shop_->close();
}

Execution Runner::run(const FormulaRun& order) {
  refuse_what_cannot_run(*order.formula, order.configuration);
  const auto mailbox = std::make_shared<Mailbox>();
  Conductor::Order work{.formula = order.formula,
                        .redactor = std::make_shared<const Redactor>(order.redactor),
                        .keep_steps = true,
                        .on_ending = [mailbox](Ending /*ending*/, Execution execution, Wake /*wake*/) {
                          mailbox->post(std::move(execution));
                        }};
  if (order.observe) work.observe = [mailbox](const StepLine& line) { mailbox->post(line); };
  const auto conductor = Conductor::make(shop_, std::move(work));
  const CancelAtExit no_longer_wanted(*conductor);
  const std::stop_callback cancel(order.stop, [&conductor] { conductor->cancel({}); });
  plan::Started what = started(order, shop_->ports.clock->wall());
  const std::string id = what.execution_id;
  conductor->start(std::move(what), Conductor::Where::pool);
  while (true) {
    Mailbox::Word word = mailbox->take();
    if (auto* execution = std::get_if<Execution>(&word)) {
      execution->id = id;
      return std::move(*execution);
    }
    order.observe(std::get<StepLine>(word));
  }
}

}  // namespace formulary
