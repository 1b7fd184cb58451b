#include "candidate_view.hpp"

#include "body_check.hpp"

namespace sandbox {
namespace {

json::object job_reference(const Company& company, const Call& call, const Application& application) {
  const auto found = company.jobs.find(application.job_id);
  const std::string title = found == company.jobs.end() ? "" : text_at(found->second.details, "title");
  return {{"id", application.job_id},
          {"title", title},
          {"actions", {{"details", action(call, "/jobs/" + application.job_id)}}}};
}

void add_progress(json::object& view, const Application& application) {
  view["status"] = application.status;
  if (!application.sub_status.empty()) view["subStatus"] = application.sub_status;
  if (!application.starts_on.empty()) view["startsOn"] = application.starts_on;
}

json::object assignment(const Company& company, const Call& call, const Application& application) {
  json::object view{{"job", job_reference(company, call, application)}};
  add_progress(view, application);
  view["source"] = text_at(application.source, "sourceId");
  const std::string source = "/configuration/sources/" + text_at(application.source, "sourceTypeId", "BOARD") +
                             "/values/" + text_at(application.source, "sourceId", "board-1");
  view["actions"] = json::object{{"sourceDetails", action(call, source)}};
  return view;
}

}  // namespace

json::object candidate_summary(const Company& company, const Call& call, const Candidate& candidate) {
  json::object view;
  copy_members(candidate.details, view,
               {"id", "email", "firstName", "lastName", "internal", "createdOn", "updatedOn", "location", "tags"});
  view["consent"] = json::object{{"status", "ACQUIRED"}};
  json::array secondary;
  for (std::size_t i = 0; i < candidate.applications.size(); ++i) {
    json::object one{{"job", job_reference(company, call, candidate.applications[i])}};
    one["status"] = candidate.applications[i].status;
    if (i == 0) {
      view["primaryAssignment"] = std::move(one);
    } else {
      secondary.push_back(std::move(one));
    }
  }
  view["secondaryAssignments"] = std::move(secondary);
  const std::string path = "/candidates/" + candidate.id;
  view["actions"] = json::object{{"details", action(call, path)}, {"properties", action(call, path + "/properties")}};
  return view;
}

json::object candidate_details(const Company& company, const Call& call, const Candidate& candidate) {
  json::object view = candidate.details;
  json::array secondary;
  for (std::size_t i = 0; i < candidate.applications.size(); ++i) {
    json::object one = assignment(company, call, candidate.applications[i]);
    if (i == 0) {
      view["primaryAssignment"] = std::move(one);
    } else {
      secondary.push_back(std::move(one));
    }
  }
  view["secondaryAssignments"] = std::move(secondary);
  const std::string path = "/candidates/" + candidate.id;
  view["actions"] = json::object{{"properties", action(call, path + "/properties")},
                                 {"attachments", action(call, path + "/attachments")}};
  return view;
}

json::object application_view(const Call& call, const Candidate& candidate, const Application& application) {
  json::object view{{"applicationId", application.id}};
  add_progress(view, application);
  view["source"] = text_at(application.source, "sourceId");
  if (!application.reason.empty()) {
    view[application.status == "WITHDRAWN" ? "reasonOfWithdrawal" : "reasonOfRejection"] =
        json::object{{"id", application.reason}};
  }
  view["url"] = call.url("/candidates/" + candidate.id + "/jobs/" + application.job_id);
  return view;
}

json::object offer_view(const Call& call, const Candidate& candidate, const Application& application,
                        const json::object& offer) {
  json::object view = offer;
  const std::string path = "/candidates/" + candidate.id;
  const std::string id = text_at(offer, "id");
  view["actions"] = json::object{{"candidate", action(call, path)},
                                 {"job", action(call, "/jobs/" + application.job_id)},
                                 {"details", action(call, path + "/jobs/" + application.job_id + "/offers/" + id)}};
  return view;
}

}  // namespace sandbox
