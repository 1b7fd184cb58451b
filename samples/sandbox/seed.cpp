#include <array>
#include <cstdio>
#include <initializer_list>

#include "company.hpp"

// The company that the sandbox begins with. Everything in it is invented; the addresses end in example.com, which
// nobody owns (RFC 2606).

namespace sandbox {
namespace {

constexpr const char* seed_time = "2026-09-01T08:00:00.000Z";

std::string seed_id(const char* kind, unsigned number) {
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%s-0000-4000-8000-%012x", kind, number);
  return text.data();
}
std::string job_id(unsigned number) {
  return seed_id("10b00000", number);
}
std::string candidate_id(unsigned number) {
  return seed_id("ca000000", number);
}

std::string user_id(unsigned number) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "5eed%020x", number);
  return text.data();
}

std::string seed_day(unsigned day) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "2026-09-%02uT09:30:00.000Z", day % 30 + 1);
  return text.data();
}

json::array labelled(std::initializer_list<std::pair<const char*, const char*>> pairs) {
  json::array result;
  for (const auto& [id, label] : pairs) result.push_back(json::object{{"id", id}, {"label", label}});
  return result;
}

json::object section(const char* title, const char* text) {
  return {{"title", title}, {"text", text}};
}

json::object ad_sections() {
  return {{"companyDescription", section("Company", "Lantern Works builds lamps that last.")},
          {"jobDescription", section("The job", "You look after one part of the works from end to end.")},
          {"qualifications", section("You bring", "Care, and a liking for plain words.")},
          {"additionalInformation", section("More", "Two days a week from home.")}};
}

void add_configuration(Company& company) {
  const json::object industry{{"id", "manufacturing"}, {"label", "Manufacturing"}};
  company.profile = {{"identifier", "LanternWorks"},
                     {"name", "Lantern Works"},
                     {"location", {{"country", "Germany"}, {"countryCode", "de"}, {"city", "Leipzig"}}},
                     {"website", "https://lantern-works.example.com"},
                     {"industry", industry}};
  company.departments = labelled({{"d0000001", "Assembly"}, {"d0000002", "Sales"}, {"d0000003", "Engineering"}});
  company.industries = labelled({{"manufacturing", "Manufacturing"}, {"retail", "Retail"}, {"software", "Software"}});
  company.functions =
      labelled({{"production", "Production"}, {"sales", "Sales"}, {"engineering", "Engineering"}, {"hr", "HR"}});
  company.experience_levels =
      labelled({{"entry_level", "Entry level"}, {"associate", "Associate"}, {"mid_senior_level", "Mid-senior level"}});
  company.employment_types =
      labelled({{"permanent", "Full-time"}, {"parttime", "Part-time"}, {"contract", "Contract"}});
  company.rejection_reasons = labelled({{"r0000001", "Another candidate was chosen"}, {"r0000002", "No work permit"}});
  company.withdrawal_reasons = labelled({{"w0000001", "Took another offer"}, {"w0000002", "Stays in the present job"}});
}

void add_properties_and_sources(Company& company) {
  const auto definition = [](unsigned number, const char* label, const char* type) {
    return json::object{{"id", seed_id("b0000000", number)},
                        {"label", label},
                        {"type", type},
                        {"availability", {{"toUsers", "ALL"}, {"context", {"PROFILE", "HIRE_FORM", "OFFER_FORM"}}}}};
  };
  company.candidate_properties = {definition(1, "Shirt size", "SINGLE_SELECT"), definition(2, "Payroll number", "TEXT"),
                                  definition(3, "Needs a parking space", "BOOLEAN")};
  json::array& sizes = company.property_values[seed_id("b0000000", 1)];
  unsigned number = 0;
  for (const char* label : {"S", "M", "L"}) {
    sizes.push_back(json::object{{"id", seed_id("b1000000", ++number)}, {"label", label}});
  }
  const auto source_type = [](const char* id, const char* label, std::initializer_list<const char*> subtypes) {
    json::array list;
    for (const char* subtype : subtypes) list.push_back(json::object{{"id", subtype}});
    return json::object{{"id", id}, {"label", label}, {"subtypes", std::move(list)}};
  };
  company.source_types = {source_type("BOARD", "Job board", {"FREE", "PAID"}),
                          source_type("REFERRAL", "Referral", {"EMPLOYEE"})};
  const auto value = [](const char* id, const char* label, const char* subtype) {
    return json::object{{"id", id}, {"label", label}, {"sourceSubType", {{"id", subtype}}}};
  };
  company.source_values["BOARD"] = {value("board-1", "Works and Trades", "FREE"),
                                    value("board-2", "City Jobs", "PAID")};
  company.source_values["REFERRAL"] = {value("referral-1", "From a colleague", "EMPLOYEE")};
}

