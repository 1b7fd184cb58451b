#include <string>

#include "host/base/error.hpp"
#include "host/base/text.hpp"
#include "host/cli/commands_remote.hpp"
#include "host/cli/input.hpp"
#include "host/cli/remote_api.hpp"
#include "host/element/secret_json.hpp"

namespace formulary::cli {
namespace {

std::string password_of(const Io& io, const Login& options) {
  if (options.secret.empty()) {
    if (!io.in_is_terminal) {
      throw UsageError(
          "login: the password is missing, and there is no terminal to ask for it; write --secret "
          "password=@FILE, or --secret password=@-");
    }
    return ask_secret(io, "password", "Password of " + printable(options.user));
  }
  if (secret_key(options.secret) != "password") {
    throw UsageError(
        "--secret: what was given (not repeated here) is no password; write --secret password=@FILE, "
        "--secret password=@- or --secret password");
  }
  return read_secret(io, options.secret).second;
}

std::string user_of(const Io& io, const Login& options) {
  if (!options.user.empty()) return options.user;
  if (!io.in_is_terminal) throw UsageError("login: --user is missing; write --user EMAIL");
  io.err << "User: " << std::flush;
  std::string user;
  std::getline(io.in, user);
  refuse_interrupted(io, "it was asked for the user");
  if (user.empty()) throw UsageError("login: no user was typed; write --user EMAIL");
  return user;
}

void write_context(Session& session, const ServerContext& context, bool is_current) {
  const bool logged_in = !context.user_secret.empty();
  if (session.json()) {
    write_json(session.io(), json::object{{"name", context.name},
                                          {"url", context.url},
                                          {"user", context.user},
                                          {"caFile", context.ca_file},
                                          {"loggedIn", logged_in},
                                          {"current", is_current}});
    return;
  }
  write_pairs(session.io(), {{"name", context.name},
                             {"url", context.url},
                             {"user", context.user},
                             {"ca file", context.ca_file},
                             {"logged in", logged_in ? "yes" : "no"},
                             {"current", is_current ? "yes" : "no"}});
}

/// The one that is named, or the chosen one.
std::string named_or_chosen(const Session& session, const Contexts& contexts, const std::string& name) {
  if (!name.empty()) return name;
  const std::string chosen = session.settings().text("context");
  return chosen.empty() ? contexts.current() : chosen;
}

}  // namespace

ExitCode login(Session& session, const Login& options) {
  const Io& io = session.io();
  Contexts contexts = Contexts::load(contexts_file(session));
  ServerContext context;
  context.insecure_http = options.insecure_http;
  context.url = api_url(options.server, options.insecure_http);
  context.ca_file = session.settings().text("ca.file");
  context.name = options.name.empty() ? "default" : options.name;
  Login asked = options;
  asked.user = user_of(io, options);
  context.user = asked.user;
  Contexts tried = contexts;
  tried.put(context);  // a wrong name is refused before a password is asked for

  std::string password = password_of(io, asked);
  const WipeAtExit password_guard(password);
  RemoteApi remote(session, context);
  json::value user =
      remote.send_json("POST", "/authentication", json::object{{"username", asked.user}, {"password", password}});
  const WipeJsonAtExit user_guard(user);
  std::string token = member_text(user, "token");
  const WipeAtExit token_guard(token);
  if (token.empty()) {
    throw Error(ErrorCode::unavailable, "server " + context.url + ": it gave no token; look whether it is an API v2");
  }
  json::value secrets = remote.ask({.path = "/authentication/secrets", .authorization = "Bearer " + token});
  const WipeJsonAtExit secrets_guard(secrets);
  context.user_secret = member_text(secrets, "userSecret");
  context.organization_secret = member_text(secrets, "organizationSecret");
  if (context.user_secret.empty() || context.organization_secret.empty()) {
    throw Error(ErrorCode::unavailable, "server " + context.url + ": it gave no secrets; look whether it is an API v2");
  }
  contexts.put(context);
  contexts.save();
  write_context(session, context, contexts.current() == context.name);
  if (!session.json() && contexts.current() != context.name) {
    io.err << "next:  formulary instances list --context " << context.name << "\n       formulary context use "
           << context.name << "   makes it the one that all commands speak to\n";
  }
  return ExitCode::done;
}

ExitCode logout(Session& session, const std::string& name) {
  Contexts contexts = Contexts::load(contexts_file(session));
  const std::string chosen = named_or_chosen(session, contexts, name);
  ServerContext context = contexts.find(chosen.empty() ? "default" : chosen);
  wipe(context.user_secret);
  wipe(context.organization_secret);
  contexts.put(context);
  contexts.save();
  write_context(session, context, contexts.current() == context.name);
  return ExitCode::done;
}

ExitCode list_contexts(Session& session) {
  const Contexts contexts = Contexts::load(contexts_file(session));
  const bool is_local = contexts.current().empty();
  if (session.json()) {
    json::array all{json::object{{"name", local_context}, {"url", ""}, {"user", ""}, {"current", is_local}}};
    for (const ServerContext& one : contexts.all()) {
      all.push_back(json::object{
          {"name", one.name}, {"url", one.url}, {"user", one.user}, {"current", one.name == contexts.current()}});
    }
    write_json(session.io(), all);
    return ExitCode::done;
  }
  std::vector<Row> rows{{is_local ? "*" : "", std::string(local_context), "", ""}};
  for (const ServerContext& one : contexts.all()) {
    rows.push_back({one.name == contexts.current() ? "*" : "", one.name, one.url, one.user});
  }
  write_table(session.io(), {"", "NAME", "URL", "USER"}, rows);
  return ExitCode::done;
}

ExitCode use_context(Session& session, const std::string& name) {
  Contexts contexts = Contexts::load(contexts_file(session));
  contexts.use(name);
  contexts.save();
  session.io().err << "commands speak to " << name << " from now on\n";
  return ExitCode::done;
}

ExitCode show_context(Session& session, const std::string& name) {
  const Contexts contexts = Contexts::load(contexts_file(session));
  const std::string chosen = named_or_chosen(session, contexts, name);
  if (chosen.empty() || chosen == local_context) {
    ServerContext local;
    local.name = local_context;
    local.url = session.data_folder().string();
    write_context(session, local, contexts.current().empty());
  } else {
    write_context(session, contexts.find(chosen), contexts.current() == chosen);
  }
  return ExitCode::done;
}

ExitCode delete_context(Session& session, const std::string& name) {
  Contexts contexts = Contexts::load(contexts_file(session));
  contexts.remove(name);
  contexts.save();
  session.io().err << "deleted context " << name << '\n';
  return ExitCode::done;
}

}  // namespace formulary::cli
