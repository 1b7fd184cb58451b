#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "host/base/error.hpp"
#include "host/cli/commands_remote.hpp"
#include "host/cli/input.hpp"
#include "host/cli/server_documents.hpp"
#include "host/element/instance_document.hpp"
#include "host/element/platform_configuration.hpp"

namespace formulary::cli {
namespace {

namespace fs = std::filesystem;

struct ExportedFile {
  fs::path path;  ///< Below the folder.
  json::object document;
};

std::string_view folder_of(DocumentKind kind) {
  switch (kind) {
    case DocumentKind::element:
      return "elements";
    case DocumentKind::instance:
      return "instances";
    case DocumentKind::formula_instance:
      return "formula-instances";
    default:
      return "formulas";
  }
}

/// Takes secrets out of a configuration, and says where apply is to read them.
class SecretPlaces {
 public:
  explicit SecretPlaces(std::string file) : file_(std::move(file)) {}
  void move(json::object& configuration, const std::string& key) {
    configuration.erase(key);
    places_[key] = "@../secrets/" + file_ + '.' + safe_file_name(key);
  }
  void add_to(json::object& document) const {
    if (!places_.empty()) document["secrets"] = places_;
  }

 private:
  std::string file_;
  json::object places_;
};

std::vector<std::string> keys_of(const json::object& object) {
  std::vector<std::string> keys;
  for (const auto& member : object) keys.emplace_back(member.key());
  return keys;
}

json::object without_nulls(const json::object& object) {
  json::object kept;
  for (const auto& member : object) {
    if (!member.value().is_null()) kept[member.key()] = member.value();
  }
  return kept;
}

class Exporter {
 public:
  explicit Exporter(ServerDocuments& server) : server_(server) {}

  std::vector<ExportedFile> files() {
    for (const json::value& element : server_.own_elements()) {
      add(DocumentKind::element, member_text(element, "key"), plain_element(element.as_object()));
    }
    for (const json::value& instance : server_.instances()) add_instance(instance);
    for (const json::value& formula : server_.formulas()) {
      json::object document = plain_formula(formula, Falses::keep);
      rename_called_formulas(document, server_.names().formulas);
      add(DocumentKind::formula, member_text(formula, "name"), std::move(document));
    }
    for (const json::value& instance : server_.formula_instances()) add_formula_instance(instance);
    return std::move(files_);
  }

 private:
  /// Not taken yet, whatever the case of letters means to the file system.
  [[nodiscard]] std::string free_name(DocumentKind kind, const std::string& name) {
    const std::string base = safe_file_name(name);
    std::string candidate = base;
    for (int number = 2; !is_free(kind, candidate); ++number) candidate = base + '-' + std::to_string(number);
    return candidate;
  }
  [[nodiscard]] bool is_free(DocumentKind kind, std::string name) {
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    return taken_.emplace(kind, name).second;
  }

  void add(DocumentKind kind, const std::string& name, json::object document) {
    add_as(kind, free_name(kind, name), std::move(document));
  }
  void add_as(DocumentKind kind, const std::string& file, json::object document) {
    document.erase("kind");
    json::object whole{{"kind", kind_word(kind)}};
    for (auto& member : document) whole[member.key()] = std::move(member.value());
    files_.push_back({fs::path(folder_of(kind)) / (file + ".json"), std::move(whole)});
  }

  void add_instance(const json::value& instance) {
    const json::object& shown = instance.as_object();
    const json::value* element = shown.if_contains("element");
    const std::string key = element == nullptr ? std::string() : member_text(*element, "key");
    const std::string name = member_text(instance, "name");
    json::object document{{"name", name}, {"element", {{"key", key}}}};
    if (const json::value* tags = shown.if_contains("tags"); tags != nullptr && tags->is_array()) {
      document["tags"] = *tags;
    }
    const json::value* given = shown.if_contains("configuration");
    json::object configuration =
        given != nullptr && given->is_object() ? without_nulls(given->get_object()) : json::object();
    const std::vector<std::string> secrets = secret_keys(server_.element(key));
    const std::string file = free_name(DocumentKind::instance, name);
    SecretPlaces places(file);
    for (const std::string& one : keys_of(configuration)) {
      const bool is_secret = is_platform_secret(one) || configuration.at(one) == json::value(secret_mask.data()) ||
                             std::find(secrets.begin(), secrets.end(), one) != secrets.end();
      if (is_secret) places.move(configuration, one);
    }
    document["configuration"] = std::move(configuration);
    places.add_to(document);
    add_as(DocumentKind::instance, file, std::move(document));
  }

  void add_formula_instance(const json::value& instance) {
    const json::object& shown = instance.as_object();
    const json::value* about = shown.if_contains("formula");
    json::object document = plain_formula_instance(shown, about == nullptr ? json::value() : *about, server_.names());
    const std::string file = free_name(DocumentKind::formula_instance, member_text(instance, "name"));
    SecretPlaces places(file);
    json::object& configuration = document.at("configuration").as_object();
    for (const std::string& key : keys_of(configuration)) {
      if (sounds_secret(key) || configuration.at(key) == json::value(secret_mask.data())) {
        places.move(configuration, key);
      }
    }
    places.add_to(document);
    add_as(DocumentKind::formula_instance, file, std::move(document));
  }

  ServerDocuments& server_;
  std::vector<ExportedFile> files_;
  std::set<std::pair<DocumentKind, std::string>> taken_;
};

void refuse_existing(const fs::path& folder, const std::vector<ExportedFile>& files) {
  for (const ExportedFile& file : files) {
    std::error_code ignored;
    if (!fs::exists(fs::symlink_status(folder / file.path, ignored))) continue;
    throw Error(ErrorCode::conflict, (folder / file.path).string() +
                                         ": is there already, nothing was written; name a new folder, or add --force");
  }
}

[[noreturn]] void cannot_write(const fs::path& path, const std::string& why) {
  throw Error(ErrorCode::bad_input, path.string() + ": cannot be written (" + why + "); name a folder that can be");
}

/// Only makes files: a link that somebody put there meanwhile is not followed.
void write_new(const fs::path& path, const std::string& text) {
  std::error_code failure;
  fs::create_directories(path.parent_path(), failure);
  if (failure) cannot_write(path, failure.message());
  fs::remove(path, failure);
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "wxe"), &std::fclose);
  if (!file) cannot_write(path, std::generic_category().message(errno));
  const bool is_whole = std::fwrite(text.data(), 1, text.size(), file.get()) == text.size();
  if (!is_whole || std::fflush(file.get()) != 0) cannot_write(path, std::generic_category().message(errno));
}

}  // namespace

ExitCode export_files(Session& session, const ExportFiles& options) {
  RemoteApi remote = open_remote(session);
  ServerDocuments server(remote);
  const std::vector<ExportedFile> files = Exporter(server).files();
  const fs::path folder(options.folder);
  if (!options.force) refuse_existing(folder, files);
  json::array written;
  for (const ExportedFile& file : files) {
    refuse_interrupted(session.io(), "files were written; add --force to write them all");
    write_new(folder / file.path, to_pretty_text(file.document) + '\n');
    const std::string shown = (folder / file.path).string();
    written.push_back(json::string(shown));
    if (!session.json()) session.io().out << printable(shown) << '\n';
  }
  if (session.json()) write_json(session.io(), written);
  if (files.empty()) session.io().err << "nothing to export at " << printable(remote.context().url) << '\n';
  return ExitCode::done;
}

}  // namespace formulary::cli