void add_user(Company& company, unsigned number, const char* first, const char* last, const std::string& email) {
  const std::string id = user_id(number);
  company.users[id] = {
      {"id", id},
      {"email", email},
      {"firstName", first},
      {"lastName", last},
      {"systemRole",
       {{"id", number == 1 ? "ADMINISTRATOR" : "STANDARD"}, {"name", number == 1 ? "Administrator" : "Standard"}}},
      {"language", {{"code", "en"}}},
      {"location", {{"country", "Germany"}, {"countryCode", "de"}, {"city", "Leipzig"}}},
      {"active", true},
      {"updatedOn", seed_day(number)}};
}

struct JobSeed {
  unsigned number;
  std::string title;
  std::string ref;
  const char* department;
  const char* department_label;
  const char* function;
  const char* function_label;
  const char* city;
};

Job& add_job(Company& company, const JobSeed& seed) {
  Job job;
  job.id = job_id(seed.number);
  job.details = {{"id", job.id},
                 {"title", seed.title},
                 {"refNumber", seed.ref},
                 {"createdOn", seed_day(seed.number)},
                 {"updatedOn", seed_day(seed.number)},
                 {"lastActivityOn", seed_day(seed.number)},
                 {"department", {{"id", seed.department}, {"label", seed.department_label}}},
                 {"location", {{"country", "Germany"}, {"countryCode", "de"}, {"city", seed.city}, {"remote", false}}},
                 {"status", "SOURCING"},
                 {"postingStatus", "PUBLIC"},
                 {"targetHiringDate", "2026-12-01T00:00:00.000Z"},
                 {"industry", {{"id", "manufacturing"}, {"label", "Manufacturing"}}},
                 {"function", {{"id", seed.function}, {"label", seed.function_label}}},
                 {"typeOfEmployment", {{"id", "permanent"}, {"label", "Full-time"}}},
                 {"experienceLevel", {{"id", "associate"}, {"label", "Associate"}}},
                 {"template", false},
                 {"creator", {{"id", user_id(1)}, {"firstName", "Ada"}, {"lastName", "Brook"}}},
                 {"jobAd", {{"sections", ad_sections()}, {"language", {{"code", "en"}, {"label", "English"}}}}},
                 {"properties", json::array{}}};
  job.note = "Opened for the winter season.";
  job.hiring_team = {json::object{{"id", user_id(1)}, {"role", "HIRING_MANAGER"}},
                     json::object{{"id", user_id(2)}, {"role", "RECRUITER"}}};
  job.positions = {json::object{{"id", seed_id("a0500000", seed.number)},
                                {"positionId", "POS-" + std::to_string(seed.number)},
                                {"type", "NEW"},
                                {"positionOpenDate", seed_time},
                                {"targetStartDate", "2026-12-01T00:00:00.000Z"},
                                {"status", "OPEN"}}};
  JobAd ad;
  ad.id = seed_id("ad000000", seed.number);
  ad.details = {{"id", ad.id},
                {"title", seed.title},
                {"language", {{"code", "en"}, {"label", "English"}}},
                {"jobAd", ad_sections()},
                {"createdOn", seed_time},
                {"updatedOn", seed_time},
                {"default", true},
                {"visibility", "PUBLIC"},
                {"postingStatus", "PUBLISHED"},
                {"creator", {{"id", user_id(1)}}}};
  ad.postings = {json::object{{"sourceName", "Career page"}, {"type", "JOB_BOARD"}, {"publishedOn", seed_time}}};
  job.publications = ad.postings;
  job.ads.push_back(std::move(ad));
  job.history = {{seed_time, "CREATED", ""}, {seed_day(seed.number), "SOURCING", ""}};
  return company.jobs[job.id] = std::move(job);
}

struct CandidateSeed {
  unsigned number;
  std::string first;
  std::string last;
  unsigned job;
  const char* status;
  const char* onboarding = "";
};

void add_candidate(Company& company, const CandidateSeed& seed) {
  Candidate candidate;
  candidate.id = candidate_id(seed.number);
  std::string email = seed.first + "." + seed.last + "@example.com";
  for (char& letter : email) letter = letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
  candidate.details = {{"id", candidate.id},
                       {"internal", false},
                       {"firstName", seed.first},
                       {"lastName", seed.last},
                       {"email", email},
                       {"phoneNumber", "+49 341 555 " + std::to_string(1000 + seed.number)},
                       {"location", {{"country", "Germany"}, {"countryCode", "DE"}, {"city", "Leipzig"}}},
                       {"web", json::object{}},
                       {"createdOn", seed_time},
                       {"updatedOn", seed_day(seed.number)},
                       {"tags", {seed.number % 2 == 0 ? "day-shift" : "late-shift"}},
                       {"education", json::array{}},
                       {"experience", {{{"title", "Fitter"}, {"company", "Harbour Lights"}, {"current", true}}}}};
  Application application;
  application.id = seed_id("a9900000", seed.number);
  application.job_id = job_id(seed.job);
  application.status = seed.status;
  application.onboarding = seed.onboarding;
  application.source = {{"sourceTypeId", "BOARD"}, {"sourceSubTypeId", "FREE"}, {"sourceId", "board-1"}};
  application.properties = {{seed_id("b0000000", 2), "PR-" + std::to_string(100 + seed.number)},
                            {seed_id("b0000000", 1), seed_id("b1000000", seed.number % 3 + 1)}};
  application.history = {{seed_time, "NEW", ""}, {seed_day(seed.number), seed.status, ""}};
  if (application.status == "HIRED" || application.status == "OFFERED") {
    application.starts_on = "2026-12-01T00:00:00.000Z";
    application.offers = {json::object{{"id", seed_id("0ffe0000", seed.number)},
                                       {"status", application.status == "HIRED" ? "ACCEPTED" : "PENDING_ACCEPTANCE"},
                                       {"createdOn", seed_day(seed.number)},
                                       {"updatedOn", seed_day(seed.number)},
                                       {"properties", {{"salary", "42000"}, {"currency", "EUR"}}}}};
  }
  candidate.applications.push_back(std::move(application));
  company.candidates[candidate.id] = std::move(candidate);
}

