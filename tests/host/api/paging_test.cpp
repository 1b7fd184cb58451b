#include "host/api/paging.hpp"

#include <gmock/gmock.h>

#include "host/base/text.hpp"
#include "tests/support/error_matchers.hpp"

namespace formulary::testing {
namespace {

using api::PageOrder;

PageOrder order_of(const std::string& query) {
  api::ApiRequest request;
  request.query = api::parse_query(query);
  return api::page_order(request, 200, 500);
}

std::string header(const api::ApiAnswer& answer, std::string_view name) {
  const auto found = std::ranges::find(answer.headers, name, &api::NamedValues::value_type::first);
  return found == answer.headers.end() ? "" : found->second;
}

TEST(Paging, ReadsSizeAndToken) {
  struct Row {
    std::string query;
    PageOrder order;
  };
  for (const Row& row : std::vector<Row>{
           {"", {.page_size = 200}},
           {"pageSize=1", {.page_size = 1}},
           {"pageSize=500", {.page_size = 500}},
           {"nextPage=", {.page_size = 200}},
           {"nextPage=eyJsaW1pdCI6MSwicGFnZVNpemUiOjEsInBhZ2UiOjJ9", {.page_size = 1, .page = 2}},
           {"pageSize=3&nextPage=eyJwYWdlIjoyfQ==", {.page_size = 3, .page = 2}},
           {"nextPage=" + api::page_token({.page_size = 7, .page = 3, .offset = 5, .after = 9}),
            {.page_size = 7, .page = 3, .offset = 5, .after = 9}},
       }) {
    const PageOrder order = order_of(row.query);
    EXPECT_EQ(order.page_size, row.order.page_size) << row.query;
    EXPECT_EQ(order.page, row.order.page) << row.query;
    EXPECT_EQ(order.offset, row.order.offset) << row.query;
    EXPECT_EQ(order.after, row.order.after) << row.query;
  }
}

TEST(Paging, RefusesWhatIsNoSizeAndNoToken) {
  for (const char* query :
       {"pageSize=0", "pageSize=-1", "pageSize=501", "pageSize=x", "nextPage=x", "nextPage=%25",
        "nextPage=W10=" /* [] */, "nextPage=eyJwYWdlIjowfQ==" /* page 0 */, "nextPage=eyJwYWdlIjoieCJ9" /* page "x" */,
        "nextPage=eyJwYWdlU2l6ZSI6OTk5OTl9" /* pageSize 99999 */}) {
    EXPECT_THAT([&] { (void)order_of(query); }, throws_error(ErrorCode::bad_input, "query")) << query;
  }
}

TEST(Paging, AnswersPartsOfTheWhole) {
  const json::array whole{1, 2, 3, 4, 5};
  struct Row {
    PageOrder order;
    const char* body;
    bool has_more;
  };
  for (const Row& row : std::vector<Row>{{{.page_size = 2}, "[1,2]", true},
                                         {{.page_size = 2, .page = 2}, "[3,4]", true},
                                         {{.page_size = 2, .page = 3}, "[5]", false},
                                         {{.page_size = 5}, "[1,2,3,4,5]", false},
                                         {{.page_size = 2, .page = 9}, "[]", false},
                                         {{.page_size = 2, .offset = 1}, "[2,3]", true},
                                         {{.page_size = 2, .page = 2, .offset = 1}, "[4,5]", false},
                                         {{.page_size = 2, .offset = 9}, "[]", false}}) {
    const api::ApiAnswer answer = api::answer_page(whole, row.order);
    EXPECT_EQ(answer.body, row.body);
    EXPECT_EQ(header(answer, "Elements-Total-Count"), "5");
    EXPECT_EQ(header(answer, "Elements-Returned-Count"), std::to_string(parse_json(row.body, "row").as_array().size()));
    const std::string token = header(answer, "Elements-Next-Page-Token");
    EXPECT_EQ(!token.empty(), row.has_more) << row.body;
    if (token.empty()) continue;
    EXPECT_EQ(order_of("nextPage=" + token).page, row.order.page + 1);
    EXPECT_EQ(order_of("nextPage=" + token).offset, row.order.offset);
  }
}

}  // namespace
}  // namespace formulary::testing
