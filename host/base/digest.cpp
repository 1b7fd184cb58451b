#include "host/base/digest.hpp"

#include <openssl/evp.h>

#include <array>

#include "host/base/error.hpp"

namespace formulary {

std::string sha256(std::string_view bytes) {
  std::array<unsigned char, 32> digest{};
  unsigned int size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1 ||
      size != digest.size()) {
    throw Error(ErrorCode::internal, "SHA-256: OpenSSL could not compute it; check the installation of libcrypto");
  }
  return {digest.begin(), digest.end()};
}

}  // namespace formulary
