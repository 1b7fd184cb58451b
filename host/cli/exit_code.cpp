#include "host/cli/exit_code.hpp"

namespace formulary::cli {

std::string_view exit_code_table() noexcept {
  return "0    done\n"
         "1    failed: the command or the formula's execution ended with an error\n"
         "2    wrong usage: an unknown command, option or value\n"
         "4    the other side refused the credentials\n"
         "5    not found\n"
         "6    invalid: a plugin is refused, a formula or a file has problems, doctor found something\n"
         "7    the other side cannot be reached\n"
         "8    timed out\n"
         "10   formulary diff: the server has something else than the files say\n"
         "130  interrupted\n";
}

ExitCode exit_code(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::unauthenticated:
      return ExitCode::unauthenticated;
    case ErrorCode::not_found:
      return ExitCode::not_found;
    case ErrorCode::bad_input:
      return ExitCode::usage;
    case ErrorCode::formula_invalid:
    case ErrorCode::plugin_refused:
      return ExitCode::invalid;
    case ErrorCode::unavailable:
      return ExitCode::unreachable;
    case ErrorCode::timed_out:
      return ExitCode::timed_out;
    case ErrorCode::cancelled:
      return ExitCode::interrupted;
    default:
      return ExitCode::failed;
  }
}

std::string_view hint(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::unauthenticated:
      return "check the credentials with the vendor, then create the instance again";
    case ErrorCode::permission_denied:
      return "give the credentials the right that is named, on the vendor's side";
    case ErrorCode::not_found:
      return "list what exists: formulary elements list, formulary instances list";
    case ErrorCode::rate_limited:
      return "wait a little, then run the command again";
    case ErrorCode::unavailable:
      return "check the address and the network, then run the command again: formulary doctor";
    case ErrorCode::timed_out:
      return "run the command again, or give it longer: --time-limit-ms";
    case ErrorCode::plugin_refused:
    case ErrorCode::plugin_failed:
      return "look at the plugin: formulary plugin inspect FILE";
    case ErrorCode::formula_invalid:
      return "correct the formula at the paths above";
    case ErrorCode::store_failed:
      return "look at the data folder: formulary doctor";
    case ErrorCode::bad_input:
      return "formulary help lists the commands";
    case ErrorCode::cancelled:
      return "";
    default:
      return "formulary doctor checks this installation";
  }
}

}  // namespace formulary::cli
