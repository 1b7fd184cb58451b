#include <formulary/poco/session_pool.hpp>
#include <formulary/poco/url.hpp>

#include <openssl/crypto.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "ascii.hpp"
#include "budget.hpp"
#include "connection.hpp"
#include "failure.hpp"
#include "resolver.hpp"
#include "response_parser.hpp"
#include "tls.hpp"
#include "trust.hpp"
#include "wire.hpp"

namespace element::http {
namespace {

constexpr std::size_t one_piece_max = 16U << 10U;  // up to here head and body leave in one packet

url checked_base(const options& how) {
  url base = parse_url(how.base_url);
  if (!base.query.empty()) throw failure::bad_url("it has a query; put it into each request's target");
  if (!base.secure() && !base.loopback() && !how.allow_plain) {
    throw failure::bad_url("http:// would send credentials in the clear; use https://");
  }
  if (!is_field_value(how.user_agent))
    throw failure::bad_url("the user agent that goes with it holds a control character");
  while (!base.path.empty() && base.path.back() == '/') base.path.pop_back();
  return base;
}

/// A head holds credentials: its memory is wiped when the request is over.
class secret_text {
 public:
  explicit secret_text(std::string text) : text_(std::move(text)) {}
  secret_text(const secret_text&) = delete;
  secret_text& operator=(const secret_text&) = delete;
  ~secret_text() { OPENSSL_cleanse(text_.data(), text_.size()); }
  [[nodiscard]] std::string& get() noexcept { return text_; }

 private:
  std::string text_;
};

}  // namespace

struct session_pool::state {
  explicit state(options given)
      : how(std::move(given)),
        base(checked_base(how)),
        origin(base.origin()),
        anchors(base.secure() ? trust_anchors(how.ca_file) : nullptr),
        tls(base.secure() ? make_tls_context(base, anchors.get()) : nullptr),
        names(base.host, how.resolve) {
    how.limits.sessions_max = std::max<std::size_t>(how.limits.sessions_max, 1);
  }

  /// The right to have a connection in use; gives it back when it dies.
  class seat {
   public:
    seat(state& of, const budget& within) : of_(of) {
      std::unique_lock guard(of_.lock);
      while (of_.in_use >= of_.how.limits.sessions_max) {
        of_.freed.wait_for(guard, within.slice());
        within.check();
      }
      ++of_.in_use;
    }
    seat(const seat&) = delete;
    seat& operator=(const seat&) = delete;
    ~seat() {
      {
        const std::lock_guard guard(of_.lock);
        --of_.in_use;
      }
      of_.freed.notify_one();
    }

   private:
    state& of_;
  };

  /// The kept connection that was used last and is still good; null if there is none.
  [[nodiscard]] std::unique_ptr<connection> take_idle(std::chrono::nanoseconds now) {
    for (;;) {
      std::unique_ptr<connection> one;
      {
        const std::lock_guard guard(lock);
        if (idle.empty()) return nullptr;
        one = std::move(idle.back());
        idle.pop_back();
      }
      if (now - one->idle_since <= how.limits.idle && one->is_quiet()) return one;
    }
  }

  void keep(std::unique_ptr<connection> one, std::chrono::nanoseconds now) {
    one->idle_since = now;
    std::unique_ptr<connection> oldest;  // closed after the lock is given back
    const std::lock_guard guard(lock);
    idle.push_back(std::move(one));
    if (idle.size() > how.limits.idle_sessions_max) {
      oldest = std::move(idle.front());
      idle.erase(idle.begin());
    }
  }

  [[nodiscard]] std::unique_ptr<connection> open(budget& within) {
    const auto ends_at = within.now() + how.limits.connect;
    within.enter(phase::resolving, ends_at);
    const std::vector<std::string> addresses = names.addresses(within);
    auto one = std::make_unique<connection>(tls, base.host, base.port);
    one->open(addresses, within, ends_at);
    return one;
  }

  options how;
  url base;
  std::string origin;
  std::shared_ptr<X509_STORE> anchors;
  Poco::Net::Context::Ptr tls;
  resolver names;
  mutable std::mutex lock;
  std::condition_variable freed;
  std::vector<std::unique_ptr<connection>> idle;  ///< Oldest first.
  std::size_t in_use = 0;
};

session_pool::session_pool(options how) : state_(std::make_unique<state>(std::move(how))) {}
session_pool::~session_pool() = default;

response session_pool::send(const control& within, const request& what) {
  state& my = *state_;
  const std::string where = (is_token(what.method) ? what.method : std::string("a request to")) + ' ' + my.origin;
  secret_text head(write_head(what, my.base, my.how.user_agent, where));
  const bool in_one_piece = head.get().size() + what.body.size() <= one_piece_max;
  if (in_one_piece) head.get() += what.body;
  const wire_request wire{head.get(), in_one_piece ? std::string_view{} : what.body};
  const auto total = what.total.count() > 0 ? what.total : my.how.limits.total;
  const response_parser::bounds bounds{my.how.limits.head_max,
                                       what.body_max > 0 ? what.body_max : my.how.limits.body_max};

  budget left(within, total, where);
  left.check();
  const state::seat seat(my, left);
  std::unique_ptr<connection> line = my.take_idle(left.now());
  for (int sends = 1;; ++sends) {
    const bool kept = line != nullptr;
    if (!kept) line = my.open(left);
    response_parser answer(bounds, what.method == "HEAD");
    try {
      line->exchange(wire, answer, left);
    } catch (const error& why) {
      // A kept connection may have been closed by the other side in the moment in which it was used again.
      const bool was_stale = kept && why.code() == "http.closed" && !answer.started();
      if (!was_stale || !(what.idempotent() || line->nothing_sent())) throw;
      line.reset();
      continue;
    }
    response reply = answer.take();
    reply.reused_session = kept;
    reply.sends = sends;
    if (line->reusable()) my.keep(std::move(line), left.now());
    return reply;
  }
}

std::size_t session_pool::idle_sessions() const {
  const std::lock_guard guard(state_->lock);
  return state_->idle.size();
}

const std::string& session_pool::origin() const noexcept {
  return state_->origin;
}

void session_pool::close_idle() {
  std::vector<std::unique_ptr<connection>> gone;
  const std::lock_guard guard(state_->lock);
  gone.swap(state_->idle);
}

}  // namespace element::http
