#include <algorithm>

#include "apis.hpp"
#include "body_check.hpp"
#include "company.hpp"
#include "filters.hpp"
#include "paging.hpp"

namespace sandbox {
namespace {

Answer content(const json::array& all) {
  return json_answer(200, {{"totalFound", all.size()}, {"content", all}});
}

Answer get_company(Company& company, const Call&) {
  return json_answer(200, company.profile);
}
Answer list_departments(Company& company, const Call&) {
  return content(company.departments);
}
Answer list_rejection_reasons(Company& company, const Call&) {
  return content(company.rejection_reasons);
}
Answer list_withdrawal_reasons(Company& company, const Call&) {
  return content(company.withdrawal_reasons);
}
Answer list_industries(Company& company, const Call&) {
  return content(company.industries);
}

Answer create_department(Company& company, const Call& call) {
  check_room(company.departments.size());
  const json::object body = call.body_object();
  check_members(call, body, {{.path = "label", .required = true, .length_min = 1}, {.path = "description"}});
  for (const json::value& one : company.departments) {
    if (text_at(one.as_object(), "label") == text_at(body, "label")) {
      throw Refusal(400, "DEPARTMENT_LABEL_NOT_UNIQUE", "a department of that label exists");
    }
  }
  json::object made{{"id", company.make_id()}};
  copy_members(body, made, {"label", "description"});
  company.departments.push_back(made);
  return json_answer(201, made);
}

Answer get_department(Company& company, const Call& call) {
  const json::object* found = find_by_id(company.departments, call.id(0));
  if (found == nullptr) throw call.missing("DEPARTMENT_NOT_FOUND", "no department '" + call.id(0) + "'");
  return json_answer(200, *found);
}

json::object property_view(const Call& call, const json::object& definition) {
  json::object shown = definition;
  const std::string path = "/configuration/candidate-properties/" + text_at(definition, "id");
  shown["actions"] = json::object{{"details", action(call, path)}};
  if (text_at(definition, "type") == "SINGLE_SELECT") {
    shown["actions"].as_object()["values"] = action(call, path + "/values");
  }
  return shown;
}

Answer list_properties(Company& company, const Call& call) {
  json::array all;
  for (const json::value& one : company.candidate_properties) all.push_back(property_view(call, one.as_object()));
  return content(all);
}

json::object& property(Company& company, const Call& call) {
  json::object* found = find_by_id(company.candidate_properties, call.id(0));
  if (found == nullptr)
    throw call.missing("CANDIDATE_PROPERTY_NOT_FOUND", "no candidate property '" + call.id(0) + "'");
  return *found;
}

Answer get_property(Company& company, const Call& call) {
  return json_answer(200, property_view(call, property(company, call)));
}

json::array& values_of(Company& company, const Call& call) {
  if (text_at(property(company, call), "type") != "SINGLE_SELECT") {
    throw Refusal(400, "CANDIDATE_PROPERTY_NOT_SINGLE_SELECT", "only a SINGLE_SELECT property has values");
  }
  return company.property_values[call.id(0)];
}

Answer list_values(Company& company, const Call& call) {
  return content(values_of(company, call));
}

/// `own_id` may keep its label.
void check_label(const json::array& values, const std::string& label, std::string_view own_id) {
  for (const json::value& one : values) {
    if (text_at(one.as_object(), "label") == label && text_at(one.as_object(), "id") != own_id) {
      throw Refusal(409, "CANDIDATE_PROPERTY_VALUE_LABEL_ALREADY_EXISTS", "a value with that label exists");
    }
  }
}

Answer create_value(Company& company, const Call& call) {
  json::array& values = values_of(company, call);
  constexpr std::size_t values_max = 1000;
  if (values.size() >= values_max) {
    throw Refusal(400, "CANDIDATE_PROPERTY_VALUES_LIMIT_EXCEEDED", "a property has at most 1000 values");
  }
  const json::object body = call.body_object();
  check_members(call, body,
                {{.path = "id", .length_min = 1, .length_max = 36},
                 {.path = "label", .required = true, .length_min = 1, .length_max = 1000}});
  const std::string id = text_at(body, "id");
  if (!id.empty() && find_by_id(values, id) != nullptr) {
    throw Refusal(409, "CANDIDATE_PROPERTY_VALUE_ID_ALREADY_EXISTS", "the property has a value '" + id + "'");
  }
  check_label(values, text_at(body, "label"), {});
  json::object made{{"id", id.empty() ? company.make_id() : id}, {"label", text_at(body, "label")}};
  values.push_back(made);
  return json_answer(201, made);
}

json::object& value(Company& company, const Call& call) {
  json::object* found = find_by_id(values_of(company, call), call.id(1));
  if (found == nullptr) {
    throw call.missing("CANDIDATE_PROPERTY_VALUE_NOT_FOUND", "the property has no value '" + call.id(1) + "'");
  }
  return *found;
}

Answer get_value(Company& company, const Call& call) {
  return json_answer(200, value(company, call));
}

Answer put_value(Company& company, const Call& call) {
  json::object& kept = value(company, call);
  const json::object body = call.body_object();
  check_members(call, body, {{.path = "label", .required = true, .length_min = 1, .length_max = 1000}});
  check_label(values_of(company, call), text_at(body, "label"), call.id(1));
  kept["label"] = text_at(body, "label");
  return json_answer(201, kept);
}

Answer delete_value(Company& company, const Call& call) {
  (void)value(company, call);
  json::array& values = values_of(company, call);
  if (values.size() == 1) throw Refusal(400, "CANDIDATE_PROPERTY_LAST_VALUE", "the last value stays");
  values.erase(std::find_if(values.begin(), values.end(),
                            [&](const json::value& one) { return text_at(one.as_object(), "id") == call.id(1); }));
  return no_content();
}

Answer list_sources(Company& company, const Call& call) {
  json::array all;
  for (const json::value& one : company.source_types) {
    json::object shown = one.as_object();
    const std::string path = "/configuration/sources/" + text_at(shown, "id") + "/values";
    shown["actions"] = json::object{{"values", action(call, path)}};
    all.push_back(std::move(shown));
  }
  return content(all);
}

json::object source_view(const Call& call, const json::object& source) {
  json::object shown = source;
  const std::string path = "/configuration/sources/" + call.id(0) + "/values/" + text_at(source, "id");
  shown["actions"] = json::object{{"sourceDetails", action(call, path)}};
  return shown;
}

json::array& source_values(Company& company, const Call& call) {
  if (find_by_id(company.source_types, call.id(0)) == nullptr) {
    throw call.missing("SOURCE_TYPE_NOT_FOUND", "no source type '" + call.id(0) + "'");
  }
  return company.source_values[call.id(0)];
}

Answer list_source_values(Company& company, const Call& call) {
  std::vector<json::object> found;
  for (const json::value& one : source_values(company, call)) {
    if (matches(call, "sourceSubType", text_at(one.as_object(), "sourceSubType.id"))) {
      found.push_back(source_view(call, one.as_object()));
    }
  }
  return offset_page(call, found, {.limit_default = 100, .limit_max = 100});
}

Answer get_source_value(Company& company, const Call& call) {
  const json::object* found = find_by_id(source_values(company, call), call.id(1));
  if (found == nullptr) throw call.missing("SOURCE_NOT_FOUND", "no source '" + call.id(1) + "'");
  return json_answer(200, source_view(call, *found));
}

}  // namespace

void add_configuration_routes(Router& router) {
  router.add("GET", "/configuration/company", {}, get_company);
  router.add("GET", "/configuration/departments", {}, list_departments);
  router.add("POST", "/configuration/departments", {400}, create_department);
  router.add("GET", "/configuration/departments/{id}", {404}, get_department);
  router.add("GET", "/configuration/rejection-reasons", {}, list_rejection_reasons);
  router.add("GET", "/configuration/withdrawal-reasons", {403}, list_withdrawal_reasons);
  router.add("GET", "/configuration/candidate-properties", {403}, list_properties);
  router.add("GET", "/configuration/candidate-properties/{id}", {404}, get_property);
  router.add("GET", "/configuration/candidate-properties/{id}/values", {400, 404}, list_values);
  router.add("POST", "/configuration/candidate-properties/{id}/values", {400, 404, 409}, create_value);
  router.add("GET", "/configuration/candidate-properties/{id}/values/{valueId}", {400, 404}, get_value);
  router.add("PUT", "/configuration/candidate-properties/{id}/values/{valueId}", {400, 404, 409}, put_value);
  router.add("DELETE", "/configuration/candidate-properties/{id}/values/{valueId}", {400, 404}, delete_value);
  router.add("GET", "/configuration/sources", {}, list_sources);
  router.add("GET", "/configuration/sources/{sourceType}/values", {400, 404}, list_source_values);
  router.add("GET", "/configuration/sources/{sourceType}/values/{sourceValueId}", {400, 404}, get_source_value);
  router.add("GET", "/v1/industries", {}, list_industries);
}

}  // namespace sandbox
