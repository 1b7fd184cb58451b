/// \file
/// The commands that speak to a server, over its API v2. Each returns the program's exit status and throws Error for
/// what the barrier in app.cpp reports; open_remote() and RemoteApi say which.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "host/cli/commands.hpp"
#include "host/cli/exit_code.hpp"
#include "host/cli/remote_api.hpp"
#include "host/cli/session.hpp"

namespace formulary::cli {

struct Login {
  std::string server;
  std::string user;
  std::string secret;  ///< password=@FILE, password=@- or password; empty: asked.
  std::string name;    ///< Of the context; empty: default.
  bool insecure_http = false;
};
/// Keeps the secrets of a user in the file of the contexts; the password is not kept.
[[nodiscard]] ExitCode login(Session& session, const Login& options);
/// Forgets the secrets of a context, of the chosen one if `name` is empty. They stay valid at the server.
[[nodiscard]] ExitCode logout(Session& session, const std::string& name);
[[nodiscard]] ExitCode list_contexts(Session& session);
[[nodiscard]] ExitCode use_context(Session& session, const std::string& name);
[[nodiscard]] ExitCode show_context(Session& session, const std::string& name);
[[nodiscard]] ExitCode delete_context(Session& session, const std::string& name);

/// What a server has lists of.
struct RemoteNoun {
  struct Column {
    std::string_view title;
    std::string_view member;  ///< "element.key": of the member that is an object.
  };
  std::string_view word;  ///< As it is typed: "instances".
  std::string_view one;   ///< For sentences: "instance".
  std::string_view path;  ///< Its list is GET of this, one of it is below it.
  std::string_view name;  ///< The member by which people call it, besides its id.
  std::vector<Column> columns;
};

/// Error(internal) for a word that is none.
[[nodiscard]] const RemoteNoun& remote_noun(std::string_view word);

/// The id of what a person calls by id or name. Error(not_found); Error(conflict) if several have the name.
[[nodiscard]] std::string remote_id(RemoteApi& remote, const RemoteNoun& noun, const std::string& selector);

[[nodiscard]] ExitCode list_remote(Session& session, std::string_view noun, std::size_t page_size);
[[nodiscard]] ExitCode show_remote(Session& session, std::string_view noun, const std::string& selector,
                                   bool with_token = false);
/// POST of a JSON object in a file; "-" is standard input.
[[nodiscard]] ExitCode create_remote(Session& session, std::string_view noun, const std::string& file);
[[nodiscard]] ExitCode delete_remote(Session& session, std::string_view noun, const std::string& selector, bool yes);

[[nodiscard]] ExitCode list_remote_executions(Session& session, const ListExecutions& options);
[[nodiscard]] ExitCode show_remote_execution(Session& session, const ShowExecution& options);
[[nodiscard]] ExitCode cancel_remote_execution(Session& session, const std::string& id);
[[nodiscard]] ExitCode rerun_remote_execution(Session& session, const std::string& id);

[[nodiscard]] ExitCode call_remote_instance(Session& session, const Call& options);
[[nodiscard]] ExitCode create_remote_instance(Session& session, const CreateInstance& options);
[[nodiscard]] ExitCode create_remote_formula_instance(Session& session, const CreateFormulaInstance& options);

/// Keeps the template of one file at the server: a new formula, or the new version of the one with its name. A template
/// with problems is not sent; one that the server has as it is, is "unchanged".
[[nodiscard]] ExitCode apply_remote_formula(Session& session, const std::string& file);

struct ApplyFiles {
  std::string path;  ///< A file, or a folder with its .json files at any depth.
  bool dry_run = false;
  bool with_secrets = false;  ///< Also to what is there already.
};
/// Makes the server have what the files say; what it has besides stays. A FormulaRefusal with all problems of all files
/// comes before anything is changed. What fails later is thrown after it was told what was done and what was not.
[[nodiscard]] ExitCode apply_files(Session& session, const ApplyFiles& options);
/// What apply_files() would change; `differs` if that is anything. Reads no secrets.
[[nodiscard]] ExitCode diff_files(Session& session, const std::string& path);

struct ExportFiles {
  std::string folder;
  bool force = false;  ///< Files that are there are replaced.
};
/// Files that apply_files() takes; of secrets only where they are to be read. Error(conflict) if one of them is there.
[[nodiscard]] ExitCode export_files(Session& session, const ExportFiles& options);

}  // namespace formulary::cli
