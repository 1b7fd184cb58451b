#include "host/store/body_text.hpp"

#include <zstd.h>

#include "host/base/digest.hpp"
#include "host/base/error.hpp"
#include "host/base/text.hpp"
#include "host/store/execution_store.hpp"

namespace formulary {
namespace {

/// Bodies are written while somebody waits for the commit: fast before small.
constexpr int compression_level = 1;
constexpr std::size_t size_max = 256U << 20U;

}  // namespace

StoredBody make_stored_body(std::string_view text) {
  StoredBody body{.hash = sha256(text), .size = text.size()};
  body.compressed.resize(ZSTD_compressBound(text.size()));
  const std::size_t size =
      ZSTD_compress(body.compressed.data(), body.compressed.size(), text.data(), text.size(), compression_level);
  if (ZSTD_isError(size) != 0) {
    throw Error(ErrorCode::internal, std::string("body: zstd could not compress it: ") + ZSTD_getErrorName(size));
  }
  body.compressed.resize(size);
  body.compressed.shrink_to_fit();
  return body;
}

std::string decompressed(std::string_view data, std::size_t size, std::string_view hash) {
  std::string text;
  bool good = size <= size_max;
  if (good) {
    text.resize(size);
    good = ZSTD_decompress(text.data(), text.size(), data.data(), data.size()) == size && sha256(text) == hash;
  }
  if (!good) {
    throw Error(ErrorCode::store_failed,
                "body " + to_hex(hash) + ": it was changed since it was kept; check the disk and restore a backup");
  }
  return text;
}

}  // namespace formulary
