/// \file
/// The commands that compare files with a server, as they are typed.
#include "host/cli/app_words.hpp"
#include "host/cli/commands_remote.hpp"

namespace formulary::cli {

void add_files(CLI::App& app, Chosen& chosen) {
  CLI::App& apply = command(app, "apply", "Make a server have what files say");
  auto options = options_of<ApplyFiles>();
  apply.add_option("-f,--file", options->path, "A JSON file, or a folder of them")->required();
  apply.add_flag("--dry-run", options->dry_run, "Only say what would be done");
  apply.add_flag("--with-secrets", options->with_secrets, "Send secrets also to what is there already");
  apply.callback(
      [&chosen, options] { chosen = [options](Session& session) { return apply_files(session, *options); }; });

  CLI::App& diff = command(app, "diff", "What apply would change; exit status 10 if that is anything");
  auto path = options_of<std::string>();
  diff.add_option("-f,--file", *path, "A JSON file, or a folder of them")->required();
  diff.callback([&chosen, path] { chosen = [path](Session& session) { return diff_files(session, *path); }; });

  CLI::App& exported = command(app, "export", "Write what a server has as files that apply takes; no secrets");
  auto target = options_of<ExportFiles>();
  exported.add_option("FOLDER", target->folder, "Where to; it is made if it is missing")->required();
  exported.add_flag("--force", target->force, "Replace files that are there");
  exported.callback(
      [&chosen, target] { chosen = [target](Session& session) { return export_files(session, *target); }; });
}

}  // namespace formulary::cli
