/// \file
/// The commands. Each returns the program's exit status and throws Error for what the barrier in app.cpp reports.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/cli/exit_code.hpp"
#include "host/cli/session.hpp"

namespace formulary::cli {

/// Every plugin of the folder with its state; `invalid` if one is refused.
[[nodiscard]] ExitCode list_elements(Session& session);
[[nodiscard]] ExitCode show_element(Session& session, const std::string& key);

/// Checks a library and its manifest without running it; `invalid` if it is refused.
[[nodiscard]] ExitCode inspect_plugin_file(Session& session, const std::string& file);

struct CreateInstance {
  std::string element_key;
  std::string name;
  std::vector<std::string> tags;
  std::vector<std::string> values;   ///< --set key=value
  std::vector<std::string> secrets;  ///< --secret key=@file
  std::string platform_url;          ///< Empty: the vendor itself.
  std::string platform_authorization_file;
};
[[nodiscard]] ExitCode create_instance(Session& session, const CreateInstance& options);
[[nodiscard]] ExitCode list_instances(Session& session);
[[nodiscard]] ExitCode show_instance(Session& session, const std::string& selector, bool with_token);
[[nodiscard]] ExitCode delete_instance(Session& session, const std::string& selector, bool yes);

struct Call {
  std::string selector;
  std::string method;
  std::string path;
  std::vector<std::string> query;    ///< key=value
  std::vector<std::string> headers;  ///< Name: value
  std::string body;                  ///< A text, @FILE or @-.
  std::string content_type;
  bool include_head = false;
};
[[nodiscard]] ExitCode call_instance(Session& session, const Call& options);

/// Names every problem of every template; `invalid` if one of the templates cannot be used.
[[nodiscard]] ExitCode validate_formulas(Session& session, const std::vector<std::string>& files);

/// The template's steps and where they lead, in one of the forms text, dot and mermaid.
[[nodiscard]] ExitCode draw_formula(Session& session, const std::string& file, const std::string& form);

/// The template as it was given, of a file or of what an execution ran; with `upgrade`, as engine v3 has it.
struct ExportFormula {
  std::string file;       ///< Either this
  std::string execution;  ///< or this.
  bool upgrade = false;
};
[[nodiscard]] ExitCode export_formula(Session& session, const ExportFormula& options);

struct RunFormula {
  std::string file;
  std::vector<std::string> configuration;  ///< key=value
  std::string args_file;                   ///< Empty: {}.
};
[[nodiscard]] ExitCode run_formula(Session& session, const RunFormula& options);

/// Keeps the template of a file: a new formula, or the new version of the one with its name.
[[nodiscard]] ExitCode apply_formula(Session& session, const std::string& file);
[[nodiscard]] ExitCode list_formulas(Session& session);
[[nodiscard]] ExitCode show_formula(Session& session, const std::string& selector);
[[nodiscard]] ExitCode delete_formula(Session& session, const std::string& selector);

struct CreateFormulaInstance {
  std::string formula;  ///< Id or name.
  std::string name;
  std::vector<std::string> configuration;  ///< --config key=value
  std::vector<std::string> secrets;        ///< --secret key=@file
};
[[nodiscard]] ExitCode create_formula_instance(Session& session, const CreateFormulaInstance& options);
[[nodiscard]] ExitCode list_formula_instances(Session& session);
[[nodiscard]] ExitCode show_formula_instance(Session& session, const std::string& selector);
[[nodiscard]] ExitCode delete_formula_instance(Session& session, const std::string& selector);

struct RunFormulaInstance {
  std::string instance;   ///< Id or name.
  std::string args_file;  ///< Empty: {}.
};
[[nodiscard]] ExitCode run_formula_instance(Session& session, const RunFormulaInstance& options);
/// Starts scheduled formula instances as their time comes, until Ctrl C: a line "EXECUTION INSTANCE NAME" for each.
[[nodiscard]] ExitCode run_schedule(Session& session);

struct ListExecutions {
  std::string status;
  std::string before;  ///< An execution's id: only older ones.
  std::size_t limit = 50;
};
[[nodiscard]] ExitCode list_executions(Session& session, const ListExecutions& options);

struct ShowExecution {
  std::string id;
  std::string step;     ///< Only the executions of that step, with their values.
  bool values = false;  ///< The values of all steps.
};
[[nodiscard]] ExitCode show_execution(Session& session, const ShowExecution& options);
/// Live lines until the end. Takes over what a process that is gone left open.
[[nodiscard]] ExitCode watch_execution(Session& session, const std::string& id);
/// A new execution with the formula, configuration and input of an old one.
[[nodiscard]] ExitCode rerun_execution(Session& session, const std::string& id);

/// Decides about a request of which nobody knows whether it was done when the host stopped.
struct ResumeExecution {
  std::string id;
  bool send_again = false;  ///< Either this
  bool done = false;        ///< or this.
  std::string body_file;    ///< Of `done`: the vendor's answer, JSON.
};
[[nodiscard]] ExitCode resume_execution(Session& session, const ResumeExecution& options);
[[nodiscard]] ExitCode cancel_execution(Session& session, const std::string& id);

/// Checks settings, data folder, plugins, script workers, clock; `invalid` if a check fails.
[[nodiscard]] ExitCode doctor(Session& session);
[[nodiscard]] ExitCode version(const Io& io, bool json);

struct ServeOptions {
  std::string secrets_file;  ///< What the first user is to have; empty: made up and printed.
};
/// Serves the API until it is interrupted.
[[nodiscard]] ExitCode serve(Session& session, const ServeOptions& options);

}  // namespace formulary::cli
