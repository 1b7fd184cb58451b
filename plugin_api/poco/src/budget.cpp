#include "budget.hpp"

#include <poll.h>

#include <algorithm>
#include <cerrno>

#include "failure.hpp"

namespace element::http {

void budget::check() const {
  control_.check();
  if (control_.monotonic() >= phase_ends_) time_out();
}

std::chrono::milliseconds budget::slice() const noexcept {
  using std::chrono::milliseconds;
  const auto left = std::chrono::ceil<milliseconds>(phase_ends_ - control_.monotonic());
  return std::clamp(left, milliseconds(0), milliseconds(25));
}

short budget::wait(int fd, short events) const {
  pollfd one{fd, events, 0};
  for (;;) {
    check();
    const int ready = ::poll(&one, 1, static_cast<int>(slice().count()));
    if (ready > 0) return one.revents;
    if (ready < 0 && errno != EINTR) throw failure::closed(where_, "the socket cannot be waited for");
  }
}

void budget::time_out() const {
  switch (phase_) {
    case phase::waiting_for_session:
      throw failure::busy(where_);
    case phase::resolving:
      throw failure::timeout(where_, "looking up its name", retry::safe);
    case phase::connecting:
      throw failure::timeout(where_, "connecting", retry::safe);
    case phase::handshake:
      throw failure::timeout(where_, "the TLS handshake", retry::safe);
    case phase::sending:
      throw failure::timeout(where_, "sending the request", retry::if_idempotent);
    case phase::awaiting:
      throw failure::timeout(where_, "waiting for the answer", retry::if_idempotent);
    case phase::reading:
      break;
  }
  throw failure::timeout(where_, "reading the answer", retry::if_idempotent);
}

}  // namespace element::http
