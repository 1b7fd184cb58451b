#include <algorithm>

#include "apis.hpp"
#include "body_check.hpp"
#include "clock.hpp"
#include "company.hpp"
#include "filters.hpp"
#include "json_patch.hpp"
#include "paging.hpp"

namespace sandbox {
namespace {

const std::vector<std::string_view> job_statuses{"CREATED", "SOURCING",  "FILLED", "INTERVIEW",
                                                 "OFFER",   "CANCELLED", "ON_HOLD"};

json::object summary(const Call& call, const Job& job) {
  json::object view;
  copy_members(job.details, view,
               {"id", "title", "refNumber", "createdOn", "updatedOn", "lastActivityOn", "department", "location",
                "status", "postingStatus"});
  view["language"] = {{"code", "en"}, {"label", "English"}};
  view["actions"] = json::object{{"details", action(call, "/jobs/" + job.id)}};
  return view;
}

Answer full(const Call& call, const Job& job, int status = 200) {
  json::object view = job.details;
  const std::string path = "/jobs/" + job.id;
  view["actions"] = json::object{{"details", action(call, path)},
                                 {"hiringTeam", action(call, path + "/hiring-team")},
                                 {"publications", action(call, path + "/publication")},
                                 {"positions", action(call, path + "/positions")}};
  return json_answer(status, view);
}

bool is_wanted(const Call& call, const Job& job) {
  const json::object& details = job.details;
  return !job.confidential && contains(call, "q", text_at(details, "title") + ' ' + text_at(details, "refNumber")) &&
         matches(call, "city", text_at(details, "location.city")) &&
         matches(call, "department", text_at(details, "department.id")) &&
         matches(call, "status", text_at(details, "status")) &&
         matches(call, "postingStatus", text_at(details, "postingStatus")) &&
         matches(call, "language", text_at(details, "jobAd.language.code", "en")) &&
         is_after(call, "updatedAfter", text_at(details, "updatedOn")) &&
         is_after(call, "lastActivityAfter", text_at(details, "lastActivityOn"));
}

Answer list_jobs(Company& company, const Call& call) {
  const bool by_id = call.request.parameter("sort") == "job_id";
  if (call.request.parameter("pageId") && !by_id) {
    throw Refusal(400, "INVALID_PAGE_ID", "pageId needs sort=job_id");
  }
  std::vector<json::object> found;
  for (const auto& [id, job] : company.jobs) {
    if (is_wanted(call, job)) found.push_back(summary(call, job));
  }
  if (by_id) return cursor_page(call, found, {}, company.trap);
  std::stable_sort(found.begin(), found.end(), [](const json::object& left, const json::object& right) {
    return text_at(left, "createdOn") > text_at(right, "createdOn");
  });
  return offset_page(call, found, {});
}

/// Copies an {"id"} reference with its label, or refuses with the code that the vendor documents for it.
void take_reference(const json::object& body, json::object& details, std::string_view member, json::array& known,
                    const char* code) {
  if (!body.contains(member)) return;
  const std::string id = text_at(body, std::string(member) + ".id");
  const json::object* found = find_by_id(known, id);
  if (found == nullptr) throw Refusal(400, code, "no " + std::string(member) + " '" + id + "'");
  details[member] = *found;
}

/// Applies a JobInput to a job's details. Throws before anything changed.
void take_job_input(Company& company, const Call& call, const json::object& body, json::object& details) {
  check_members(call, body,
                {{.path = "title", .required = true, .length_min = 1, .length_max = 256},
                 {.path = "refNumber", .length_max = 63},
                 {.path = "targetHiringDate", .kind = Kind::instant},
                 {.path = "department", .kind = Kind::object},
                 {.path = "department.id", .required = true, .length_min = 1},
                 {.path = "location", .kind = Kind::object, .required = true},
                 {.path = "location.countryCode", .required = true, .length_min = 2, .length_max = 2},
                 {.path = "location.city", .required = true, .length_min = 1, .length_max = 128},
                 {.path = "industry", .kind = Kind::object, .required = true},
                 {.path = "industry.id", .required = true, .length_min = 1},
                 {.path = "function", .kind = Kind::object, .required = true},
                 {.path = "function.id", .required = true, .length_min = 1},
                 {.path = "experienceLevel", .kind = Kind::object, .required = true},
                 {.path = "experienceLevel.id", .required = true, .length_min = 1},
                 {.path = "typeOfEmployment", .kind = Kind::object},
                 {.path = "typeOfEmployment.id", .required = true, .length_min = 1},
                 {.path = "template", .kind = Kind::boolean},
                 {.path = "compensation", .kind = Kind::object},
                 {.path = "jobAd", .kind = Kind::object},
                 {.path = "properties", .kind = Kind::array}});
  json::object changed = details;
  copy_members(
      body, changed,
      {"title", "refNumber", "targetHiringDate", "location", "template", "compensation", "jobAd", "properties"});
  take_reference(body, changed, "department", company.departments, "DEPARTMENT_NOT_FOUND");
  take_reference(body, changed, "industry", company.industries, "INDUSTRY_NOT_FOUND");
  take_reference(body, changed, "function", company.functions, "FUNCTION_NOT_FOUND");
  take_reference(body, changed, "experienceLevel", company.experience_levels, "EXPERIENCE_LEVEL_NOT_FOUND");
  take_reference(body, changed, "typeOfEmployment", company.employment_types, "TYPE_OF_EMPLOYMENT_NOT_FOUND");
  changed["updatedOn"] = now_text();
  details = std::move(changed);
}

void check_ref_number(const Company& company, const json::object& body) {
  const std::string wanted = text_at(body, "refNumber");
  if (wanted.empty()) return;
  for (const auto& [id, job] : company.jobs) {
    if (text_at(job.details, "refNumber") == wanted) {
      throw Refusal(409, "REF_NUMBER_ALREADY_EXISTS", "a job with the reference number '" + wanted + "' exists");
    }
  }
}

Answer create_job(Company& company, const Call& call) {
  check_room(company.jobs.size());
  const json::object body = call.body_object();
  const std::string now = now_text();
  Job job;
  job.details = {{"id", ""},
                 {"status", "CREATED"},
                 {"postingStatus", "NOT_PUBLISHED"},
                 {"createdOn", now},
                 {"lastActivityOn", now},
                 {"template", false},
                 {"properties", json::array{}}};
  take_job_input(company, call, body, job.details);
  check_ref_number(company, body);
  job.id = company.make_id();
  job.details["id"] = job.id;
  JobAd ad;
  ad.id = company.make_id();
  ad.details = {{"id", ad.id},
                {"title", job.details["title"]},
                {"language", {{"code", "en"}, {"label", "English"}}},
                {"jobAd", json::object{}},
                {"createdOn", now},
                {"updatedOn", now},
                {"default", true},
                {"visibility", "PUBLIC"},
                {"postingStatus", "NOT_PUBLISHED"},
                {"creator", {{"id", company.users.begin()->first}}}};
  job.ads.push_back(std::move(ad));
  job.history.push_back({now, "CREATED", ""});
  Job& kept = company.jobs[job.id] = std::move(job);
  return full(call, kept, 201);
}

Answer get_job(Company& company, const Call& call) {
  return full(call, company.job(call, call.id(0)));
}

Answer put_job(Company& company, const Call& call) {
  Job& job = company.job(call, call.id(0));
  take_job_input(company, call, call.body_object(), job.details);
  return full(call, job);
}

Answer patch_job(Company& company, const Call& call) {
  Job& job = company.job(call, call.id(0));
  json::value changed = job.details;
  apply_json_patch(call, call.body_value(), changed);
  if (!changed.is_object()) throw call.invalid("/", "a job must stay an object");
  json::object details = job.details;
  take_job_input(company, call, changed.as_object(), details);
  job.details = std::move(details);
  return full(call, job);
}

Answer put_job_status(Company& company, const Call& call) {
  Job& job = company.job(call, call.id(0));
  const json::object body = call.body_object();
  check_members(call, body, {{.path = "status", .required = true, .one_of = job_statuses}});
  const std::string status = text_at(body, "status");
  job.details["status"] = status;
  job.details["updatedOn"] = now_text();
  job.history.push_back({now_text(), status, ""});
  return json_answer(201, {{"status", status}});
}

Answer job_status_history(Company& company, const Call& call) {
  const Job& job = company.job(call, call.id(0));
  json::array content;
  for (const StatusChange& change : job.history) {
    content.push_back(json::object{{"changedOn", change.changed_on}, {"status", change.status}});
  }
  return json_answer(200, {{"totalFound", content.size()}, {"content", content}});
}

Answer get_note(Company& company, const Call& call) {
  return json_answer(200, {{"content", company.job(call, call.id(0)).note}});
}

Answer put_note(Company& company, const Call& call) {
  Job& job = company.job(call, call.id(0));
  const json::object body = call.body_object();
  check_members(call, body, {{.path = "content", .required = true, .length_max = 20'000}});
  job.note = text_at(body, "content");
  return json_answer(200, {{"content", job.note}});
}

json::object member_view(const Call& call, const json::object& member) {
  json::object view = member;
  view["actions"] = json::object{{"details", action(call, "/user-api/v201804/users/" + text_at(member, "id"))}};
  return view;
}

Answer get_hiring_team(Company& company, const Call& call) {
  json::array content;
  for (const json::value& member : company.job(call, call.id(0)).hiring_team) {
    content.push_back(member_view(call, member.as_object()));
  }
  return json_answer(200, {{"totalFound", content.size()}, {"content", content}});
}

Answer add_to_hiring_team(Company& company, const Call& call) {
  Job& job = company.job(call, call.id(0));
  const json::object body = call.body_object();
  check_members(
      call, body,
      {{.path = "id", .required = true, .length_min = 1}, {.path = "role", .required = true, .length_min = 1}});
  const std::string id = text_at(body, "id");
  if (!company.users.contains(id)) throw Refusal(400, "USER_NOT_FOUND", "no user '" + id + "'");
  if (find_by_id(job.hiring_team, id) != nullptr) {
    throw Refusal(409, "ALREADY_IN_HIRING_TEAM", "user '" + id + "' is in the hiring team already");
  }
  json::object member{{"id", id}, {"role", text_at(body, "role")}};
  job.hiring_team.push_back(member);
  return json_answer(200, member_view(call, member));
}

Answer remove_from_hiring_team(Company& company, const Call& call) {
  Job& job = company.job(call, call.id(0));
  auto& team = job.hiring_team;
  const auto found = std::find_if(team.begin(), team.end(), [&](const json::value& member) {
    return text_at(member.as_object(), "id") == call.id(1);
  });
  if (found == team.end()) throw call.missing("USER_NOT_FOUND", "user '" + call.id(1) + "' is not in the hiring team");
  if (team.size() == 1) throw Refusal(400, "INVALID_HIRING_TEAM_STATE", "a hiring team cannot be empty");
  team.erase(found);
  return no_content();
}

void check_position(const Call& call, const json::object& body) {
  check_members(call, body,
                {{.path = "positionId"},
                 {.path = "incumbentName"},
                 {.path = "type", .required = true, .one_of = {"NEW", "REPLACEMENT"}},
                 {.path = "positionOpenDate", .kind = Kind::instant, .required = true},
                 {.path = "targetStartDate", .kind = Kind::instant, .required = true}});
}

json::object& position(Company& company, const Call& call) {
  json::object* found = find_by_id(company.job(call, call.id(0)).positions, call.id(1));
  if (found == nullptr) throw call.missing("POSITION_NOT_FOUND", "the job has no position '" + call.id(1) + "'");
  return *found;
}

Answer list_positions(Company& company, const Call& call) {
  const auto& positions = company.job(call, call.id(0)).positions;
  return json_answer(200, {{"totalFound", positions.size()}, {"content", positions}});
}

Answer create_position(Company& company, const Call& call) {
  Job& job = company.job(call, call.id(0));
  check_room(job.positions.size());
  const json::object body = call.body_object();
  check_position(call, body);
  json::object made{{"id", company.make_id()}};
  copy_members(body, made, {"positionId", "incumbentName", "type", "positionOpenDate", "targetStartDate"});
  made["status"] = "OPEN";
  job.positions.push_back(made);
  return json_answer(201, made);
}

Answer get_position(Company& company, const Call& call) {
  return json_answer(200, position(company, call));
}

Answer put_position(Company& company, const Call& call) {
  json::object& kept = position(company, call);
  const json::object body = call.body_object();
  check_position(call, body);
  copy_members(body, kept, {"positionId", "incumbentName", "type", "positionOpenDate", "targetStartDate"});
  return json_answer(201, kept);
}

Answer delete_position(Company& company, const Call& call) {
  if (text_at(position(company, call), "status") == "FILLED") {
    throw Refusal(400, "POSITION_ASSIGNED", "the position is filled");
  }
  auto& positions = company.job(call, call.id(0)).positions;
  positions.erase(std::find_if(positions.begin(), positions.end(),
                               [&](const json::value& one) { return text_at(one.as_object(), "id") == call.id(1); }));
  return no_content();
}

}  // namespace

void add_job_routes(Router& router) {
  router.add("GET", "/jobs", {400}, list_jobs);
  router.add("POST", "/jobs", {400, 403, 409, 422}, create_job);
  router.add("GET", "/jobs/{jobId}", {401}, get_job);
  router.add("PUT", "/jobs/{jobId}", {400, 401, 403, 422}, put_job);
  router.add("PATCH", "/jobs/{jobId}", {400, 401, 403, 422}, patch_job);
  router.add("PUT", "/jobs/{jobId}/status", {403, 404}, put_job_status);
  router.add("GET", "/jobs/{jobId}/status/history", {401}, job_status_history);
  router.add("GET", "/jobs/{jobId}/note", {401, 404}, get_note);
  router.add("PUT", "/jobs/{jobId}/note", {401}, put_note);
  router.add("GET", "/jobs/{jobId}/hiring-team", {401}, get_hiring_team);
  router.add("POST", "/jobs/{jobId}/hiring-team", {400, 401, 409}, add_to_hiring_team);
  router.add("DELETE", "/jobs/{jobId}/hiring-team/{userId}", {400, 401, 404}, remove_from_hiring_team);
  router.add("GET", "/jobs/{jobId}/positions", {403}, list_positions);
  router.add("POST", "/jobs/{jobId}/positions", {403}, create_position);
  router.add("GET", "/jobs/{jobId}/positions/{positionId}", {403, 404}, get_position);
  router.add("PUT", "/jobs/{jobId}/positions/{positionId}", {403, 404}, put_position);
  router.add("DELETE", "/jobs/{jobId}/positions/{positionId}", {400, 403, 404}, delete_position);
}

}  // namespace sandbox
