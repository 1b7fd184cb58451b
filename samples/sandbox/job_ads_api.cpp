#include <algorithm>

#include "apis.hpp"
#include "body_check.hpp"
#include "clock.hpp"
#include "company.hpp"

namespace sandbox {
namespace {

constexpr std::size_t ads_max = 50;
constexpr std::size_t postings_max = 20;

JobAd& job_ad(Company& company, const Call& call) {
  auto& ads = company.job(call, call.id(0)).ads;
  const auto found = std::find_if(ads.begin(), ads.end(), [&](const JobAd& ad) { return ad.id == call.id(1); });
  if (found == ads.end()) throw call.missing("JOBAD_NOT_FOUND", "the job has no job ad '" + call.id(1) + "'");
  return *found;
}

json::object view(const Call& call, const JobAd& ad) {
  json::object shown = ad.details;
  shown["actions"] = json::object{{"postings", action(call, "/jobs/" + call.id(0) + "/jobads/" + ad.id + "/postings")}};
  return shown;
}

void take_content(const Call& call, const json::object& body, json::object& details) {
  check_members(call, body,
                {{.path = "title", .required = true, .length_min = 1},
                 {.path = "language", .kind = Kind::object},
                 {.path = "language.code", .required = true, .length_min = 2},
                 {.path = "jobAd", .kind = Kind::object}});
  copy_members(body, details, {"title", "language", "jobAd"});
  details["updatedOn"] = now_text();
}

Answer list_ads(Company& company, const Call& call) {
  json::array all;
  for (const JobAd& ad : company.job(call, call.id(0)).ads) all.push_back(view(call, ad));
  return json_answer(200, all);
}

Answer create_ad(Company& company, const Call& call) {
  Job& job = company.job(call, call.id(0));
  if (job.ads.size() >= ads_max) throw Refusal(400, "JOB_AD_LIMIT_REACHED", "a job has at most 50 job ads");
  const std::string now = now_text();
  JobAd ad;
  ad.details = {{"id", ""},
                {"title", ""},
                {"language", {{"code", "en"}}},
                {"jobAd", json::object{}},
                {"createdOn", now},
                {"updatedOn", now},
                {"default", false},
                {"visibility", "PUBLIC"},
                {"postingStatus", "NOT_PUBLISHED"},
                {"creator", {{"id", company.users.begin()->first}}}};
  take_content(call, call.body_object(), ad.details);
  ad.id = company.make_id();
  ad.details["id"] = ad.id;
  job.ads.push_back(std::move(ad));
  return json_answer(200, view(call, job.ads.back()));
}

Answer get_ad(Company& company, const Call& call) {
  return json_answer(200, view(call, job_ad(company, call)));
}

Answer put_ad(Company& company, const Call& call) {
  JobAd& ad = job_ad(company, call);
  take_content(call, call.body_object(), ad.details);
  return json_answer(200, view(call, ad));
}

std::string wanted_visibility(const Call& call) {
  if (call.request.body.empty()) return "PUBLIC";
  const json::object body = call.body_object();
  check_members(
      call, body,
      {{.path = "aggregators", .kind = Kind::boolean}, {.path = "visibility", .one_of = {"PUBLIC", "INTERNAL"}}});
  return text_at(body, "visibility", "PUBLIC");
}

json::object posting(const std::string& visibility) {
  return {{"sourceName", visibility == "PUBLIC" ? "Career page" : "Internal page"},
          {"type", "JOB_BOARD"},
          {"publishedOn", now_text()}};
}

void add_posting(json::array& postings, const std::string& visibility) {
  if (postings.size() >= postings_max) {
    throw Refusal(400, "PUBLISHED_JOB_AD_LIMIT_REACHED", "at most 20 postings are kept");
  }
  postings.push_back(posting(visibility));
}

void end_postings(json::array& postings) {
  for (json::value& one : postings) {
    if (!one.as_object().contains("unpublishedOn")) one.as_object()["unpublishedOn"] = now_text();
  }
}

Answer show_postings(const Call& call, const json::array& postings) {
  const bool active_only = call.request.parameter("activeOnly").value_or("true") != "false";
  json::array content;
  for (const json::value& one : postings) {
    if (!active_only || !one.as_object().contains("unpublishedOn")) content.push_back(one);
  }
  return json_answer(200, {{"content", content}});
}

Answer publish_ad(Company& company, const Call& call) {
  JobAd& ad = job_ad(company, call);
  const std::string visibility = wanted_visibility(call);
  if (text_at(company.job(call, call.id(0)).details, "postingStatus") == "NOT_PUBLISHED") {
    throw Refusal(403, "JOB_NOT_POSTED", "publish the job first (POST /jobs/{jobId}/publication)");
  }
  add_posting(ad.postings, visibility);
  ad.details["postingStatus"] = "PUBLISHED";
  return json_answer(202, {{"postingStatus", "PENDING"}});
}

Answer list_ad_postings(Company& company, const Call& call) {
  return show_postings(call, job_ad(company, call).postings);
}

Answer unpublish_ad(Company& company, const Call& call) {
  JobAd& ad = job_ad(company, call);
  end_postings(ad.postings);
  ad.details["postingStatus"] = "NOT_PUBLISHED";
  return json_answer(202, {{"unpostingStatus", "PENDING"}});
}

Answer publish_job(Company& company, const Call& call) {
  Job& job = company.job(call, call.id(0));
  const std::string visibility = wanted_visibility(call);
  add_posting(job.publications, visibility);
  job.details["postingStatus"] = visibility;
  return no_content();
}

Answer list_publications(Company& company, const Call& call) {
  return show_postings(call, company.job(call, call.id(0)).publications);
}

Answer unpublish_job(Company& company, const Call& call) {
  Job& job = company.job(call, call.id(0));
  end_postings(job.publications);
  job.details["postingStatus"] = "NOT_PUBLISHED";
  return no_content();
}

}  // namespace

void add_job_ad_routes(Router& router) {
  router.add("GET", "/jobs/{jobId}/jobads", {404}, list_ads);
  router.add("POST", "/jobs/{jobId}/jobads", {400, 404}, create_ad);
  router.add("GET", "/jobs/{jobId}/jobads/{jobAdId}", {404}, get_ad);
  router.add("PUT", "/jobs/{jobId}/jobads/{jobAdId}", {400, 404}, put_ad);
  router.add("POST", "/jobs/{jobId}/jobads/{jobAdId}/postings", {400, 401, 403, 404}, publish_ad);
  router.add("GET", "/jobs/{jobId}/jobads/{jobAdId}/postings", {403, 404}, list_ad_postings);
  router.add("DELETE", "/jobs/{jobId}/jobads/{jobAdId}/postings", {401, 404}, unpublish_ad);
  router.add("POST", "/jobs/{jobId}/publication", {400, 401, 403}, publish_job, Guard::key_publish);
  router.add("DELETE", "/jobs/{jobId}/publication", {401}, unpublish_job, Guard::key_publish);
  router.add("GET", "/jobs/{jobId}/publication", {401}, list_publications);
}

}  // namespace sandbox
