#include <algorithm>
#include <string>
#include <utility>

#include "host/base/error.hpp"
#include "host/base/text.hpp"
#include "host/cli/call_words.hpp"
#include "host/cli/commands_remote.hpp"
#include "host/cli/input.hpp"
#include "host/element/secret_json.hpp"

namespace formulary::cli {
namespace {

std::string hub_of(RemoteApi& remote, const json::value& instance) {
  const json::object* object = instance.if_object();
  const json::value* element = object == nullptr ? nullptr : object->if_contains("element");
  const json::value none;
  const json::value& said = element == nullptr ? none : *element;
  std::string hub = member_text(said, "hub");
  const std::string key = member_text(said, "key");
  if (hub.empty() && !key.empty()) hub = member_text(remote.get("/elements/" + percent_encode(key)), "hub");
  if (hub.empty()) {
    throw Error(ErrorCode::unavailable, "server " + remote.context().url +
                                            ": it does not say which hub the instance is of; look at formulary "
                                            "instances show");
  }
  return hub;
}

bool is_flag(const json::array& entries, const std::string& key) {
  return std::any_of(entries.begin(), entries.end(), [&key](const json::value& entry) {
    return member_text(entry, "key") == key && member_text(entry, "type") == "BOOLEAN";
  });
}

json::array configuration_entries_of(RemoteApi& remote, const std::string& element) {
  const json::value document = remote.get("/elements/" + percent_encode(element));
  const json::object* object = document.if_object();
  const json::value* entries = object == nullptr ? nullptr : object->if_contains("configuration");
  return entries != nullptr && entries->is_array() ? entries->get_array() : json::array();
}

bool is_secret(const json::value& entry) {
  const std::string type = member_text(entry, "type");
  return member_text(entry, "secret") == "true" || type.find("PASSWORD") != std::string::npos ||
         member_text(entry, "obfuscate") == "true";
}

void refuse_secret(const json::array& entries, const std::string& key) {
  const bool secret = std::any_of(entries.begin(), entries.end(), [&key](const json::value& entry) {
    return member_text(entry, "key") == key && is_secret(entry);
  });
  if (!secret) return;
  throw UsageError("--set " + key +
                   ": this is a secret, and command lines can be read by other users; write --secret " + key +
                   "=@FILE, or --secret " + key + " to be asked");
}

json::object configuration_of(const Io& io, const CreateInstance& options, const json::array& entries) {
  json::object configuration;
  for (const std::string& option : options.values) {
    const auto [key, value] = key_and_value(option, "--set");
    refuse_secret(entries, key);
    const bool flag = is_flag(entries, key) && (value == "true" || value == "false");
    configuration[key] = flag ? json::value(value == "true") : json::value(value);
  }
  for (const std::string& option : options.secrets) {
    auto [key, value] = read_secret(io, option);
    const WipeAtExit guard(value);
    configuration[key] = value;
  }
  return configuration;
}

void write_made(const Session& session, json::value made) {
  hide_secrets(made);
  if (session.json()) {
    write_json(session.io(), made);
    return;
  }
  write_pairs(session.io(), {{"id", member_text(made, "id")}, {"name", member_text(made, "name")}});
}

/// Names of element instances become their ids: the API knows only those.
json::value configured_value(RemoteApi& remote, const json::value& variable, const std::string& value) {
  if (member_text(variable, "type") != "elementInstance") return json::value(value);
  return json::value(remote_id(remote, remote_noun("instances"), value));
}

json::object formula_configuration(const Io& io, RemoteApi& remote, const json::value& formula,
                                   const CreateFormulaInstance& options) {
  const json::value none;
  const auto variable_of = [&](const std::string& key) -> const json::value& {
    const json::object* object = formula.if_object();
    const json::value* variables = object == nullptr ? nullptr : object->if_contains("configuration");
    if (variables == nullptr || !variables->is_array()) return none;
    for (const json::value& one : variables->get_array()) {
      if (member_text(one, "key") == key) return one;
    }
    return none;
  };
  json::object configuration;
  for (const std::string& option : options.configuration) {
    const auto [key, value] = key_and_value(option, "--config");
    configuration[key] = configured_value(remote, variable_of(key), value);
  }
  for (const std::string& option : options.secrets) {
    auto [key, value] = read_secret(io, option);
    const WipeAtExit guard(value);
    configuration[key] = value;
  }
  return configuration;
}

}  // namespace

ExitCode call_remote_instance(Session& session, const Call& options) {
  const ResourceRequest given = resource_request(session.io(), options);
  RemoteApi remote = open_remote(session);
  const std::string id = remote_id(remote, remote_noun("instances"), options.selector);
  json::value instance = remote.get("/instances/" + percent_encode(id));
  const WipeJsonAtExit guard(instance);
  RemoteRequest request{.method = given.method,
                        .path = "/hubs/" + percent_encode(hub_of(remote, instance)) + given.path,
                        .body = given.body,
                        .content_type = given.content_type,
                        .element_token = member_text(instance, "token")};
  const WipeAtExit token_guard(request.element_token);
  for (const auto& member : given.query) request.query.emplace_back(member.key(), member.value().as_string());
  for (const auto& member : given.headers) request.headers.emplace_back(member.key(), member.value().as_string());
  HttpResponse response = remote.send(request);
  ResourceAnswer answer;
  answer.status = response.status;
  answer.headers = response.headers;
  answer.content_type = header_of(response, "Content-Type");
  answer.next_page = header_of(response, "Elements-Next-Page-Token");
  answer.body = std::move(response.body);
  write_answer(session, options, answer);
  return ExitCode::done;
}

ExitCode create_remote_instance(Session& session, const CreateInstance& options) {
  if (!options.platform_url.empty() || !options.platform_authorization_file.empty()) {
    throw UsageError("--platform: is for this machine's data folder alone; leave it out, or add --context local");
  }
  RemoteApi remote = open_remote(session);
  json::array tags;
  for (const std::string& tag : options.tags) tags.emplace_back(tag);
  json::value draft =
      json::object{{"element", {{"key", options.element_key}}},
                   {"name", options.name},
                   {"tags", std::move(tags)},
                   {"configuration",
                    configuration_of(session.io(), options, configuration_entries_of(remote, options.element_key))}};
  const WipeJsonAtExit guard(draft);
  write_made(session, remote.send_json("POST", "/instances", draft));
  return ExitCode::done;
}

ExitCode create_remote_formula_instance(Session& session, const CreateFormulaInstance& options) {
  RemoteApi remote = open_remote(session);
  const std::string path = "/formulas/" + percent_encode(remote_id(remote, remote_noun("formulas"), options.formula));
  json::value draft =
      json::object{{"name", options.name},
                   {"configuration", formula_configuration(session.io(), remote, remote.get(path), options)}};
  const WipeJsonAtExit guard(draft);
  write_made(session, remote.send_json("POST", path + "/instances", draft));
  return ExitCode::done;
}

}  // namespace formulary::cli
