#include "host/cli/app.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <exception>
#include <functional>
#include <map>
#include <memory>

#include "host/base/error.hpp"
#include "host/cli/app_words.hpp"
#include "host/cli/commands.hpp"
#include "host/cli/commands_remote.hpp"
#include "host/cli/failure_report.hpp"
#include "host/cli/input.hpp"
#include "host/cli/output.hpp"

namespace formulary::cli {
namespace {

/// The flags of every command, by the setting that each overrides.
struct Flags {
  std::map<std::string, std::string> settings;
  std::string settings_file;
};

void add_setting(CLI::App& app, Flags& flags, const std::string& option, const std::string& setting,
                 const std::string& description) {
  app.add_option_function<std::string>(
         option, [&flags, setting](const std::string& value) { flags.settings[setting] = value; }, description)
      ->type_name("VALUE");
}

void add_elements(CLI::App& app, Chosen& chosen) {
  CLI::App& elements = group(app, "elements", "The elements that the plugins folder offers");
  add_list(elements, chosen, "elements", "Every plugin with its state, and why one is refused", list_elements);
  CLI::App& show = command(elements, "show", "An element's configuration and resources");
  auto key = options_of<std::string>();
  show.add_option("ELEMENT", *key, "The element's key, for instance smartrecruiters")->required();
  show.callback([&chosen, key] {
    chosen = either([key](Session& session) { return show_element(session, *key); },
                    [key](Session& session) { return show_remote(session, "elements", *key); });
  });
}

void add_plugin(CLI::App& app, Chosen& chosen) {
  CLI::App& plugin = group(app, "plugin", "For authors of plugins");
  CLI::App& inspect = command(plugin, "inspect", "Check a plugin's library and manifest without running it");
  auto file = options_of<std::string>();
  inspect.add_option("FILE", *file, "The shared library, or the folder that holds it")->required();
  inspect.callback(
      [&chosen, file] { chosen = [file](Session& session) { return inspect_plugin_file(session, *file); }; });
}

void add_create_instance(CLI::App& instances, Chosen& chosen) {
  CLI::App& create = command(instances, "create", "Authenticate an instance of an element");
  auto options = options_of<CreateInstance>();
  create.add_option("ELEMENT", options->element_key, "The element's key")->required();
  create.add_option("--name", options->name, "The instance's name, unique for the element")->required();
  create.add_option("--tag", options->tags, "A tag; may be given several times")->allow_extra_args(false);
  create.add_option("--set", options->values, "KEY=VALUE: a configuration value that is no secret")
      ->allow_extra_args(false);
  create.add_option("--secret", options->secrets, "KEY=@FILE, KEY=@- (standard input), or KEY to be asked")
      ->allow_extra_args(false);
  create.add_option("--platform", options->platform_url,
                    "Authenticate at another element platform, by its API's base URL");
  create.add_option("--platform-authorization", options->platform_authorization_file,
                    "@FILE or @-: the line 'User <secret>, Organization <secret>' for --platform");
  create.callback([&chosen, options] {
    chosen = either([options](Session& session) { return create_instance(session, *options); },
                    [options](Session& session) { return create_remote_instance(session, *options); });
  });
}

void add_instances(CLI::App& app, Chosen& chosen) {
  CLI::App& instances = group(app, "instances", "Authenticated element instances");
  add_create_instance(instances, chosen);
  add_list(instances, chosen, "instances", "All instances", list_instances);

  struct Show {
    std::string selector;
    bool with_token = false;
  };
  CLI::App& show = command(instances, "show", "One instance");
  auto shown = options_of<Show>();
  show.add_option("INSTANCE", shown->selector, "Its id, or its name")->required();
  show.add_flag("--token", shown->with_token, "Show the element token too");
  show.callback([&chosen, shown] {
    chosen = either(
        [shown](Session& session) { return show_instance(session, shown->selector, shown->with_token); },
        [shown](Session& session) { return show_remote(session, "instances", shown->selector, shown->with_token); });
  });

  struct Delete {
    std::string selector;
    bool yes = false;
  };
  CLI::App& remove = command(instances, "delete", "Delete an instance and its secrets");
  auto removed = options_of<Delete>();
  remove.add_option("INSTANCE", removed->selector, "Its id, or its name")->required();
  remove.add_flag("-y,--yes", removed->yes, "Do not ask");
  remove.callback([&chosen, removed] {
    chosen = either(
        [removed](Session& session) { return delete_instance(session, removed->selector, removed->yes); },
        [removed](Session& session) { return delete_remote(session, "instances", removed->selector, removed->yes); });
  });
}

void add_call(CLI::App& app, Chosen& chosen) {
  CLI::App& call = command(app, "call", "Send one resource request through an instance");
  auto options = options_of<Call>();
  call.add_option("INSTANCE", options->selector, "Its id, or its name")->required();
  call.add_option("METHOD", options->method, "GET, POST, PUT, PATCH or DELETE")->required();
  call.add_option("PATH", options->path, "Below the hub: /candidates/42")->required();
  call.add_option("-q,--query", options->query, "KEY=VALUE: a parameter; may be given several times")
      ->allow_extra_args(false);
  call.add_option("-H,--header", options->headers, "NAME: VALUE; may be given several times")->allow_extra_args(false);
  call.add_option("-d,--body", options->body, "The body: a text, @FILE, or @- for standard input");
  call.add_option("--content-type", options->content_type, "The body's type (default: application/json)");
  call.add_flag(
      "-i,--include", options->include_head,
      "Also print status, headers and the next page's token, on stderr; with --output json as one line of JSON");
  call.callback([&chosen, options] {
    chosen = either([options](Session& session) { return call_instance(session, *options); },
                    [options](Session& session) { return call_remote_instance(session, *options); });
  });
}

void add_execution_lists(CLI::App& executions, Chosen& chosen) {
  CLI::App& list = command(executions, "list", "Executions, the newest first");
  auto listed = options_of<ListExecutions>();
  list.add_option("--status", listed->status, "pending, success, failed or cancelled");
  list.add_option("--limit", listed->limit, "At most so many, up to 1000; default 50");
  list.add_option("--before", listed->before, "An execution's id: only older ones");
  list.callback([&chosen, listed] {
    chosen = either([listed](Session& session) { return list_executions(session, *listed); },
                    [listed](Session& session) { return list_remote_executions(session, *listed); });
  });

  CLI::App& show = command(executions, "show", "One execution with its steps");
  auto shown = options_of<ShowExecution>();
  show.add_option("EXECUTION", shown->id, "Its id")->required();
  show.add_option("--step", shown->step, "Only this step, with its values");
  show.add_flag("--values", shown->values, "The values of all steps: what they sent and got");
  show.callback([&chosen, shown] {
    chosen = either([shown](Session& session) { return show_execution(session, *shown); },
                    [shown](Session& session) { return show_remote_execution(session, *shown); });
  });
}

void add_executions(CLI::App& app, Chosen& chosen) {
  CLI::App& executions = group(app, "executions", "What formulas did and do");
  add_execution_lists(executions, chosen);
  const auto add = [&](const char* word, const char* description, ExitCode (*what)(Session&, const std::string&),
                       ExitCode (*there)(Session&, const std::string&)) {
    CLI::App& made = command(executions, word, description);
    auto id = options_of<std::string>();
    made.add_option("EXECUTION", *id, "Its id")->required();
    made.callback([&chosen, id, what, there] {
      Chosen here = [id, what](Session& session) { return what(session, *id); };
      chosen = there == nullptr
                   ? only_here(std::move(here))
                   : either(std::move(here), [id, there](Session& session) { return there(session, *id); });
    });
  };
  add("watch", "Follow an execution to its end, and go on with one whose process is gone", watch_execution, nullptr);
  add("rerun", "Run again: the same version of the formula, configuration and input", rerun_execution,
      rerun_remote_execution);
  add("cancel", "End an execution as cancelled", cancel_execution, cancel_remote_execution);

  CLI::App& resume = command(executions, "resume", "Decide about a request that is in doubt, and go on");
  auto options = options_of<ResumeExecution>();
  resume.add_option("EXECUTION", options->id, "Its id")->required();
  resume.add_flag("--send-again", options->send_again, "It was not done: send it again");
  resume.add_flag("--done", options->done, "It was done: go on as if the vendor had said so");
  resume.add_option("--answer", options->body_file, "With --done: a JSON file with the vendor's answer");
  resume.callback([&chosen, options] {
    chosen = only_here([options](Session& session) { return resume_execution(session, *options); });
  });
}

void add_serve(CLI::App& app, Flags& flags, Chosen& chosen) {
  CLI::App& serve_command = command(app, "serve", "Serve the platform's API until Ctrl C");
  auto options = options_of<ServeOptions>();
  serve_command.add_option("--secrets", options->secrets_file,
                           "At the first start: a JSON file, mode 0600, with email, password, userSecret, "
                           "organizationSecret; without it they are made up and printed once");
  add_setting(serve_command, flags, "--address", "server.address", "The address to listen at");
  add_setting(serve_command, flags, "--port", "server.port", "The port; 0 for any free one");
  serve_command.callback(
      [&chosen, options] { chosen = [options](Session& session) { return serve(session, *options); }; });
}

void add_rest(CLI::App& app, Chosen& chosen, const Io& io) {
  command(app, "doctor", "Check this installation: settings, data folder, plugins, script workers").callback([&chosen] {
    chosen = doctor;
  });
  command(app, "version", "The program's version and the plugin ABI that it offers").callback([&chosen] {
    chosen = [](Session& session) { return version(session.io(), session.json()); };
  });
  CLI::App& help = command(app, "help", "Help on a topic: exit-codes");
  auto topic = options_of<std::string>();
  help.add_option("TOPIC", *topic, "exit-codes");
  help.callback([&chosen, &app, &io, topic] {
    chosen = [&app, &io, topic](Session&) {
      if (topic->empty()) {
        io.out << app.help("", CLI::AppFormatMode::All);
      } else if (*topic == "exit-codes") {
        io.out << exit_code_table();
      } else {
        throw UsageError("help: no topic '" + *topic + "'; the topics are: exit-codes");
      }
      return ExitCode::done;
    };
  });
}

void add_global_options(CLI::App& app, Flags& flags) {
  add_setting(app, flags, "-o,--output", "output", "table or json");
  add_setting(app, flags, "--data", "data.folder", "The data folder");
  add_setting(app, flags, "--plugins", "plugins.folder", "The plugins folder");
  add_setting(app, flags, "--ca-file", "ca.file", "PEM file with further trust anchors for TLS");
  add_setting(app, flags, "--time-limit-ms", "http.time_limit_ms", "Longest time of one request, milliseconds");
  add_setting(app, flags, "--context", "context",
              "The server to speak to, by its name; local: this machine's data folder");
  add_setting(app, flags, "--log-level", "log.level", "trace, debug, info, warn or error");
  app.add_option("--settings", flags.settings_file,
                 "A settings file, .toml or .properties (default: ./formulary.toml or ./formulary.properties)");
}

ExitCode run_chosen(const Chosen& chosen, const Flags& flags, const Io& io, const Parts& parts, FailureReport& report) {
  Settings settings = Settings::load(
      {.flags = flags.settings, .environment = io.environment, .variables = io.variables, .file = flags.settings_file});
  const OutputFormat format = parse_output_format(settings.text("output"));
  report.use_json(format == OutputFormat::json);
  Session session(io, parts, std::move(settings), format);
  return chosen(session);
}

/// Whether JSON was asked for, as far as that can be told before anything is understood.
bool asks_for_json(const std::vector<std::string>& arguments, const Io& io) {
  bool json = io.environment && io.environment("FORMULARY_OUTPUT") == "json";
  for (std::size_t at = 0; at < arguments.size(); ++at) {
    const std::string& word = arguments[at];
    const bool is_last = at + 1 == arguments.size();
    if ((word == "-o" || word == "--output") && !is_last) json = arguments[at + 1] == "json";
    if (word.starts_with("--output=")) json = word == "--output=json";
  }
  return json;
}

/// "formulary instances create", as far as the words were understood.
std::string understood_words(const CLI::App& app) {
  std::string words = "formulary";
  const CLI::App* at = &app;
  while (!at->get_subcommands().empty()) {
    at = at->get_subcommands().back();
    words += ' ' + at->get_name();
  }
  return words;
}

ExitCode parse_and_run(const std::vector<std::string>& arguments, const Io& io, const Parts& parts,
                       FailureReport& report) {
  CLI::App app("Formulary: elements, instances and formulas on your own machine", "formulary");
  app.require_subcommand(0, 1);
  app.footer(
      "Data goes to stdout, words to stderr. With --output json a failure is one line of JSON on stderr: code, "
      "message, "
      "next. Exit statuses: formulary help exit-codes");
  Flags flags;
  Chosen chosen;
  add_global_options(app, flags);
  add_elements(app, chosen);
  add_plugin(app, chosen);
  add_instances(app, chosen);
  add_call(app, chosen);
  add_formulas(app, chosen);
  add_executions(app, chosen);
  add_remote(app, chosen);
  add_files(app, chosen);
  add_serve(app, flags, chosen);
  add_rest(app, chosen, io);
  try {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());  // CLI11 takes them from the back
    app.parse(std::move(reversed));
  } catch (const CLI::CallForHelp&) {
    io.out << app.help();
    return ExitCode::done;
  } catch (const CLI::ParseError& error) {
    report.set_command(understood_words(app));
    return report.usage(error.what());
  }
  report.set_command(understood_words(app));
  if (!chosen) {
    io.out << app.help();
    return ExitCode::done;
  }
  return run_chosen(chosen, flags, io, parts, report);
}

}  // namespace

ExitCode run(const std::vector<std::string>& arguments, const Io& io, const Parts& parts) noexcept {
  FailureReport report(io);
  return report.guard([&] {
    report.use_json(asks_for_json(arguments, io));
    return parse_and_run(arguments, io, parts, report);
  });
}

}  // namespace formulary::cli
