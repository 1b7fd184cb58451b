#include "host/api/identity_access.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "host/api/ceql.hpp"
#include "host/api/identity_documents.hpp"
#include "host/api/paging.hpp"
#include "host/base/error.hpp"

namespace formulary::api {
namespace {

constexpr std::size_t text_bytes_max = 255;

std::optional<std::int64_t> id_in(std::string_view text) {
  std::int64_t id = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return id;
}

bool is_in_reach(const Principal& principal, const AccountRecord& account) {
  if (account.organization != principal.organization) return false;
  return account.id == principal.account || principal.role >= UserRole::organization_admin;
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

bool is_active(const json::object& document) {
  return document.at("active").as_bool();
}

}  // namespace

AccountRecord account_in_reach(const IdentityStore& store, const Principal& principal, std::int64_t id) {
  AccountRecord account = known_account(store, id);
  if (is_in_reach(principal, account)) return account;
  throw Error(ErrorCode::permission_denied,
              "account " + std::to_string(id) + ": it is not yours; ask who administrates the organization");
}

UserRecord user_in_reach(const IdentityStore& store, const Principal& principal, std::string_view email_or_id) {
  const std::optional<std::int64_t> id = id_in(email_or_id);
  std::optional<UserRecord> user = id ? store.user(*id) : store.user_of_email(email_or_id);
  const std::optional<AccountRecord> account = user ? store.account(user->account) : std::nullopt;
  if (account && is_in_reach(principal, *account)) return std::move(*user);
  const std::string name = "user " + std::string(email_or_id.substr(0, text_bytes_max));
  if (!account || (!id && account->organization != principal.organization)) {
    throw Error(ErrorCode::not_found, name + ": there is none; GET /users shows those that there are");
  }
  throw Error(ErrorCode::permission_denied, name + ": it is of another account; ask who administrates that one");
}

void require_not_stronger(const Principal& principal, const UserRecord& user) {
  require_role(principal, strongest(user.roles));
}

void require_may_give(const Principal& principal, const Role& role) {
  if (role.gives == UserRole::system_admin) {
    throw Error(ErrorCode::permission_denied, "role sys-admin: nobody is given it; org-admin is the most there is");
  }
  require_role(principal, role.gives);
}

void give_role(std::vector<std::string>& role_keys, const Role& role) {
  if (std::ranges::find(role_keys, role.key) != role_keys.end()) {
    throw Error(ErrorCode::conflict, "role " + std::string(role.key) + ": it was given already");
  }
  role_keys.emplace_back(role.key);
}

void take_role(std::vector<std::string>& role_keys, const Role& role) {
  if (std::erase(role_keys, role.key) == 0) {
    throw Error(ErrorCode::not_found, "role " + std::string(role.key) + ": it was not given");
  }
}

std::string required_text(const JsonReader& reader, std::string_view key) {
  std::string text = reader.text(key);
  const std::string where = reader.where() + '.' + std::string(key) + ": ";
  if (text.find_first_not_of(' ') == std::string::npos) {
    throw Error(ErrorCode::bad_input, where + "it is blank; give it a value");
  }
  if (text.size() > text_bytes_max || std::ranges::any_of(text, is_control)) {
    throw Error(ErrorCode::bad_input,
                where + "it is over " + std::to_string(text_bytes_max) + " bytes or has control characters");
  }
  return text;
}

void take_text(const JsonReader& reader, std::string_view key, std::string& text) {
  if (reader.has(key)) text = required_text(reader, key);
}

ApiAnswer answer_list(const ApiRequest& request, json::array documents) {
  const Ceql where = Ceql::parse(request.query_value("where").value_or(""));
  const bool all = request.query_flag("includeInactive");
  PageOrder order = page_order(request);
  constexpr std::int64_t offset_max = 1'000'000'000;
  if (const auto offset = request.query_integer("offset", 0, offset_max)) {
    order.offset = static_cast<std::size_t>(*offset);
  }
  json::array kept;
  for (json::value& document : documents) {
    const json::object& object = document.as_object();
    if ((all || is_active(object)) && where.holds(object)) kept.push_back(std::move(document));
  }
  return answer_page(std::move(kept), order);
}

ApiAnswer answer_one(const ApiRequest& request, const json::object& document) {
  if (request.query_flag("includeInactive") || is_active(document)) return answer_json(document);
  throw Error(ErrorCode::not_found, request.path + ": it is not active; includeInactive=true shows it");
}

}  // namespace formulary::api
