/// \file
/// What a connection reads into.
#pragma once

#include <boost/asio/buffer.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

namespace formulary {

/// Bytes that came and are not used yet.
class InBuffer {
 public:
  [[nodiscard]] std::string_view view() const { return {bytes_.get() + begin_, end_ - begin_}; }
  [[nodiscard]] std::size_t size() const { return end_ - begin_; }
  [[nodiscard]] bool empty() const { return begin_ == end_; }
  void consume(std::size_t count) { begin_ += count; }
  void commit(std::size_t count) { end_ += count; }
  /// Room behind the bytes, in a buffer that has at least so much in all. Moves the bytes.
  boost::asio::mutable_buffer prepare(std::size_t capacity) {
    const std::size_t used = size();
    if (used == 0 && capacity_ > 4 * capacity) capacity_ = 0;  // gives back what one large request took
    if (used == capacity_ || capacity_ < capacity) {
      capacity_ = std::max({capacity, 2 * used});
      auto grown = std::make_unique_for_overwrite<char[]>(capacity_);
      if (used > 0) std::memcpy(grown.get(), bytes_.get() + begin_, used);
      bytes_ = std::move(grown);
    } else if (begin_ > 0) {
      std::memmove(bytes_.get(), bytes_.get() + begin_, used);
    }
    begin_ = 0;
    end_ = used;
    return boost::asio::buffer(bytes_.get() + end_, capacity_ - end_);
  }

 private:
  std::unique_ptr<char[]> bytes_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace formulary
