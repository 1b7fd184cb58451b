#include "host/api/router.hpp"

#include <gmock/gmock.h>

#include "tests/support/error_matchers.hpp"

namespace formulary::testing {
namespace {

using api::Router;
using ::testing::ElementsAre;

Router some_routes() {
  Router router;
  for (const auto& [method, pattern] : std::vector<std::pair<const char*, const char*>>{{"GET", "/accounts"},
                                                                                        {"GET", "/accounts/{id}"},
                                                                                        {"DELETE", "/accounts/{id}"},
                                                                                        {"GET", "/accounts/settings"},
                                                                                        {"GET", "/a/{x}/b/{y}"},
                                                                                        {"GET", "/hubs/{rest...}"}}) {
    router.add({.method = method, .pattern = pattern});
  }
  return router;
}

TEST(Router, TakesTheMostLiteralRoute) {
  const Router router = some_routes();
  struct Row {
    const char* method;
    const char* path;
    const char* pattern;  ///< Empty: none.
    std::map<std::string, std::string, std::less<>> parameters;
  };
  for (const Row& row : std::vector<Row>{
           {"GET", "/accounts", "/accounts", {}},
           {"GET", "/accounts/", "/accounts", {}},
           {"GET", "/accounts/settings", "/accounts/settings", {}},
           {"GET", "/accounts/12", "/accounts/{id}", {{"id", "12"}}},
           {"DELETE", "/accounts/settings", "/accounts/{id}", {{"id", "settings"}}},
           {"GET", "/accounts/a%20b%2Fc", "/accounts/{id}", {{"id", "a b/c"}}},
           {"GET", "/a/1/b/2", "/a/{x}/b/{y}", {{"x", "1"}, {"y", "2"}}},
           {"GET", "/hubs/crm/accounts/1%2F2", "/hubs/{rest...}", {{"rest", "crm/accounts/1%2F2"}}},
           {"GET", "/hubs", "", {}},
           {"GET", "/accounts/1/2", "", {}},
           {"GET", "/Accounts", "", {}},
           {"GET", "", "", {}},
           {"POST", "/accounts", "", {}},
       }) {
    const Router::Match match = router.match(row.method, row.path);
    EXPECT_EQ(match.route == nullptr ? "" : match.route->pattern, row.pattern) << row.method << ' ' << row.path;
    EXPECT_EQ(match.parameters, row.parameters) << row.path;
  }
}

TEST(Router, SaysWhichMethodsThePathHas) {
  EXPECT_THAT(some_routes().match("PUT", "/accounts/settings").allowed, ElementsAre("DELETE", "GET"));
  EXPECT_THAT(some_routes().match("PUT", "/nothing").allowed, ElementsAre());
}

TEST(Router, RefusesWhatIsNoTextAndWhatIsThereTwice) {
  Router router = some_routes();
  for (const char* path : {"/accounts/%", "/accounts/%FF", "/accounts/%00"}) {
    EXPECT_THAT([&] { (void)router.match("GET", path); }, throws_error(ErrorCode::bad_input, "UTF-8")) << path;
  }
  EXPECT_THAT([&] { router.add({.method = "GET", .pattern = "/accounts/{other}"}); },
              throws_error(ErrorCode::internal, "two routes"));
}

}  // namespace
}  // namespace formulary::testing
