#include "host/api/password_policy.hpp"

#include <algorithm>
#include <vector>

#include "host/base/error.hpp"

namespace formulary::api {
namespace {

constexpr std::size_t shortest_name = 3;  // a shorter one is in half of all passwords

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return lower;
}

bool has_name(std::string_view password, std::string_view name) {
  return name.size() >= shortest_name && lower_case(password).find(lower_case(name)) != std::string::npos;
}

std::int64_t count_between(std::string_view text, char first, char last) {
  return std::ranges::count_if(text, [=](char c) { return c >= first && c <= last; });
}

std::int64_t bounded(const JsonReader& reader, std::string_view key, std::int64_t otherwise, std::int64_t least,
                     std::int64_t most) {
  const std::int64_t number = reader.integer_or(key, otherwise);
  if (number >= least && number <= most) return number;
  throw Error(ErrorCode::bad_input, reader.where() + "." + std::string(key) + ": it has to be from " +
                                        std::to_string(least) + " to " + std::to_string(most));
}

}  // namespace

void PasswordPolicy::check(std::string_view password, const UserRecord& user) const {
  std::vector<std::string> problems;
  const auto demand = [&problems](std::int64_t has, std::int64_t least, const char* what) {
    if (has < least) problems.push_back("it needs at least " + std::to_string(least) + " " + what);
  };
  demand(static_cast<std::int64_t>(password.size()), min_length, "characters");
  demand(count_between(password, '0', '9'), min_numbers, "numeric characters");
  demand(count_between(password, 'A', 'Z'), min_uppercase, "uppercase letters");
  demand(count_between(password, 'a', 'z'), min_lowercase, "lowercase letters");
  const std::int64_t has_symbols =
      std::ranges::count_if(password, [this](char c) { return symbols.find(c) != std::string::npos; });
  if (has_symbols < min_symbols) {
    problems.push_back("it needs at least " + std::to_string(min_symbols) + " special character of " + symbols);
  }
  if (has_name(password, user.first_name)) problems.emplace_back("it must not have the first name in it");
  if (has_name(password, user.last_name)) problems.emplace_back("it must not have the last name in it");
  if (has_name(password, std::string_view(user.email).substr(0, user.email.find('@')))) {
    problems.emplace_back("it must not have the username in it");
  }
  if (problems.empty()) return;
  std::string sentence;
  for (const std::string& problem : problems) sentence += (sentence.empty() ? "" : ", ") + problem;
  throw Error(ErrorCode::bad_input, "user.password: " + sentence);
}

json::object PasswordPolicy::document() const {
  return {{"minLength", min_length},
          {"minUppercase", min_uppercase},
          {"minLowercase", min_lowercase},
          {"minNumbers", min_numbers},
          {"minSymbols", min_symbols},
          {"symbolCharacterSet", symbols},
          {"previousPasswordCount", previous_passwords},
          {"rotationDays", expiration_days},
          {"expirationDays", expiration_days}};
}

PasswordPolicy parse_password_policy(const json::value& document) {
  const JsonReader reader(document, "passwordPolicy");
  PasswordPolicy policy;
  policy.min_length = bounded(reader, "minLength", policy.min_length, 8, 64);
  policy.min_uppercase = bounded(reader, "minUppercase", policy.min_uppercase, 0, 10);
  policy.min_lowercase = bounded(reader, "minLowercase", policy.min_lowercase, 0, 10);
  policy.min_numbers = bounded(reader, "minNumbers", policy.min_numbers, 0, 10);
  policy.min_symbols = bounded(reader, "minSymbols", policy.min_symbols, 0, 10);
  policy.symbols = reader.text("symbolCharacterSet");
  if (policy.symbols.size() > 100 || (policy.symbols.empty() && policy.min_symbols > 0)) {
    throw Error(ErrorCode::bad_input, "passwordPolicy.symbolCharacterSet: give 1 to 100 characters");
  }
  policy.previous_passwords = bounded(reader, "previousPasswordCount", 0, 0, 9);
  const std::int64_t rotation = bounded(reader, "rotationDays", 0, 0, 10'000);
  policy.expiration_days = bounded(reader, "expirationDays", rotation, 0, 10'000);
  return policy;
}

PasswordPolicy password_policy(const OrganizationRecord& organization) {
  const json::value settings = parse_json(organization.settings, "organization.settings");
  const json::value* policy = settings.as_object().if_contains("passwordPolicy");
  return policy == nullptr ? PasswordPolicy() : parse_password_policy(*policy);
}

}  // namespace formulary::api
