/// \file
/// What a server has of the kinds of documents that files describe, each list read once.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "host/base/json.hpp"
#include "host/cli/document_compare.hpp"
#include "host/cli/file_documents.hpp"
#include "host/cli/remote_api.hpp"

namespace formulary::cli {

/// Not thread-safe. Every function throws what RemoteApi does.
class ServerDocuments {
 public:
  /// Borrows it.
  explicit ServerDocuments(RemoteApi& remote) : remote_(remote) {}

  /// Secrets are masked by the server; tokens are taken out here.
  [[nodiscard]] const json::array& instances();
  [[nodiscard]] const json::array& formulas();
  [[nodiscard]] const json::array& formula_instances();
  /// Null: none of that key.
  [[nodiscard]] const json::value& element(const std::string& key);
  /// The account's own, whole.
  [[nodiscard]] json::array own_elements();

  /// What the server has under a document's name; null: none. Error(conflict) if several have it.
  [[nodiscard]] const json::value& find(const FileDocument& document);
  /// The formula of that name; null: none. Error(conflict).
  [[nodiscard]] const json::value& formula(const std::string& name);
  [[nodiscard]] const ServerNames& names();

 private:
  RemoteApi& remote_;
  std::optional<json::array> instances_;
  std::optional<json::array> formulas_;
  std::optional<json::array> formula_instances_;
  std::map<std::string, json::value> elements_;
  std::optional<ServerNames> names_;
};

}  // namespace formulary::cli
