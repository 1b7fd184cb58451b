/// \file
/// Numbers that the host collects: counters, gauges, histograms.
#pragma once

#include <formulary/element/call.hpp>

namespace element {

enum class metric_kind : std::int32_t {
  counter = ELEMENT_METRIC_COUNTER,      ///< record() adds.
  gauge = ELEMENT_METRIC_GAUGE,          ///< record() sets.
  histogram = ELEMENT_METRIC_HISTOGRAM,  ///< record() observes one value.
};

/// One metric. Make it once, in the plugin's constructor, and keep it; any thread may record. Where the host offers no
/// metrics or refuses this one, record() does nothing: a plugin never depends on being measured.
class metric {
 public:
  /// `name` in snake_case with its unit last ("acme_requests_total"); `unit` as in UCUM ("s", "By", "1").
  metric(const host& of, metric_kind kind, std::string_view name, std::string_view unit, std::string_view help) noexcept
      : host_(of.get()), service_(adopt(of.service<element_metrics>(ELEMENT_SERVICE_METRICS))) {
    if (service_.define != nullptr) {
      handle_ = service_.define(host_, static_cast<std::int32_t>(kind), raw(name), raw(unit), raw(help));
    }
  }

  /// Labels must come from a small set: each combination is a series of its own. Beyond eight they are dropped.
  void record(double value, std::initializer_list<field> labels = {}) const noexcept {
    if (handle_ == 0) return;
    constexpr std::size_t labels_max = 8;
    element_kv pairs[labels_max];
    std::size_t count = 0;
    for (const field& one : labels) {
      if (count == labels_max) break;
      pairs[count++] = {raw(one.key), raw(one.value)};
    }
    service_.record(host_, handle_, value, pairs, count);
  }

 private:
  const element_host* host_;
  element_metrics service_;
  std::uint64_t handle_ = 0;
};

}  // namespace element
