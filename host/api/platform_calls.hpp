/// \file
/// Requests that a formula's steps make of the platform itself, answered here without a socket.
#pragma once

#include "host/api/api.hpp"
#include "host/formula/call.hpp"
#include "host/plugin/element_plugin.hpp"

namespace formulary::api {

/// `owner` is whose formula it is; a step that gives an Authorization header of its own asks as whoever that says. The
/// target is below the API's base, or begins with it. A failure is an answer with its
/// status; Error(limit_reached) for an answer over context.output_max.
[[nodiscard]] plan::Answered answer_platform_call(Api& api, const plan::RequestCall& call, const CallContext& context,
                                                  const Principal& owner);

}  // namespace formulary::api
