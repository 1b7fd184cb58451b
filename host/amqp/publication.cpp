#include "host/amqp/publication.hpp"

#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

#include "host/base/redactor.hpp"
#include "host/base/text.hpp"

namespace formulary {
namespace {

using std::chrono::steady_clock;

constexpr amqp_channel_t channel = 1;
constexpr int channels_max = 1;
constexpr int frame_bytes_max = 131'072;
constexpr int persistent = 2;
constexpr std::size_t said_bytes_max = 200;
constexpr std::chrono::milliseconds farewell_max{1'000};

constexpr int access_refused = 403;
constexpr int no_such_thing = 404;
constexpr int not_allowed = 530;
constexpr int connection_forced = 320;
constexpr int broker_error = 541;

struct EndConnection {
  void operator()(amqp_connection_state_t connection) const noexcept { amqp_destroy_connection(connection); }
};
using Connection = std::unique_ptr<amqp_connection_state_t_, EndConnection>;

amqp_bytes_t view_of(const std::string& text) {
  // The library takes what it only reads as void*.
  return {.len = text.size(), .bytes = const_cast<char*>(text.data())};
}

timeval timeval_of(std::chrono::microseconds span) {
  return {.tv_sec = static_cast<time_t>(span.count() / 1'000'000),
          .tv_usec = static_cast<suseconds_t>(span.count() % 1'000'000)};
}

bool is_tls_failure(int status) {
  return status == AMQP_STATUS_SSL_ERROR || status == AMQP_STATUS_SSL_HOSTNAME_VERIFY_FAILED ||
         status == AMQP_STATUS_SSL_PEER_VERIFY_FAILED || status == AMQP_STATUS_SSL_CONNECTION_FAILED;
}

/// What a broker gives as its reason for closing: both kinds of close have the same members.
struct Reason {
  int code = 0;
  std::string text;
};

template <class Close>
Reason reason_of(const Close& close) {
  return {.code = close.reply_code,
          .text = std::string(static_cast<const char*>(close.reply_text.bytes), close.reply_text.len)};
}

Reason reason_of(const amqp_method_t& method) {
  if (method.id == AMQP_CONNECTION_CLOSE_METHOD) {
    return reason_of(*static_cast<const amqp_connection_close_t*>(method.decoded));
  }
  if (method.id == AMQP_CHANNEL_CLOSE_METHOD) {
    return reason_of(*static_cast<const amqp_channel_close_t*>(method.decoded));
  }
  return {};
}

ErrorCode code_of(int reply_code) {
  switch (reply_code) {
    case access_refused:
    case not_allowed:
      return ErrorCode::permission_denied;
    case no_such_thing:
      return ErrorCode::not_found;
    case connection_forced:
    case broker_error:
      return ErrorCode::unavailable;
    default:
      return ErrorCode::vendor_failed;
  }
}

}  // namespace

/// What the talking thread alone knows. Each call into the library has what is left of the time limit.
class Publication::Conversation {
 public:
  explicit Conversation(Publication& of)
      : of_(of), secrets_({of.address_.password}), connection_(amqp_new_connection()) {
    if (!connection_) throw std::bad_alloc();
  }
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;
  ~Conversation() { of_.forget_socket(); }

  void connect() {
    amqp_socket_t* socket = of_.address_.tls ? tls_socket() : amqp_tcp_socket_new(connection_.get());
    if (socket == nullptr) throw std::bad_alloc();
    timeval left = remaining();
    const int status = amqp_socket_open_noblock(socket, of_.address_.host.c_str(), of_.address_.port, &left);
    if (status != AMQP_STATUS_OK) throw not_connected(status);
    of_.enter(Stage::logging_in, amqp_get_sockfd(connection_.get()));
  }

  void log_in() {
    timeval left = remaining();
    amqp_set_handshake_timeout(connection_.get(), &left);
    const amqp_rpc_reply_t reply =
        amqp_login(connection_.get(), of_.address_.vhost.c_str(), channels_max, frame_bytes_max, 0,
                   AMQP_SASL_METHOD_PLAIN, of_.address_.user.c_str(), of_.address_.password.c_str());
    if (reply.reply_type != AMQP_RESPONSE_SERVER_EXCEPTION) return expect(reply);
    const Reason reason = reason_of(reply.reply);
    if (reason.code != access_refused) throw refusal(reason);
    throw Error(ErrorCode::unauthenticated,
                title() + ": it refuses user or password" + said(reason.text) + "; check them in the step's url");
  }

