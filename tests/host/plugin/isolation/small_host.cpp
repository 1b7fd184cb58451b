// A host in small: uses Poco itself, loads the plugins of a folder and prints which Poco each of them calls.
//   small_host PLUGINS STORE  ->  host <version>\nplugin <version>\n
#include <Poco/Environment.h>

#include <exception>
#include <iostream>
#include <stdexcept>

#include "host/plugin/catalogue.hpp"

extern "C" [[gnu::visibility("default")]] int formulary_main(int argc, char** argv, char** environment);

int formulary_main(int argc, char** argv, char** /*environment*/) {
  if (argc != 3) return 2;
  try {
    formulary::CatalogueOptions options;
    options.folder = argv[1];
    options.private_store = argv[2];
    const auto catalogue = formulary::Catalogue::scan(options);
    std::cout << "host " << Poco::Environment::libraryVersion() << '\n';
    for (const formulary::PluginEntry& entry : catalogue.entries()) {
      if (entry.plugin == nullptr) throw std::runtime_error(entry.reason);
      const auto handle = entry.plugin->open_instance({}, "{}");
      std::cout << "plugin " << handle->invoke({}, {.method = "GET", .path = "/probe"}).body << '\n';
    }
    return 0;
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
