/// \file
/// What the sandbox's company owns: jobs, candidates and their applications, users, configuration. Plain data under
/// one lock, which Sandbox holds while a handler runs.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "router.hpp"

namespace sandbox {

struct StatusChange {
  std::string changed_on;
  std::string status;
  std::string sub_status;
};

struct Attachment {
  std::string id;
  std::string name;
  std::string type;  ///< GENERIC_FILE, RESUME or COVER_LETTER.
  std::string content_type;
  std::string bytes;
  std::string sha256;  ///< Hexadecimal.
  std::string job_id;  ///< Empty for the deprecated upload without a job.
};

/// One candidate's way through one job.
struct Application {
  std::string id;
  std::string job_id;
  std::string status = "NEW";
  std::string sub_status;
  std::string starts_on;
  std::string reason;
  std::string onboarding;   ///< Empty: not active.
  json::object source;      ///< sourceTypeId, sourceSubTypeId, sourceId.
  json::object properties;  ///< Property id to value.
  json::array offers;       ///< {id, status, createdOn, updatedOn, properties}
  std::vector<StatusChange> history;
};

struct Candidate {
  std::string id;
  json::object details;                   ///< As GET /candidates/{id} shows them, without assignments and actions.
  std::vector<Application> applications;  ///< The first is the primary one; none: in the talent pool only.
  std::vector<Attachment> attachments;
  bool confidential = false;  ///< Not listed, and each operation on it is denied.
};

struct JobAd {
  std::string id;
  json::object details;
  json::array postings;  ///< {sourceName, type, publishedOn, unpublishedOn?}
};

struct Job {
  std::string id;
  json::object details;  ///< As GET /jobs/{id} shows it, without actions.
  std::string note;
  json::array hiring_team;  ///< {id, role}
  json::array positions;
  std::vector<JobAd> ads;
  json::array publications;
  std::vector<StatusChange> history;
  bool confidential = false;
};

/// How lists with nextPageId end and which turns they take; chosen through POST /_sandbox/paging.
enum class PagingTrap { normal, null, empty, repeated, empty_page };

enum class SeedSize { none, small, large };

struct Company {
  std::map<std::string, Job> jobs;  ///< By id, which is the order of sort=job_id.
  std::map<std::string, Candidate> candidates;
  std::map<std::string, json::object> users;
  json::object profile;  ///< GET /configuration/company
  json::array departments;
  json::array industries;
  json::array functions;
  json::array experience_levels;
  json::array employment_types;
  json::array rejection_reasons;
  json::array withdrawal_reasons;
  json::array candidate_properties;                    ///< Definitions.
  std::map<std::string, json::array> property_values;  ///< By property id, of SINGLE_SELECT properties.
  json::array source_types;                            ///< {id, label, subtypes}
  std::map<std::string, json::array> source_values;    ///< By source type: {id, label, sourceSubType}
  json::array employees;                               ///< Of the HRIS stand-in.
  std::map<std::string, json::object> employee_keys;   ///< Idempotency-Key to {body, employee}.
  json::array instances;                               ///< Of the platform stand-in.
  PagingTrap trap = PagingTrap::normal;
  std::uint64_t ids_made = 0;

  /// A new id like the vendor's, the same ones in the same order after each reset.
  [[nodiscard]] std::string make_id();
  [[nodiscard]] std::string make_user_id();  ///< 24 hexadecimal digits, as users have them.

  /// Throw call.missing() or call.denied().
  [[nodiscard]] Job& job(const Call& call, const std::string& id);
  [[nodiscard]] Candidate& candidate(const Call& call, const std::string& id);
  [[nodiscard]] Application& application(const Call& call, Candidate& candidate, const std::string& job_id);
  [[nodiscard]] json::object& user(const Call& call, const std::string& id);
};

/// No kind of object grows beyond this: Refusal(400, "SANDBOX_FULL").
void check_room(std::size_t count);

/// The element with that "id", or nullptr.
[[nodiscard]] json::object* find_by_id(json::array& among, std::string_view id);

[[nodiscard]] Company make_company(SeedSize size);

/// {"url": "<base><path>", "method": "GET"}
[[nodiscard]] json::object action(const Call& call, std::string_view path, std::string_view method = "GET");

}  // namespace sandbox
