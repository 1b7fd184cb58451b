#include "working_plugin.hpp"

ENTRY {
  return nullptr;
}
