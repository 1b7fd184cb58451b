#include "host/script/worker/bounded_buffers.hpp"

#include <cstdlib>

namespace formulary {

void* BoundedBuffers::Allocate(std::size_t length) {
  void* data = length <= bytes_max_ - bytes_ ? std::calloc(length == 0 ? 1 : length, 1) : nullptr;
  if (data == nullptr) {
    refused_ = true;
    return nullptr;
  }
  bytes_ += length;
  return data;
}

void BoundedBuffers::Free(void* data, std::size_t length) {
  bytes_ -= length;
  std::free(data);
}

}  // namespace formulary
