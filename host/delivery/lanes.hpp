/// \file
/// Who is served next, so that a slow or dead receiver holds up nobody else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace formulary::delivery {

struct LaneLimits {
  std::size_t workers = 16;         ///< What is under way at once.
  std::size_t host_max = 8;         ///< Of it to one host.
  std::size_t destination_max = 4;  ///< Of it to one destination.
};

/// One lane for each destination for which something waits. Of those that are due the one that was served longest ago
/// is next. A host counts as well once it has taken a notification and until it fails to: what is not well gets one
/// request at a time to each destination, and half of the workers altogether, so that the other half is always there
/// for those who answer. Not thread-safe.
class Lanes {
 public:
  explicit Lanes(const LaneLimits& limits) : limits_(limits) {}

  /// Something waits for that destination, from that time on.
  void add(std::int64_t destination, const std::string& host, std::int64_t due_ms);

  struct Turn {
    std::int64_t destination = 0;
    std::string host;
    bool unwell = false;  ///< It is of the half for those who have not answered.
  };
  /// Whom to serve now. The turn must be given back by ended(); the destination is not due again before add() says so.
  [[nodiscard]] std::optional<Turn> take(std::int64_t now_ms);
  /// How the request ended; nothing: none was sent.
  void ended(const Turn& turn, std::optional<bool> well);

  /// When the first of those that are not due yet will be.
  [[nodiscard]] std::optional<std::int64_t> first_due(std::int64_t now_ms) const;
  [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_; }

 private:
  struct Host {
    std::size_t in_flight = 0;
    bool well = false;
  };
  struct Lane {
    std::string host;
    std::optional<std::int64_t> due_ms;
    std::size_t in_flight = 0;
    std::uint64_t served = 0;
  };
  [[nodiscard]] bool may_serve(const Lane& lane) const;
  void forget_hosts();

  LaneLimits limits_;
  std::map<std::int64_t, Lane> lanes_;
  std::map<std::string, Host> hosts_;  ///< Those with something in flight, and those that are well.
  std::size_t in_flight_ = 0;
  std::size_t unwell_ = 0;  ///< Of those in flight: begun to hosts that were not well.
  std::uint64_t turn_ = 0;
};

}  // namespace formulary::delivery
