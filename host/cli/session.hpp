/// \file
/// What a command works with: settings, plugins, data folder, instances. Each is opened when first asked for.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/amqp/publisher.hpp"
#include "host/base/clock.hpp"
#include "host/base/settings.hpp"
#include "host/cli/io.hpp"
#include "host/cli/output.hpp"
#include "host/element/instances.hpp"
#include "host/engine/engine.hpp"
#include "host/engine/history.hpp"
#include "host/engine/timers.hpp"
#include "host/http/transport.hpp"
#include "host/plugin/catalogue.hpp"
#include "host/script/script_runner.hpp"
#include "host/store/formula_store.hpp"
#include "host/store/storage.hpp"
#include "host/store/store.hpp"

namespace formulary::cli {

/// The real things that only the composition root names. Functions, so that a command which needs none opens none.
struct Parts {
  const Clock& clock;
  std::filesystem::path program_folder;  ///< Where bin/formulary lies.
  std::function<std::unique_ptr<Transport>(const Settings&)> transport;
  /// One that calls only addresses for which `vet` does not throw, of PocoTransportSettings.
  std::function<std::unique_ptr<Transport>(const Settings&, std::function<void(const std::string& address)> vet)>
      vetted_transport;
  std::function<std::unique_ptr<Publisher>(const Settings&)> publisher;
  std::function<std::unique_ptr<ScriptRunner>(const Settings&)> script_runner;
};

/// Not thread-safe: one per command.
class Session {
 public:
  /// Borrows all; they must outlive it.
  Session(const Io& io, const Parts& parts, Settings settings, OutputFormat format);

  [[nodiscard]] const Io& io() const noexcept { return io_; }
  [[nodiscard]] const Settings& settings() const noexcept { return settings_; }
  [[nodiscard]] const Clock& clock() const noexcept { return parts_.clock; }
  [[nodiscard]] bool json() const noexcept { return format_ == OutputFormat::json; }

  [[nodiscard]] std::filesystem::path plugins_folder() const;
  [[nodiscard]] std::filesystem::path data_folder() const;

  /// Scans and loads the plugins folder. Error(not_found) if there is none.
  [[nodiscard]] const Catalogue& catalogue();
  [[nodiscard]] Store& store();
  [[nodiscard]] Instances& instances();
  [[nodiscard]] Transport& transport();
  /// The caller's own: for what is called on behalf of others.
  [[nodiscard]] std::unique_ptr<Transport> vetted_transport(std::function<void(const std::string& address)> vet) const;
  /// One of its own for a server, whose certificate `ca_file` may vouch for besides `ca.file`, which comes first.
  [[nodiscard]] std::unique_ptr<Transport> transport_to_server(const std::string& ca_file) const;
  [[nodiscard]] Publisher& publisher();
  [[nodiscard]] ScriptRunner& script_runner();
  [[nodiscard]] const std::shared_ptr<Storage>& storage();
  [[nodiscard]] FormulaStore& formulas();
  [[nodiscard]] History& history();
  /// Not started: it runs what this process submits, and takes over nothing until start().
  [[nodiscard]] Engine& engine();

  [[nodiscard]] Timers& timers() noexcept { return timers_; }
  /// Changes the ports of an engine that is not made yet.
  void adapt_engine(std::function<void(EnginePorts&)> adapt) { adapt_engine_ = std::move(adapt); }

  /// Time limit, cancellation and trace of one call; the caller adds the rest.
  [[nodiscard]] CallContext call_context() const;

 private:
  const Io& io_;
  const Parts& parts_;
  Settings settings_;
  OutputFormat format_;
  EnginePorts engine_ports();
  [[nodiscard]] InstanceRecord instance_for(std::string_view selector, std::int64_t formula_instance);
  [[nodiscard]] std::int64_t account_of(std::int64_t formula_instance);

  std::function<void(EnginePorts&)> adapt_engine_;
  std::mutex accounts_mutex_;
  std::map<std::int64_t, std::int64_t> accounts_;  ///< By formula instance, which never changes hands.
  SystemTimers timers_;
  std::unique_ptr<Catalogue> catalogue_;
  std::shared_ptr<Storage> storage_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Instances> instances_;  ///< Uses the two above: declared after them.
  std::unique_ptr<Transport> transport_;
  std::unique_ptr<Publisher> publisher_;
  std::unique_ptr<ScriptRunner> script_runner_;
  std::unique_ptr<FormulaStore> formulas_;
  std::unique_ptr<History> history_;
  std::unique_ptr<Engine> engine_;  ///< Uses all above: declared last.
};

}  // namespace formulary::cli
