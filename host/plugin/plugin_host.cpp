#include "host/plugin/plugin_host.hpp"

#include <algorithm>
#include <cmath>
#include <exception>

#include "host/base/text.hpp"

namespace formulary {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t message_max = 8192;
constexpr std::size_t pairs_max = 32;
constexpr std::size_t pair_key_max = 128;
constexpr std::size_t pair_value_max = 4096;
constexpr std::size_t metrics_max = 256;
constexpr unsigned lines_per_second_max = 1000;
constexpr std::int64_t sleep_ns_max = 24LL * 3600 * 1'000'000'000;

std::string_view view(element_str text) noexcept {
  return text.ptr == nullptr ? std::string_view{} : std::string_view(text.ptr, text.len);
}

/// Text of a plugin, safe to print: bounded, UTF-8, without control characters that move a terminal's cursor.
std::string printable(element_str text, std::size_t bytes_max) {
  std::string copy(view(text).substr(0, bytes_max));
  // Cutting may have split the last character; what is not text at all is shown as its ASCII part.
  for (int cut = 0; cut < 3 && !copy.empty() && !is_utf8(copy); ++cut) copy.pop_back();
  if (!is_utf8(copy)) {
    copy.assign(view(text).substr(0, bytes_max));
    std::replace_if(
        copy.begin(), copy.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, '?');
  }
  std::replace_if(
      copy.begin(), copy.end(), [](char c) { return (c >= 0 && c < 0x20 && c != '\n' && c != '\t') || c == 0x7f; },
      '?');
  return copy;
}

bool is_metric_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
  });
}

