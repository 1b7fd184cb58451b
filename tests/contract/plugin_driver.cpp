/// \file
/// Performs hub calls through a real plugin, for the contract tests: one JSON call per line on standard input,
///
///   {"method": "PUT", "path": "/jobs/1/notes", "query": {}, "body": {...}, "contentType": "application/json"}
///
/// one JSON result per line on standard output: {"status": 200, "nextPage": "...", "body": "..."}, or, if the plugin
/// failed,
/// {"status": 0, "error": {"code": "...", "message": "...", "httpStatus": 422}}. `body` may be text, which is passed on
/// as it stands, or any other JSON. Arguments: the plugin's library, the vendor's base URL, the API key.
#include <formulary/fake_host.hpp>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <cstdlib>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>

namespace {

namespace json = boost::json;
using element::testing::instance_runner;
using element::testing::outcome;

std::string text_of(const json::object& call, const char* name, const char* otherwise = "") {
  const json::value* found = call.if_contains(name);
  if (found == nullptr) return otherwise;
  return found->is_string() ? std::string(found->as_string()) : json::serialize(*found);
}

json::object shown(const outcome& result) {
  if (!result.ok()) {
    if (!result.error) return {{"status", 0}, {"error", {{"code", "none"}, {"message", "failed without a word"}}}};
    return {{"status", 0},
            {"error",
             {{"code", result.error->code},
              {"message", result.error->message},
              {"httpStatus", result.error->http_status}}}};
  }
  json::object head = json::parse(result.head()).as_object();
  head["body"] = result.body();
  return head;
}

json::object perform(instance_runner& instance, const json::object& call) {
  const std::string method = text_of(call, "method");
  const std::string path = text_of(call, "path");
  const std::string query = text_of(call, "query", "{}");
  const std::string body = text_of(call, "body");
  const std::string type = text_of(call, "contentType", body.empty() ? "" : "application/json");
  return shown(instance.invoke({.method = method, .path = path, .query = query, .body = body, .content_type = type}));
}

/// The three provisioning hooks as the host calls them; an empty authorization: at the vendor, else at a platform.
json::object provision(element::testing::plugin_runner& plugin, const std::string& base_url, const std::string& key,
                       const std::string& authorization) {
  json::object configuration{{"api.key", key}};
  if (authorization.empty()) configuration["base.url"] = base_url;
  const json::object draft{{"name", "contract"}, {"tags", {"Docs"}}, {"configuration", std::move(configuration)}};
  const outcome request = plugin.serialize_config(json::serialize(draft));
  if (!request.ok()) return shown(request);
  element::connection to;
  to.mode = authorization.empty() ? element::connect_mode::vendor : element::connect_mode::platform;
  to.base_url = base_url;
  to.authorization = authorization;
  const outcome answer = plugin.authenticate(request.output, to);
  if (!answer.ok()) return shown(answer);
  const outcome instance = plugin.parse_instance(answer.output);
  if (!instance.ok()) return shown(instance);
  return {{"status", 200}, {"instance", json::parse(instance.output)}};
}

void run(const std::string& library, const std::string& base_url, const std::string& key,
         const std::string& authorization) {
  element::testing::fake_host host;
  element::testing::plugin_runner plugin(host, element::testing::library(library).entry());
  std::cout << json::serialize(provision(plugin, base_url, key, authorization)) << std::endl;
  if (!authorization.empty()) return;
  const json::object document{{"configuration", {{"api.key", key}, {"base.url", base_url}}}};
  const auto opened = plugin.open_instance(json::serialize(document));
  if (!opened.instance) throw std::runtime_error("open_instance failed: " + json::serialize(shown(opened.result)));
  for (std::string line; std::getline(std::cin, line);) {
    std::cout << json::serialize(perform(*opened.instance, json::parse(line).as_object())) << std::endl;
  }
  for (const std::string& sentence : host.violations())
    throw std::runtime_error("it broke a rule of the ABI: " + sentence);
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 4 && argc != 5) throw std::runtime_error("usage: plugin_driver PLUGIN BASE_URL KEY [AUTHORIZATION]");
  run(argv[1], argv[2], argv[3], argc == 5 ? argv[4] : "");
  return EXIT_SUCCESS;
} catch (const std::exception& failure) {
  std::cerr << "plugin_driver: " << failure.what() << '\n';
  return EXIT_FAILURE;
}
