/// \file
/// The commands that exist against a server alone, as they are typed.
#include "host/cli/app_words.hpp"
#include "host/cli/commands_remote.hpp"
#include "host/cli/input.hpp"

namespace formulary::cli {
namespace {

void add_login(CLI::App& app, Chosen& chosen) {
  CLI::App& made = command(app, "login", "Keep who you are at a server, so that commands can speak to it");
  auto options = options_of<Login>();
  made.add_option("--server", options->server, "Its address: https://HOST, or the API's base URL")->required();
  made.add_option("--user", options->user, "The user's email address");
  made.add_option("--secret", options->secret, "password=@FILE, password=@- (standard input), or password to be asked");
  made.add_option("--name", options->name, "The context's name; default: default");
  made.add_flag("--insecure-http", options->insecure_http, "Take http:// to another machine");
  made.callback([&chosen, options] { chosen = [options](Session& session) { return login(session, *options); }; });
}

using OfContext = ExitCode (*)(Session&, const std::string&);

void add_of_context(CLI::App& parent, Chosen& chosen, const std::string& word, const std::string& description,
                    OfContext what, bool required) {
  CLI::App& made = command(parent, word, description);
  auto name = options_of<std::string>();
  made.add_option("NAME", *name, "The context's name")->required(required);
  made.callback([&chosen, name, what] { chosen = [name, what](Session& session) { return what(session, *name); }; });
}

void add_contexts(CLI::App& app, Chosen& chosen) {
  add_of_context(app, chosen, "logout", "Forget the secrets of a context", logout, false);
  CLI::App& contexts = group(app, "context", "The servers that commands can speak to");
  command(contexts, "list", "All of them; * is the chosen one").callback([&chosen] { chosen = list_contexts; });
  add_of_context(contexts, chosen, "use", "Let all commands speak to it; local is this machine's data folder",
                 use_context, true);
  add_of_context(contexts, chosen, "show", "One, by default the chosen one; no secrets", show_context, false);
  add_of_context(contexts, chosen, "delete", "Forget it", delete_context, true);
}

void add_noun(CLI::App& app, Chosen& chosen, const std::string& word, bool can_create, bool can_delete) {
  CLI::App& made = group(app, word, "The " + word + " of a server");
  CLI::App& list = command(made, "list", "All of them");
  auto page_size = options_of<std::size_t>();
  list.add_option("--page-size", *page_size, "How many are asked for at a time");
  list.callback([&chosen, word, page_size] {
    chosen = [word, page_size](Session& session) { return list_remote(session, word, *page_size); };
  });
  auto selector = options_of<std::string>();
  CLI::App& show = command(made, "show", "One of them");
  show.add_option("WHICH", *selector, "Its id, or its name")->required();
  show.callback([&chosen, word, selector] {
    chosen = [word, selector](Session& session) { return show_remote(session, word, *selector); };
  });
  if (can_create) {
    CLI::App& create = command(made, "create", "Make one of a JSON file");
    auto file = options_of<std::string>();
    create.add_option("-f,--file", *file, "The body of the API's POST /" + word + "; - for standard input")->required();
    create.callback([&chosen, word, file] {
      chosen = [word, file](Session& session) { return create_remote(session, word, *file); };
    });
  }
  if (can_delete) {
    CLI::App& remove = command(made, "delete", "Delete one of them");
    auto yes = options_of<bool>();
    remove.add_option("WHICH", *selector, "Its id, or its name")->required();
    remove.add_flag("-y,--yes", *yes, "Do not ask");
    remove.callback([&chosen, word, selector, yes] {
      chosen = [word, selector, yes](Session& session) { return delete_remote(session, word, *selector, *yes); };
    });
  }
}

}  // namespace

Chosen either(Chosen here, Chosen there) {
  return [here = std::move(here), there = std::move(there)](Session& session) {
    return speaks_to_server(session) ? there(session) : here(session);
  };
}

Chosen only_here(Chosen here) {
  return either(std::move(here), [](Session&) -> ExitCode {
    throw UsageError("context: this command works on this machine's data folder alone; add --context local");
  });
}

void add_list(CLI::App& parent, Chosen& chosen, const std::string& word, const std::string& description,
              ExitCode (*here)(Session&)) {
  CLI::App& made = command(parent, "list", description);
  auto page_size = options_of<std::size_t>();
  made.add_option("--page-size", *page_size, "Of a server: how many are asked for at a time");
  made.callback([&chosen, word, here, page_size] {
    chosen = either(here, [word, page_size](Session& session) { return list_remote(session, word, *page_size); });
  });
}

void add_remote(CLI::App& app, Chosen& chosen) {
  add_login(app, chosen);
  add_contexts(app, chosen);
  add_noun(app, chosen, "accounts", true, true);
  add_noun(app, chosen, "users", true, true);
  add_noun(app, chosen, "jobs", false, true);
  add_noun(app, chosen, "hubs", false, false);
}

}  // namespace formulary::cli
