/// \file
/// What starts an execution, in the shapes that the platform gives it. Pure.
#pragma once

#include <string>
#include <vector>

#include "host/base/json.hpp"
#include "host/formula/formula.hpp"
#include "host/formula/plan.hpp"

namespace formulary::plan {

/// `trigger` in scripts and references, and the step execution values of the trigger.
struct TriggerInput {
  json::value context;
  Values values;
};
/// `args` as plan::Started::args describes it. Values longer than the limit are left out.
[[nodiscard]] TriggerInput make_trigger_input(const Trigger& trigger, json::value args, const Limits& limits);

/// One Started::args for each event of a notification, for a formula with an event trigger:
///
///   {"message":{"instance_id":7,"eventId":35149,"events":[{…},{…}],"raw":{…}}}   or the message itself
///   gives {"event":{…},"eventId":35149,"instanceId":7,"body":{"message":{… "events":[that one] …}}} twice
///
/// `raw` is the whole payload in each. What has no list of events gives one execution with all of it as its body.
[[nodiscard]] std::vector<json::value> split_event(const json::value& notification);
inline constexpr std::size_t split_events_max = 1'000;  ///< More in one notification: Error(limit_reached).

/// A hub call that an elementRequest trigger waits for, as Started::args.
struct ElementRequestSeen {
  std::string method;
  std::string path;  ///< Without query.
  json::object query;
  json::object headers;
  json::value body;
  int status = 200;
  json::object response_headers;
  json::value response_body;
};
[[nodiscard]] json::value element_request_args(const ElementRequestSeen& request);

/// A call of a formula that is a resource: its body becomes the args, with
/// {"request":{"method","path","query","headers"}} added unless the body has a member of that name. A body that is no
/// object is `body` in an object of its own.
struct ResourceCall {
  std::string method;
  std::string path;
  json::object query;
  json::object headers;
  json::value body;
};
[[nodiscard]] json::value resource_args(const ResourceCall& call);

/// The answer to it, from the output of the step that ended last.
struct ResourceReply {
  int status = 200;
  json::value body;
};
/// {"statusCode":201,"result":{…}} gives 201 and the result; {"result":…} alone gives 200 and the result; anything else
/// is the body itself. A statusCode outside of 100 to 599 counts as none.
[[nodiscard]] ResourceReply resource_reply(const json::value& output);

}  // namespace formulary::plan
