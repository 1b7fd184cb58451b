#include "host/cli/input.hpp"

#include <array>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "host/base/error.hpp"

namespace formulary::cli {
namespace {

constexpr std::size_t secret_bytes_max = 64U << 10U;

std::string read_stream(std::istream& stream, const std::string& name, std::size_t bytes_max) {
  std::string text;
  std::array<char, 16384> chunk{};
  while (stream.read(chunk.data(), chunk.size()) || stream.gcount() > 0) {
    text.append(chunk.data(), static_cast<std::size_t>(stream.gcount()));
    if (text.size() > bytes_max) {
      throw Error(ErrorCode::limit_reached,
                  name + ": more than " + std::to_string(bytes_max) + " bytes; give a smaller file");
    }
  }
  return text;
}

std::string without_last_line_break(std::string text) {
  if (!text.empty() && text.back() == '\n') text.pop_back();
  if (!text.empty() && text.back() == '\r') text.pop_back();
  return text;
}

}  // namespace

void refuse_interrupted(const Io& io, const std::string& what) {
  if (io.interrupted.stop_requested()) throw Error(ErrorCode::cancelled, "interrupted while " + what);
}

std::pair<std::string, std::string> key_and_value(std::string_view text, std::string_view option) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    throw UsageError(std::string(option) + ": '" + std::string(text) + "' is not KEY=VALUE; write " +
                     std::string(option) + " key=value");
  }
  return {std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))};
}

std::string read_input(const Io& io, const std::string& name, std::size_t bytes_max) {
  if (name == "-") {
    std::string text = read_stream(io.in, "standard input", bytes_max);
    refuse_interrupted(io, "standard input was read");
    return text;
  }
  std::ifstream file(name, std::ios::binary);
  if (!file) throw Error(ErrorCode::not_found, name + ": cannot be read; check the path and its permissions");
  std::error_code ignored;
  if (std::filesystem::is_directory(name, ignored)) {
    throw Error(ErrorCode::bad_input, name + ": is a folder; name a file in it");
  }
  std::string text = read_stream(file, name, bytes_max);
  if (file.bad()) throw Error(ErrorCode::bad_input, name + ": reading it failed; name a file that can be read");
  return text;
}

std::string ask_secret(const Io& io, const std::string& key, const std::string& label) {
  if (!io.in_is_terminal || !io.ask_secret) {
    throw UsageError("configuration." + key + ": missing, and there is no terminal to ask for it; write --secret " +
                     key + "=@FILE, or --secret " + key + "=@- to read it from standard input");
  }
  std::string value = without_last_line_break(io.ask_secret(label + ": "));
  if (value.empty()) throw UsageError("configuration." + key + ": nothing was typed; run the command again");
  return value;
}

std::string_view secret_key(std::string_view option) {
  return option.substr(0, option.find('='));
}

std::pair<std::string, std::string> read_secret(const Io& io, std::string_view option) {
  const std::size_t equals = option.find('=');
  const std::string key(secret_key(option));
  if (equals == std::string_view::npos) return {key, ask_secret(io, key, key)};
  const std::string_view source = option.substr(equals + 1);
  if (source.size() < 2 || source.front() != '@') {
    throw UsageError("--secret " + key +
                     ": a secret is not taken from the command line, where other users can read it; write --secret " +
                     key + "=@FILE, --secret " + key + "=@- for standard input, or --secret " + key + " to be asked");
  }
  std::string value = without_last_line_break(read_input(io, std::string(source.substr(1)), secret_bytes_max));
  if (value.empty()) {
    throw UsageError("--secret " + std::string(option) + ": is empty; write the secret into it, alone on its line");
  }
  return {key, std::move(value)};
}

}  // namespace formulary::cli