  /// From here on it tells what becomes of each message.
  void ask_for_confirms() {
    timeval left = remaining();
    amqp_set_rpc_timeout(connection_.get(), &left);
    amqp_channel_open(connection_.get(), channel);
    expect(amqp_get_rpc_reply(connection_.get()));
    left = remaining();
    amqp_set_rpc_timeout(connection_.get(), &left);
    amqp_confirm_select(connection_.get(), channel);
    expect(amqp_get_rpc_reply(connection_.get()));
  }

  /// "mandatory": a message that no queue takes comes back instead of getting lost.
  void send() {
    const AmqpMessage& message = of_.message_;
    amqp_basic_properties_t properties{};
    properties._flags = AMQP_BASIC_DELIVERY_MODE_FLAG;
    properties.delivery_mode = persistent;
    if (!message.content_type.empty()) {
      properties._flags |= AMQP_BASIC_CONTENT_TYPE_FLAG;
      properties.content_type = view_of(message.content_type);
    }
    if (!message.message_id.empty()) {
      properties._flags |= AMQP_BASIC_MESSAGE_ID_FLAG;
      properties.message_id = view_of(message.message_id);
    }
    of_.enter(Stage::sent, amqp_get_sockfd(connection_.get()));
    const int status = amqp_basic_publish(connection_.get(), channel, view_of(message.exchange),
                                          view_of(message.routing_key), 1, 0, &properties, view_of(message.body));
    if (status != AMQP_STATUS_OK) throw unknown_fate(status);
  }

  void await_confirm() {
    std::string returned;
    while (true) {
      amqp_maybe_release_buffers(connection_.get());
      timeval left = remaining();
      amqp_frame_t frame;
      const int status = amqp_simple_wait_frame_noblock(connection_.get(), &frame, &left);
      if (status != AMQP_STATUS_OK) throw unknown_fate(status);
      if (frame.frame_type != AMQP_FRAME_METHOD) continue;  // of a message that came back
      const amqp_method_t& method = frame.payload.method;
      switch (method.id) {
        case AMQP_BASIC_RETURN_METHOD:
          returned = said(reason_of(*static_cast<const amqp_basic_return_t*>(method.decoded)).text);
          break;
        case AMQP_BASIC_ACK_METHOD:
          if (returned.empty()) return;
          throw Error(ErrorCode::not_found, title() + ": no queue takes the message" + returned +
                                                "; name a queue that exists, or bind one to the exchange");
        case AMQP_BASIC_NACK_METHOD:
          throw Error(ErrorCode::unavailable, title() + ": it did not take the message; try again later");
        case AMQP_CONNECTION_CLOSE_METHOD:
        case AMQP_CHANNEL_CLOSE_METHOD:
          throw refusal(reason_of(method));
        default:
          break;
      }
    }
  }

  void say_goodbye() {
    timeval left = timeval_of(farewell_max);
    amqp_set_rpc_timeout(connection_.get(), &left);
    (void)amqp_connection_close(connection_.get(), AMQP_REPLY_SUCCESS);
  }

 private:
  [[nodiscard]] std::string title() const { return of_.address_.title(); }

