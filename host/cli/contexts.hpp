/// \file
/// The servers that the commands may speak to, each with the secrets of who logged in; in a file that only its owner
/// can read.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/json.hpp"

namespace formulary::cli {

/// The name that stands for this machine's data folder.
inline constexpr std::string_view local_context = "local";

struct ServerContext {
  std::string name;
  std::string url;                  ///< With the API's base path, without a slash at the end.
  std::string user;                 ///< Who logged in; for people.
  std::string user_secret;          ///< Wiped at the end, like the next.
  std::string organization_secret;  ///< Both empty after `logout`.
  std::string ca_file;              ///< May be empty.
  bool insecure_http = false;       ///< http:// to another machine was asked for.

  ServerContext() = default;
  ServerContext(const ServerContext&) = default;
  ServerContext(ServerContext&&) = default;
  ServerContext& operator=(const ServerContext&) = default;
  ServerContext& operator=(ServerContext&&) = default;
  ~ServerContext();
};

/// The API's base URL of what a person typed: without a path it is /elements/api-v2. Error(bad_input) for what is no
/// http or https URL, has a user, query or fragment, and for http:// to another machine unless `insecure_http`.
[[nodiscard]] std::string api_url(std::string_view typed, bool insecure_http);

/// The file's content:
/// {"current":"prod","contexts":[{"name","url","user","userSecret","organizationSecret","caFile","insecureHttp"}]}
class Contexts {
 public:
  /// No file is no contexts. Error(bad_input) if others may read or write it, if it is a link, somebody else's, over
  /// 1 MiB or not of that shape.
  [[nodiscard]] static Contexts load(std::filesystem::path file);

  /// Writes it with mode 0600, whole or not at all; makes its folder. Error(store_failed).
  void save() const;

  [[nodiscard]] const std::vector<ServerContext>& all() const noexcept { return all_; }
  /// Of `context use`; empty: none was chosen.
  [[nodiscard]] const std::string& current() const noexcept { return current_; }
  /// Error(not_found) names those there are.
  [[nodiscard]] const ServerContext& find(std::string_view name) const;

  /// Adds it, or replaces the one of its name. Error(bad_input) for a name that is not 1 to 64 of A-Z a-z 0-9 . _ -, or
  /// is `local`.
  void put(ServerContext context);
  /// Error(not_found).
  void use(std::string_view name);
  void remove(std::string_view name);

 private:
  [[nodiscard]] json::object document() const;

  std::filesystem::path file_;
  std::string current_;
  std::vector<ServerContext> all_;
};

}  // namespace formulary::cli
