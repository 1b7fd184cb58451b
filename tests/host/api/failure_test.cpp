#include "host/api/failure.hpp"

#include <gmock/gmock.h>

#include <memory>
#include <new>
#include <set>

#include "host/plugin/element_plugin.hpp"

namespace formulary::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::chrono_literals;

constexpr const char* request_id = "0123456789abcdef01234567";

std::string header(const api::ApiAnswer& answer, std::string_view name) {
  const auto found = std::ranges::find(answer.headers, name, &api::NamedValues::value_type::first);
  return found == answer.headers.end() ? "" : found->second;
}

TEST(Failure, EveryCodeHasAStatusThatThePlatformKnows) {
  const std::set<int> known = {400, 401, 403, 404, 409, 413, 429, 500, 502, 503, 504};
  for (const ErrorCode code : all_error_codes) {
    EXPECT_TRUE(known.contains(api::status_of(code))) << name(code);
    EXPECT_EQ(api::status_of(code) == 500, code == ErrorCode::internal) << name(code);
  }
}

TEST(Failure, HasTheMembersThatClientsRead) {
  const api::ApiAnswer answer = api::failure_answer(Error(ErrorCode::conflict, "it is there"), request_id);
  EXPECT_EQ(answer.status, 409);
  EXPECT_EQ(answer.body, R"({"requestId":"0123456789abcdef01234567","message":"it is there","code":"conflict"})");
}

TEST(Failure, OurMistakesKeepTheirTextToThemselves) {
  const Error ours(ErrorCode::internal, "secret place");
  const std::runtime_error unknown("secret place");
  const std::bad_alloc memory;
  for (const std::exception* failure :
       {static_cast<const std::exception*>(&ours), static_cast<const std::exception*>(&unknown),
        static_cast<const std::exception*>(&memory)}) {
    const api::ApiAnswer answer = api::failure_answer(*failure, request_id);
    EXPECT_EQ(answer.status, 500);
    EXPECT_THAT(answer.body, Not(HasSubstr("secret")));
    EXPECT_THAT(answer.body, HasSubstr(request_id));
  }
}

TEST(Failure, AVendorsRefusalIsPassedOn) {
  struct Row {
    int vendor;
    ErrorCode code;
    int status;
  };
  for (const Row& row : {Row{404, ErrorCode::not_found, 404}, Row{422, ErrorCode::bad_input, 422},
                         Row{429, ErrorCode::rate_limited, 429}, Row{407, ErrorCode::vendor_failed, 502},
                         Row{408, ErrorCode::timed_out, 504}, Row{500, ErrorCode::vendor_failed, 502},
                         Row{503, ErrorCode::unavailable, 502}, Row{0, ErrorCode::bad_input, 400},
                         Row{0, ErrorCode::timed_out, 504}, Row{0, ErrorCode::plugin_failed, 502}}) {
    const PluginError failure(row.code, "acme: no", {.plugin_code = "acme.no", .http_status = row.vendor});
    const api::ApiAnswer answer = api::failure_answer(failure, request_id);
    EXPECT_EQ(answer.status, row.status) << row.vendor;
    EXPECT_THAT(answer.body, HasSubstr(R"("providerCode":"acme.no")"));
    EXPECT_EQ(answer.body.find("providerMessage") != std::string::npos, row.vendor != 0) << row.vendor;
  }
}

TEST(Failure, SaysWhenToComeBack) {
  const PluginError vendor(ErrorCode::rate_limited, "slow down", {.http_status = 429, .retry_after = 1'001ms});
  EXPECT_EQ(header(api::failure_answer(vendor, request_id), "Retry-After"), "2");
  const api::RateLimited ours("slow down", 7s);
  EXPECT_EQ(api::failure_answer(ours, request_id).status, 429);
  EXPECT_EQ(header(api::failure_answer(ours, request_id), "Retry-After"), "7");
}

}  // namespace
}  // namespace formulary::testing
