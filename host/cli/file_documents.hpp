/// \file
/// What a server is to have, as files say it: one JSON document each, told apart by the member `kind`.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/json.hpp"
#include "host/cli/io.hpp"
#include "host/formula/formula.hpp"

namespace formulary::cli {

/// In the order in which they are applied: each may name what stands before it.
enum class DocumentKind { element, instance, formula, formula_instance };

/// The value of `kind`: "element", "instance", "formula", "formulaInstance".
[[nodiscard]] std::string_view kind_word(DocumentKind kind) noexcept;
/// For sentences: "formula instance".
[[nodiscard]] std::string_view kind_sentence_word(DocumentKind kind) noexcept;

struct FileDocument {
  DocumentKind kind = DocumentKind::formula;
  std::string file;
  std::string name;                            ///< An element's is its key.
  std::string of;                              ///< An instance's element key, a formula instance's formula by name.
  json::object body;                           ///< Without `kind` and `secrets`.
  std::map<std::string, std::string> secrets;  ///< Configuration key to the file that has the value.
};

/// `formula instance "nightly" of "Hired"`, for sentences.
[[nodiscard]] std::string document_label(const FileDocument& document);

/// One document. What is wrong with it is added to `problems`, whose paths begin with `file`; nothing if that leaves no
/// document. Secrets' files are looked for below the file's folder.
[[nodiscard]] std::optional<FileDocument> parse_document(std::string_view text, const std::string& file,
                                                         std::vector<FormulaProblem>& problems);

/// Sorts by kind, formulas behind those that they call, else by name. Adds a problem for two documents of one name.
void order_documents(std::vector<FileDocument>& documents, std::vector<FormulaProblem>& problems);

/// The file, or the .json files of the folder at any depth but for hidden ones, in order_documents(). Error(not_found);
/// Error(limit_reached) over 10 000 files or 256 MiB; Error(bad_input) if there is none.
[[nodiscard]] std::vector<FileDocument> read_documents(const Io& io, const std::string& path,
                                                       std::vector<FormulaProblem>& problems);

/// The formulas that steps of type `formula` call, as the template names them.
[[nodiscard]] std::vector<std::string> called_formulas(const json::object& formula);
/// Names each called formula that `names` has by its value: ids to names for files, names to ids for servers.
void rename_called_formulas(json::object& formula, const std::map<std::string, std::string>& names);

/// A name as that of a file, without extension: at most 80 of A-Z a-z 0-9 . _ -, no dot in front, never empty.
[[nodiscard]] std::string safe_file_name(std::string_view name);

}  // namespace formulary::cli
