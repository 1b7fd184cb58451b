#include "host/store/vault.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <memory>

#include "host/base/digest.hpp"
#include "host/base/error.hpp"
#include "host/base/ids.hpp"
#include "host/base/text.hpp"

namespace formulary {
namespace {

constexpr char version_byte = 1;
constexpr std::size_t key_id_size = 8;
constexpr std::size_t nonce_size = 12;
constexpr std::size_t tag_size = 16;
constexpr std::size_t box_overhead = nonce_size + tag_size;
constexpr std::size_t wrapped_key_size = SecretKey::size + box_overhead;
constexpr std::size_t header_size = 1 + key_id_size;
constexpr std::size_t plain_max = 16U << 20U;

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const noexcept { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes_of(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

Context new_context() {
  Context context(EVP_CIPHER_CTX_new());
  if (context == nullptr) throw Error(ErrorCode::internal, "vault: OpenSSL has no memory for a cipher");
  return context;
}

/// nonce | ciphertext | tag
std::string seal_box(const SecretKey& key, std::string_view plain, std::string_view bound_to) {
  const std::string nonce = random_bytes(nonce_size);
  std::string cipher(plain.size(), '\0');
  std::string tag(tag_size, '\0');
  const Context context = new_context();
  int length = 0;
  const bool good =
      EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key.data(), bytes_of(nonce)) == 1 &&
      EVP_EncryptUpdate(context.get(), nullptr, &length, bytes_of(bound_to), static_cast<int>(bound_to.size())) == 1 &&
      EVP_EncryptUpdate(context.get(), bytes_of(cipher), &length, bytes_of(plain), static_cast<int>(plain.size())) ==
          1 &&
      EVP_EncryptFinal_ex(context.get(), bytes_of(tag), &length) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, static_cast<int>(tag_size), tag.data()) == 1;
  if (!good) throw Error(ErrorCode::internal, "vault: OpenSSL could not encrypt");
  return nonce + cipher + tag;
}

/// False: it was changed, or is bound to something else. `plain` is then empty.
bool open_box(const SecretKey& key, std::string_view box, std::string_view bound_to, std::string& plain) {
  if (box.size() < box_overhead) return false;
  const std::string_view nonce = box.substr(0, nonce_size);
  const std::string_view cipher = box.substr(nonce_size, box.size() - box_overhead);
  std::string tag(box.substr(box.size() - tag_size));
  plain.assign(cipher.size(), '\0');
  std::string rest(tag_size, '\0');
  const Context context = new_context();
  int length = 0;
  const bool good =
      EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key.data(), bytes_of(nonce)) == 1 &&
      EVP_DecryptUpdate(context.get(), nullptr, &length, bytes_of(bound_to), static_cast<int>(bound_to.size())) == 1 &&
      EVP_DecryptUpdate(context.get(), bytes_of(plain), &length, bytes_of(cipher), static_cast<int>(cipher.size())) ==
          1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, static_cast<int>(tag_size), tag.data()) == 1 &&
      EVP_DecryptFinal_ex(context.get(), bytes_of(rest), &length) == 1;
  if (!good) wipe(plain);
  return good;
}

std::string bound_text(std::string_view layer, const Vault::Place& place, std::string_view key_id) {
  return "formulary|" + std::to_string(version_byte) + '|' + std::string(layer) + '|' + std::string(place.purpose) +
         '|' + std::to_string(place.id) + '|' + std::string(key_id);
}

[[noreturn]] void refuse(const Vault::Place& place, const std::string& what) {
  throw Error(ErrorCode::store_failed,
              "vault: " + std::string(place.purpose) + " of " + std::to_string(place.id) + ": " + what);
}

}  // namespace

SecretKey::SecretKey(std::string& bytes) : bytes_{} {
  const WipeAtExit guard(bytes);
  if (bytes.size() != size) throw Error(ErrorCode::internal, "vault: a key has 32 bytes");
  std::copy(bytes.begin(), bytes.end(), bytes_.begin());
}

SecretKey::~SecretKey() {
  OPENSSL_cleanse(bytes_.data(), bytes_.size());
}

std::string_view SecretKey::view() const noexcept {
  return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()};
}

Vault::Vault(const SecretKey& master) : master_(master) {
  std::string named = "formulary master key id|" + std::string(master.view());
  const WipeAtExit guard(named);
  key_id_ = sha256(named).substr(0, key_id_size);
}

std::string Vault::seal(std::string_view plain, const Place& place) const {
  if (plain.size() > plain_max) throw Error(ErrorCode::limit_reached, "vault: a secret of more than 16 MiB");
  std::string data_key = random_bytes(SecretKey::size);
  const WipeAtExit guard(data_key);
  std::string sealed = version_byte + key_id_ + seal_box(master_, data_key, bound_text("key", place, key_id_));
  return sealed + seal_box(SecretKey(data_key), plain, bound_text("data", place, key_id_));
}

std::string Vault::open(std::string_view sealed, const Place& place) const {
  if (sealed.size() < header_size + wrapped_key_size + box_overhead) refuse(place, "it is cut short; restore a backup");
  if (sealed[0] != version_byte) refuse(place, "it is of an unknown version; use the program that wrote it");
  if (sealed.substr(1, key_id_size) != key_id_) {
    refuse(place, "it was sealed with another master key; set the one that it was sealed with");
  }
  std::string data_key;
  const WipeAtExit guard(data_key);
  std::string plain;
  const bool good =
      open_box(master_, sealed.substr(header_size, wrapped_key_size), bound_text("key", place, key_id_), data_key) &&
      open_box(SecretKey(data_key), sealed.substr(header_size + wrapped_key_size), bound_text("data", place, key_id_),
               plain);
  if (!good) refuse(place, "it was changed or moved since it was sealed; restore a backup");
  return plain;
}

}  // namespace formulary
