/// \file
/// The SmartRecruiters element behind its real ABI, with a vendor that answers from a script and a clock that only
/// moves when somebody sleeps.
#pragma once

#include <formulary/fake_host.hpp>
#include <formulary/poco/session_pool.hpp>

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace smartrecruiters::testing {

/// A key that could be one, so that a test can look for it anywhere.
inline constexpr std::string_view api_key = "DCRA1-5ecre7-k3y/with+signs=0123456789";

struct Sent {
  std::string method;
  std::string target;
  std::string key;  ///< X-SmartToken
  std::string authorization;
  std::string accept;
  std::string body;
  std::string content_type;
};

/// Any thread may use it.
class ScriptedVendor {
 public:
  using Answerer = std::function<element::http::response(const Sent&)>;

  /// Queues one answer. Without any left, every request gets a 599 that no test expects.
  ScriptedVendor& answers(int status, std::string body = {}, element::http::header_list headers = {});
  /// Queues a failure of the network.
  ScriptedVendor& fails(const element::error& why);
  /// Answers everything that the queue does not.
  void always(Answerer answerer);

  [[nodiscard]] std::vector<Sent> sent() const;
  /// "GET /candidates?limit=100" for each request.
  [[nodiscard]] std::vector<std::string> targets() const;
  /// With which options the last connection was made.
  element::http::options connected;

  element::http::response send(const element::http::request& what);

 private:
  mutable std::mutex mutex_;
  std::deque<Answerer> queue_;
  Answerer otherwise_;
  std::vector<Sent> sent_;
};

/// The vendor that new connections of the element in this program lead to.
void lead_to(ScriptedVendor* vendor);

/// A started element with an open instance whose key is `api_key`.
class ElementTest : public ::testing::Test {
 protected:
  ElementTest() { lead_to(&vendor); }
  ~ElementTest() override { lead_to(nullptr); }
  void TearDown() override;

  /// Opens the instance if none is open, then one request.
  element::testing::outcome invoke(const element::request& what, const element::testing::call_options& options = {});
  element::testing::outcome get(std::string_view path, std::string_view query = {});
  /// The members of an answer's head.
  static std::string header(const element::testing::outcome& of, std::string_view name);
  static std::string next_page(const element::testing::outcome& of);
  static int retries(const element::testing::outcome& of);

  element::testing::fake_host host;
  ScriptedVendor vendor;
  element::testing::plugin_runner plugin{host, element_plugin_entry_v1};
  std::unique_ptr<element::testing::instance_runner> instance;
};

/// A request of serialize_config() with `api_key`.
[[nodiscard]] std::string request_with_key();

}  // namespace smartrecruiters::testing
