#include "host/delivery/lanes.hpp"

#include <algorithm>

namespace formulary::delivery {

void Lanes::add(std::int64_t destination, const std::string& host, std::int64_t due_ms) {
  Lane& lane = lanes_[destination];
  if (lane.in_flight == 0) lane.host = host;
  lane.due_ms = lane.due_ms ? std::min(*lane.due_ms, due_ms) : due_ms;
}

bool Lanes::may_serve(const Lane& lane) const {
  const auto host = hosts_.find(lane.host);
  const bool well = host != hosts_.end() && host->second.well;
  const std::size_t to_host = host == hosts_.end() ? 0 : host->second.in_flight;
  if (to_host >= limits_.host_max) return false;
  if (well) return lane.in_flight < limits_.destination_max;
  return lane.in_flight == 0 && unwell_ < std::max<std::size_t>(1, limits_.workers / 2);
}

std::optional<Lanes::Turn> Lanes::take(std::int64_t now_ms) {
  auto next = lanes_.end();
  for (auto lane = lanes_.begin(); lane != lanes_.end(); ++lane) {
    if (!lane->second.due_ms || *lane->second.due_ms > now_ms || !may_serve(lane->second)) continue;
    if (next == lanes_.end() || lane->second.served < next->second.served) next = lane;
  }
  if (next == lanes_.end()) return std::nullopt;
  Lane& lane = next->second;
  Host& host = hosts_[lane.host];
  lane.due_ms.reset();
  lane.served = ++turn_;
  ++lane.in_flight;
  ++host.in_flight;
  ++in_flight_;
  if (!host.well) ++unwell_;
  return Turn{.destination = next->first, .host = lane.host, .unwell = !host.well};
}

void Lanes::ended(const Turn& turn, std::optional<bool> well) {
  --in_flight_;
  if (turn.unwell) --unwell_;
  Host& host = hosts_[turn.host];
  --host.in_flight;
  if (well) host.well = *well;
  if (host.in_flight == 0 && !host.well) hosts_.erase(turn.host);
  const auto lane = lanes_.find(turn.destination);
  if (--lane->second.in_flight == 0 && !lane->second.due_ms) lanes_.erase(lane);
  forget_hosts();
}

void Lanes::forget_hosts() {
  constexpr std::size_t hosts_max = 10'000;
  if (hosts_.size() <= hosts_max) return;
  std::erase_if(hosts_, [](const auto& one) { return one.second.in_flight == 0; });
}

std::optional<std::int64_t> Lanes::first_due(std::int64_t now_ms) const {
  std::optional<std::int64_t> first;
  for (const auto& [destination, lane] : lanes_) {
    if (!lane.due_ms || *lane.due_ms <= now_ms) continue;
    if (!first || *lane.due_ms < *first) first = lane.due_ms;
  }
  return first;
}

}  // namespace formulary::delivery
