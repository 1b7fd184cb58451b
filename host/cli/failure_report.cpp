#include "host/cli/failure_report.hpp"

#include <cstdint>
#include <exception>
#include <optional>
#include <string_view>
#include <vector>

#include "host/base/error.hpp"
#include "host/base/json.hpp"
#include "host/cli/formula_input.hpp"
#include "host/cli/output.hpp"
#include "host/plugin/element_plugin.hpp"

namespace formulary::cli {

struct FailureReport::Failure {
  std::string code;
  std::string message;    ///< "<what failed>; <what to do>" is parted at its last "; ".
  std::string otherwise;  ///< What to do if the message does not say; empty: nothing is called for.
  const PluginError::Report* plugin = nullptr;
  const std::vector<FormulaProblem>* problems = nullptr;
};

namespace {

constexpr const char* our_mistake =
    "this is a mistake of the program; please report it with the command that you typed";

/// What only a plugin's failure has, behind its code.
std::string details_text(const PluginError::Report& report) {
  std::string text;
  if (!report.plugin_code.empty()) text += " · " + printable(report.plugin_code);
  if (report.http_status != 0) text += " · HTTP " + std::to_string(report.http_status);
  if (report.retry_after) text += " · try again in " + std::to_string(report.retry_after->count()) + " ms";
  return text;
}

void add_details(json::object& document, const PluginError::Report& report) {
  if (!report.plugin_code.empty()) document["pluginCode"] = report.plugin_code;
  if (report.http_status != 0) document["httpStatus"] = report.http_status;
  if (report.retry_after) document["retryAfterMs"] = std::int64_t{report.retry_after->count()};
}

}  // namespace

void FailureReport::tell(const Failure& failure) const {
  const std::size_t parting = failure.message.rfind("; ");
  const std::string what = failure.message.substr(0, parting);
  const std::string next = parting == std::string::npos ? failure.otherwise : failure.message.substr(parting + 2);
  if (json_) {
    json::object document{{"code", failure.code}, {"message", what}, {"next", next}};
    if (failure.plugin != nullptr) add_details(document, *failure.plugin);
    if (failure.problems != nullptr) document["problems"] = problems_document(*failure.problems);
    io_.err << to_text(document) << '\n';
    return;
  }
  if (failure.problems != nullptr) write_problems(io_, *failure.problems);
  io_.err << "error: " << printable(what) << '\n' << "       " << failure.code;
  if (failure.plugin != nullptr) io_.err << details_text(*failure.plugin);
  io_.err << '\n';
  if (!next.empty()) io_.err << "next:  " << printable(next) << '\n';
}

std::string FailureReport::advice(ErrorCode code) const {
  if (code == ErrorCode::bad_input) return command_ + " --help shows what is expected";
  return std::string(hint(code));
}

ExitCode FailureReport::usage(const std::string& message) const {
  tell({.code = "usage", .message = message, .otherwise = command_ + " --help"});
  return ExitCode::usage;
}

ExitCode FailureReport::guard(const std::function<ExitCode()>& body) const noexcept {
  try {
    return body();
  } catch (const PluginError& error) {
    tell({.code = std::string(name(error.code())),
          .message = error.what(),
          .otherwise = advice(error.code()),
          .plugin = &error.report()});
    return exit_code(error.code());
  } catch (const FormulaRefusal& error) {
    tell({.code = std::string(name(error.code())),
          .message = error.what(),
          .otherwise = advice(error.code()),
          .problems = &error.problems()});
    return exit_code(error.code());
  } catch (const Error& error) {
    tell({.code = std::string(name(error.code())), .message = error.what(), .otherwise = advice(error.code())});
    return exit_code(error.code());
  } catch (const std::exception& bug) {
    tell({.code = "internal", .message = bug.what(), .otherwise = our_mistake});
  } catch (...) {
    tell({.code = "internal", .message = "an exception of unknown type", .otherwise = our_mistake});
  }
  return ExitCode::failed;
}

}  // namespace formulary::cli
