#include "host/amqp/rabbit_publisher.hpp"

#include <list>
#include <mutex>
#include <thread>
#include <utility>

#include "host/amqp/broker_address.hpp"
#include "host/amqp/publication.hpp"
#include "host/base/error.hpp"

namespace formulary {
namespace {

constexpr std::size_t short_string_max = 255;

void check(const AmqpMessage& message) {
  if (message.time_limit.count() <= 0) {
    throw Error(ErrorCode::bad_input, "amqpRequest: its time limit is not above 0 ms");
  }
  if (message.exchange.size() > short_string_max || message.routing_key.size() > short_string_max) {
    throw Error(ErrorCode::bad_input, "amqpRequest: exchange or queue has a name of more than 255 bytes; shorten it");
  }
}

class RabbitPublisher final : public Publisher {
 public:
  explicit RabbitPublisher(std::string ca_file) : ca_file_(std::move(ca_file)) {}

  void publish(const AmqpMessage& message) override {
    check(message);
    const auto publication = std::make_shared<Publication>(message, parse_broker_url(message.url), ca_file_);
    start(publication);
    publication->wait();
  }

 private:
  struct Talk {
    std::shared_ptr<Publication> publication;
    std::jthread thread;  ///< Declared last: is joined first.
  };

  void start(const std::shared_ptr<Publication>& publication) {
    std::list<Talk> over;  // is joined after the lock is given back
    const std::lock_guard lock(mutex_);
    for (auto talk = talks_.begin(); talk != talks_.end();) {
      const auto next = std::next(talk);
      if (talk->publication->over()) over.splice(over.end(), talks_, talk);
      talk = next;
    }
    talks_.push_back({.publication = publication, .thread = std::jthread([publication] { publication->run(); })});
  }

  const std::string ca_file_;
  std::mutex mutex_;
  std::list<Talk> talks_;
};

}  // namespace

std::unique_ptr<Publisher> make_rabbit_publisher(std::string ca_file) {
  return std::make_unique<RabbitPublisher>(std::move(ca_file));
}

}  // namespace formulary
