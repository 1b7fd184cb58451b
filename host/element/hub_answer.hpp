/// \file
/// What the platform adds to the calls of every element, whoever calls: the API's clients and the steps of formulas.
/// Source: CONTRACT 1.1, 1.4 and 1.5.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/base/clock.hpp"
#include "host/element/answer_filter.hpp"
#include "host/element/instances.hpp"
#include "host/store/store.hpp"

namespace formulary {

/// "/hubs/crm/contacts/1" -> "/contacts/1": which hub is named does not matter.
[[nodiscard]] std::string path_without_hub(std::string_view path);

/// What the caller wants to see of an answer.
struct AnswerView {
  std::vector<std::string> fields;  ///< Empty: all.
  std::vector<SortKey> order;       ///< Empty: as the element has it.
};
/// Takes `fields` and `orderBy` out of a request's query. Error(bad_input) if one of them says nothing.
[[nodiscard]] AnswerView take_view(json::object& query);

/// Whether the type says JSON: "application/json; charset=utf-8", "application/problem+json".
[[nodiscard]] bool is_json_type(std::string_view content_type);

/// Status 200 for every 2xx; null members taken out unless the instance's `filter.response.nulls` is false; within the
/// page, only the fields and the order of the view; the headers elements-element-instance-id and, of a list,
/// Elements-Returned-Count. A body that is no JSON stays as it is.
void shape_answer(ResourceAnswer& answer, const AnswerView& view, const InstanceRecord& instance);

/// The names of the element's resources, or {"name", "vendorName", "type"} of each.
[[nodiscard]] json::array object_list(const Manifest& manifest, bool detailed);
/// {"dateTime", "endpoint"}
[[nodiscard]] json::object ping_document(const InstanceRecord& instance, const Clock& clock);

/// A call as a client of the hub makes it, for the steps of formulas: /objects and /ping are answered here. Throws as
/// Instances::call.
[[nodiscard]] ResourceAnswer call_through_hub(Instances& instances, const InstanceRecord& instance, const Clock& clock,
                                              ResourceRequest request, const CallContext& context);

}  // namespace formulary
