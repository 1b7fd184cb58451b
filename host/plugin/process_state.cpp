#include "host/plugin/process_state.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cfenv>
#include <clocale>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

extern char** environ;

namespace formulary {
namespace {

/// umask() can only be read by setting it.
unsigned current_umask() {
  const mode_t mask = ::umask(S_IRWXG | S_IRWXO);  // strict meanwhile: what another thread makes now is private
  ::umask(mask);
  return mask;
}

std::string current_folder() {
  std::error_code error;
  return std::filesystem::current_path(error).string();
}

std::string current_locale() {
  const char* name = std::setlocale(LC_ALL, nullptr);
  return name == nullptr ? "" : name;
}

std::vector<std::string> current_environment() {
  std::vector<std::string> variables;
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable)
    variables.emplace_back(*variable);
  std::sort(variables.begin(), variables.end());
  return variables;
}

bool same_handler(const struct sigaction& left, const struct sigaction& right) {
  return left.sa_handler == right.sa_handler && left.sa_flags == right.sa_flags;
}

std::string name_of(const std::string& variable) {
  return variable.substr(0, variable.find('='));
}

/// Status bits (which exceptions happened) are no mode and change all the time.
std::uint64_t floating_point_control() noexcept {
#if defined(__x86_64__)
  return _mm_getcsr() & ~static_cast<unsigned>(_MM_EXCEPT_MASK);
#else
  return static_cast<std::uint64_t>(std::fegetround());
#endif
}

}  // namespace

ProcessState::ProcessState()
    : umask_(current_umask()),
      folder_(current_folder()),
      locale_(current_locale()),
      environment_(current_environment()) {
  for (int signal = 1; signal < signals_end; ++signal) {
    ::sigaction(signal, nullptr, &handlers_[static_cast<std::size_t>(signal)]);
  }
}

std::vector<std::string> ProcessState::restore() const {
  std::vector<std::string> changed;
  restore_signals(changed);
  if (current_umask() != umask_) {
    changed.emplace_back("the umask");
    ::umask(umask_);
  }
  if (current_folder() != folder_) {
    changed.emplace_back("the working folder");
    std::error_code ignored;  // it may be gone; the sentence has been said
    std::filesystem::current_path(folder_, ignored);
  }
  if (current_locale() != locale_) {
    changed.emplace_back("the locale");
    (void)std::setlocale(LC_ALL, locale_.c_str());
  }
  restore_environment(changed);
  return changed;
}

void ProcessState::restore_signals(std::vector<std::string>& changed) const {
  for (int signal = 1; signal < signals_end; ++signal) {
    const auto& before = handlers_[static_cast<std::size_t>(signal)];
    struct sigaction now {};
    if (::sigaction(signal, nullptr, &now) != 0 || same_handler(before, now)) continue;
    changed.push_back("the handler of signal " + std::to_string(signal));
    ::sigaction(signal, &before, nullptr);
  }
}

void ProcessState::restore_environment(std::vector<std::string>& changed) const {
  const std::vector<std::string> now = current_environment();
  if (now == environment_) return;
  changed.emplace_back("the environment");
  for (const std::string& variable : now) {
    if (!std::binary_search(environment_.begin(), environment_.end(), variable)) ::unsetenv(name_of(variable).c_str());
  }
  for (const std::string& variable : environment_) {
    if (std::binary_search(now.begin(), now.end(), variable) || variable.find('=') == std::string::npos) continue;
    ::setenv(name_of(variable).c_str(), variable.substr(variable.find('=') + 1).c_str(), 1);
  }
}

FloatingPointState::FloatingPointState() noexcept : control_(floating_point_control()) {}

bool FloatingPointState::restore() const noexcept {
  if (floating_point_control() == control_) return false;
#if defined(__x86_64__)
  _mm_setcsr(static_cast<unsigned>(control_));
#else
  (void)std::fesetround(static_cast<int>(control_));
#endif
  return true;
}

}  // namespace formulary
