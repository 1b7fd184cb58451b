/// \file
/// What commands read: KEY=VALUE options, files, standard input, secrets.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/base/error.hpp"
#include "host/cli/io.hpp"

namespace formulary::cli {

/// A mistake in how a command was typed: exit status 2.
class UsageError : public Error {
 public:
  explicit UsageError(const std::string& message) : Error(ErrorCode::bad_input, message) {}
};

/// Parts "key=value" at the first '='. UsageError if there is none or the key is empty; `option` begins its sentence.
[[nodiscard]] std::pair<std::string, std::string> key_and_value(std::string_view text, std::string_view option);

/// The whole file, or standard input for "-". Error(not_found), Error(bad_input) for a folder and what cannot be read,
/// Error(limit_reached) over `bytes_max`, Error(cancelled) after Ctrl C.
[[nodiscard]] std::string read_input(const Io& io, const std::string& name, std::size_t bytes_max);

/// The KEY of a `--secret`.
[[nodiscard]] std::string_view secret_key(std::string_view option);

/// One `--secret`: "KEY=@FILE", "KEY=@-" (standard input) or "KEY" (a prompt without echo). A value on the command line
/// itself is refused, since every user of the machine can read it there. One trailing line break is taken off. The
/// caller wipes the value. Error(bad_input) if the source is empty, and whatever read_input() throws.
[[nodiscard]] std::pair<std::string, std::string> read_secret(const Io& io, std::string_view option);

/// Asks for the value, or explains how to give it where nobody can be asked.
[[nodiscard]] std::string ask_secret(const Io& io, const std::string& key, const std::string& label);

}  // namespace formulary::cli
