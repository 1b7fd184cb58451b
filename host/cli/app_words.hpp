/// \file
/// How app.cpp and app_formulas.cpp tell the parser of commands.
#pragma once

#include <CLI/CLI.hpp>

#include <functional>
#include <memory>
#include <string>

#include "host/cli/exit_code.hpp"
#include "host/cli/session.hpp"

namespace formulary::cli {

/// What the command line chose; needs a session, which is opened only after everything was understood.
using Chosen = std::function<ExitCode(Session&)>;

inline CLI::App& group(CLI::App& app, const std::string& word, const std::string& description) {
  CLI::App& made = *app.add_subcommand(word, description);
  made.require_subcommand(1);
  made.fallthrough();
  return made;
}

inline CLI::App& command(CLI::App& app, const std::string& word, const std::string& description) {
  CLI::App& made = *app.add_subcommand(word, description);
  made.fallthrough();
  return made;
}

/// The options' variables live as long as the callbacks that read them.
template <class Options>
std::shared_ptr<Options> options_of() {
  return std::make_shared<Options>();
}

/// What a command does with this machine's data folder, or with the server that is chosen.
[[nodiscard]] Chosen either(Chosen here, Chosen there);
/// A command that no server is asked for: refused while one is chosen, so that nobody takes one for the other.
[[nodiscard]] Chosen only_here(Chosen here);

/// The command `list` of what is here and, in pages, at servers; `word` is the RemoteNoun's.
void add_list(CLI::App& parent, Chosen& chosen, const std::string& word, const std::string& description,
              ExitCode (*here)(Session&));

/// login, logout, context, and what only servers have.
void add_remote(CLI::App& app, Chosen& chosen);

/// apply, diff, export.
void add_files(CLI::App& app, Chosen& chosen);

/// The group `formulas`.
void add_formulas(CLI::App& app, Chosen& chosen);

}  // namespace formulary::cli
