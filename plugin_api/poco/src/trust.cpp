#include "trust.hpp"

#include <openssl/err.h>
#include <openssl/x509.h>

#include <filesystem>
#include <map>
#include <mutex>
#include <system_error>

#include "failure.hpp"

namespace element::http {
namespace {

/// Tells apart what one path meant at different times.
std::string identity_of(const std::string& ca_file) {
  if (ca_file.empty()) return {};
  std::error_code none;
  const auto changed = std::filesystem::last_write_time(ca_file, none).time_since_epoch().count();
  return ca_file + '\n' + std::to_string(changed);
}

std::string last_reason() {
  const unsigned long code = ERR_peek_last_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "it holds no certificate" : reason;
}

std::shared_ptr<X509_STORE> load(const std::string& ca_file) {
  std::shared_ptr<X509_STORE> store(X509_STORE_new(), &X509_STORE_free);
  ERR_clear_error();
  X509_STORE_set_default_paths(store.get());  // a machine without any is no error: the file may be all that is wanted
  ERR_clear_error();
  if (!ca_file.empty()) {
    std::error_code none;
    const bool folder = std::filesystem::is_directory(ca_file, none);
    const int done = folder ? X509_STORE_load_path(store.get(), ca_file.c_str())
                            : X509_STORE_load_file(store.get(), ca_file.c_str());
    const std::string why = last_reason();
    ERR_clear_error();
    if (done != 1) throw failure::bad_ca_file(ca_file, why);
  }
  return store;
}

}  // namespace

std::shared_ptr<X509_STORE> trust_anchors(const std::string& ca_file) {
  // Weak, so that nothing is kept for a plugin that has closed its instances.
  static std::mutex lock;
  static std::map<std::string, std::weak_ptr<X509_STORE>> known;
  const std::string identity = identity_of(ca_file);
  const std::lock_guard guard(lock);
  std::erase_if(known, [](const auto& one) { return one.second.expired(); });
  if (const auto at = known.find(identity); at != known.end()) {
    if (auto store = at->second.lock()) return store;
  }
  auto store = load(ca_file);
  known[identity] = store;
  return store;
}

}  // namespace element::http
