#include "host/plugin/loaded_library.hpp"

#include <boost/dll/shared_library.hpp>

#include <cstddef>
#include <cstring>
#include <exception>
#include <functional>
#include <future>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "host/base/error.hpp"
#include "host/plugin/hook_call.hpp"
#include "host/plugin/process_state.hpp"
#include "host/plugin/refusal.hpp"

namespace formulary {

/// What loading finds, to become a LoadedLibrary.
struct LoadedLibraryParts {
  PluginHost* host;
  element_plugin table{};
  element_descriptor descriptor{};
  element_plugin_state* state = nullptr;
};

namespace {

// The sizes of 1.0, below which no table may be.
constexpr std::size_t table_size_min = offsetof(element_plugin, extension) + sizeof(element_plugin::extension);
constexpr std::size_t descriptor_size_min = offsetof(element_descriptor, manifest) + sizeof(element_str);

std::string own_version() {
  return std::to_string(ELEMENT_ABI_MAJOR) + '.' + std::to_string(ELEMENT_ABI_MINOR);
}

/// A copy by rule R1: what the plugin did not fill reads as zero, what this host does not know is left.
template <class Table>
Table adopt(const Table* table) noexcept {
  Table mine{};
  std::memcpy(&mine, table, table->size < sizeof mine ? table->size : sizeof mine);
  return mine;
}

/// dlerror()'s sentence without the words that Boost.DLL puts around it.
std::string loader_words(const std::string& what) {
  static constexpr std::string_view mark = "dlerror said: ";
  const auto begin = what.find(mark);
  std::string words = begin == std::string::npos ? what : what.substr(begin + mark.size());
  const auto end = words.rfind(')');
  if (begin != std::string::npos && end != std::string::npos && end + 1 == words.size()) words.pop_back();
  return words;
}

/// Loads it for the life of the process. The throwing overload, since only its error carries dlerror()'s words.
boost::dll::shared_library& load_for_ever(const std::filesystem::path& path) {
  static std::mutex mutex;
  static auto& all = *new std::vector<boost::dll::shared_library*>;
  try {
    using boost::dll::load_mode::rtld_local;
    using boost::dll::load_mode::rtld_now;
    auto* library = new boost::dll::shared_library(path, rtld_now | rtld_local);
    const std::lock_guard lock(mutex);
    all.push_back(library);
    return *library;
  } catch (const std::exception& error) {
    throw PluginRefusal("plugin.cannot_load", "the system cannot load it: " + loader_words(error.what()) +
                                                  "; build it on this system or install what it names");
  }
}

const element_plugin* call_entry(boost::dll::shared_library& library, const element_host* host) {
  // get<Function>, not get<Function*>: that would take the code's first bytes for a pointer.
  auto& entry = library.get<decltype(element_plugin_entry_v1)>(ELEMENT_ENTRY_SYMBOL);
  const element_plugin* table = nullptr;
  try {
    table = entry(host);
  } catch (...) {
    throw PluginRefusal("plugin.start_failed",
                        "its entry let an exception out, which the ABI forbids; tell its author");
  }
  if (table == nullptr) {
    throw PluginRefusal("plugin.refused_host", "it does not work with this host (ABI " + own_version() +
                                                   "); look for a version of it that does");
  }
  return table;
}

void check_version(const element_plugin& table) {
  const std::string built = std::to_string(table.abi_major) + '.' + std::to_string(table.abi_minor);
  if (table.abi_major != ELEMENT_ABI_MAJOR) {
    throw PluginRefusal("plugin.wrong_major", "it was built for ABI " + built + " and this host offers " +
                                                  own_version() + "; build it with the matching plugin_api");
  }
  if (table.abi_minor_needed > ELEMENT_ABI_MINOR) {
    throw PluginRefusal("plugin.needs_newer_host", "it needs ABI " + std::to_string(table.abi_major) + '.' +
                                                       std::to_string(table.abi_minor_needed) +
                                                       " and this host offers " + own_version() + "; update the host");
  }
}

void check_functions(const element_plugin& table) {
  const std::pair<const char*, bool> required[] = {
      {"start", table.start != nullptr},
      {"stop", table.stop != nullptr},
      {"serialize_config", table.serialize_config != nullptr},
      {"authenticate", table.authenticate != nullptr},
      {"parse_instance", table.parse_instance != nullptr},
      {"open_instance", table.open_instance != nullptr},
      {"close_instance", table.close_instance != nullptr},
      {"invoke", table.invoke != nullptr},
  };
  for (const auto& [name, given] : required) {
    if (!given) {
      throw PluginRefusal("plugin.null_hook", std::string("its table has no ") + name + "; the ABI requires it");
    }
  }
}

element_plugin checked_table(const element_plugin* given) {
  if (given->magic != ELEMENT_MAGIC) {
    throw PluginRefusal("plugin.bad_table",
                        "what its entry returned is not a plugin table (its magic number is wrong); "
                        "build it with the plugin_api's header");
  }
  check_version(*given);
  if (given->size < table_size_min) {
    throw PluginRefusal("plugin.table_too_small", "its table has " + std::to_string(given->size) +
                                                      " bytes and ABI 1.0 has " + std::to_string(table_size_min) +
                                                      "; set size to sizeof the table");
  }
  const element_plugin table = adopt(given);
  check_functions(table);
  return table;
}

/// Compares lengths before a byte is read, so that a wild length is never followed.
void check_equal(element_str given, const std::string& wanted, const std::string& what) {
  const bool equal =
      given.ptr != nullptr && given.len == wanted.size() && std::memcmp(given.ptr, wanted.data(), wanted.size()) == 0;
  if (!equal) {
    throw PluginRefusal("plugin.bad_descriptor", "its descriptor's " + what + " is " +
                                                     (given.len == 0 ? "empty" : "not the one in element.json") +
                                                     "; both must say the same");
  }
}

element_descriptor checked_descriptor(const element_descriptor* given, const Manifest& manifest,
                                      const std::string& text) {
  if (given == nullptr || given->size < descriptor_size_min) {
    throw PluginRefusal("plugin.bad_descriptor", "its descriptor is missing or smaller than in ABI 1.0");
  }
  const element_descriptor descriptor = adopt(given);
  check_equal(descriptor.id, manifest.id, "id");
  check_equal(descriptor.version, manifest.version, "version");
  check_equal(descriptor.manifest, text, "manifest");
  if (descriptor.concurrency > ELEMENT_CONCURRENT_ALL) {
    throw PluginRefusal(
        "plugin.bad_descriptor",
        "its descriptor's concurrency " + std::to_string(descriptor.concurrency) + " is none of ELEMENT_CONCURRENT_*");
  }
  return descriptor;
}

void start(LoadedLibraryParts& parts, PluginRuntime& runtime, const std::string& key) {
  CallContext context;
  context.time_limit = runtime.start_time_limit;
  const HookPlace place{.host = parts.host, .runtime = &runtime, .element = key, .hook = "start"};
  try {
    (void)run_hook(place, context, deadline_of(context, *runtime.clock), [&](const element_call* call) {
      return parts.table.start(parts.host->table(), call, &parts.state);
    });
  } catch (const Error& error) {
    throw PluginRefusal("plugin.start_failed", std::string("it did not start: ") + error.what());
  }
}

LoadedLibraryParts load_and_start(const std::filesystem::path& path, const Manifest& manifest, const std::string& text,
                                  PluginRuntime& runtime, PluginHost& host) {
  const FloatingPointState floating_point;
  LoadedLibraryParts parts{.host = &host};
  parts.table = checked_table(call_entry(load_for_ever(path), host.table()));
  parts.descriptor = checked_descriptor(parts.table.descriptor, manifest, text);
  start(parts, runtime, manifest.key);
  if (floating_point.restore()) {
    host.note(ELEMENT_LOG_WARN,
              "loading it changed the floating-point mode, which was put back; do not link with -ffast-math");
  }
  return parts;
}

/// Runs `work` on a thread of its own and waits for it within `limit`. Nothing if it takes longer: then the thread is
/// left behind, so `work` must own all that it touches.
template <class Result>
std::optional<std::future<Result>> run_aside(std::function<Result()> work, std::chrono::milliseconds limit) {
  std::packaged_task<Result()> task(std::move(work));
  std::future<Result> result = task.get_future();
  std::thread thread(std::move(task));
  if (result.wait_for(limit) == std::future_status::ready) {
    thread.join();
    return result;
  }
  thread.detach();
  return std::nullopt;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

}  // namespace

std::shared_ptr<LoadedLibrary> LoadedLibrary::load(LiveCopy copy, const Manifest& manifest,
                                                   const std::string& manifest_text,
                                                   const std::shared_ptr<PluginRuntime>& runtime) {
  PluginHost& host = PluginHost::make(manifest, runtime);
  const ProcessState before;
  // A second more than start() is told, so that a plugin that heeds its deadline can say why it did not start.
  const auto limit = runtime->start_time_limit + std::chrono::seconds(1);
  auto loaded =
      run_aside<LoadedLibraryParts>([path = copy.library(), manifest, manifest_text, runtime,
                                     &host] { return load_and_start(path, manifest, manifest_text, *runtime, host); },
                                    limit);
  const std::vector<std::string> changed = before.restore();
  if (!loaded) {
    copy.abandon();
    host.close();
    throw PluginRefusal("plugin.start_timeout", "it was not loaded and started within " +
                                                    std::to_string(runtime->start_time_limit.count()) +
                                                    " ms; its thread is left behind: restart the host without it");
  }
  LoadedLibraryParts parts{.host = &host};
  try {
    parts = loaded->get();
  } catch (const std::exception&) {
    host.close();  // it lives for ever, and must not keep the runtime and its thread that long
    throw;
  }
  auto library = std::make_shared<LoadedLibrary>(std::move(copy), runtime, parts);
  if (!changed.empty()) {
    throw PluginRefusal("plugin.changes_process", "loading it changed " + joined(changed) +
                                                      " of the whole process, which was put back; the ABI forbids it "
                                                      "(rule R9): tell its author");
  }
  return library;
}

LoadedLibrary::LoadedLibrary(LiveCopy copy, std::shared_ptr<PluginRuntime> runtime, const LoadedLibraryParts& parts)
    : copy_(std::move(copy)),
      runtime_(std::move(runtime)),
      host_(*parts.host),
      table_(parts.table),
      state_(parts.state),
      concurrency_(parts.descriptor.concurrency) {}

LoadedLibrary::~LoadedLibrary() {
  try {
    end();
  } catch (const std::exception& error) {  // no thread to be had, or the plugin threw
    copy_.abandon();
    host_.note(ELEMENT_LOG_ERROR, std::string("stop() failed: ") + error.what());
  }
  host_.close();
}

void LoadedLibrary::end() {
  if (!host_.wait_for_holds(runtime_->stop_time_limit)) {
    copy_.abandon();
    host_.note(ELEMENT_LOG_ERROR, "it still holds on to the host and is not stopped; a hold() has no release()");
    return;
  }
  auto stopped = run_aside<void>([stop = table_.stop, state = state_] { stop(state); }, runtime_->stop_time_limit);
  if (!stopped) {
    copy_.abandon();
    host_.note(ELEMENT_LOG_ERROR, "stop() does not return; its thread is left behind");
    return;
  }
  stopped->get();
}

}  // namespace formulary
