#include "plugins/smartrecruiters/smartrecruiters.hpp"

#include <formulary/poco/url.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <set>
#include <utility>

#include "plugins/smartrecruiters/configuration.hpp"
#include "plugins/smartrecruiters/instance_document.hpp"
#include "plugins/smartrecruiters/json_slices.hpp"
#include "plugins/smartrecruiters/paging.hpp"
#include "plugins/smartrecruiters/platform.hpp"
#include "plugins/smartrecruiters/refusal.hpp"
#include "plugins/smartrecruiters/request_body.hpp"

namespace smartrecruiters {
namespace {

namespace http = element::http;

constexpr std::size_t walked_pages_max = 50;

VendorRequest vendor_request(const Match& match, const RequestBody& body) {
  const Resource& resource = *match.resource;
  return {.method = resource.vendor_method,
          .target = vendor_path(match),
          .what = resource.vendor_path,
          .body = body.bytes,
          .content_type = body.content_type,
          .accept = resource.answer == Answer::file ? "*/*" : "application/json",
          .limit = resource.limit,
          .idempotent = idempotent(resource)};
}

/// The vendor's path with the fixed, the filtering and the paging parameters.
std::string target_of(const Match& match, const ListQuery& query) {
  const Resource& resource = *match.resource;
  std::string path = vendor_path(match);
  if (!resource.fixed_query.empty()) path += "?" + std::string(resource.fixed_query);
  http::target_builder target(path);
  for (const Parameter& one : query.filters) target.add(one.name, one.value);
  if (resource.paging == Paging::offset || resource.paging == Paging::page_id) {
    target.add("limit", static_cast<std::int64_t>(query.page_size));
  }
  if (resource.paging == Paging::offset && query.page > 1) {
    target.add("offset", static_cast<std::int64_t>((query.page - 1) * query.page_size));
  }
  if (resource.paging == Paging::page_id) target.add_if("pageId", query.page_id);
  return target.text();
}

element::answer answer_of(const VendorReply& got) {
  element::answer answer;
  answer.headers.emplace_back("smartrecruiters-status", std::to_string(got.reply.status));
  answer.retry_attempts = got.retries;
  return answer;
}

element::error unexpected(const Resource& resource, const char* what) {
  return element::error(ELEMENT_DATA_LOSS, "smartrecruiters.unexpected_answer",
                        std::string(resource.vendor_method) + " " + std::string(resource.vendor_path) +
                            ": SmartRecruiters said yes, but its answer " + what +
                            "; look whether the request took effect before you send it again")
      .with_retry(element::retry::if_idempotent);
}

/// The answer of everything that is no list.
element::answer single_answer(const Resource& resource, VendorReply got, const RequestBody& sent) {
  element::answer answer = answer_of(got);
  if (resource.answer == Answer::file) {
    answer.content_type = shown(got.reply.headers.value_or("Content-Type", "application/octet-stream"));
    answer.body = std::move(got.reply.body);
    return answer;
  }
  if (resource.answer == Answer::echo || resource.answer == Answer::empty_object) {
    answer.body = resource.answer == Answer::echo ? sent.echo : "{}";
    return answer;
  }
  if (!got.reply.body.empty() && json_kind(got.reply.body) == JsonKind::malformed)
    throw unexpected(resource, "is not JSON");
  if (got.reply.body.empty() && resource.vendor_method == "GET") throw unexpected(resource, "is empty");
  answer.body = std::move(got.reply.body);
  if (resource.answer == Answer::one_in_list) {
    answer.body = "[" + answer.body + "]";
    answer.headers.emplace_back("elements-returned-count", "1");
  }
  return answer;
}

/// The asked page of a list that came whole.
std::string slice_of(const VendorPage& page, const ListQuery& query, std::size_t& count, bool& more) {
  const std::size_t size = page.elements.size();
  const std::size_t start = std::min((query.page - 1) * query.page_size, size);
  count = std::min(query.page_size, size - start);
  more = start + count < size;
  std::string slice = "[";
  for (std::size_t index = start; index < start + count; ++index) {
    if (index > start) slice += ',';
    slice += page.elements[index];
  }
  return slice + "]";
}

/// Whether the vendor has more after this page. A page id that comes back unchanged would never end.
bool has_next(const Resource& resource, const ListQuery& query, const VendorPage& page) {
  const std::size_t count = page.elements.size();
  if (count == 0) return false;
  if (resource.paging == Paging::page_id) return !page.next_page_id.empty() && page.next_page_id != query.page_id;
  if (resource.paging != Paging::offset) return false;
  if (page.total) return (query.page - 1) * query.page_size + count < *page.total;
  return count == query.page_size;
}

element::answer list_answer(const Resource& resource, const VendorReply& got, const ListQuery& query) {
  element::answer answer = answer_of(got);
  const VendorPage page = read_page(got.reply.body);
  std::size_t count = page.elements.size();
  bool more = has_next(resource, query, page);
  std::optional<std::uint64_t> total = page.total;
  if (resource.paging == Paging::whole && query.paged) {
    answer.body = slice_of(page, query, count, more);
    total = page.elements.size();
  } else {
    answer.body = page.content;
  }
  answer.headers.emplace_back("elements-returned-count", std::to_string(count));
  if (total) answer.headers.emplace_back("elements-total-count", std::to_string(*total));
  if (more) answer.next_page = next_page_token(resource, query, page.next_page_id);
  return answer;
}

/// A page by number of a list that the vendor pages by ids: goes there from the start. `query` gets the page's id.
/// Returns false if the list ends before.
bool walk_to_page(Vendor& vendor, element::call& now, const Match& match, VendorRequest& request, ListQuery& query,
                  int& retries) {
  if (match.resource->paging != Paging::page_id || !query.page_id.empty() || query.page == 1) return true;
  if (query.page > walked_pages_max) {
    throw element::error(
        ELEMENT_OUT_OF_RANGE, "smartrecruiters.page_too_far",
        "page: SmartRecruiters pages this list by tokens, so page " + std::to_string(query.page) +
            " can only be reached through the ones before it, and 50 is the most; follow nextPage instead")
        .with_http_status(400)
        .with_retry(element::retry::no);
  }
  std::set<std::string> seen;
  for (std::size_t page = 1; page < query.page; ++page) {
    request.target = target_of(match, query);
    const VendorReply got = vendor.send(now, request);
    retries += got.retries;
    VendorPage read = read_page(got.reply.body);
    if (!has_next(*match.resource, query, read) || !seen.insert(read.next_page_id).second) return false;
    query.page_id = std::move(read.next_page_id);
  }
  return true;
}

/// "/candidates?where=..." is one string in pollers and formulas; the two halves apart.
struct SplitPath {
  std::string_view path;
  std::string_view query;
};
SplitPath split(std::string_view path) {
  const std::size_t mark = path.find('?');
  if (mark == std::string_view::npos) return {path, {}};
  return {path.substr(0, mark), path.substr(mark + 1)};
}

}  // namespace

std::string SmartRecruiters::serialize_config(element::call& /*now*/, std::string_view draft) {
  return instance_request(draft);
}

std::string SmartRecruiters::authenticate(element::call& now, std::string_view request, const element::connection& to) {
  if (to.mode == element::connect_mode::platform) return create_at_platform(now, request, to, connect_);
  Settings settings = settings_of(request);
  if (!to.base_url.empty()) settings.base_url = to.base_url;
  if (!to.ca_file.empty()) settings.ca_file = to.ca_file;
  return Vendor(std::move(settings), connect_, limits_).account(now);
}

std::string SmartRecruiters::parse_instance(element::call& /*now*/, std::string_view answer) {
  return instance_document(answer);
}

SmartRecruiters::Instance::Instance(SmartRecruiters& plugin, element::call& /*now*/, std::string_view document)
    : vendor_(settings_of(document), plugin.connect_, plugin.limits_) {}

element::answer SmartRecruiters::Instance::invoke(element::call& now, const element::request& what) {
  const SplitPath asked = split(what.path);
  const Match match = find_resource(what.method, asked.path);
  const Resource& resource = *match.resource;
  ListQuery query = read_query(resource, what.query, asked.query);
  const RequestBody body = make_body(resource, what);
  VendorRequest request = vendor_request(match, body);
  int retries = 0;
  if (!walk_to_page(vendor_, now, match, request, query, retries)) {
    element::answer nothing;
    nothing.headers.emplace_back("elements-returned-count", "0");
    nothing.body = "[]";
    nothing.retry_attempts = retries;
    return nothing;
  }
  request.target = target_of(match, query);
  VendorReply got = vendor_.send(now, request);
  got.retries += retries;
  return resource.answer == Answer::list ? list_answer(resource, got, query)
                                         : single_answer(resource, std::move(got), body);
}

}  // namespace smartrecruiters
