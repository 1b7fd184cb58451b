/// \file
/// What files would change at a server, decided and checked before anything is sent.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "host/base/json.hpp"
#include "host/cli/document_compare.hpp"
#include "host/cli/file_documents.hpp"
#include "host/cli/server_documents.hpp"
#include "host/formula/formula.hpp"

namespace formulary::cli {

struct PlannedDocument {
  FileDocument document;
  json::value kept;  ///< The server's own; null: none.
  ComparedDocument compared;
  bool asks_for_secrets = false;  ///< Secrets are sent: to what is made, or since it was asked for.

  /// "created", "updated" or "unchanged".
  [[nodiscard]] std::string_view change() const noexcept;
};

/// Compares each document, and adds a problem for what names something that neither the server nor another file has,
/// for a secret that stands in a file, for another element of an instance and for what the server has twice. With
/// `with_secrets`, documents that are there are planned to get theirs again.
[[nodiscard]] std::vector<PlannedDocument> plan_documents(ServerDocuments& server, std::vector<FileDocument> documents,
                                                          bool with_secrets, std::vector<FormulaProblem>& problems);

}  // namespace formulary::cli
