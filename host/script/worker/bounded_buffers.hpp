/// \file
/// The memory of ArrayBuffers, which lies outside V8's heap and its limit, with a limit of its own.
#pragma once

#include <v8-array-buffer.h>

#include <cstddef>
#include <utility>

namespace formulary {

/// A refused allocation becomes a RangeError in the script. Used by one thread.
class BoundedBuffers final : public v8::ArrayBuffer::Allocator {
 public:
  explicit BoundedBuffers(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  void* Allocate(std::size_t length) override;
  void* AllocateUninitialized(std::size_t length) override { return Allocate(length); }
  void Free(void* data, std::size_t length) override;

  /// Whether an allocation was refused since the last call.
  bool take_refused() { return std::exchange(refused_, false); }

 private:
  std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  bool refused_ = false;
};

}  // namespace formulary
