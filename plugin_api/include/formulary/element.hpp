/// \file
/// The C++ face of the element ABI. An author writes a class and one macro line:
///
///   #include <formulary/element.hpp>
///   #include "element_manifest.hpp"  // made by formulary_add_plugin() from element.json
///
///   struct Acme {
///     static constexpr element::descriptor descriptor{.concurrent = element::concurrency::instances};
///     explicit Acme(const element::host&);                     // or (const host&, call&), or a default constructor
///     std::string serialize_config(element::call&, std::string_view draft);
///     std::string authenticate(element::call&, std::string_view request, const element::connection&);
///     std::string parse_instance(element::call&, std::string_view answer);
///     struct Instance {
///       Instance(Acme&, element::call&, std::string_view document);
///       element::answer invoke(element::call&, const element::request&);
///       std::string poll_events(element::call&, std::string_view cursor, std::uint32_t max_events);  // optional
///     };
///   };
///   FORMULARY_ELEMENT(Acme)
///
/// Every entry goes through one exception barrier: element::error keeps its status, code and sentence; any other
/// exception becomes ELEMENT_INTERNAL "plugin.exception" with its text; std::bad_alloc ELEMENT_RESOURCE_EXHAUSTED.
/// Header-only; no part of it is part of the ABI.
#pragma once

#include <formulary/element/metrics.hpp>
#include <formulary/element/values.hpp>

#include <concepts>
#include <exception>
#include <memory>
#include <new>
#include <type_traits>

namespace element {
namespace detail {

inline void report(const element_call* to, element_status status, std::string_view code, std::string_view message,
                   const error* why = nullptr) noexcept {
  if (to == nullptr) return;
  element_error record{};
  record.size = sizeof record;
  record.status = status;
  record.code = raw(code);
  record.message = raw(message);
  record.retry_after_ms = -1;
  if (why != nullptr) {
    record.details = raw(why->details());
    record.http_status = why->http_status();
    record.retry = static_cast<std::int32_t>(why->retry_class());
    record.retry_after_ms = why->retry_after_ms();
  }
  to->ops->fail(to, &record);
}

/// The exception barrier: the one place where C++ ends.
template <class Body>
element_status guard(const element_call* to, Body&& body) noexcept {
  try {
    std::forward<Body>(body)();
    return ELEMENT_OK;
  } catch (const error& why) {
    const bool canonical = why.status() > ELEMENT_OK && why.status() <= ELEMENT_UNAUTHENTICATED;
    const element_status status = canonical ? why.status() : ELEMENT_INTERNAL;
    report(to, status, why.code(), why.what(), &why);
    return status;
  } catch (const std::bad_alloc&) {
    report(to, ELEMENT_RESOURCE_EXHAUSTED, "plugin.memory", "the plugin ran out of memory");
    return ELEMENT_RESOURCE_EXHAUSTED;
  } catch (const std::exception& bug) {
    report(to, ELEMENT_INTERNAL, "plugin.exception", bug.what());
  } catch (...) {
    report(to, ELEMENT_INTERNAL, "plugin.exception", "an exception of unknown type");
  }
  return ELEMENT_INTERNAL;
}

inline void write_result(const call& to, std::string_view document) {
  if (!document.empty()) to.write(document);
}
inline void write_answer(const call& to, const answer& reply) {
  to.write(head_of(reply));
  write_result(to, reply.body);
}

template <class Plugin>
concept has_descriptor = requires {
  { Plugin::descriptor } -> std::convertible_to<descriptor>;
};
template <class Plugin>
concept has_provisioning = requires(Plugin& plugin, call& now, std::string_view text, const connection& to) {
  { plugin.serialize_config(now, text) } -> std::convertible_to<std::string>;
  { plugin.authenticate(now, text, to) } -> std::convertible_to<std::string>;
  { plugin.parse_instance(now, text) } -> std::convertible_to<std::string>;
};
template <class Plugin>
concept has_instance = std::is_constructible_v<typename Plugin::Instance, Plugin&, call&, std::string_view> &&
    requires(typename Plugin::Instance& instance, call& now, const request& what) {
  { instance.invoke(now, what) } -> std::convertible_to<answer>;
};

/// Turns an author's class into the table. `Manifest` has the static members id, version and text.
template <class Plugin, class Manifest>
struct binding {
  static_assert(has_descriptor<Plugin>, "add: static constexpr element::descriptor descriptor{...};");
  static_assert(has_provisioning<Plugin>,
                "add serialize_config, authenticate and parse_instance as in the example above");
  static_assert(has_instance<Plugin>, "add struct Instance with its constructor and invoke as in the example above");
  using Instance = typename Plugin::Instance;

