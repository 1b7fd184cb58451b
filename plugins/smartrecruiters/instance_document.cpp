#include "plugins/smartrecruiters/instance_document.hpp"

#include <formulary/element/error.hpp>
#include <formulary/poco/json.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <utility>

namespace smartrecruiters {
namespace {

namespace json = element::json;

constexpr std::size_t answer_bytes_max = 1U << 20U;

enum class Kind { element_instance, company, user };

bool has(const json::object& of, std::string_view key) {
  const json::value* value = of.find(key);
  return value != nullptr && !value->is_null();
}

Kind kind_of(const json::reader& answer) {
  const json::object& members = answer.as_object();
  if (has(members, "element") || has(members, "elementId") || has(members, "token")) return Kind::element_instance;
  if (has(members, "identifier")) return Kind::company;
  if (has(members, "id") && (has(members, "email") || has(members, "systemRole"))) return Kind::user;
  throw answer.failure(
      "is neither an element instance (id, token), nor a company (identifier, name), nor a user (id, email); check the "
      "base URL");
}

/// The members that the host relies on, in their order; the rest follows.
json::object read_element_instance(const json::reader& answer) {
  const std::int64_t id = answer.integer("id");
  if (id <= 0) throw answer.failure("its id is not above 0");
  const std::string token = answer.text("token");
  if (token.empty()) throw answer.failure("its token is empty");
  json::object instance = {
      {"id", id}, {"token", token}, {"name", answer.text("name")}, {"valid", answer.flag_or("valid", true)}};
  if (answer.has("user")) {
    const json::reader user = answer.object("user");
    instance.set("account",
                 json::object{{"id", std::to_string(user.integer("id"))}, {"name", user.text_or("emailAddress", "")}});
  }
  return instance;
}

json::object read_company(const json::reader& answer) {
  const std::string identifier = answer.text("identifier");
  if (identifier.empty()) throw answer.failure("its identifier is empty");
  const std::string name = answer.text_or("name", identifier);
  return {{"name", name}, {"valid", true}, {"account", json::object{{"id", identifier}, {"name", name}}}};
}

json::object read_user(const json::reader& answer) {
  const std::string id = answer.text("id");
  if (id.empty()) throw answer.failure("its id is empty");
  std::string name = answer.text_or("firstName", "");
  const std::string last = answer.text_or("lastName", "");
  if (!name.empty() && !last.empty()) name += ' ';
  name += last;
  if (name.empty()) name = answer.text_or("email", id);
  return {{"name", name}, {"valid", true}, {"account", json::object{{"id", id}, {"name", name}}}};
}

void append_rest(json::object& instance, const json::object& answer, std::initializer_list<std::string_view> without) {
  for (const json::member& one : answer.members()) {
    const bool left_out = std::find(without.begin(), without.end(), one.key) != without.end();
    if (!left_out && instance.find(one.key) == nullptr) instance.set(one.key, one.value);
  }
}

std::string normalised(std::string_view text) {
  const json::origin from = {.where = "the answer", .status = ELEMENT_DATA_LOSS};
  const json::value document = json::parse(text, from, {.bytes_max = answer_bytes_max});
  const json::reader answer(document, from);
  const Kind kind = kind_of(answer);
  json::object instance = kind == Kind::element_instance ? read_element_instance(answer)
                          : kind == Kind::company        ? read_company(answer)
                                                         : read_user(answer);
  append_rest(
      instance, answer.as_object(),
      kind == Kind::user ? std::initializer_list<std::string_view>{"id"} : std::initializer_list<std::string_view>{});
  return json::to_text(std::move(instance));
}

}  // namespace

std::string instance_document(std::string_view answer) {
  try {
    return normalised(answer);
  } catch (const element::error& why) {
    throw element::error(ELEMENT_DATA_LOSS, "smartrecruiters.unexpected_answer", why.what())
        .with_retry(element::retry::no);
  }
}

bool is_account_document(std::string_view answer) noexcept {
  try {
    const json::origin from = {.where = "the answer", .status = ELEMENT_DATA_LOSS};
    const json::value document = json::parse(answer, from, {.bytes_max = answer_bytes_max});
    return kind_of(json::reader(document, from)) != Kind::element_instance;
  } catch (const element::error&) {
    return false;
  }
}

}  // namespace smartrecruiters
