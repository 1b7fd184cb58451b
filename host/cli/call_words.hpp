/// \file
/// What `call` sends and shows, through this machine's plugins and through a server alike.
#pragma once

#include "host/cli/commands.hpp"
#include "host/element/instances.hpp"

namespace formulary::cli {

/// UsageError for a path with parameters, a query or header that is none; whatever read_input() throws.
[[nodiscard]] ResourceRequest resource_request(const Io& io, const Call& options);

/// The body on stdout; everything else, if it is asked for, on stderr: stdout has the vendor's bytes alone.
void write_answer(const Session& session, const Call& options, const ResourceAnswer& answer);

}  // namespace formulary::cli
