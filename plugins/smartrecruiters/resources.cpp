#include "plugins/smartrecruiters/resources.hpp"

#include <formulary/element/error.hpp>
#include <formulary/poco/url.hpp>

#include <algorithm>
#include <array>
#include <cstddef>

#include "plugins/smartrecruiters/refusal.hpp"

namespace smartrecruiters {
namespace {

constexpr std::string_view hub_prefix = "/hubs/";

constexpr std::array candidate_filters = {
    Filter{"q"},
    Filter{"jobId", true},
    Filter{"location", true},
    Filter{"averageRating", true},  // deprecated, still described
    Filter{"status", true},
    Filter{"consentStatus", true},
    Filter{"subStatus"},
    Filter{"tag", true},
    Filter{.name = "updatedAfter", .time = true},
    Filter{"onboardingStatus"},
    Filter{"propertyId", true},
    Filter{"propertyValueId", true},
    Filter{"sourceType", true},
    Filter{"sourceSubType", true},
    Filter{"sourceValueId", true},
    Filter{"questionCategory", true},
    Filter{"questionFieldId", true},
    Filter{"questionFieldValueId", true},
};
constexpr std::array job_filters = {
    Filter{"q"},
    Filter{"city", true},
    Filter{"department", true},
    Filter{.name = "updatedAfter", .time = true},
    Filter{.name = "lastActivityAfter", .time = true},
    Filter{"language"},
    Filter{"status"},
    Filter{"postingStatus"},
};
// createdAfter is what the platform's element is used with, and the vendor does not know it: it would answer with all
// offers. createdBefore and age, which the platform's has too, are refused like every unknown filter.
constexpr std::array offer_filters = {Filter{"q"}, Filter{"status"}, Filter{"postingId"},
                                      Filter{.name = "createdAfter", .time = true, .own_after = "createdOn"}};
constexpr std::array user_filters = {Filter{"q"}, Filter{.name = "updatedAfter", .time = true}};
constexpr std::array posting_filters = {Filter{"activeOnly"}};
constexpr std::array subtype_filters = {Filter{"sourceSubType"}};
constexpr std::array property_filters = {Filter{"context"}};

constexpr std::string_view candidate_members = "firstName lastName email";
constexpr std::string_view job_members = "title function industry experienceLevel location";
constexpr std::string_view position_members = "type positionOpenDate targetStartDate";

constexpr Resource get(std::string_view path, std::string_view vendor_path) {
  return {"GET", path, "GET", vendor_path};
}
constexpr Resource list(std::string_view path, std::string_view vendor_path, Paging paging = Paging::whole) {
  return {.method = "GET",
          .path = path,
          .vendor_method = "GET",
          .vendor_path = vendor_path,
          .paging = paging,
          .answer = Answer::list};
}
constexpr Resource send(std::string_view method, std::string_view path, std::string_view vendor_path, Body body,
                        std::string_view required = {}) {
  return {.method = method,
          .path = path,
          .vendor_method = method,
          .vendor_path = vendor_path,
          .body = body,
          .required = required};
}
constexpr Resource remove(std::string_view path, std::string_view vendor_path) {
  return {"DELETE", path, "DELETE", vendor_path};
}

// One difference to a usual row each.
constexpr Resource where(Resource row, std::span<const Filter> filters) {
  row.filters = filters;
  return row;
}
constexpr Resource answered(Resource row, Answer answer) {
  row.answer = answer;
  return row;
}
constexpr Resource limited(Resource row, Limit limit) {
  row.limit = limit;
  return row;
}
constexpr Resource as_vendor_method(Resource row, std::string_view method) {
  row.vendor_method = method;
  return row;
}
constexpr Resource always(Resource row, std::string_view fixed_query) {
  row.fixed_query = fixed_query;
  return row;
}

constexpr std::array table = {
    // The platform calls this one when an instance is made; one candidate is enough to prove the right to read.
    limited(answered(always(get("/auth-validation", "/candidates"), "limit=1"), Answer::list), Limit::alone),

    list("/candidate-properties", "/configuration/candidate-properties"),
    get("/candidate-properties/{id}", "/configuration/candidate-properties/{id}"),
    list("/candidate-properties/{id}/values", "/configuration/candidate-properties/{id}/values"),
    send("POST", "/candidate-properties/{id}/values", "/configuration/candidate-properties/{id}/values", Body::json,
         "id"),
    get("/candidate-properties/{id}/values/{valueId}", "/configuration/candidate-properties/{id}/values/{valueId}"),
    as_vendor_method(send("PATCH", "/candidate-properties/{id}/values/{valueId}",
                          "/configuration/candidate-properties/{id}/values/{valueId}", Body::json, "label"),
                     "PUT"),

    limited(where(list("/candidates", "/candidates", Paging::page_id), candidate_filters), Limit::alone),
    send("POST", "/candidates", "/candidates", Body::json, candidate_members),
    remove("/candidates/{id}", "/candidates/{id}"),
    get("/candidates/{id}", "/candidates/{id}"),
    send("PATCH", "/candidates/{id}", "/candidates/{id}", Body::json),
    list("/candidates/{id}/attachments", "/candidates/{id}/attachments"),
    send("POST", "/candidates/{id}/attachments", "/candidates/{id}/attachments", Body::attachment),
    answered(get("/candidates/{id}/attachments/{attachmentsId}", "/candidates/{id}/attachments/{attachmentsId}"),
             Answer::file),
    list("/candidates/{id}/jobs/{jobId}/offers", "/candidates/{id}/jobs/{jobId}/offers"),
    get("/candidates/{id}/jobs/{jobId}/offers/{offerId}", "/candidates/{id}/jobs/{jobId}/offers/{offerId}"),
    answered(get("/candidates/{id}/jobs/{jobId}/onboarding-status", "/candidates/{id}/jobs/{jobId}/onboardingStatus"),
             Answer::one_in_list),
    answered(send("PUT", "/candidates/{id}/jobs/{jobId}/onboarding-status",
                  "/candidates/{id}/jobs/{jobId}/onboardingStatus", Body::json, "onboardingStatus"),
             Answer::echo),
    where(list("/candidates/{id}/jobs/{jobId}/properties", "/candidates/{id}/jobs/{jobId}/properties"),
          property_filters),
    answered(send("PUT", "/candidates/{id}/jobs/{jobId}/status", "/candidates/{id}/jobs/{jobId}/status", Body::json,
                  "status"),
             Answer::echo),

    list("/industries", "/v1/industries"),

    // Without sort=job_id the vendor pages jobs by offset, which it calls very slow.
    always(where(list("/jobs", "/jobs", Paging::page_id), job_filters), "sort=job_id"),
    send("POST", "/jobs", "/jobs", Body::json, job_members),
    // A job cannot be deleted; the platform's element cancels it.
    answered(as_vendor_method(send("DELETE", "/jobs/{id}", "/jobs/{id}/status", Body::cancelled), "PUT"),
             Answer::empty_object),
    get("/jobs/{id}", "/jobs/{id}"),
    send("PATCH", "/jobs/{id}", "/jobs/{id}", Body::json_patch),
    send("PUT", "/jobs/{id}", "/jobs/{id}", Body::json, job_members),
    send("POST", "/jobs/{id}/candidates", "/jobs/{id}/candidates", Body::json, candidate_members),
    send("POST", "/jobs/{id}/candidates/resumes", "/jobs/{id}/candidates/cv", Body::resume),
    list("/jobs/{id}/hiring-teams", "/jobs/{id}/hiring-team"),
    send("POST", "/jobs/{id}/hiring-teams", "/jobs/{id}/hiring-team", Body::json, "id role"),
    remove("/jobs/{id}/hiring-teams/{userId}", "/jobs/{id}/hiring-team/{userId}"),
    list("/jobs/{id}/job-ads", "/jobs/{id}/jobads"),
    send("POST", "/jobs/{id}/job-ads", "/jobs/{id}/jobads", Body::json, "title"),
    get("/jobs/{id}/job-ads/{jobAdsId}", "/jobs/{id}/jobads/{jobAdsId}"),
    send("PUT", "/jobs/{id}/job-ads/{jobAdsId}", "/jobs/{id}/jobads/{jobAdsId}", Body::json, "title"),
    limited(answered(remove("/jobs/{id}/job-ads/{jobAdId}/postings", "/jobs/{id}/jobads/{jobAdId}/postings"),
                     Answer::empty_object),
            Limit::slow),
    where(list("/jobs/{id}/job-ads/{jobAdId}/postings", "/jobs/{id}/jobads/{jobAdId}/postings"), posting_filters),
    limited(send("POST", "/jobs/{id}/job-ads/{jobAdId}/postings", "/jobs/{id}/jobads/{jobAdId}/postings",
                 Body::json_optional),
            Limit::slow),
    answered(get("/jobs/{id}/notes", "/jobs/{id}/note"), Answer::one_in_list),
    send("PUT", "/jobs/{id}/notes", "/jobs/{id}/note", Body::json, "content"),
    list("/jobs/{id}/positions", "/jobs/{id}/positions"),
    send("POST", "/jobs/{id}/positions", "/jobs/{id}/positions", Body::json, position_members),
    remove("/jobs/{id}/positions/{positionId}", "/jobs/{id}/positions/{positionId}"),
    get("/jobs/{id}/positions/{positionId}", "/jobs/{id}/positions/{positionId}"),
    send("PUT", "/jobs/{id}/positions/{positionId}", "/jobs/{id}/positions/{positionId}", Body::json, position_members),

    where(list("/offers", "/offers", Paging::offset), offer_filters),
    list("/source-types", "/configuration/sources"),
    where(list("/source-types/{id}/sub-types", "/configuration/sources/{id}/values", Paging::offset), subtype_filters),

    // The root /users of the platform's element is deprecated by the vendor; this is its successor.
    where(list("/users", "/user-api/v201804/users", Paging::page_id), user_filters),
    get("/users/{id}", "/user-api/v201804/users/{id}"),
};

/// "/hubs/anything/x" is "/x": the platform ignores which hub a path names.
std::string_view below_hub(std::string_view path) {
  if (!path.starts_with(hub_prefix)) return path;
  const std::size_t end = path.find('/', hub_prefix.size());
  return end == std::string_view::npos ? std::string_view{} : path.substr(end);
}

std::vector<std::string_view> segments_of(std::string_view path) {
  std::vector<std::string_view> segments;
  if (path.starts_with('/')) path.remove_prefix(1);
  if (path.ends_with('/')) path.remove_suffix(1);
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    segments.push_back(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return segments;
}

bool is_parameter(std::string_view segment) {
  return segment.starts_with('{');
}

bool fits(std::string_view pattern, const std::vector<std::string_view>& segments) {
  pattern.remove_prefix(1);
  for (const std::string_view segment : segments) {
    const std::size_t end = std::min(pattern.find('/'), pattern.size());
    const std::string_view expected = pattern.substr(0, end);
    if (expected.empty() || (!is_parameter(expected) && expected != segment)) return false;
    pattern.remove_prefix(std::min(end + 1, pattern.size()));
  }
  return pattern.empty();
}

std::vector<PathValue> values_of(std::string_view pattern, const std::vector<std::string_view>& segments) {
  std::vector<PathValue> values;
  const std::vector<std::string_view> names = segments_of(pattern);
  for (std::size_t index = 0; index < names.size(); ++index) {
    if (!is_parameter(names[index])) continue;
    const std::string_view name = names[index].substr(1, names[index].size() - 2);
    std::string value = percent_decoded(segments[index]);
    const bool printable = std::none_of(value.begin(), value.end(),
                                        [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
    if (value.empty() || value == "." || value == ".." || !printable) {
      throw refusal("smartrecruiters.bad_path",
                    "the path's value for {" + std::string(name) +
                        "} is empty, a dot segment or has control characters; give the id as SmartRecruiters shows it");
    }
    values.push_back({name, std::move(value)});
  }
  return values;
}

/// Paths that start like the unknown one, for the error's sentence.
std::string near_paths(const std::vector<std::string_view>& segments) {
  std::string near;
  std::string_view last;
  for (const Resource& row : table) {
    const std::string_view first = segments_of(row.path).front();
    const bool similar = !segments.empty() && first.substr(0, 3) == segments.front().substr(0, 3);
    if (!similar || row.path == last) continue;
    last = row.path;
    near += (near.empty() ? "" : ", ") + std::string(row.path);
  }
  return near.empty() ? "/candidates, /jobs, /offers, /users, /source-types, /industries, /candidate-properties" : near;
}

[[noreturn]] void refuse_path(std::string_view path, const std::vector<std::string_view>& segments) {
  throw refusal("smartrecruiters.unknown_resource",
                "the element has no resource '" + shown(path) + "'; near: " + near_paths(segments));
}

}  // namespace

std::span<const Resource> resources() noexcept {
  return table;
}

Match find_resource(std::string_view method, std::string_view path) {
  const std::vector<std::string_view> segments = segments_of(below_hub(path));
  std::string allowed;
  for (const Resource& row : table) {
    if (!fits(row.path, segments)) continue;
    if (row.method == method) return {&row, values_of(row.path, segments)};
    allowed += (allowed.empty() ? "" : ", ") + std::string(row.method);
  }
  if (allowed.empty()) refuse_path(path, segments);
  throw element::error(ELEMENT_UNIMPLEMENTED, "smartrecruiters.unknown_method",
                       shown(method) + " is not possible on '" + shown(path) + "'; the resource has: " + allowed)
      .with_http_status(405)
      .with_retry(element::retry::no);
}

std::string vendor_path(const Match& match) {
  std::string path;
  std::string_view rest = match.resource->vendor_path;
  while (!rest.empty()) {
    const std::size_t open = std::min(rest.find('{'), rest.size());
    path += rest.substr(0, open);
    rest.remove_prefix(open);
    if (rest.empty()) break;
    const std::size_t close = rest.find('}');
    const std::string_view name = rest.substr(1, close - 1);
    const auto value =
        std::find_if(match.values.begin(), match.values.end(), [&](const PathValue& one) { return one.name == name; });
    if (value != match.values.end()) path += element::http::encode(value->value);
    rest.remove_prefix(close + 1);
  }
  return path;
}

std::string percent_decoded(std::string_view text) {
  const auto digit = [](char c) {
    const std::size_t at =
        std::string_view("0123456789abcdef").find(static_cast<char>(c >= 'A' && c <= 'F' ? c + 32 : c));
    return at == std::string_view::npos ? -1 : static_cast<int>(at);
  };
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '%' && at + 2 < text.size() && digit(text[at + 1]) >= 0 && digit(text[at + 2]) >= 0) {
      out += static_cast<char>(digit(text[at + 1]) * 16 + digit(text[at + 2]));
      at += 2;
    } else {
      out += text[at];
    }
  }
  return out;
}

}  // namespace smartrecruiters