element_str borrowed(std::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

PluginRuntime::PluginRuntime(const CatalogueOptions& options)
    : clock(options.clock != nullptr ? options.clock : std::make_shared<SystemClock>()),
      log(options.log),
      metric(options.metric),
      log_level(options.log_level),
      host_version(options.host_version),
      start_time_limit(options.start_time_limit),
      stop_time_limit(options.stop_time_limit),
      timers(clock) {}

const element_log PluginHost::log_service = {sizeof(element_log), 0, log_enabled, log_write};
const element_metrics PluginHost::metrics_service = {sizeof(element_metrics), 0, metric_define, metric_record};
const element_clock PluginHost::clock_service = {sizeof(element_clock), 0, wall_ns, monotonic_ns, sleep};

PluginHost& PluginHost::make(const Manifest& manifest, std::shared_ptr<PluginRuntime> runtime) {
  // Reached from a static for ever: not destroyed at exit, and no leak to a leak checker.
  static std::mutex mutex;
  static auto& all = *new std::vector<PluginHost*>;
  auto* made = new PluginHost(manifest, std::move(runtime));
  const std::lock_guard lock(mutex);
  all.push_back(made);
  return *made;
}

PluginHost::PluginHost(const Manifest& manifest, std::shared_ptr<PluginRuntime> runtime)
    : plugin_id_(manifest.id),
      plugin_version_(manifest.version),
      host_version_(runtime->host_version),
      clock_(runtime->clock),
      log_level_(runtime->log_level),
      runtime_(std::move(runtime)) {
  table_ = {
      .size = sizeof table_,
      .magic = ELEMENT_MAGIC,
      .abi_major = ELEMENT_ABI_MAJOR,
      .abi_minor = ELEMENT_ABI_MINOR,
      .flags = 0,
      .name = borrowed("formulary"),
      .version = borrowed(host_version_),
      .host_data = this,
      .service = service,
      .hold = hold,
      .release = release,
  };
}

void PluginHost::note(int level, std::string_view message,
                      std::initializer_list<std::pair<std::string, std::string>> fields, CallOrigin origin) {
  PluginLogLine said = line(level, std::move(origin));
  said.message = redact(message);
  for (const auto& [key, value] : fields) said.fields.emplace_back(key, redact(value));
  send(said);
}

void PluginHost::know_secrets(const Redactor* redactor) {
  if (redactor == nullptr) return;
  const std::lock_guard lock(mutex_);
  redactors_.push_back(redactor);
}

void PluginHost::forget_secrets(const Redactor* redactor) {
  if (redactor == nullptr) return;
  const std::lock_guard lock(mutex_);
  const auto known = std::find(redactors_.begin(), redactors_.end(), redactor);
  if (known != redactors_.end()) redactors_.erase(known);
}

std::string PluginHost::redact(std::string_view text) const {
  std::string clean(text);
  const std::lock_guard lock(mutex_);
  const Redactor* last = nullptr;
  for (const Redactor* redactor : redactors_) {
    if (redactor != last) clean = redactor->redact(clean);  // calls of one instance often stand together
    last = redactor;
  }
  return clean;
}

bool PluginHost::wait_for_holds(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  return released_.wait_for(lock, limit, [this] { return holds_ <= 0; });
}

void PluginHost::close() {
  const std::unique_lock lock(runtime_mutex_);
  runtime_.reset();
}

const void* PluginHost::service(const element_host* /*host*/, element_str id) {
  const std::string_view name = view(id);
  if (name == ELEMENT_SERVICE_LOG) return &log_service;
  if (name == ELEMENT_SERVICE_METRICS) return &metrics_service;
  if (name == ELEMENT_SERVICE_CLOCK) return &clock_service;
  return nullptr;
}

void PluginHost::hold(const element_host* host) {
  PluginHost& self = of(host);
  const std::lock_guard lock(self.mutex_);
  ++self.holds_;
}

void PluginHost::release(const element_host* host) {
  PluginHost& self = of(host);
  const std::lock_guard lock(self.mutex_);
  // One release too many must not let stop() come while another hold stands.
  if (self.holds_ > 0) --self.holds_;
  self.released_.notify_all();
}

std::int32_t PluginHost::log_enabled(const element_host* host, std::int32_t level) {
  return level >= of(host).log_level_ ? 1 : 0;
}

void PluginHost::log_write(const element_host* host, const element_call* call, std::int32_t level, element_str message,
                           const element_kv* fields, std::size_t n_fields) {
  PluginHost& self = of(host);
  if (level < self.log_level_) return;
  unsigned dropped = 0;
  if (!self.may_log(dropped)) return;
  try {
    if (dropped > 0)
      self.note(ELEMENT_LOG_WARN, std::to_string(dropped) + " log lines were dropped: too many in a second");
    PluginLogLine said =
        self.line(std::clamp<int>(level, ELEMENT_LOG_TRACE, ELEMENT_LOG_ERROR), CallRecord::origin_of(call));
    said.message = self.redact(printable(message, message_max));
    said.fields = self.copy_pairs(fields, n_fields);
    self.send(said);
  } catch (const std::exception&) {  // out of memory, or the sink failed: a log line is not worth a hook
  }
}

bool PluginHost::may_log(unsigned& dropped) {
  const auto now = clock_->monotonic();
  const std::lock_guard lock(mutex_);
  if (now - log_window_ >= 1s) {
    log_window_ = now;
    logged_ = 0;
    dropped = std::exchange(dropped_, 0);
  }
  if (logged_ == lines_per_second_max) {
    ++dropped_;
    return false;
  }
  ++logged_;
  return true;
}

PluginLogLine PluginHost::line(int level, CallOrigin origin) const {
  return {
      .plugin_id = plugin_id_,
      .plugin_version = plugin_version_,
      .time = clock_->wall(),
      .instance_id = origin.instance_id,
      .instance_name = std::move(origin.instance_name),
      .trace_parent = std::move(origin.trace_parent),
      .level = level,
      .message = {},
      .fields = {},
  };
}

void PluginHost::send(const PluginLogLine& line) const {
  const std::shared_lock lock(runtime_mutex_);
  if (runtime_ != nullptr && runtime_->log) runtime_->log(line);
}

std::vector<std::pair<std::string, std::string>> PluginHost::copy_pairs(const element_kv* pairs,
                                                                        std::size_t count) const {
  std::vector<std::pair<std::string, std::string>> copies;
  if (pairs == nullptr) return copies;
  for (std::size_t index = 0; index < std::min(count, pairs_max); ++index) {
    copies.emplace_back(redact(printable(pairs[index].key, pair_key_max)),
                        redact(printable(pairs[index].value, pair_value_max)));
  }
  return copies;
}

std::uint64_t PluginHost::metric_define(const element_host* host, std::int32_t kind, element_str name, element_str unit,
                                        element_str /*help*/) {
  if (kind < ELEMENT_METRIC_COUNTER || kind > ELEMENT_METRIC_HISTOGRAM || !is_metric_name(view(name))) return 0;
  try {
    return of(host).define(kind, std::string(view(name)), printable(unit, 32));
  } catch (const std::exception&) {
    return 0;
  }
}

std::uint64_t PluginHost::define(int kind, std::string name, std::string unit) {
  const std::lock_guard lock(mutex_);
  for (std::size_t index = 0; index < metrics_.size(); ++index) {
    if (metrics_[index].name == name) return metrics_[index].kind == kind ? index + 1 : 0;
  }
  if (metrics_.size() == metrics_max) return 0;
  metrics_.push_back({kind, std::move(name), std::move(unit)});
  return metrics_.size();
}

void PluginHost::metric_record(const element_host* host, std::uint64_t handle, double value, const element_kv* labels,
                               std::size_t n_labels) {
  try {
    of(host).record(handle, value, labels, n_labels);
  } catch (const std::exception&) {  // as in log_write
  }
}

void PluginHost::record(std::uint64_t handle, double value, const element_kv* labels, std::size_t n_labels) {
  if (!std::isfinite(value)) return;
  PluginMetric metric{.plugin_id = plugin_id_, .value = value};
  {
    const std::lock_guard lock(mutex_);
    if (handle == 0 || handle > metrics_.size()) return;
    const Metric& known = metrics_[handle - 1];
    metric.kind = known.kind;
    metric.name = known.name;
    metric.unit = known.unit;
  }
  metric.labels = copy_pairs(labels, n_labels);
  const std::shared_lock lock(runtime_mutex_);
  if (runtime_ != nullptr && runtime_->metric) runtime_->metric(metric);
}

std::int64_t PluginHost::wall_ns(const element_host* host) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(of(host).clock_->wall().time_since_epoch()).count();
}

std::int64_t PluginHost::monotonic_ns(const element_host* host) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(of(host).clock_->monotonic().time_since_epoch()).count();
}

element_status PluginHost::sleep(const element_host* host, const element_call* call, std::int64_t ns) {
  CallRecord* record = CallRecord::find(call);
  if (record == nullptr || !record->is_on_hook_thread()) return ELEMENT_FAILED_PRECONDITION;
  if (ns <= 0) return record->verdict();
  try {
    return record->sleep_until(of(host).clock_->monotonic() + std::chrono::nanoseconds(std::min(ns, sleep_ns_max)));
  } catch (const std::exception&) {
    return ELEMENT_RESOURCE_EXHAUSTED;
  }
}

}  // namespace formulary
