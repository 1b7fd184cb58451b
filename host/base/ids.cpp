#include "host/base/ids.hpp"

#include <sys/random.h>

#include <cerrno>
#include <chrono>

#include "host/base/error.hpp"
#include "host/base/text.hpp"

namespace formulary {

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  std::size_t filled = 0;
  while (filled < count) {
    const ssize_t got = getrandom(bytes.data() + filled, count - filled, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) throw Error(ErrorCode::internal, "random bytes: the system gave none");
    filled += static_cast<std::size_t>(got);
  }
  return bytes;
}

std::string uuid_v7(Clock::WallTime now) {
  // RFC 9562 section 5.7: 48 bits of milliseconds, the version, 12 random bits, the variant, 62 random bits.
  std::string bytes = random_bytes(16);
  const auto since_1970 = std::chrono::floor<std::chrono::milliseconds>(now.time_since_epoch()).count();
  for (unsigned i = 0; i < 6; ++i) {
    bytes[i] = static_cast<char>(static_cast<unsigned long long>(since_1970) >> (40U - 8U * i) & 0xFFU);
  }
  bytes[6] = static_cast<char>((static_cast<unsigned char>(bytes[6]) & 0x0FU) | 0x70U);
  bytes[8] = static_cast<char>((static_cast<unsigned char>(bytes[8]) & 0x3FU) | 0x80U);
  const std::string digits = to_hex(bytes);
  return digits.substr(0, 8) + '-' + digits.substr(8, 4) + '-' + digits.substr(12, 4) + '-' + digits.substr(16, 4) +
         '-' + digits.substr(20);
}

std::string new_token() {
  return to_base64(random_bytes(32));
}

std::string new_request_id() {
  return to_hex(random_bytes(12));
}

std::string new_trace_id() {
  return to_hex(random_bytes(16));
}

std::string new_trace_parent(std::string_view trace_id) {
  return "00-" + std::string(trace_id) + '-' + to_hex(random_bytes(8)) + "-01";
}

}  // namespace formulary
