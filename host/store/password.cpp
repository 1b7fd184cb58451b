#include "host/store/password.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "host/base/error.hpp"
#include "host/base/ids.hpp"
#include "host/base/text.hpp"

namespace formulary {
namespace {

constexpr std::size_t salt_size = 16;
constexpr std::size_t hash_size = 32;
constexpr std::size_t password_bytes_max = 1'024;
constexpr std::uint64_t memory_max = 256U << 20U;

std::string scrypt(std::string_view password, std::string_view salt, const PasswordCost& cost) {
  std::string hash(hash_size, '\0');
  if (EVP_PBE_scrypt(password.data(), password.size(), reinterpret_cast<const unsigned char*>(salt.data()), salt.size(),
                     cost.n, cost.r, cost.p, memory_max, reinterpret_cast<unsigned char*>(hash.data()),
                     hash.size()) != 1) {
    throw Error(ErrorCode::internal, "password: OpenSSL could not compute scrypt; check that there is memory left");
  }
  return hash;
}

std::string_view take_part(std::string_view& rest) {
  const std::string_view part = rest.substr(0, rest.find('$'));
  rest.remove_prefix(std::min(rest.size(), part.size() + 1));
  return part;
}

std::uint64_t take_number(std::string_view& rest) {
  const std::string_view part = take_part(rest);
  std::uint64_t number = 0;
  std::from_chars(part.data(), part.data() + part.size(), number);
  return number;
}

}  // namespace

std::string hash_password(std::string_view password, const PasswordCost& cost) {
  if (password.size() > password_bytes_max) {
    throw Error(ErrorCode::limit_reached, "password: it is over 1 KiB; choose a shorter one");
  }
  const std::string salt = random_bytes(salt_size);
  return "scrypt$" + std::to_string(cost.n) + '$' + std::to_string(cost.r) + '$' + std::to_string(cost.p) + '$' +
         to_base64(salt) + '$' + to_base64(scrypt(password, salt, cost));
}

bool password_fits(std::string_view password, std::string_view hash) {
  if (password.size() > password_bytes_max || take_part(hash) != "scrypt") return false;
  PasswordCost cost;
  cost.n = take_number(hash);
  cost.r = take_number(hash);
  cost.p = take_number(hash);
  const std::optional<std::string> salt = from_base64(take_part(hash));
  const std::optional<std::string> expected = from_base64(hash);
  if (!salt || !expected || expected->size() != hash_size) return false;
  return equal_in_constant_time(scrypt(password, *salt, cost), *expected);
}

}  // namespace formulary
