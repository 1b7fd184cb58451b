/// \file
/// A request to the platform's API and its answer, as handlers see them: nothing of sockets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/base/json.hpp"

namespace formulary::api {

/// Names and values in the order in which they came; a name may come several times.
using NamedValues = std::vector<std::pair<std::string, std::string>>;

/// What may be done in the account of who asks; `name()` gives the platform's key of the role.
enum class UserRole { user, account_admin, organization_admin, system_admin };

/// Who asks: what the Authorization header proved.
struct Principal {
  std::int64_t organization = 0;
  std::int64_t account = 0;
  std::int64_t user = 0;
  std::string email;
  UserRole role = UserRole::user;
  std::optional<std::int64_t> instance;  ///< Set if an element token came with it.
};

/// Lives as long as the call of the handler. Used by one thread.
struct ApiRequest {
  std::string method;                                          ///< Upper case.
  std::string path;                                            ///< Decoded, below the base path: "/instances/12".
  NamedValues query;                                           ///< Decoded.
  NamedValues headers;                                         ///< Names in lower case.
  std::map<std::string, std::string, std::less<>> parameters;  ///< Of the route's pattern, decoded.
  Principal principal;
  bool vouched = false;      ///< The host itself says who the principal is, so nobody is asked.
  std::string request_id;    ///< 24 hexadecimal digits.
  std::string trace_parent;  ///< W3C.
  std::string peer;          ///< The client's address.
  std::stop_token stop;      ///< The client is gone, or the host stops.
  std::optional<std::uint64_t> content_length;
  /// Reads the next part of the body; 0: its end.
  std::function<std::size_t(std::span<char>)> read_body;
  std::size_t body_max = 8U << 20U;  ///< Of a body that is held in memory.
  /// Lets the body be longer than that, for whoever does not hold it. May be empty.
  std::function<void(std::uint64_t bytes_max)> allow_body;

  /// The first value of that name, or nothing.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view lower_case_name) const;
  [[nodiscard]] std::optional<std::string_view> query_value(std::string_view name) const;
  [[nodiscard]] std::vector<std::string_view> query_values(std::string_view name) const;
  /// True for "true"; false for "false" or if it is absent. Error(bad_input) otherwise.
  [[nodiscard]] bool query_flag(std::string_view name) const;
  /// Error(bad_input) if it is no whole number between the bounds.
  [[nodiscard]] std::optional<std::int64_t> query_integer(std::string_view name, std::int64_t least,
                                                          std::int64_t most) const;
  /// A parameter of the route that is an id. Error(not_found) if it is no number: there is nothing of that id.
  [[nodiscard]] std::int64_t id(std::string_view parameter) const;
  [[nodiscard]] const std::string& parameter(std::string_view name) const;

  /// Reads the whole body, once. Error(limit_reached) beyond `body_max`.
  [[nodiscard]] std::string body_text();
  /// Error(bad_input) unless the body is a JSON object.
  [[nodiscard]] json::object body_object();
  /// Null if the body is empty.
  [[nodiscard]] json::value body_json();
};

struct ApiAnswer {
  int status = 200;
  std::string content_type = "application/json";
  NamedValues headers;
  std::string body;
  /// Writes the next part of a body that is too large to hold; 0: its end. Empty: `body` is all.
  std::function<std::size_t(std::span<char>)> source;
};

/// 200 with that document.
[[nodiscard]] ApiAnswer answer_json(const json::value& document);
/// 200 without a body.
[[nodiscard]] ApiAnswer answer_empty();

/// "a=1&b=x%20y" decoded; a plus sign is a space. Error(bad_input) for a % that begins nothing, for text that is not
/// UTF-8, and for more than 256 parameters.
[[nodiscard]] NamedValues parse_query(std::string_view text);

}  // namespace formulary::api
