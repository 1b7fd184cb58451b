#include "company.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "body_check.hpp"

namespace sandbox {
namespace {

std::string numbered(const char* format, std::uint64_t number) {
  std::array<char, 64> text{};
  const int length = std::snprintf(text.data(), text.size(), format, static_cast<unsigned long long>(number));
  return {text.data(), static_cast<std::size_t>(length)};
}

}  // namespace

std::string Company::make_id() {
  return numbered("c0de0000-0000-4000-8000-%012llx", ++ids_made);
}

std::string Company::make_user_id() {
  return numbered("c0de%020llx", ++ids_made);
}

Job& Company::job(const Call& call, const std::string& id) {
  const auto found = jobs.find(id);
  if (found == jobs.end()) throw call.missing("JOB_NOT_FOUND", "no job '" + id + "'");
  if (found->second.confidential) throw call.denied("no access to job '" + id + "'");
  return found->second;
}

Candidate& Company::candidate(const Call& call, const std::string& id) {
  const auto found = candidates.find(id);
  if (found == candidates.end()) throw call.missing("CANDIDATE_NOT_FOUND", "no candidate '" + id + "'");
  if (found->second.confidential) throw call.denied("no access to candidate '" + id + "'");
  return found->second;
}

Application& Company::application(const Call& call, Candidate& candidate, const std::string& job_id) {
  auto& all = candidate.applications;
  const auto found = std::find_if(all.begin(), all.end(), [&](const Application& one) { return one.job_id == job_id; });
  if (found == all.end()) {
    throw call.missing("JOB_NOT_FOUND", "candidate '" + candidate.id + "' has no application for job '" + job_id + "'");
  }
  return *found;
}

json::object& Company::user(const Call& call, const std::string& id) {
  const auto found = users.find(id);
  if (found == users.end()) throw call.missing("USER_NOT_FOUND", "no user '" + id + "'");
  return found->second;
}

void check_room(std::size_t count) {
  constexpr std::size_t objects_max = 20'000;
  if (count >= objects_max) throw Refusal(400, "SANDBOX_FULL", "the sandbox keeps 20000 objects of a kind; reset it");
}

json::object* find_by_id(json::array& among, std::string_view id) {
  for (json::value& one : among) {
    if (json::object* object = one.if_object(); object != nullptr && text_at(*object, "id") == id) return object;
  }
  return nullptr;
}

json::object action(const Call& call, std::string_view path, std::string_view method) {
  return {{"url", call.url(path)}, {"method", method}};
}

}  // namespace sandbox
