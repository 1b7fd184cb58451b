/// \file
/// The publisher that the host uses: AMQP 0-9-1 through librabbitmq, one connection a message.
#pragma once

#include <memory>
#include <string>

#include "host/amqp/publisher.hpp"

namespace formulary {

/// `ca_file`: trust anchors besides the system's; may be empty. The destructor waits for name look-ups that were left
/// behind, some seconds at most.
[[nodiscard]] std::unique_ptr<Publisher> make_rabbit_publisher(std::string ca_file = {});

}  // namespace formulary
