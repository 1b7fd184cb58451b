#include "resolver.hpp"

#include <Poco/Net/DNS.h>
#include <Poco/Net/HostEntry.h>
#include <Poco/Net/IPAddress.h>
#include <pthread.h>

#include <csignal>
#include <exception>
#include <utility>

#include "failure.hpp"

namespace element::http {
namespace {

bool is_numeric(const std::string& host) {
  Poco::Net::IPAddress address;
  return Poco::Net::IPAddress::tryParse(host, address);
}

std::vector<std::string> ask_system(const std::string& host) {
  std::vector<std::string> out;
  const Poco::Net::HostEntry entry = Poco::Net::DNS::hostByName(host);
  for (const auto& address : entry.addresses()) out.push_back(address.toString());
  return out;
}

/// While it lives, threads that are made take no signal: those belong to the program around us.
class signals_elsewhere {
 public:
  signals_elsewhere() noexcept {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  signals_elsewhere(const signals_elsewhere&) = delete;
  signals_elsewhere& operator=(const signals_elsewhere&) = delete;
  ~signals_elsewhere() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

}  // namespace

resolver::resolver(std::string host, look_up how)
    : host_(std::move(host)), numeric_(is_numeric(host_)), how_(how ? std::move(how) : look_up(ask_system)) {}

resolver::~resolver() {
  if (worker_.joinable()) worker_.join();
}

std::vector<std::string> resolver::addresses(const budget& within) {
  if (numeric_) return {host_};
  std::unique_lock guard(lock_);
  if (!running_) start();
  while (running_) {
    finished_.wait_for(guard, within.slice());
    if (running_) within.check();
  }
  if (found_.empty()) throw failure::unknown_host(within.where(), why_not_);
  return found_;
}

void resolver::start() {
  if (worker_.joinable()) worker_.join();  // it has set running_ to false, so it is at its end
  const signals_elsewhere quiet;
  worker_ = std::thread([this] { run(); });
  running_ = true;
}

void resolver::run() noexcept {
  std::vector<std::string> found;
  std::string why_not = "no address";
  try {
    found = how_(host_);
  } catch (const Poco::Exception& why) {
    why_not = why.displayText();
  } catch (const std::exception& why) {
    why_not = why.what();
  } catch (...) {
    why_not = "an unknown fault";
  }
  const std::lock_guard guard(lock_);
  found_ = std::move(found);
  why_not_ = std::move(why_not);
  running_ = false;
  finished_.notify_all();
}

}  // namespace element::http
