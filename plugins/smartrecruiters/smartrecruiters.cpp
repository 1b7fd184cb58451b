#include "plugins/smartrecruiters/smartrecruiters.hpp"

#include <formulary/poco/url.hpp>

#include <cstddef>
#include <utility>

#include "plugins/smartrecruiters/configuration.hpp"
#include "plugins/smartrecruiters/instance_document.hpp"
#include "plugins/smartrecruiters/json_slices.hpp"
#include "plugins/smartrecruiters/list.hpp"
#include "plugins/smartrecruiters/paging.hpp"
#include "plugins/smartrecruiters/platform.hpp"
#include "plugins/smartrecruiters/refusal.hpp"
#include "plugins/smartrecruiters/request_body.hpp"

namespace smartrecruiters {
namespace {

namespace http = element::http;

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

/// The vendor's path with the parameters that are always sent.
std::string path_of(const Match& match) {
  const Resource& resource = *match.resource;
  return vendor_path(match) + (resource.fixed_query.empty() ? "" : "?" + std::string(resource.fixed_query));
}

/// The path of what is no list, with the caller's parameters.
std::string target_of(const Match& match, const ListQuery& query) {
  const std::string path = path_of(match);
  http::target_builder target(path);
  for (const Parameter& one : query.filters) target.add(one.name, one.value);
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
  if (resource.answer == Answer::list) {
    return read_list(vendor_, now, resource, std::move(request), path_of(match), std::move(query));
  }
  request.target = target_of(match, query);
  return single_answer(resource, vendor_.send(now, request), body);
}

}  // namespace smartrecruiters
