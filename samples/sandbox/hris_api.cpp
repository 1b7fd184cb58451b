#include <algorithm>
#include <string>

#include "apis.hpp"
#include "body_check.hpp"
#include "clock.hpp"
#include "company.hpp"

// A small stand-in for the HR system that hired candidates end in. It keeps the two promises that a workflow relies on:
// one employee per candidate, and one effect per Idempotency-Key.

namespace sandbox {
namespace {

Answer already_there(const json::object& employee) {
  return json_answer(409, {{"code", "EMPLOYEE_EXISTS"},
                           {"message", "candidate '" + text_at(employee, "candidateId") + "' is employee '" +
                                           text_at(employee, "id") + "' already"},
                           {"employeeId", employee.at("id")}});
}

Answer replay(const json::object& kept, const json::value& body) {
  if (kept.at("body") != body) {
    throw Refusal(422, "IDEMPOTENCY_KEY_REUSED", "this Idempotency-Key came with another body before");
  }
  Answer answer = json_answer(201, kept.at("employee"));
  answer.headers.emplace_back("Idempotency-Replayed", "true");
  return answer;
}

Answer create_employee(Company& company, const Call& call) {
  check_room(company.employees.size());
  const json::object body = call.body_object();
  check_members(call, body,
                {{.path = "candidateId", .required = true, .length_min = 1},
                 {.path = "firstName", .required = true, .length_min = 1},
                 {.path = "lastName", .required = true, .length_min = 1},
                 {.path = "email", .kind = Kind::email, .required = true},
                 {.path = "jobTitle", .required = true, .length_min = 1},
                 {.path = "department"},
                 {.path = "startsOn", .kind = Kind::instant}});
  const std::string key(call.request.header("Idempotency-Key"));
  if (!key.empty()) {
    const auto seen = company.employee_keys.find(key);
    if (seen != company.employee_keys.end()) return replay(seen->second, body);
  }
  for (const json::value& one : company.employees) {
    if (text_at(one.as_object(), "candidateId") == text_at(body, "candidateId")) return already_there(one.as_object());
  }
  const std::string number = std::to_string(company.employees.size() + 1);
  json::object employee{{"id", "emp-" + std::string(4 - std::min<std::size_t>(4, number.size()), '0') + number}};
  for (const auto& [name, value] : body) employee[name] = value;
  employee["createdOn"] = now_text();
  company.employees.push_back(employee);
  if (!key.empty()) company.employee_keys[key] = {{"body", body}, {"employee", employee}};
  return json_answer(201, employee);
}

Answer list_employees(Company& company, const Call&) {
  return json_answer(200, {{"totalFound", company.employees.size()}, {"content", company.employees}});
}

}  // namespace

void add_hris_routes(Router& router) {
  router.add("POST", "/hris/employees", {422}, create_employee, Guard::open);
  router.add("GET", "/hris/employees", {}, list_employees, Guard::open);
}

}  // namespace sandbox
