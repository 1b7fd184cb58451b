#include <algorithm>
#include <string>
#include <utility>

#include "host/base/error.hpp"
#include "host/base/text.hpp"
#include "host/cli/commands_remote.hpp"
#include "host/cli/input.hpp"

namespace formulary::cli {
namespace {

constexpr std::size_t body_bytes_max = 8U << 20U;

const std::vector<RemoteNoun>& nouns() {
  static const std::vector<RemoteNoun> all = {
      {"elements",
       "element",
       "/elements",
       "key",
       {{"KEY", "key"}, {"NAME", "name"}, {"HUB", "hub"}, {"ID", "id"}, {"ACTIVE", "active"}}},
      {"instances",
       "instance",
       "/instances",
       "name",
       {{"ID", "id"}, {"NAME", "name"}, {"ELEMENT", "element.key"}, {"TAGS", "tags"}, {"CREATED", "createdDate"}}},
      {"formulas",
       "formula",
       "/formulas",
       "name",
       {{"ID", "id"}, {"NAME", "name"}, {"ACTIVE", "active"}, {"UPDATED", "updatedDate"}}},
      {"formula instances",
       "formula instance",
       "/formulas/instances",
       "name",
       {{"ID", "id"}, {"NAME", "name"}, {"FORMULA", "formula.name"}, {"ACTIVE", "active"}, {"CREATED", "createdDate"}}},
      {"accounts",
       "account",
       "/accounts",
       "name",
       {{"ID", "id"},
        {"NAME", "name"},
        {"EXTERNAL ID", "externalId"},
        {"ACTIVE", "active"},
        {"CREATED", "createdDate"}}},
      {"users",
       "user",
       "/users",
       "email",
       {{"ID", "id"}, {"EMAIL", "email"}, {"NAME", "fullName"}, {"ACCOUNT", "accountId"}, {"ACTIVE", "active"}}},
      {"jobs",
       "job",
       "/jobs",
       "name",
       {{"ID", "id"}, {"NAME", "name"}, {"NEXT", "trigger.nextFireTime"}, {"DESCRIPTION", "description"}}},
      {"hubs", "hub", "/hubs", "key", {{"KEY", "key"}, {"NAME", "name"}, {"DESCRIPTION", "description"}}},
  };
  return all;
}

std::string member_at(const json::value& document, std::string_view path) {
  const std::size_t dot = path.find('.');
  if (dot == std::string_view::npos) {
    const json::object* object = document.if_object();
    const json::value* value = object == nullptr ? nullptr : object->if_contains(path);
    const json::array* list = value == nullptr ? nullptr : value->if_array();
    if (list == nullptr) return member_text(document, path);
    std::string joined;
    for (const json::value& one : *list) {
      joined += (joined.empty() ? "" : ", ") + (one.is_string() ? std::string(one.get_string()) : to_text(one));
    }
    return joined;
  }
  const json::object* object = document.if_object();
  const json::value* inner = object == nullptr ? nullptr : object->if_contains(path.substr(0, dot));
  return inner == nullptr ? std::string() : member_at(*inner, path.substr(dot + 1));
}

RemoteQuery query_of(const RemoteNoun& noun) {
  if (noun.word == "formula instances") return {{"includeInactive", "true"}};
  return {};
}

bool is_number(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

std::string path_of_one(RemoteApi& remote, const RemoteNoun& noun, const std::string& selector) {
  // Elements and hubs are called by key in the API itself.
  const std::string id = noun.name == "key" ? selector : remote_id(remote, noun, selector);
  return std::string(noun.path) + '/' + percent_encode(id);
}

void write_one(const Session& session, const json::value& document) {
  if (session.json()) {
    write_json(session.io(), document);
    return;
  }
  std::vector<Row> pairs;
  if (const json::object* object = document.if_object()) {
    for (const auto& member : *object) {
      const json::value& value = member.value();
      if (value.is_null()) continue;
      pairs.push_back(
          {std::string(member.key()), value.is_string() ? std::string(value.get_string()) : to_text(value)});
    }
  }
  write_pairs(session.io(), pairs);
}

bool agreed(const Session& session, const RemoteApi& remote, const std::string& what, bool yes) {
  if (yes) return true;
  const Io& io = session.io();
  if (!io.in_is_terminal) {
    throw UsageError("delete: nobody can be asked whether to delete " + what + "; add --yes");
  }
  io.err << "Delete " << what << " at " << printable(remote.context().url) << "? It cannot be undone. [y/N] "
         << std::flush;
  std::string answer;
  std::getline(io.in, answer);
  refuse_interrupted(io, "it was asked whether to delete; nothing was deleted");
  if (answer == "y" || answer == "yes") return true;
  io.err << "kept\n";
  return false;
}

}  // namespace

const RemoteNoun& remote_noun(std::string_view word) {
  for (const RemoteNoun& noun : nouns()) {
    if (noun.word == word) return noun;
  }
  throw Error(ErrorCode::internal, "no such list: " + std::string(word));
}

[[noreturn]] static void refuse_name(const RemoteNoun& noun, const std::string& selector, const std::string& one,
                                     const std::string& other) {
  throw Error(ErrorCode::conflict, std::string(noun.one) + " '" + selector + "': several have this name, " + one +
                                       " and " + other + " among them; name it by its id");
}

std::string remote_id(RemoteApi& remote, const RemoteNoun& noun, const std::string& selector) {
  if (is_number(selector)) return selector;
  std::string id;
  for (const json::value& one : remote.list(std::string(noun.path), query_of(noun))) {
    if (member_text(one, noun.name) != selector) continue;
    if (!id.empty()) {
      refuse_name(noun, selector, id, member_text(one, "id"));
    }
    id = member_text(one, "id");
  }
  if (!id.empty()) return id;
  throw Error(ErrorCode::not_found, std::string(noun.one) + " '" + selector + "': " + remote.context().url +
                                        " has none of that id or name; formulary " + std::string(noun.word) +
                                        " list shows those it has");
}

ExitCode list_remote(Session& session, std::string_view word, std::size_t page_size) {
  const RemoteNoun& noun = remote_noun(word);
  RemoteApi remote = open_remote(session);
  json::array all = remote.list(std::string(noun.path), query_of(noun), page_size);
  for (json::value& one : all) hide_secrets(one);
  if (session.json()) {
    write_json(session.io(), all);
    return ExitCode::done;
  }
  Row header;
  for (const RemoteNoun::Column& column : noun.columns) header.emplace_back(column.title);
  std::vector<Row> rows;
  rows.reserve(all.size());
  for (const json::value& one : all) {
    Row row;
    for (const RemoteNoun::Column& column : noun.columns) row.push_back(member_at(one, column.member));
    rows.push_back(std::move(row));
  }
  write_table(session.io(), header, rows);
  if (rows.empty()) session.io().err << "no " << word << " at " << printable(remote.context().url) << '\n';
  return ExitCode::done;
}

ExitCode show_remote(Session& session, std::string_view word, const std::string& selector, bool with_token) {
  const RemoteNoun& noun = remote_noun(word);
  RemoteApi remote = open_remote(session);
  json::value document = remote.get(path_of_one(remote, noun, selector));
  if (!with_token) hide_secrets(document);
  write_one(session, document);
  return ExitCode::done;
}

ExitCode create_remote(Session& session, std::string_view word, const std::string& file) {
  const RemoteNoun& noun = remote_noun(word);
  std::string text = read_input(session.io(), file, body_bytes_max);
  const WipeAtExit guard(text);
  const json::value body = parse_json(text, file);
  if (!body.is_object())
    throw Error(ErrorCode::bad_input, file + ": is no JSON object; write one " + std::string(noun.one));
  RemoteApi remote = open_remote(session);
  json::value made = remote.send_json("POST", std::string(noun.path), body);
  hide_secrets(made);
  write_one(session, made);
  return ExitCode::done;
}

ExitCode delete_remote(Session& session, std::string_view word, const std::string& selector, bool yes) {
  const RemoteNoun& noun = remote_noun(word);
  RemoteApi remote = open_remote(session);
  const std::string path = path_of_one(remote, noun, selector);
  const json::value document = remote.get(path);
  const std::string shown = std::string(noun.one) + ' ' + member_text(document, "id") + " \"" +
                            printable(member_text(document, noun.name)) + '"';
  if (!agreed(session, remote, shown, yes)) return ExitCode::failed;
  (void)remote.send({.method = "DELETE", .path = path});
  if (session.json()) {
    write_json(session.io(), json::object{{"deleted", true}, {"id", document.at("id")}});
  } else {
    session.io().err << "deleted " << shown << '\n';
  }
  return ExitCode::done;
}

}  // namespace formulary::cli
