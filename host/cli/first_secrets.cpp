#include "host/cli/first_secrets.hpp"

#include <sys/stat.h>

#include <array>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

#include "host/base/error.hpp"
#include "host/base/json.hpp"
#include "host/base/text.hpp"

namespace formulary::cli {
namespace {

constexpr std::size_t file_bytes_max = 64U << 10U;

std::string text_of(const std::filesystem::path& file) {
  struct stat status {};
  if (stat(file.c_str(), &status) != 0) {
    throw Error(ErrorCode::not_found, file.string() + ": there is no such file; name one, or leave --secrets out");
  }
  constexpr mode_t others = 077;
  if ((status.st_mode & others) != 0) {
    throw Error(ErrorCode::bad_input, file.string() + ": others may read it; run chmod 600 on it");
  }
  std::ifstream in(file, std::ios::binary);
  std::string text(file_bytes_max + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > file_bytes_max) throw Error(ErrorCode::bad_input, file.string() + ": it is over 64 KiB");
  return text;
}

}  // namespace

FirstSecrets read_first_secrets(const std::filesystem::path& file) {
  std::string text = text_of(file);
  const WipeAtExit guard(text);
  const json::value value = parse_json(text, file.string());
  if (!value.is_object()) throw Error(ErrorCode::bad_input, file.string() + ": it is no JSON object");
  FirstSecrets secrets;
  const std::array<std::pair<std::string_view, std::string*>, 4> members = {
      {{"email", &secrets.email},
       {"password", &secrets.password},
       {"userSecret", &secrets.user_secret},
       {"organizationSecret", &secrets.organization_secret}}};
  for (const auto& [key, given] : value.get_object()) {
    std::string* target = nullptr;
    for (const auto& [name, member] : members) {
      if (std::string_view(key.data(), key.size()) == name) target = member;
    }
    if (target == nullptr || !given.is_string()) {
      throw Error(ErrorCode::bad_input, file.string() + ": '" + std::string(key.data(), key.size()) +
                                            "' is none of the texts email, password, userSecret, organizationSecret");
    }
    *target = std::string(std::string_view(given.get_string()));
  }
  return secrets;
}

}  // namespace formulary::cli
