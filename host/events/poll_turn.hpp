/// \file
/// One turn at one resource: some pages, each saved before the next is asked for.
#pragma once

#include <stop_token>

#include "host/events/poller.hpp"

namespace formulary::events {

/// Nobody else polls a resource for this long after a claim or a saved page.
inline constexpr std::chrono::milliseconds poll_lease{180'000};

/// `work` was claimed. Whatever fails is kept in the state and told to `ports.warn`; throws Error(store_failed) only.
void poll_once(const PollerPorts& ports, const PollerSettings& settings, PollWork work, const std::stop_token& stop);

/// After that many failures in a row: the interval doubled by each, up to an hour or the interval, if that is longer.
[[nodiscard]] std::chrono::milliseconds poll_wait(std::chrono::milliseconds interval, std::int64_t failures);

}  // namespace formulary::events
