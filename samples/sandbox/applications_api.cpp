#include <algorithm>
#include <functional>

#include "apis.hpp"
#include "body_check.hpp"
#include "candidate_view.hpp"
#include "clock.hpp"
#include "company.hpp"
#include "filters.hpp"
#include "paging.hpp"

namespace sandbox {
namespace {

struct Found {
  Candidate& candidate;
  Application& application;
};

/// Of /candidates/{id}/jobs/{jobId}/...; of the old /candidates/{id}/... the primary application.
Found find_application(Company& company, const Call& call) {
  Candidate& candidate = company.candidate(call, call.id(0));
  const bool names_job = call.route.pattern.find("{jobId}") != std::string::npos;
  if (names_job) return {candidate, company.application(call, candidate, call.id(1))};
  if (candidate.applications.empty()) {
    throw call.missing("CANDIDATE_NOT_FOUND", "candidate '" + candidate.id + "' is assigned to no job");
  }
  return {candidate, candidate.applications.front()};
}

void touch(Candidate& candidate) {
  candidate.details["updatedOn"] = now_text();
}

Answer get_application(Company& company, const Call& call) {
  const auto [candidate, application] = find_application(company, call);
  return json_answer(200, application_view(call, candidate, application));
}

Answer get_onboarding(Company& company, const Call& call) {
  const auto [candidate, application] = find_application(company, call);
  if (application.onboarding.empty()) {
    throw Refusal(404, "ONBOARDING_STATUS_NOT_ACTIVE", "onboarding has not begun for this application");
  }
  return json_answer(200, {{"onboardingStatus", application.onboarding}});
}

Answer put_onboarding(Company& company, const Call& call) {
  const auto [candidate, application] = find_application(company, call);
  const json::object body = call.body_object();
  check_members(call, body,
                {{.path = "onboardingStatus",
                  .required = true,
                  .one_of = {"READY_TO_ONBOARD", "ONBOARDING_SUCCESSFUL", "ONBOARDING_FAILED"}}});
  application.onboarding = text_at(body, "onboardingStatus");
  touch(candidate);
  return no_content();
}

bool takes_reason(const std::string& status) {
  return status == "REJECTED" || status == "WITHDRAWN";
}

Answer put_status(Company& company, const Call& call) {
  const auto [candidate, application] = find_application(company, call);
  const json::object body = call.body_object();
  check_members(call, body,
                {{.path = "status",
                  .required = true,
                  .one_of = {"LEAD", "NEW", "IN_REVIEW", "INTERVIEW", "OFFERED", "HIRED", "REJECTED", "WITHDRAWN",
                             "TRANSFERRED"}},
                 {.path = "subStatus"},
                 {.path = "startsOn", .kind = Kind::instant},
                 {.path = "reason"}});
  const std::string status = text_at(body, "status");
  const std::string reason = text_at(body, "reason");
  if (!reason.empty() && !takes_reason(status)) {
    throw Refusal(400, "NO_REASON_SUPPORT_FOR_STATUS", "the status " + status + " takes no reason");
  }
  auto& reasons = status == "WITHDRAWN" ? company.withdrawal_reasons : company.rejection_reasons;
  if (!reason.empty() && find_by_id(reasons, reason) == nullptr) {
    throw Refusal(400, "REASON_NOT_FOUND", "no reason '" + reason + "'");
  }
  application.status = status;
  application.sub_status = text_at(body, "subStatus");
  application.starts_on = text_at(body, "startsOn", application.starts_on);
  application.reason = reason;
  if (status == "HIRED" && application.onboarding.empty()) application.onboarding = "READY_TO_ONBOARD";
  application.history.push_back({now_text(), status, application.sub_status});
  touch(candidate);
  return no_content();
}

Answer status_history(Company& company, const Call& call) {
  const auto [candidate, application] = find_application(company, call);
  json::array content;
  for (const StatusChange& change : application.history) {
    json::object one{{"changedOn", change.changed_on}, {"status", change.status}};
    if (!change.sub_status.empty()) one["subStatus"] = change.sub_status;
    content.push_back(std::move(one));
  }
  return json_answer(200, {{"totalFound", content.size()}, {"content", content}});
}

Answer put_source(Company& company, const Call& call) {
  const auto [candidate, application] = find_application(company, call);
  const json::object body = call.body_object();
  check_members(call, body,
                {{.path = "sourceTypeId", .required = true, .length_min = 1},
                 {.path = "sourceSubTypeId"},
                 {.path = "sourceId", .required = true, .length_min = 1}});
  const std::string type = text_at(body, "sourceTypeId");
  if (find_by_id(company.source_types, type) == nullptr) {
    throw Refusal(400, "INVALID_SOURCE_TYPE", "no source type '" + type + "'");
  }
  if (find_by_id(company.source_values[type], text_at(body, "sourceId")) == nullptr) {
    throw Refusal(400, "INVALID_SOURCE", "no such source of type '" + type + "'");
  }
  application.source = body;
  return no_content();
}

json::object property_view(Company& company, const Call& call, std::string_view id, const json::value& value) {
  const json::object* definition = find_by_id(company.candidate_properties, id);
  json::object view{{"id", id}, {"label", definition->at("label")}, {"type", definition->at("type")}, {"value", value}};
  if (value.is_string()) {
    const json::object* chosen = find_by_id(company.property_values[std::string(id)], value.as_string());
    if (chosen != nullptr) view["valueLabel"] = chosen->at("label");
  }
  view["actions"] =
      json::object{{"configuration", action(call, "/configuration/candidate-properties/" + std::string(id))}};
  return view;
}

Answer get_properties(Company& company, const Call& call) {
  const auto [candidate, application] = find_application(company, call);
  json::array content;
  for (const auto& [id, value] : application.properties) content.push_back(property_view(company, call, id, value));
  return json_answer(200, {{"content", content}});
}

/// Throws unless the value fits the property's type; the codes are the documented ones.
void check_property(Company& company, const std::string& id, const json::value& value) {
  const json::object* definition = find_by_id(company.candidate_properties, id);
  if (definition == nullptr) throw Refusal(404, "PROPERTY_NOT_FOUND", "no candidate property '" + id + "'");
  const std::string type = text_at(*definition, "type");
  if (type == "SINGLE_SELECT" &&
      (!value.is_string() || find_by_id(company.property_values[id], value.as_string()) == nullptr)) {
    throw Refusal(400, "VALUE_NOT_FOUND", "property '" + id + "' has no such value");
  }
  if ((type == "TEXT" && !value.is_string()) || (type == "BOOLEAN" && !value.is_bool())) {
    throw Refusal(400, "INVALID_TEXT_FORMAT", "property '" + id + "' takes another type of value");
  }
}

Answer put_properties(Company& company, const Call& call) {
  const auto [candidate, application] = find_application(company, call);
  const json::value body = call.body_value();
  if (!body.is_array()) throw call.invalid("/", "must be an array of {id, value}");
  json::object changed = application.properties;
  for (const json::value& one : body.as_array()) {
    const json::object* pair = one.if_object();
    const std::string id = pair == nullptr ? "" : text_at(*pair, "id");
    const json::value* value = pair == nullptr ? nullptr : pair->if_contains("value");
    if (id.empty() || value == nullptr) throw call.invalid("/", "each property must have id and value");
    check_property(company, id, *value);
    changed[id] = *value;
  }
  application.properties = std::move(changed);
  touch(candidate);
  return no_content();
}

Answer put_property(Company& company, const Call& call) {
  const auto [candidate, application] = find_application(company, call);
  const json::object body = call.body_object();
  const json::value* value = body.if_contains("value");
  if (value == nullptr) throw call.invalid("/value", "is missing");
  check_property(company, call.ids.back(), *value);
  application.properties[call.ids.back()] = *value;
  touch(candidate);
  return no_content();
}

Answer get_screening_answers(Company& company, const Call& call) {
  (void)find_application(company, call);
  return json_answer(200, {{"totalFound", 0}, {"content", json::array{}}});
}

Answer list_offers_of_application(Company& company, const Call& call) {
  const auto [candidate, application] = find_application(company, call);
  json::array content;
  for (const json::value& offer : application.offers) {
    content.push_back(offer_view(call, candidate, application, offer.as_object()));
  }
  return json_answer(200, {{"totalFound", content.size()}, {"content", content}});
}

Answer get_offer(Company& company, const Call& call) {
  const auto [candidate, application] = find_application(company, call);
  const json::object* offer = find_by_id(application.offers, call.id(2));
  if (offer == nullptr) throw call.missing("OFFER_NOT_FOUND", "the application has no offer '" + call.id(2) + "'");
  return json_answer(200, offer_view(call, candidate, application, *offer));
}

Answer list_offers(Company& company, const Call& call) {
  std::vector<json::object> found;
  for (const auto& [id, candidate] : company.candidates) {
    for (const Application& application : candidate.applications) {
      for (const json::value& offer : application.offers) {
        if (candidate.confidential || !matches(call, "status", text_at(offer.as_object(), "status"))) continue;
        found.push_back(offer_view(call, candidate, application, offer.as_object()));
      }
    }
  }
  return offset_page(call, found, {});
}

/// The same operation in both its forms: for a job, and (deprecated) for the primary assignment.
struct Both {
  const char* method;
  const char* tail;
  std::vector<int> documented_for_job;
  std::vector<int> documented_primary;
  Handler handler;
};

}  // namespace

void add_application_routes(Router& router) {
  for (const Both& one : {Both{"GET", "/onboardingStatus", {403, 404}, {403, 404}, get_onboarding},
                          Both{"PUT", "/onboardingStatus", {403, 404}, {403, 404}, put_onboarding},
                          Both{"PUT", "/status", {400, 401, 403, 404}, {400, 401, 403}, put_status},
                          Both{"GET", "/status/history", {403, 404}, {401}, status_history},
                          Both{"GET", "/properties", {403, 404}, {403, 404}, get_properties},
                          Both{"PUT", "/properties/{propertyId}", {400, 403, 404}, {400, 403, 404}, put_property}}) {
    router.add(
        {one.method, std::string("/candidates/{id}/jobs/{jobId}") + one.tail, one.documented_for_job, one.handler});
    router.add({one.method, std::string("/candidates/{id}") + one.tail, one.documented_primary, one.handler});
  }
  router.add("GET", "/candidates/{id}/jobs/{jobId}", {403, 404}, get_application);
  router.add("PUT", "/candidates/{id}/jobs/{jobId}/source", {400, 401, 404}, put_source);
  router.add("PUT", "/candidates/{id}/jobs/{jobId}/properties", {400, 403, 404}, put_properties);
  router.add("GET", "/candidates/{id}/jobs/{jobId}/screening-answers", {403, 404}, get_screening_answers);
  router.add("GET", "/candidates/{id}/jobs/{jobId}/offers", {401, 403, 404}, list_offers_of_application);
  router.add("GET", "/candidates/{id}/jobs/{jobId}/offers/{offerId}", {401, 403, 404}, get_offer);
  router.add("GET", "/offers", {403}, list_offers);
}

}  // namespace sandbox
