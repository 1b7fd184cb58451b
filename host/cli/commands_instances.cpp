#include <openssl/crypto.h>

#include <algorithm>
#include <string>
#include <utility>

#include "host/cli/call_words.hpp"
#include "host/cli/commands.hpp"
#include "host/cli/input.hpp"

namespace formulary::cli {
namespace {

/// The typed form of a --set value: what the manifest calls a boolean is one, everything else is text.
json::value typed(const ConfigurationEntry* entry, const std::string& value) {
  if (entry != nullptr && entry->type == "BOOLEAN") {
    if (value == "true") return true;
    if (value == "false") return false;
    throw UsageError("--set " + entry->key + ": '" + value + "' is neither true nor false");
  }
  return json::value(json::string(value));
}

const ConfigurationEntry* find_entry(const Manifest& manifest, const std::string& key) {
  const auto found = std::find_if(manifest.configuration.begin(), manifest.configuration.end(),
                                  [&](const ConfigurationEntry& entry) { return entry.key == key; });
  return found == manifest.configuration.end() ? nullptr : &*found;
}

void add_value(json::object& configuration, const Manifest& manifest, const std::string& option) {
  const auto [key, value] = key_and_value(option, "--set");
  const ConfigurationEntry* entry = find_entry(manifest, key);
  if (entry != nullptr && entry->secret) {
    throw UsageError("--set " + key +
                     ": this is a secret, and command lines can be read by other users; write --secret " + key +
                     "=@FILE, or --secret " + key + " to be asked");
  }
  configuration[key] = typed(entry, value);
}

/// Refuses a `--secret` of no entry before anybody is asked or any file is read. What stands there is not repeated: it
/// may be the secret itself.
void check_secret_key(const Manifest& manifest, std::string_view option) {
  if (find_entry(manifest, std::string(secret_key(option))) != nullptr) return;
  std::string keys;
  for (const ConfigurationEntry& entry : manifest.configuration) {
    if (entry.secret) keys += (keys.empty() ? "" : ", ") + entry.key;
  }
  throw UsageError("--secret: what was given (not repeated here, it may be a secret) names no entry of " +
                   manifest.key + "; " +
                   (keys.empty() ? std::string("leave --secret out: this element has none")
                                 : "write --secret KEY=@FILE, where KEY is one of: " + keys));
}

json::object read_configuration(const Io& io, const Manifest& manifest, const CreateInstance& options) {
  json::object configuration;
  for (const std::string& option : options.values) add_value(configuration, manifest, option);
  for (const std::string& option : options.secrets) check_secret_key(manifest, option);
  for (const std::string& option : options.secrets) {
    auto [key, value] = read_secret(io, option);
    configuration[key] = value;
    OPENSSL_cleanse(value.data(), value.size());
  }
  for (const ConfigurationEntry& entry : manifest.configuration) {
    if (!entry.required || !entry.secret || configuration.contains(entry.key)) continue;
    std::string value = ask_secret(io, entry.key, entry.name.empty() ? entry.key : entry.name);
    configuration[entry.key] = value;
    OPENSSL_cleanse(value.data(), value.size());
  }
  return configuration;
}

Connection read_connection(const Session& session, const CreateInstance& options) {
  Connection connection;
  connection.ca_file = session.settings().text("ca.file");
  if (options.platform_url.empty()) {
    if (!options.platform_authorization_file.empty()) {
      throw UsageError("--platform-authorization: needs --platform URL, the other platform's address");
    }
    return connection;
  }
  if (options.platform_authorization_file.empty()) {
    throw UsageError(
        "--platform: needs --platform-authorization @FILE with the line 'User <secret>, Organization <secret>'");
  }
  connection.mode = ConnectMode::platform;
  connection.base_url = options.platform_url;
  connection.authorization =
      read_secret(session.io(), "platform-authorization=" + options.platform_authorization_file).second;
  return connection;
}

std::string text_of(const json::object& document, std::string_view key) {
  const json::value* value = document.if_contains(key);
  if (value == nullptr || value->is_null()) return "";
  return value->is_string() ? std::string(value->as_string()) : to_text(*value);
}

std::string element_key_of(const json::object& document) {
  const json::value* element = document.if_contains("element");
  return element != nullptr && element->is_object() ? text_of(element->as_object(), "key") : "";
}

std::string joined_tags(const json::object& document) {
  std::string all;
  const json::value* tags = document.if_contains("tags");
  if (tags == nullptr || !tags->is_array()) return all;
  for (const json::value& tag : tags->as_array()) {
    if (!tag.is_string()) continue;
    if (!all.empty()) all += ", ";
    all += tag.as_string();
  }
  return all;
}

}  // namespace

ExitCode create_instance(Session& session, const CreateInstance& options) {
  const Io& io = session.io();
  const auto plugin = session.catalogue().element(options.element_key);
  InstanceDraft draft;
  draft.element_key = options.element_key;
  draft.name = options.name;
  draft.tags = options.tags;
  const Connection connection = read_connection(session, options);  // wrong options are refused before anybody is asked
  draft.configuration = read_configuration(io, plugin->manifest(), options);
  const json::object document = session.instances().create(draft, connection, session.call_context());

  if (session.json()) {
    write_json(io, document);
    return ExitCode::done;
  }
  const std::string id = text_of(document, "id");
  write_pairs(io, {{"id", id},
                   {"name", text_of(document, "name")},
                   {"element", element_key_of(document)},
                   {"token", text_of(document, "token")}});
  io.err << "next:  formulary call " << id << " GET PATH\n"
         << "       formulary elements show " << options.element_key << "   lists the paths\n";
  return ExitCode::done;
}

ExitCode list_instances(Session& session) {
  const std::vector<json::object> all = session.instances().list();
  if (session.json()) {
    json::array documents;
    for (const json::object& document : all) documents.push_back(document);
    write_json(session.io(), documents);
    return ExitCode::done;
  }
  std::vector<Row> rows;
  rows.reserve(all.size());
  for (const json::object& document : all) {
    rows.push_back({text_of(document, "id"), text_of(document, "name"), element_key_of(document), joined_tags(document),
                    text_of(document, "createdDate")});
  }
  write_table(session.io(), {"ID", "NAME", "ELEMENT", "TAGS", "CREATED"}, rows);
  if (rows.empty()) session.io().err << "no instances yet; formulary instances create ELEMENT --name NAME\n";
  return ExitCode::done;
}

ExitCode show_instance(Session& session, const std::string& selector, bool with_token) {
  const json::object document = session.instances().show(selector, with_token);
  if (session.json()) {
    write_json(session.io(), document);
    return ExitCode::done;
  }
  std::vector<Row> pairs = {{"id", text_of(document, "id")},
                            {"name", text_of(document, "name")},
                            {"element", element_key_of(document)},
                            {"tags", joined_tags(document)},
                            {"created", text_of(document, "createdDate")},
                            {"valid", text_of(document, "valid")}};
  if (with_token) pairs.push_back({"token", text_of(document, "token")});
  if (const json::value* configuration = document.if_contains("configuration");
      configuration != nullptr && configuration->is_object()) {
    for (const auto& [key, value] : configuration->as_object()) {
      pairs.push_back({std::string(key), value.is_string() ? std::string(value.as_string()) : to_text(value)});
    }
  }
  write_pairs(session.io(), pairs);
  return ExitCode::done;
}

ExitCode delete_instance(Session& session, const std::string& selector, bool yes) {
  const json::object document = session.instances().show(selector, false);
  const std::string shown = text_of(document, "id") + " \"" + printable(text_of(document, "name")) + "\"";
  if (!yes) {
    if (!session.io().in_is_terminal) {
      throw UsageError("instances delete: nobody can be asked whether to delete " + shown + "; add --yes");
    }
    session.io().err << "Delete instance " << shown << "? It cannot be undone. [y/N] " << std::flush;
    std::string answer;
    std::getline(session.io().in, answer);
    refuse_interrupted(session.io(), "it was asked whether to delete; nothing was deleted");
    if (answer != "y" && answer != "yes") {
      session.io().err << "kept\n";
      return ExitCode::failed;
    }
  }
  session.instances().remove(text_of(document, "id"));
  if (session.json()) {
    json::object deleted{{"deleted", true}};
    for (const char* key : {"id", "name"}) deleted[key] = document.at(key);
    write_json(session.io(), deleted);
    return ExitCode::done;
  }
  session.io().err << "deleted " << shown << '\n';
  return ExitCode::done;
}

ExitCode call_instance(Session& session, const Call& options) {
  const ResourceRequest request = resource_request(session.io(), options);
  write_answer(session, options, session.instances().call(options.selector, request, session.call_context()));
  return ExitCode::done;
}

}  // namespace formulary::cli
