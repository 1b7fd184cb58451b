/// \file
/// The sandbox's routes, by the document that describes them.
#pragma once

#include <string>

#include "router.hpp"

namespace sandbox {

void add_job_routes(Router& router);            ///< /jobs, status, note, hiring team, positions
void add_job_ad_routes(Router& router);         ///< /jobs/{jobId}/jobads, postings, publication
void add_candidate_routes(Router& router);      ///< /candidates, tags, adding to jobs
void add_application_routes(Router& router);    ///< /candidates/{id}/jobs/{jobId}/..., offers, and the old short forms
void add_attachment_routes(Router& router);     ///< uploads and downloads
void add_user_routes(Router& router);           ///< /user-api/v201804/users and the deprecated /users
void add_configuration_routes(Router& router);  ///< /configuration, /v1/industries
void add_hris_routes(Router& router);           ///< /hris/employees: where the quickstart's employees end
void add_platform_routes(Router& router, const std::string& api_key);  ///< POST /elements/api-v2/instances

}  // namespace sandbox