  struct State {
    State(const element_host* raw_host, const element_call* in) : of(raw_host), plugin(make(in)) {}
    Plugin make([[maybe_unused]] const element_call* in) {
      if constexpr (std::is_constructible_v<Plugin, const element::host&, call&>) {
        call now(in, of);
        return Plugin(of, now);
      } else if constexpr (std::is_constructible_v<Plugin, const element::host&>) {
        return Plugin(of);
      } else {
        return Plugin();
      }
    }
    element::host of;
    Plugin plugin;
  };
  struct Open {
    Open(State& owner, element::call& in_call, std::string_view document)
        : state(&owner), instance(owner.plugin, in_call, document) {}
    State* state;
    Instance instance;
  };

  static State& own(element_plugin_state* state) noexcept { return *reinterpret_cast<State*>(state); }
  static Open& own(element_instance* instance) noexcept { return *reinterpret_cast<Open*>(instance); }

  static element_status ELEMENT_ABI start(const element_host* of, const element_call* in, element_plugin_state** out) {
    return guard(in, [&] { *out = reinterpret_cast<element_plugin_state*>(new State(of, in)); });
  }
  static void ELEMENT_ABI stop(element_plugin_state* state) {
    guard(nullptr, [&] { delete &own(state); });
  }
  static element_status ELEMENT_ABI serialize_config(element_plugin_state* state, const element_call* in,
                                                     element_str draft) {
    return guard(in, [&] {
      call now(in, own(state).of);
      write_result(now, own(state).plugin.serialize_config(now, view(draft)));
    });
  }
  static element_status ELEMENT_ABI authenticate(element_plugin_state* state, const element_call* in,
                                                 element_str request, const element_connection* to) {
    return guard(in, [&] {
      call now(in, own(state).of);
      const element_connection where = adopt(to);
      write_result(
          now, own(state).plugin.authenticate(now, view(request),
                                              connection{static_cast<connect_mode>(where.mode), view(where.base_url),
                                                         view(where.authorization), view(where.ca_file)}));
    });
  }
  static element_status ELEMENT_ABI parse_instance(element_plugin_state* state, const element_call* in,
                                                   element_str reply) {
    return guard(in, [&] {
      call now(in, own(state).of);
      write_result(now, own(state).plugin.parse_instance(now, view(reply)));
    });
  }
  static element_status ELEMENT_ABI open_instance(element_plugin_state* state, const element_call* in,
                                                  element_str document, element_instance** out) {
    return guard(in, [&] {
      call now(in, own(state).of);
      *out = reinterpret_cast<element_instance*>(new Open(own(state), now, view(document)));
    });
  }
  static void ELEMENT_ABI close_instance(element_instance* instance) {
    guard(nullptr, [&] { delete &own(instance); });
  }
  static element_status ELEMENT_ABI invoke(element_instance* instance, const element_call* in,
                                           const element_request* what) {
    return guard(in, [&] {
      call now(in, own(instance).state->of);
      const element_request r = adopt(what);
      write_answer(
          now, own(instance).instance.invoke(now, request{view(r.method), view(r.path), view(r.query), view(r.headers),
                                                          view(r.body), view(r.content_type)}));
    });
  }

  template <class Some>
  static constexpr bool has_events = requires(Some& one, call& now) {
    one.poll_events(now, std::string_view{}, 0u);
  };
  static element_status ELEMENT_ABI poll_events(element_instance* instance, const element_call* in, element_str cursor,
                                                std::uint32_t max_events) {
    return guard(in, [&] {
      call now(in, own(instance).state->of);
      if constexpr (has_events<Instance>)
        write_result(now, own(instance).instance.poll_events(now, view(cursor), max_events));
    });
  }

  static const element_plugin* table(const element_host* of) noexcept {
    if (of == nullptr || of->magic != ELEMENT_MAGIC || of->abi_major != ELEMENT_ABI_MAJOR) return nullptr;
    static const element_descriptor about = {
        sizeof(element_descriptor),
        static_cast<std::uint32_t>(Plugin::descriptor.concurrent),
        Plugin::descriptor.unload_safe ? static_cast<std::uint32_t>(ELEMENT_UNLOAD_SAFE)
                                       : static_cast<std::uint32_t>(ELEMENT_UNLOAD_NEVER),
        0,
        raw(Manifest::id),
        raw(Manifest::version),
        raw(Manifest::text()),
    };
    static const element_plugin entries = {
        sizeof(element_plugin),
        ELEMENT_MAGIC,
        ELEMENT_ABI_MAJOR,
        ELEMENT_ABI_MINOR,
        0,
        0,
        &about,
        start,
        stop,
        serialize_config,
        authenticate,
        parse_instance,
        open_instance,
        close_instance,
        invoke,
        has_events<Instance> ? poll_events : nullptr,
        nullptr,
    };
    return &entries;
  }
};

}  // namespace detail
}  // namespace element

/// Exports the entry for `PluginClass`. Needs the generated element_manifest.hpp to be included before.
#define FORMULARY_ELEMENT(PluginClass)                                                                          \
  extern "C" ELEMENT_EXPORT const element_plugin* ELEMENT_ABI element_plugin_entry_v1(const element_host* of) { \
    return element::detail::binding<PluginClass, element_manifest>::table(of);                                  \
  }
