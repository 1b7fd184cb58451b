#include "host/engine/engine.hpp"

#include <utility>

#include "host/engine/engine_parts.hpp"

namespace formulary {

Engine::Engine(const EnginePorts& ports, const EngineSettings& settings)
    : parts_(std::make_shared<EngineParts>(ports, settings)) {}

Engine::~Engine() {
  parts_->shut_down();
}

void Engine::start() {
  parts_->start();
}

std::int64_t Engine::submit(const ExecutionOrder& order) {
  return parts_->submit(order);
}

std::vector<std::int64_t> Engine::on_event(const ExecutionOrder& order, const json::value& notification) {
  std::vector<std::int64_t> ids;
  ExecutionOrder one = order;
  for (json::value& args : plan::split_event(notification)) {
    one.args = std::move(args);
    ids.push_back(parts_->submit(one));
  }
  return ids;
}

std::int64_t Engine::on_element_request(const ExecutionOrder& order, const plan::ElementRequestSeen& request) {
  ExecutionOrder one = order;
  one.args = plan::element_request_args(request);
  return parts_->submit(one);
}

Execution Engine::run(const ExecutionOrder& order, const std::stop_token& stop) {
  return parts_->run(order, stop);
}

std::optional<Execution> Engine::wait(std::int64_t execution, std::chrono::milliseconds time_limit,
                                      const std::stop_token& stop) {
  return parts_->wait(execution, time_limit, stop);
}

void Engine::cancel(std::int64_t execution, const std::string& reason) {
  parts_->tell(execution, OpenExecution::Cancel{reason});
}

void Engine::resume(std::int64_t execution, const Decision& decision) {
  OpenExecution::Resolve resolve;
  if (const auto* done = std::get_if<TakenAsDone>(&decision)) {
    resolve.outcome = plan::Answered{
        .status = done->status, .body = done->body, .content_type = done->body.empty() ? "" : "application/json"};
  }
  parts_->tell(execution, std::move(resolve));
}

void Engine::observe(std::int64_t execution, std::function<void(const StepLine&)> observer) {
  parts_->observe(execution, std::move(observer));
}

bool Engine::stop(std::chrono::milliseconds grace) {
  return parts_->stop(grace);
}

bool Engine::ready() const {
  return parts_->ready();
}

EngineCounters Engine::counters() const {
  return parts_->counters();
}

std::int64_t Engine::violations() const {
  return parts_->violations();
}

}  // namespace formulary
