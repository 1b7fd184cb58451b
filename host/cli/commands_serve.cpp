#include <condition_variable>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "host/cli/commands.hpp"
#include "host/cli/first_secrets.hpp"
#include "host/cli/platform.hpp"

namespace formulary::cli {
namespace {

void wait_for(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any stopped;
  std::unique_lock lock(mutex);
  stopped.wait(lock, stop, [] { return false; });
}

std::string base_url(const Settings& settings, std::uint16_t port) {
  const std::string address = settings.text("server.address");
  const std::string host = address.find(':') == std::string::npos ? address : '[' + address + ']';
  const std::string scheme = settings.text("server.certificate").empty() ? "http" : "https";
  return scheme + "://" + host + ':' + std::to_string(port) + std::string(api::api_base_path);
}

void say_started(Session& session, const std::string& url, const std::optional<FirstSecrets>& first) {
  const Io& io = session.io();
  if (session.json()) {
    json::object line{{"api", url}};
    if (first) {
      line["email"] = first->email;
      line["password"] = first->password;
      line["userSecret"] = first->user_secret;
      line["organizationSecret"] = first->organization_secret;
    }
    io.out << to_text(line) << std::endl;
    return;
  }
  io.out << "API      " << url << '\n'
         << "plugins  " << session.plugins_folder().string() << '\n'
         << "data     " << session.data_folder().string() << '\n';
  if (first) {
    io.out << "\nThe first start made a user. These are shown this once; keep them:\n"
           << "email          " << first->email << '\n'
           << "password       " << first->password << '\n'
           << "Authorization  User " << first->user_secret << ", Organization " << first->organization_secret << '\n';
  }
  io.out << std::flush;
}

}  // namespace

ExitCode serve(Session& session, const ServeOptions& options) {
  Platform platform(session, options.secrets_file.empty() ? FirstSecrets{} : read_first_secrets(options.secrets_file));
  const std::uint16_t port = platform.start();
  say_started(session, base_url(session.settings(), port), platform.first());
  wait_for(session.io().interrupted);
  if (!platform.stop()) session.io().err << "warning: executions that still ran are parked; the next start goes on\n";
  return ExitCode::done;
}

}  // namespace formulary::cli
