/// \file
/// A host for the unit tests of a plugin: no threads of its own, a clock that only moves when somebody sleeps, and a
/// list of every rule of the ABI that the plugin broke. Header-only; use it with any test framework:
///
///   element::testing::fake_host host;
///   element::testing::library file("plugins/acme/acme.so");       // or element_plugin_entry_v1 itself, if linked in
///   element::testing::plugin_runner acme(host, file.entry());
///
///   auto request = acme.serialize_config(R"({"name":"one","configuration":{"api.key":"k"}})");
///   EXPECT_EQ(request.status, ELEMENT_OK);
///   auto refused = acme.authenticate(request.output, {.base_url = "http://127.0.0.1:1"}, {.time_limit = 2s});
///   EXPECT_EQ(refused.error->code, "acme.unreachable");
///   EXPECT_EQ(host.violations(), std::vector<std::string>{});     // the last line of every test
///
/// What it does not find: use of reserved memory after the next sink function, and data races. Run the tests under
/// AddressSanitizer and ThreadSanitizer for these.
#pragma once

#include <formulary/fake_host/call.hpp>
#include <formulary/fake_host/host.hpp>
#include <formulary/fake_host/library.hpp>
#include <formulary/fake_host/plugin_runner.hpp>