void add_small(Company& company) {
  add_user(company, 1, "Ada", "Brook", "ada.brook@example.com");
  add_user(company, 2, "Ben", "Calder", "ben.calder@example.com");
  add_user(company, 3, "Cleo", "Dunmore", "cleo.dunmore@example.com");
  add_job(company, {1, "Lamp fitter", "LW-001", "d0000001", "Assembly", "production", "Production", "Leipzig"});
  add_job(company, {2, "Sales adviser", "LW-002", "d0000002", "Sales", "sales", "Sales", "Dresden"});
  add_job(company,
          {3, "Embedded developer", "LW-003", "d0000003", "Engineering", "engineering", "Engineering", "Leipzig"});
  for (const CandidateSeed& one :
       {CandidateSeed{1, "Mira", "Aldous", 1, "HIRED", "READY_TO_ONBOARD"},
        CandidateSeed{2, "Jonas", "Birkett", 2, "HIRED", "READY_TO_ONBOARD"},
        CandidateSeed{3, "Lena", "Corvin", 3, "HIRED", "READY_TO_ONBOARD"},
        CandidateSeed{4, "Otis", "Drummond", 1, "HIRED", "ONBOARDING_SUCCESSFUL"},
        CandidateSeed{5, "Pia", "Ellwood", 1, "OFFERED"}, CandidateSeed{6, "Ravi", "Fenwick", 2, "INTERVIEW"},
        CandidateSeed{7, "Sofia", "Garrow", 2, "IN_REVIEW"}, CandidateSeed{8, "Tomas", "Hallam", 3, "NEW"},
        CandidateSeed{9, "Una", "Ingram", 3, "NEW"}, CandidateSeed{10, "Viktor", "Jarrow", 1, "REJECTED"},
        CandidateSeed{11, "Wanda", "Kestrel", 2, "WITHDRAWN"}, CandidateSeed{12, "Yusuf", "Lambert", 3, "LEAD"}}) {
    add_candidate(company, one);
  }
  // What this key may not see: an operation on them is denied, though the key is good.
  add_job(company, {0xffff, "Head of finance", "LW-999", "d0000002", "Sales", "sales", "Sales", "Leipzig"})
      .confidential = true;
  add_candidate(company, {0xffff, "Zoe", "Marlowe", 0xffff, "INTERVIEW"});
  company.candidates[candidate_id(0xffff)].confidential = true;
}

/// Enough of everything that a list has several pages of 100.
void add_large(Company& company) {
  for (unsigned i = 4; i <= 250; ++i) {
    const std::string number = std::to_string(i);
    add_job(company, {i, "Fitter, line " + number, "LW-" + number, "d0000001", "Assembly", "production", "Production",
                      i % 2 == 0 ? "Leipzig" : "Dresden"});
  }
  constexpr std::array<const char*, 6> statuses{"NEW", "IN_REVIEW", "INTERVIEW", "OFFERED", "HIRED", "REJECTED"};
  for (unsigned i = 13; i <= 1200; ++i) {
    const char* status = statuses.at(i % statuses.size());
    add_candidate(company, {i, "Person", "Number" + std::to_string(i), i % 250 + 1, status,
                            std::string_view(status) == "HIRED" ? "READY_TO_ONBOARD" : ""});
  }
  for (unsigned i = 4; i <= 220; ++i) {
    add_user(company, i, "User", "Number", "user" + std::to_string(i) + "@example.com");
  }
}

}  // namespace

Company make_company(SeedSize size) {
  Company company;
  add_configuration(company);
  add_properties_and_sources(company);
  if (size == SeedSize::none) {
    add_user(company, 1, "Ada", "Brook", "ada.brook@example.com");  // whoever owns the key: /users/me
    return company;
  }
  add_small(company);
  if (size == SeedSize::large) add_large(company);
  return company;
}

}  // namespace sandbox
