/// \file
/// A server's API v2, as the commands ask it: as the user of a context, with pages followed and failures told.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/base/json.hpp"
#include "host/cli/contexts.hpp"
#include "host/cli/session.hpp"
#include "host/http/transport.hpp"

namespace formulary::cli {

using RemoteQuery = std::vector<std::pair<std::string, std::string>>;

struct RemoteRequest {
  std::string method = "GET";
  std::string path;  ///< Below the base URL, begins with a slash, encoded.
  RemoteQuery query;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::string content_type = "application/json";  ///< Of a body that is not empty.
  std::string authorization;                      ///< Empty: the context's user.
  std::string element_token;                      ///< Empty: none.
};

/// Not thread-safe: one per command.
class RemoteApi {
 public:
  /// Borrows the session.
  RemoteApi(Session& session, ServerContext context);

  [[nodiscard]] const ServerContext& context() const noexcept { return context_; }

  /// The answer of a status below 400. Else the Error that fits the status and the server's code, with its message, its
  /// request id and what to do; Error(unavailable, timed_out, cancelled, limit_reached) where there is no answer.
  /// No sentence has the context's secrets, the element token or the request's body in it.
  [[nodiscard]] HttpResponse send(const RemoteRequest& request);
  /// Its JSON; null if there is none.
  [[nodiscard]] json::value ask(const RemoteRequest& request);
  [[nodiscard]] json::value get(const std::string& path, RemoteQuery query = {});
  [[nodiscard]] json::value send_json(std::string_view method, const std::string& path, const json::value& body);

  /// All pages of a list, `page_size` entries each (0: as the server likes). Error(limit_reached) over 1000 pages or
  /// 100 000 entries; Error(unavailable) if the server repeats a page's token or answers no list.
  [[nodiscard]] json::array list(const std::string& path, RemoteQuery query = {}, std::size_t page_size = 0);

 private:
  [[nodiscard]] std::string authorization_of(const RemoteRequest& request) const;
  [[noreturn]] void refuse(const RemoteRequest& request, const HttpResponse& response) const;

  Session& session_;
  ServerContext context_;
  std::unique_ptr<Transport> transport_;
};

/// Whether the commands speak to a server: a context other than `local` is chosen by --context, FORMULARY_CONTEXT, the
/// settings file or, last, `formulary context use`.
[[nodiscard]] bool speaks_to_server(const Session& session);
/// The file of the contexts: the setting `config`, else $XDG_CONFIG_HOME/formulary/contexts.json.
[[nodiscard]] std::filesystem::path contexts_file(const Session& session);
/// Error(bad_input) if none is chosen; Error(unauthenticated) after `logout`.
[[nodiscard]] RemoteApi open_remote(Session& session);

/// What `name` is of an object, as text; empty if it is missing or null.
[[nodiscard]] std::string member_text(const json::value& document, std::string_view name);
/// The header's value, whatever its case; empty: none.
[[nodiscard]] std::string header_of(const HttpResponse& response, std::string_view name);
/// Takes out of an instance or a user what nobody should see: token, secret, password, userSecret, organizationSecret.
void hide_secrets(json::value& document);

}  // namespace formulary::cli
