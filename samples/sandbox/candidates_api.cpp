#include <algorithm>

#include "apis.hpp"
#include "body_check.hpp"
#include "candidate_view.hpp"
#include "clock.hpp"
#include "company.hpp"
#include "filters.hpp"
#include "multipart.hpp"
#include "paging.hpp"

namespace sandbox {
namespace {

constexpr std::size_t tags_max = 100;

bool any_application(const Candidate& candidate, const Call& call, std::string_view parameter,
                     std::string Application::*member) {
  if (!call.request.parameter(parameter)) return true;
  return std::any_of(candidate.applications.begin(), candidate.applications.end(),
                     [&](const Application& one) { return matches(call, parameter, one.*member); });
}

bool has_wanted_tag(const Candidate& candidate, const Call& call) {
  if (!call.request.parameter("tag")) return true;
  const json::array& tags = candidate.details.at("tags").as_array();
  return std::any_of(tags.begin(), tags.end(), [&](const json::value& tag) {
    return tag.is_string() && matches(call, "tag", std::string_view(tag.as_string()));
  });
}

bool has_wanted_properties(const Candidate& candidate, const Call& call) {
  const auto ids = call.request.parameters("propertyId");
  const auto values = call.request.parameters("propertyValueId");
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const bool found =
        std::any_of(candidate.applications.begin(), candidate.applications.end(),
                    [&](const Application& one) { return text_at(one.properties, ids[i]) == values[i]; });
    if (!found) return false;
  }
  return true;
}

bool is_wanted(const Candidate& candidate, const Call& call) {
  const json::object& details = candidate.details;
  return !candidate.confidential && !candidate.applications.empty() &&
         contains(
             call, "q",
             text_at(details, "firstName") + ' ' + text_at(details, "lastName") + ' ' + text_at(details, "email")) &&
         any_application(candidate, call, "status", &Application::status) &&
         any_application(candidate, call, "subStatus", &Application::sub_status) &&
         any_application(candidate, call, "onboardingStatus", &Application::onboarding) &&
         any_application(candidate, call, "jobId", &Application::job_id) &&
         matches(call, "location", text_at(details, "location.city")) && matches(call, "consentStatus", "ACQUIRED") &&
         has_wanted_tag(candidate, call) && has_wanted_properties(candidate, call) &&
         is_after(call, "updatedAfter", text_at(details, "updatedOn"));
}

void check_same_count(const Call& call, std::string_view left, std::string_view right, const char* code) {
  if (call.request.parameters(left).size() != call.request.parameters(right).size()) {
    throw Refusal(400, code, std::string(left) + " and " + std::string(right) + " must be given equally often");
  }
}

Answer list_candidates(Company& company, const Call& call) {
  check_same_count(call, "propertyId", "propertyValueId", "FIELDS_CRITERIA_SIZE_VIOLATED");
  check_same_count(call, "questionFieldId", "questionFieldValueId", "SCREENING_QUESTIONS_CRITERIA_SIZE_VIOLATED");
  std::vector<json::object> found;
  for (const auto& [id, candidate] : company.candidates) {
    if (is_wanted(candidate, call)) found.push_back(candidate_summary(company, call, candidate));
  }
  return cursor_page(call, found, {}, company.trap);
}

void check_details(const Call& call, const json::object& body, bool complete) {
  check_members(call, body,
                {{.path = "firstName", .required = complete, .length_min = 1},
                 {.path = "lastName", .required = complete, .length_min = 1},
                 {.path = "email", .kind = Kind::email, .required = complete},
                 {.path = "phoneNumber"},
                 {.path = "location", .kind = Kind::object},
                 {.path = "location.country", .length_min = 1},
                 {.path = "location.countryCode", .length_min = 2, .length_max = 2},
                 {.path = "location.city", .length_min = 1},
                 {.path = "location.lat", .kind = Kind::number},
                 {.path = "location.lng", .kind = Kind::number},
                 {.path = "web", .kind = Kind::object},
                 {.path = "tags", .kind = Kind::array},
                 {.path = "education", .kind = Kind::array},
                 {.path = "experience", .kind = Kind::array},
                 {.path = "internal", .kind = Kind::boolean},
                 {.path = "sourceDetails", .kind = Kind::object},
                 {.path = "sourceDetails.sourceTypeId", .required = true, .length_min = 1},
                 {.path = "sourceDetails.sourceId", .required = true, .length_min = 1}});
}

/// Refuses a source that the configuration does not know, with the documented codes.
void check_source(Company& company, const json::object& source) {
  if (source.empty()) return;
  const std::string type = text_at(source, "sourceTypeId");
  if (find_by_id(company.source_types, type) == nullptr) {
    throw Refusal(404, "SOURCE_TYPE_NOT_FOUND", "no source type '" + type + "'");
  }
  if (find_by_id(company.source_values[type], text_at(source, "sourceId")) == nullptr) {
    throw Refusal(400, "SOURCE_NOT_FOUND",
                  "source type '" + type + "' has no source '" + text_at(source, "sourceId") + "'");
  }
}

/// Makes a candidate from a checked CandidateInput; with a job also the application for it. The vendor has no
/// idempotency key: the same input twice makes two candidates, so that a blind retry shows.
Candidate& keep_candidate(Company& company, const json::object& body, const std::string& job_id) {
  check_room(company.candidates.size());
  json::object source;
  if (const auto* given = body.if_contains("sourceDetails")) source = given->as_object();
  check_source(company, source);
  const std::string now = now_text();
  Candidate candidate;
  candidate.id = company.make_id();
  candidate.details = {{"id", candidate.id},         {"internal", false},     {"createdOn", now},
                       {"updatedOn", now},           {"tags", json::array{}}, {"education", json::array{}},
                       {"experience", json::array{}}};
  copy_members(body, candidate.details,
               {"internal", "firstName", "lastName", "email", "phoneNumber", "location", "web", "tags", "education",
                "experience"});
  if (!job_id.empty()) {
    Application application;
    application.id = company.make_id();
    application.job_id = job_id;
    application.source = std::move(source);
    application.history.push_back({now, "NEW", ""});
    candidate.applications.push_back(std::move(application));
  }
  return company.candidates[candidate.id] = std::move(candidate);
}

Answer create_candidate(Company& company, const Call& call) {
  const json::object body = call.body_object();
  check_details(call, body, true);
  return json_answer(201, candidate_details(company, call, keep_candidate(company, body, {})));
}

Answer create_candidate_for_job(Company& company, const Call& call) {
  const Job& job = company.job(call, call.id(0));
  const json::object body = call.body_object();
  check_details(call, body, true);
  return json_answer(201, candidate_details(company, call, keep_candidate(company, body, job.id)));
}

/// A résumé is "parsed" by its file's name: Vera_Quill.pdf is Vera Quill. Another form is INCOMPLETE_RESUME.
Candidate& candidate_from_resume(Company& company, const Call& call, const std::string& job_id) {
  const Upload upload = read_upload(call);
  if (!upload.file) throw Refusal(400, "UNPARSABLE_RESUME", "the part 'file' is missing");
  const std::string stem = upload.file->name.substr(0, upload.file->name.rfind('.'));
  const std::size_t gap = stem.find('_');
  if (gap == std::string::npos || gap == 0 || gap + 1 == stem.size()) {
    throw Refusal(400, "INCOMPLETE_RESUME", "the sandbox reads the name from the file name: First_Last.pdf");
  }
  json::object body{{"firstName", stem.substr(0, gap)},
                    {"lastName", stem.substr(gap + 1)},
                    {"email", stem.substr(0, gap) + "." + stem.substr(gap + 1) + "@example.com"}};
  const auto& fields = upload.fields;
  if (fields.contains("sourceTypeId") && fields.contains("sourceId")) {
    body["sourceDetails"] =
        json::object{{"sourceTypeId", fields.at("sourceTypeId")}, {"sourceId", fields.at("sourceId")}};
  }
  Candidate& candidate = keep_candidate(company, body, job_id);
  candidate.attachments.push_back({.id = company.make_id(),
                                   .name = upload.file->name,
                                   .type = "RESUME",
                                   .content_type = upload.file->content_type,
                                   .bytes = upload.file->bytes,
                                   .sha256 = upload.file->sha256,
                                   .job_id = job_id});
  return candidate;
}

Answer create_from_resume(Company& company, const Call& call) {
  return json_answer(201, candidate_details(company, call, candidate_from_resume(company, call, {})));
}

Answer create_from_resume_for_job(Company& company, const Call& call) {
  const Job& job = company.job(call, call.id(0));
  return json_answer(201, candidate_details(company, call, candidate_from_resume(company, call, job.id)));
}

Answer get_candidate(Company& company, const Call& call) {
  return json_answer(200, candidate_details(company, call, company.candidate(call, call.id(0))));
}

Answer patch_candidate(Company& company, const Call& call) {
  Candidate& candidate = company.candidate(call, call.id(0));
  const json::object body = call.body_object();
  check_details(call, body, false);
  copy_members(body, candidate.details, {"firstName", "lastName", "email", "phoneNumber", "location", "web"});
  candidate.details["updatedOn"] = now_text();
  return json_answer(200, candidate_details(company, call, candidate));
}

Answer delete_candidate(Company& company, const Call& call) {
  company.candidates.erase(company.candidate(call, call.id(0)).id);
  return no_content();
}

json::array tags_of(const Call& call) {
  const json::object body = call.body_object();
  check_members(call, body, {{.path = "tags", .kind = Kind::array, .required = true}});
  const json::array& tags = body.at("tags").as_array();
  if (tags.size() > tags_max) throw Refusal(400, "TOO_MANY_TAGS", "a candidate has at most 100 tags");
  for (const json::value& tag : tags) {
    if (!tag.is_string()) throw call.invalid("/tags", "must be texts");
  }
  return tags;
}

Answer get_tags(Company& company, const Call& call) {
  return json_answer(200, {{"tags", company.candidate(call, call.id(0)).details.at("tags")}});
}

Answer put_tags(Company& company, const Call& call) {
  json::object& details = company.candidate(call, call.id(0)).details;
  details["tags"] = tags_of(call);
  return json_answer(201, {{"tags", details["tags"]}});
}

Answer add_tags(Company& company, const Call& call) {
  json::array& tags = company.candidate(call, call.id(0)).details["tags"].as_array();
  for (const json::value& tag : tags_of(call)) {
    if (std::find(tags.begin(), tags.end(), tag) == tags.end() && tags.size() < tags_max) tags.push_back(tag);
  }
  return json_answer(201, {{"tags", tags}});
}

Answer delete_tags(Company& company, const Call& call) {
  company.candidate(call, call.id(0)).details["tags"] = json::array{};
  return no_content();
}

}  // namespace

void add_candidate_routes(Router& router) {
  router.add("GET", "/candidates", {400}, list_candidates, Guard::key_single);
  router.add("POST", "/candidates", {400, 403, 404}, create_candidate);
  router.add("POST", "/candidates/cv", {400, 403, 404}, create_from_resume);
  router.add("POST", "/jobs/{jobId}/candidates", {400, 401, 403, 404}, create_candidate_for_job);
  router.add("POST", "/jobs/{jobId}/candidates/cv", {400, 401, 403, 404}, create_from_resume_for_job);
  router.add("GET", "/candidates/{id}", {401}, get_candidate);
  router.add("PATCH", "/candidates/{id}", {403, 404}, patch_candidate);
  router.add("DELETE", "/candidates/{id}", {403, 404}, delete_candidate);
  router.add("GET", "/candidates/{id}/tags", {403}, get_tags);
  router.add("PUT", "/candidates/{id}/tags", {403}, put_tags);
  router.add("POST", "/candidates/{id}/tags", {400, 403}, add_tags);
  router.add("DELETE", "/candidates/{id}/tags", {403}, delete_tags);
}

}  // namespace sandbox
