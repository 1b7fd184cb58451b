/// \file
/// What a step asks of the world, with every reference resolved, and what may come of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "host/base/clock.hpp"
#include "host/base/error.hpp"
#include "host/base/json.hpp"
#include "host/formula/request_policy.hpp"
#include "host/formula/scope.hpp"

namespace formulary::plan {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct RequestCall {
  enum class Kind {
    element,   ///< A resource of an element instance.
    platform,  ///< The platform's own API, with the rights of the formula's owner.
    http,      ///< Anywhere.
  };
  Kind kind = Kind::http;
  std::string instance;  ///< Selector of the element instance; empty for the others.
  std::string method;    ///< Upper case.
  std::string target;    ///< Path below the platform's root ("/hubs/crm/contacts", "/contacts"), or an absolute URL.
  json::object query;    ///< Values are strings or arrays of strings.
  Headers headers;
  std::string body;          ///< As it is sent: a form is in it already, encoded as multipart/form-data.
  std::string content_type;  ///< Empty if there is no body.
  json::value path;          ///< What {variables} of `target` were filled from, for the history; null if nothing was.
  json::value form;          ///< The fields of the form, for the history; null if there is none.
};
/// One answer's body becomes another request's body, unparsed, as a stream.
struct StreamCall {
  RequestCall download;
  RequestCall upload;     ///< Without a body.
  std::string form_name;  ///< Of the file's part in a multipart body; empty: the body is the file itself.
  json::object fields;    ///< Go before the file, if it is a part: values are texts.
  RequestPolicy policy;   ///< Only what its download is accepted with is sent on.
};
struct ScriptCall {
  bool filter = false;
  bool must_return =
      false;  ///< A script of engine v1, which fails if it has no result. `body` calls done() all the same.
  std::string body;
  std::shared_ptr<const Scope> scope;  ///< As it was when the step began.
  std::uint64_t seed = 0;              ///< For Math.random: the same when the run is computed again.
  /// For Date: when the execution began or its last request ended, so the same when the run is computed again.
  Clock::WallTime now;
};
struct AmqpCall {
  std::string url;  ///< amqp:// or amqps://, may hold credentials.
  std::string exchange;
  std::string queue;
  std::string body;
};
/// Tells the people that the formula instance names.
struct NotifyCall {
  std::string body;
};
using Call = std::variant<RequestCall, ScriptCall, StreamCall, AmqpCall, NotifyCall>;

/// What doing a call twice does, which decides what happens after a crash in the middle of it.
enum class Safety {
  pure,        ///< Touches nothing: is computed again.
  safe,        ///< Reads: GET, HEAD, OPTIONS.
  idempotent,  ///< The second time changes nothing more: PUT, DELETE.
  keyed,       ///< The other side knows a second time by its key.
  unsafe,      ///< Nobody is hired twice: is never sent again unless somebody asks for it.
};
/// "pure", "safe", ...
[[nodiscard]] std::string_view name(Safety safety) noexcept;

// What came of it.

struct Answered {
  int status = 0;
  Headers headers;
  std::string body;
  std::string content_type;
};
/// Bodies that were streamed are not here.
struct Streamed {
  Answered download;
  std::optional<Answered> upload;  ///< None if there was nothing to send because the download was refused.
};
struct ScriptEnded {
  bool ok = false;
  std::string value;  ///< JSON, or empty.
  std::string error;
  std::string error_code;
  std::vector<std::string> console;
  std::vector<std::string> notify;  ///< JSON objects.
};
/// A message was taken.
struct Delivered {};
/// No answer at all.
struct Broke {
  ErrorCode code = ErrorCode::internal;
  std::string message;
};
using Outcome = std::variant<Answered, ScriptEnded, Broke, Streamed, Delivered>;

}  // namespace formulary::plan