  /// The certificate must be of a trusted authority and for this very host or address.
  amqp_socket_t* tls_socket() {
    amqp_socket_t* socket = amqp_ssl_socket_new(connection_.get());
    if (socket == nullptr) throw std::bad_alloc();
    auto* context = static_cast<SSL_CTX*>(amqp_ssl_socket_get_context(socket));
    SSL_CTX_set_default_verify_paths(context);
    if (!of_.ca_file_.empty() && SSL_CTX_load_verify_locations(context, of_.ca_file_.c_str(), nullptr) != 1) {
      throw Error(ErrorCode::bad_input, "ca.file: the trust anchors cannot be read; name a readable PEM file");
    }
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    X509_VERIFY_PARAM* checks = SSL_CTX_get0_param(context);
    X509_VERIFY_PARAM_set_hostflags(checks, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    const std::string& host = of_.address_.host;
    if (X509_VERIFY_PARAM_set1_ip_asc(checks, host.c_str()) != 1 &&
        X509_VERIFY_PARAM_set1_host(checks, host.c_str(), host.size()) != 1) {
      throw Error(ErrorCode::bad_input, title() + ": its host is neither a name nor an address");
    }
    amqp_ssl_socket_set_verify_peer(socket, 1);
    amqp_ssl_socket_set_verify_hostname(socket, 0);  // is among the checks, which know numeric addresses too
    return socket;
  }

  [[nodiscard]] timeval remaining() const {
    const auto left = std::chrono::duration_cast<std::chrono::microseconds>(of_.ends_at_ - steady_clock::now());
    return timeval_of(std::max(left, std::chrono::microseconds(1)));
  }

  void expect(const amqp_rpc_reply_t& reply) const {
    if (reply.reply_type == AMQP_RESPONSE_NORMAL) return;
    if (reply.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION) throw refusal(reason_of(reply.reply));
    throw not_connected(reply.library_error);
  }

  [[nodiscard]] Error not_connected(int status) const {
    if (status == AMQP_STATUS_TIMEOUT) return of_.gave_up_at(Stage::connecting);
    const std::string_view advice = is_tls_failure(status)
                                        ? "; check host name and certificate; a private authority is given by --ca-file"
                                        : "; check its address, and whether it runs";
    return {ErrorCode::unavailable, title() + ": no connection: " + amqp_error_string2(status) + std::string(advice)};
  }

  [[nodiscard]] Error unknown_fate(int status) const {
    if (status == AMQP_STATUS_TIMEOUT) return of_.gave_up_at(Stage::sent);
    return {ErrorCode::unavailable, title() + ": the connection ended before it confirmed the message, which it may " +
                                        "have taken: " + amqp_error_string2(status) +
                                        "; look there before it is sent again"};
  }

  [[nodiscard]] Error refusal(const Reason& reason) const {
    return {code_of(reason.code), title() + ": it refuses with code " + std::to_string(reason.code) +
                                      said(reason.text) + "; check vhost, exchange, and the user's rights"};
  }

  /// A broker's words: bounded, on one line, without the password if it repeats that.
  [[nodiscard]] std::string said(const std::string& text) const {
    std::string words = secrets_.redact(text).substr(0, said_bytes_max);
    std::replace_if(
        words.begin(), words.end(), [](char byte) { return !(byte >= ' ' && byte < '\x7f'); }, '?');
    return " (" + words + ')';
  }

  Publication& of_;
  Redactor secrets_;
  Connection connection_;
};

Publication::Publication(AmqpMessage message, BrokerAddress address, std::string ca_file)
    : message_(std::move(message)),
      address_(std::move(address)),
      ca_file_(std::move(ca_file)),
      ends_at_(steady_clock::now() + message_.time_limit) {}

void Publication::run() noexcept {
  try {
    Conversation broker(*this);
    broker.connect();
    broker.log_in();
    broker.ask_for_confirms();
    broker.send();
    broker.await_confirm();
    settle(std::nullopt);
    broker.say_goodbye();
  } catch (const Error& error) {
    settle(error);
  } catch (const std::exception& error) {
    settle(Error(ErrorCode::internal, address_.title() + ": " + error.what()));
  }
  mark_over();
}

void Publication::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait_until(lock, message_.stop, ends_at_, [this] { return settled_; });
  if (settled_) {
    if (failure_) throw *failure_;
    return;
  }
  abandoned_ = true;
  if (socket_ >= 0) ::shutdown(socket_, SHUT_RDWR);
  throw gave_up_at(stage_);
}

bool Publication::over() const {
  const std::lock_guard lock(mutex_);
  return over_;
}

void Publication::settle(std::optional<Error> failure) {
  const std::lock_guard lock(mutex_);
  settled_ = true;
  failure_ = std::move(failure);
  changed_.notify_all();
}

/// Nothing is begun any more once nobody waits for it.
void Publication::enter(Stage stage, int socket) {
  const std::lock_guard lock(mutex_);
  if (abandoned_) throw gave_up_at(stage_);
  stage_ = stage;
  socket_ = socket;
}

void Publication::forget_socket() {
  const std::lock_guard lock(mutex_);
  socket_ = -1;
}

void Publication::mark_over() {
  const std::lock_guard lock(mutex_);
  over_ = true;
}

Error Publication::gave_up_at(Stage stage) const {
  const std::string where = address_.title() + ": ";
  const std::string fate = stage == Stage::sent ? "before it confirmed the message, which it may have taken; look "
                                                  "there before it is sent again"
                                                : "before the message was sent";
  if (message_.stop.stop_requested()) return {ErrorCode::cancelled, where + "given up " + fate};
  return {ErrorCode::timed_out, where + "its " + std::to_string(message_.time_limit.count()) + " ms were over " + fate};
}

}  // namespace formulary
