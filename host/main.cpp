/// \file
/// The composition root: the only file that names the real clock, terminal, transport and script workers. It is linked
/// into libformulary_host.so, which the launcher opens apart from the global symbol scope
/// (host/decisions/0007-thin-launcher.md).
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iostream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/amqp/rabbit_publisher.hpp"
#include "host/base/clock.hpp"
#include "host/base/process.hpp"
#include "host/cli/app.hpp"
#include "host/cli/terminal.hpp"
#include "host/http/poco_transport.hpp"
#include "host/script/script_workers.hpp"

namespace {

std::optional<std::string> environment(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

std::vector<std::string> variables() {
  std::vector<std::string> names;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    names.emplace_back(text.substr(0, text.find('=')));
  }
  return names;
}

std::filesystem::path program_folder() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path();
}

}  // namespace

extern "C" __attribute__((visibility("default"))) int formulary_main(int count, char** words) {
  using namespace formulary;
  disable_core_dumps();
  std::ios::sync_with_stdio(false);
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe or socket is an error of that write, not the end of the program

  const SystemClock clock;
  const cli::InterruptWatch interrupts;
  const std::filesystem::path folder = program_folder();
  cli::InterruptibleInput input(STDIN_FILENO, interrupts.token());
  std::istream in(&input);
  const cli::Io io{.in = in,
                   .out = std::cout,
                   .err = std::cerr,
                   .in_is_terminal = isatty(STDIN_FILENO) == 1,
                   .err_is_terminal = isatty(STDERR_FILENO) == 1,
                   .out_is_terminal = isatty(STDOUT_FILENO) == 1,
                   .environment = environment,
                   .variables = variables,
                   .ask_secret = [stop = interrupts.token()](
                                     const std::string& prompt) { return cli::ask_on_terminal(prompt, stop); },
                   .interrupted = interrupts.token()};
  const cli::Parts parts{
      .clock = clock,
      .program_folder = folder,
      .transport =
          [&clock](const Settings& settings) {
            return make_poco_transport(clock, {.ca_file = settings.text("ca.file")});
          },
      .vetted_transport =
          [&clock](const Settings& settings, std::function<void(const std::string&)> vet) {
            return make_poco_transport(clock, {.ca_file = settings.text("ca.file"), .vet = std::move(vet)});
          },
      .publisher = [](const Settings& settings) { return make_rabbit_publisher(settings.text("ca.file")); },
      .script_runner =
          [&folder](const Settings& settings) {
            ScriptWorkers::Options options;
            options.program = folder.parent_path() / "lib" / "formulary" / "script-worker";
            options.workers = static_cast<unsigned>(settings.integer("script.workers"));
            options.heap_mib = static_cast<std::size_t>(settings.integer("script.memory_mb"));
            return std::make_unique<ScriptWorkers>(options);
          },
  };
  const cli::ExitCode code = cli::run({words + 1, words + count}, io, parts);
  std::cout.flush();
  return std::cout ? static_cast<int>(code) : static_cast<int>(cli::ExitCode::failed);
}
