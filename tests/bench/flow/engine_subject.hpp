/// \file
/// A host as the benchmarks measure it: the durable engine on a data folder of its own, real script workers, the real
/// transport.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "host/base/json.hpp"
#include "host/engine/engine.hpp"

namespace flow {

class EngineSubject {
 public:
  /// `folder` is made if it is not there. Starts the engine, which recovers what the folder holds.
  explicit EngineSubject(const std::string& folder, std::size_t script_workers = 2);
  EngineSubject(const EngineSubject&) = delete;
  EngineSubject& operator=(const EngineSubject&) = delete;
  ~EngineSubject();

  [[nodiscard]] formulary::Engine& engine();
  /// Runs to the durable end and returns the result as JSON; throws std::runtime_error unless it is a success.
  [[nodiscard]] std::string run(const std::shared_ptr<const formulary::Formula>& formula, const std::string& body);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// GET the candidate, build the employee in a script, a filter, POST it: the hire flow.
[[nodiscard]] std::shared_ptr<const formulary::Formula> hire_formula(std::uint16_t vendor_port);
/// So many scripts one after the other, each using the one before.
[[nodiscard]] std::shared_ptr<const formulary::Formula> scripts_formula(std::size_t scripts);
/// One GET that the vendor answers late.
[[nodiscard]] std::shared_ptr<const formulary::Formula> waiting_formula(std::uint16_t vendor_port);

}  // namespace flow
