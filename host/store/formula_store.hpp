/// \file
/// Formulas, the versions of them that executions keep to, and their instances.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace formulary {

class Storage;

/// Times are milliseconds since 1970 UTC.
struct FormulaRecord {
  std::int64_t id = 0;
  std::int64_t version = 0;
  std::string name;
  std::string document;  ///< The template, JSON, of that version.
  bool active = true;
  std::int64_t created_ms = 0;
  std::int64_t updated_ms = 0;
  std::int64_t account = 0;   ///< 0: of this machine, until it has an account.
  std::int64_t user = 0;      ///< Who made it; 0: somebody at this machine.
  std::int64_t original = 0;  ///< The version that an upgrade replaced; 0: none.
};

struct FormulaInstanceRecord {
  std::int64_t id = 0;
  std::int64_t formula = 0;
  std::string name;
  std::string configuration = "{}";  ///< JSON object, in clear; sealed at rest, since values may be secrets.
  std::string settings = "{}";       ///< JSON object.
  bool active = true;
  bool single_threaded = false;
  std::int64_t created_ms = 0;
  std::int64_t updated_ms = 0;
  std::int64_t consecutive_errors = 0;
  std::int64_t first_error_ms = 0;  ///< Of those; 0: none.
  std::int64_t warnings = 0;        ///< How often somebody was told of them.
  std::int64_t account = 0;         ///< As FormulaRecord has it.
  std::int64_t user = 0;
  bool paused = false;  ///< Its schedule rests, while it is active.
};

/// Any thread may use it. What changes something is durable on return. Every function throws Error(store_failed).
class FormulaStore {
 public:
  explicit FormulaStore(std::shared_ptr<const Storage> storage);
  FormulaStore(const FormulaStore&) = delete;
  FormulaStore& operator=(const FormulaStore&) = delete;
  ~FormulaStore();

  /// The number of that content, which is kept from now on. `content_id`: Formula::content_id.
  std::int64_t put_version(const std::string& content_id, const std::string& document);
  [[nodiscard]] std::optional<std::string> version(std::int64_t number) const;

  /// Returns the id; `record.version` must exist.
  std::int64_t add_formula(const FormulaRecord& record);
  [[nodiscard]] std::optional<FormulaRecord> formula(std::int64_t id) const;
  /// By id; of that account, or of all.
  [[nodiscard]] std::vector<FormulaRecord> formulas(std::optional<std::int64_t> account = {}) const;
  /// Writes version, name, active, updated and original. False if there is none.
  bool replace_formula(const FormulaRecord& record);
  /// False if there is none. Error(conflict) while it has instances.
  bool remove_formula(std::int64_t id);

  std::int64_t add_instance(const FormulaInstanceRecord& record);
  [[nodiscard]] std::optional<FormulaInstanceRecord> instance(std::int64_t id) const;
  [[nodiscard]] std::vector<FormulaInstanceRecord> instances(
      std::optional<std::int64_t> formula = {}) const;                                                ///< By id.
  [[nodiscard]] std::vector<FormulaInstanceRecord> instances_of_account(std::int64_t account) const;  ///< By id.
  /// Writes everything but id, formula, created, account and user. False if there is none.
  bool replace_instance(const FormulaInstanceRecord& record);
  /// False if there is none. Its executions stay.
  bool remove_instance(std::int64_t id);

  /// A number that no step, trigger or configuration entry of any formula has yet.
  [[nodiscard]] std::int64_t next_part_id();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace formulary
