/// \file
/// smartrecruiters-sandbox: a stateful stand-in for SmartRecruiters' API, for trying things out and for tests.
#include <Poco/Exception.h>
#include <Poco/String.h>
#include <Poco/Util/HelpFormatter.h>
#include <Poco/Util/IntValidator.h>
#include <Poco/Util/Option.h>
#include <Poco/Util/OptionException.h>
#include <Poco/Util/OptionProcessor.h>
#include <Poco/Util/OptionSet.h>
#include <Poco/Util/Validator.h>

#include <csignal>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "sandbox.hpp"
#include "server.hpp"

namespace {

constexpr int exit_usage = 2;

using Settings = std::map<std::string, std::string>;

/// Names the choices when it refuses; Poco's own validator shows a regular expression.
class OneOf : public Poco::Util::Validator {
 public:
  explicit OneOf(std::vector<std::string> choices) : choices_(std::move(choices)) {}

  void validate(const Poco::Util::Option& option, const std::string& value) override {
    std::string sentence = "--" + option.fullName() + " '" + value + "' must be one of";
    for (const std::string& choice : choices_) {
      if (value == choice) return;
      sentence += ' ' + choice;
    }
    throw Poco::Util::InvalidArgumentException(sentence);
  }

 private:
  std::vector<std::string> choices_;
};

Poco::Util::OptionSet make_options() {
  using Poco::Util::Option;
  Poco::Util::OptionSet options;
  const auto add = [&](const char* name, const char* argument, const char* description) {
    Option option(name, "", description);
    if (argument != nullptr) option.argument(argument);
    options.addOption(option);
  };
  add("help", nullptr, "show this and end");
  options.addOption(Option("port", "", "port on 127.0.0.1; 0: any free one (default 8765)")
                        .argument("N")
                        .validator(new Poco::Util::IntValidator(0, 65535)));
  add("port-file", "FILE", "write the port there, at once, as soon as it listens");
  add("api-key-file", "FILE", "first line: the key to ask for (default: $SANDBOX_API_KEY, or sandbox-key-0000)");
  options.addOption(Option("seed-data", "", "none, small (default) or large")
                        .argument("SIZE")
                        .validator(new OneOf({"none", "small", "large"})));
  options.addOption(
      Option("rate-limits", "", "on (default) or off").argument("ON_OFF").validator(new OneOf({"on", "off"})));
  add("tls-cert", "FILE", "PEM certificate: serve https (with --tls-key)");
  add("tls-key", "FILE", "PEM private key");
  return options;
}

Settings read_arguments(const Poco::Util::OptionSet& options, int argc, char** argv) {
  Settings settings;
  Poco::Util::OptionProcessor processor(options);
  processor.setUnixStyle(true);
  for (int i = 1; i < argc; ++i) {
    std::string name;
    std::string value;
    if (!processor.process(argv[i], name, value)) {
      throw Poco::Util::UnexpectedArgumentException("no argument '" + std::string(argv[i]) + "' is known; see --help");
    }
    if (name.empty()) continue;  // the value follows in the next argument
    if (auto validator = options.getOption(name).validator()) validator->validate(options.getOption(name), value);
    settings[name] = value;
  }
  processor.checkRequired();
  return settings;
}

std::string text(const Settings& settings, const std::string& name, const std::string& otherwise = {}) {
  const auto found = settings.find(name);
  return found == settings.end() ? otherwise : found->second;
}

std::string api_key(const Settings& settings) {
  const std::string file = text(settings, "api-key-file");
  std::string key;
  if (!file.empty()) {
    std::ifstream input(file);
    std::getline(input, key);
    key = Poco::trim(key);
    if (key.empty()) throw std::runtime_error("--api-key-file " + file + ": cannot be read or its first line is empty");
    return key;
  }
  const char* from_environment = std::getenv("SANDBOX_API_KEY");
  return from_environment != nullptr && *from_environment != '\0' ? from_environment : sandbox::Options().api_key;
}

sandbox::SeedSize seed_size(const std::string& name) {
  if (name == "none") return sandbox::SeedSize::none;
  return name == "large" ? sandbox::SeedSize::large : sandbox::SeedSize::small;
}

/// Whoever waits for the file never reads a half of it.
void write_port_file(const std::string& file, std::uint16_t port) {
  if (file.empty()) return;
  const std::string unfinished = file + ".part";
  {
    std::ofstream output(unfinished);
    output << port << '\n';
    if (!output.flush()) throw std::runtime_error("--port-file " + file + ": cannot be written");
  }
  std::filesystem::rename(unfinished, file);
}

sigset_t ending_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

void run(const Settings& settings) {
  // Blocked before the first thread exists, so that sigwait() alone gets them.
  const sigset_t signals = ending_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  const std::string certificate = text(settings, "tls-cert");
  const std::string key = text(settings, "tls-key");
  if (certificate.empty() != key.empty()) throw std::runtime_error("--tls-cert and --tls-key go together");
  const auto port = static_cast<std::uint16_t>(std::stoi(text(settings, "port", "8765")));
  const sandbox::Listener listener({.port = port, .certificate_file = certificate, .key_file = key});
  sandbox::Sandbox sandbox({.api_key = api_key(settings),
                            .seed = seed_size(text(settings, "seed-data", "small")),
                            .limited = text(settings, "rate-limits", "on") == "on",
                            .base_url = listener.base_url()});
  const sandbox::Server server(listener, sandbox);
  write_port_file(text(settings, "port-file"), listener.port());
  std::cout << "listening on " << listener.base_url() << std::endl;
  int signal = 0;
  sigwait(&signals, &signal);
}

}  // namespace

int main(int argc, char** argv) try {
  const Poco::Util::OptionSet options = make_options();
  Settings settings;
  try {
    settings = read_arguments(options, argc, argv);
  } catch (const Poco::Exception& wrong) {
    std::cerr << "smartrecruiters-sandbox: " << wrong.displayText() << '\n';
    return exit_usage;
  }
  if (settings.contains("help")) {
    Poco::Util::HelpFormatter help(options);
    help.setUnixStyle(true);
    help.setCommand("smartrecruiters-sandbox");
    help.setUsage("[OPTIONS]");
    help.setHeader("A stateful stand-in for SmartRecruiters' API on 127.0.0.1, for trying things out and for tests.");
    help.format(std::cout);
    return EXIT_SUCCESS;
  }
  run(settings);
  return EXIT_SUCCESS;
} catch (const Poco::Exception& failure) {
  std::cerr << "smartrecruiters-sandbox: " << failure.displayText() << '\n';
  return EXIT_FAILURE;
} catch (const std::exception& failure) {
  std::cerr << "smartrecruiters-sandbox: " << failure.what() << '\n';
  return EXIT_FAILURE;
}
