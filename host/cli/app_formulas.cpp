/// \file
/// The commands below `formulas`, as they are typed.
#include "host/cli/app_words.hpp"
#include "host/cli/commands.hpp"
#include "host/cli/commands_remote.hpp"

namespace formulary::cli {
namespace {

void add_graph_and_export(CLI::App& formulas, Chosen& chosen) {
  struct Graph {
    std::string file;
    std::string form = "text";
  };
  CLI::App& graph = command(formulas, "graph", "Draw a template's steps and where they lead");
  auto drawn = options_of<Graph>();
  graph.add_option("FILE", drawn->file, "The template, JSON; - for standard input")->required();
  graph.add_option("--as", drawn->form, "text, dot (Graphviz) or mermaid; default text");
  graph.callback([&chosen, drawn] {
    chosen = [drawn](Session& session) { return draw_formula(session, drawn->file, drawn->form); };
  });

  CLI::App& exported = command(formulas, "export", "Print a template: of a file, or the version that an execution ran");
  auto options = options_of<ExportFormula>();
  auto* file = exported.add_option("FILE", options->file, "The template, JSON; - for standard input");
  auto* execution = exported.add_option("--execution", options->execution, "The id of an execution");
  execution->excludes(file);
  exported.add_flag("--upgrade", options->upgrade, "As engine v3 has it");
  exported.callback([&chosen, options] {
    if (options->file.empty() && options->execution.empty()) {
      throw CLI::ValidationError("formulas export", "name a FILE, or an execution with --execution ID");
    }
    chosen = [options](Session& session) { return export_formula(session, *options); };
  });
}

void add_selected(CLI::App& parent, Chosen& chosen, const std::string& word, const std::string& description,
                  const std::string& argument, const std::string& help, ExitCode (*what)(Session&, const std::string&),
                  ExitCode (*there)(Session&, const std::string&)) {
  CLI::App& made = command(parent, word, description);
  auto given = options_of<std::string>();
  made.add_option(argument, *given, help)->required();
  made.callback([&chosen, given, what, there] {
    chosen = either([given, what](Session& session) { return what(session, *given); },
                    [given, there](Session& session) { return there(session, *given); });
  });
}

void add_stored(CLI::App& formulas, Chosen& chosen) {
  add_selected(formulas, chosen, "apply",
               "Keep a template: as a new formula, or as a new version of the one of its name", "FILE",
               "The template, JSON; - for standard input", apply_formula, apply_remote_formula);
  add_list(formulas, chosen, "formulas", "The formulas that are kept", list_formulas);
  add_selected(formulas, chosen, "show", "One formula that is kept", "FORMULA", "Its id, or its name", show_formula,
               [](Session& session, const std::string& which) { return show_remote(session, "formulas", which); });
  add_selected(formulas, chosen, "delete", "Delete a formula that has no instances", "FORMULA", "Its id, or its name",
               delete_formula, [](Session& session, const std::string& which) {
                 return delete_remote(session, "formulas", which, true);
               });
}

void add_formula_instances(CLI::App& formulas, Chosen& chosen) {
  CLI::App& instances = group(formulas, "instances", "Formulas with their configuration");
  CLI::App& create = command(instances, "create", "Configure a formula, so that it can be started");
  auto created = options_of<CreateFormulaInstance>();
  create.add_option("FORMULA", created->formula, "Its id, or its name")->required();
  create.add_option("--name", created->name, "The name of the instance")->required();
  create
      .add_option("--config", created->configuration,
                  "KEY=VALUE: a value of the configuration; for an element instance its id or name")
      ->allow_extra_args(false);
  create.add_option("--secret", created->secrets, "KEY=@FILE, KEY=@- or KEY: a value that nobody should see")
      ->allow_extra_args(false);
  create.callback([&chosen, created] {
    chosen = either([created](Session& session) { return create_formula_instance(session, *created); },
                    [created](Session& session) { return create_remote_formula_instance(session, *created); });
  });
  add_list(instances, chosen, "formula instances", "All of them, with the next moment of those with a schedule",
           list_formula_instances);
  add_selected(
      instances, chosen, "show", "One formula instance", "INSTANCE", "Its id, or its name", show_formula_instance,
      [](Session& session, const std::string& which) { return show_remote(session, "formula instances", which); });
  add_selected(instances, chosen, "delete", "Delete a formula instance; its executions stay", "INSTANCE",
               "Its id, or its name", delete_formula_instance, [](Session& session, const std::string& which) {
                 return delete_remote(session, "formula instances", which, true);
               });
  CLI::App& run = command(instances, "run", "Run it now, and print each step");
  auto options = options_of<RunFormulaInstance>();
  run.add_option("INSTANCE", options->instance, "Its id, or its name")->required();
  run.add_option("--args", options->args_file, "A JSON file for trigger.args; - for standard input");
  run.callback([&chosen, options] {
    chosen = only_here([options](Session& session) { return run_formula_instance(session, *options); });
  });
}

}  // namespace

void add_formulas(CLI::App& app, Chosen& chosen) {
  CLI::App& formulas = group(app, "formulas", "Workflows over the instances");
  CLI::App& validate = command(formulas, "validate", "Name every problem of templates in files");
  auto files = options_of<std::vector<std::string>>();
  validate.add_option("FILE", *files, "A template, JSON; - for standard input")->required();
  validate.callback(
      [&chosen, files] { chosen = [files](Session& session) { return validate_formulas(session, *files); }; });
  add_graph_and_export(formulas, chosen);
  CLI::App& run = command(formulas, "run", "Run a template from a file, and print each step");
  auto options = options_of<RunFormula>();
  run.add_option("FILE", options->file, "The template, JSON; - for standard input")->required();
  run.add_option("--config", options->configuration,
                 "KEY=VALUE: a value of the template's configuration; for an instance its id or name")
      ->allow_extra_args(false);
  run.add_option("--args", options->args_file,
                 "A JSON file for the manual trigger's trigger.args; - for standard input");
  run.callback([&chosen, options] {
    chosen = only_here([options](Session& session) { return run_formula(session, *options); });
  });
  add_stored(formulas, chosen);
  add_formula_instances(formulas, chosen);
  command(formulas, "schedule", "Start scheduled formulas as their time comes, until Ctrl C").callback([&chosen] {
    chosen = only_here(run_schedule);
  });
}

}  // namespace formulary::cli
