/// \file
/// From what authenticate() got to the element instance, in one shape for all three kinds of answer. No network.
#pragma once

#include <string>
#include <string_view>

namespace smartrecruiters {

/// Normalises an answer. First come the members that a host relies on, then all others of the answer as they were:
///
///   {"id": 12345, "token": "ABC/D...", "name": "API Instance", "valid": true,
///    "account": {"id": "123456", "name": "claude.elements@example.com"}, "createdDate": ..., "element": {...}, ...}
///
/// - An element platform's element instance (it has `element`, `elementId` or `token`): id is a whole number above 0,
///   token a string; both are required, as are name and, if present, the types of valid (absent: true) and user, which
///   becomes `account`.
/// - SmartRecruiters' company document (it has `identifier`): account is {identifier, name}; `name` is the company's;
///   no id and no token, which the host then makes.
/// - SmartRecruiters' users/me document (id with email or systemRole): account is {id, "First Last" or email}. The
///   user's id is in `account` alone: at the top it would pass for the instance's.
///
/// Throws element::error(DATA_LOSS, "smartrecruiters.unexpected_answer") that names the member, for anything else, for
/// what is not one whole JSON object and for more than 1 MiB. The sentence repeats nothing of the answer.
[[nodiscard]] std::string instance_document(std::string_view answer);

/// What authenticate() found behind a key: whether it is one of the vendor's two documents.
[[nodiscard]] bool is_account_document(std::string_view answer) noexcept;

}  // namespace smartrecruiters
