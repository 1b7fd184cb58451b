#include "host/element/provisioning.hpp"

#include <utility>
#include <vector>

#include "host/base/text.hpp"
#include "host/element/secret_json.hpp"

namespace formulary {
namespace {

constexpr std::size_t document_bytes_max = 4U << 20U;

/// "User <secret>, Organization <secret>": the whole and each secret.
void add_authorization(std::string_view authorization, std::vector<std::string>& secrets) {
  if (authorization.empty()) return;
  secrets.emplace_back(authorization);
  while (!authorization.empty()) {
    const auto comma = authorization.find(',');
    const std::string_view part = authorization.substr(0, comma);
    const auto space = part.find_last_of(' ');
    secrets.emplace_back(space == std::string_view::npos ? part : part.substr(space + 1));
    authorization.remove_prefix(comma == std::string_view::npos ? authorization.size() : comma + 1);
  }
}

json::value parse_plugin_json(const Manifest& manifest, const char* hook, std::string_view text) {
  const std::string where = "plugin '" + manifest.id + "': " + hook;
  try {
    json::value value = parse_json(text, where, {.bytes_max = document_bytes_max});
    if (value.is_object()) return value;
  } catch (const Error& problem) {
    throw Error(ErrorCode::plugin_failed, std::string(problem.what()) + "; tell its author");
  }
  throw Error(ErrorCode::plugin_failed, where + ": what it wrote is no JSON object; tell its author");
}

/// A person who repeats a secret in the name, a tag or a shown entry would see it stored in clear.
void refuse_repeated_secret(const InstanceDraft& draft, const Manifest& manifest, const Redactor& redactor) {
  json::object shown = draft.configuration;
  for (const ConfigurationEntry& entry : manifest.configuration) {
    if (entry.secret) shown.erase(json::string_view(entry.key.data(), entry.key.size()));
  }
  shown["name"] = draft.name;
  shown["tags"] = tags_of(draft);
  if (!redactor.finds_secret(to_text(shown))) return;
  throw Error(ErrorCode::bad_input,
              "instance: a secret of the configuration is repeated in the name, a tag or another entry, where it would "
              "be shown; give it in its own entry alone");
}

const json::object* configuration_of(const Manifest& manifest, const json::value& request) {
  const json::value* configuration = request.get_object().if_contains("configuration");
  if (configuration != nullptr && configuration->is_object()) return &configuration->get_object();
  throw Error(ErrorCode::plugin_failed,
              "plugin '" + manifest.id + "': serialize_config wrote no object `configuration`; tell its author");
}

}  // namespace

NewInstance provision(ElementPlugin& plugin, const InstanceDraft& draft, const Connection& connection,
                      const CallContext& context, const std::string& created) {
  const Manifest& manifest = plugin.manifest();
  std::vector<std::string> secrets = secrets_of(draft.configuration, manifest);
  add_authorization(connection.authorization, secrets);
  const Redactor redactor(std::move(secrets));
  refuse_repeated_secret(draft, manifest, redactor);
  CallContext guarded = context;
  guarded.redactor = &redactor;
  guarded.instance_name = draft.name;

  json::value draft_json = draft_document(draft);
  const WipeJsonAtExit draft_json_guard(draft_json);
  std::string draft_text = to_text(draft_json);
  const WipeAtExit draft_guard(draft_text);
  std::string request = plugin.serialize_config(guarded, draft_text);
  const WipeAtExit request_guard(request);
  json::value request_json = parse_plugin_json(manifest, "serialize_config", request);
  const WipeJsonAtExit request_json_guard(request_json);

  std::string answer = plugin.authenticate(guarded, request, connection);
  const WipeAtExit answer_guard(answer);
  std::string parsed = plugin.parse_instance(guarded, answer);
  const WipeAtExit parsed_guard(parsed);
  json::value parsed_json = parse_plugin_json(manifest, "parse_instance", parsed);
  const WipeJsonAtExit parsed_json_guard(parsed_json);

  NewInstance instance = compose_instance(
      {
          .draft = &draft,
          .configuration = configuration_of(manifest, request_json),
          .answer = &parsed_json.get_object(),
          .platform_url = connection.mode == ConnectMode::platform ? connection.base_url : std::string(),
          .created = created,
      },
      manifest);
  if (redactor.finds_secret(to_text(instance.document)) ||
      (!instance.token.empty() && Redactor({instance.token}).finds_secret(to_text(instance.document)))) {
    throw Error(ErrorCode::plugin_failed, "plugin '" + manifest.id +
                                              "': parse_instance wrote a secret outside the configuration's secret "
                                              "entries, where it would be shown; tell its author");
  }
  json::value clear = clear_document(0, instance.document, instance.secrets, instance.token);
  const WipeJsonAtExit clear_guard(clear);
  std::string clear_text = to_text(clear);
  const WipeAtExit clear_text_guard(clear_text);
  (void)plugin.open_instance(guarded, clear_text);
  return instance;
}

}  // namespace formulary
