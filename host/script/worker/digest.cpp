#include "host/script/worker/digest.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cctype>

namespace formulary {
namespace {

const EVP_MD* find_algorithm(std::string_view name) {
  std::string plain;
  for (const char letter : name) {
    if (letter != '-') plain.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(letter))));
  }
  if (plain == "md5") return EVP_md5();
  if (plain == "sha1") return EVP_sha1();
  if (plain == "sha224") return EVP_sha224();
  if (plain == "sha256") return EVP_sha256();
  if (plain == "sha384") return EVP_sha384();
  if (plain == "sha512") return EVP_sha512();
  return nullptr;
}

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

std::string to_base64(std::string_view bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');  // and a zero
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes_of(bytes), static_cast<int>(bytes.size()));
  text.pop_back();
  return text;
}

std::string to_hexadecimal(std::string_view bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const char byte : bytes) {
    const auto value = static_cast<unsigned char>(byte);
    text.push_back(digits[value >> 4U]);
    text.push_back(digits[value & 15U]);
  }
  return text;
}

std::optional<std::string> digest(std::string_view algorithm, std::optional<std::string_view> key,
                                  std::string_view text) {
  const EVP_MD* kind = find_algorithm(algorithm);
  if (kind == nullptr) return std::nullopt;
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (!key) {
    if (EVP_Digest(text.data(), text.size(), bytes, &size, kind, nullptr) != 1) return std::nullopt;
  } else if (HMAC(kind, key->data(), static_cast<int>(key->size()), bytes_of(text), text.size(), bytes, &size) ==
             nullptr) {
    return std::nullopt;
  }
  return std::string(reinterpret_cast<const char*>(bytes), size);
}

}  // namespace formulary
