/// \file
/// Candidates as the vendor shows them.
#pragma once

#include "company.hpp"

namespace sandbox {

/// As GET /candidates lists them.
[[nodiscard]] json::object candidate_summary(const Company& company, const Call& call, const Candidate& candidate);
/// As GET /candidates/{id} shows one.
[[nodiscard]] json::object candidate_details(const Company& company, const Call& call, const Candidate& candidate);
/// As GET /candidates/{id}/jobs/{jobId} shows an application.
[[nodiscard]] json::object application_view(const Call& call, const Candidate& candidate,
                                            const Application& application);
[[nodiscard]] json::object offer_view(const Call& call, const Candidate& candidate, const Application& application,
                                      const json::object& offer);

}  // namespace sandbox
