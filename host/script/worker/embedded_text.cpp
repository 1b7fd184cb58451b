#include "host/script/worker/embedded_text.hpp"

#include <algorithm>

namespace formulary {

extern const EmbeddedText embedded_texts[];  // made by embed.cmake, sorted by name
extern const std::size_t embedded_texts_size;

const EmbeddedText* find_embedded_text(std::string_view name) {
  const EmbeddedText* end = embedded_texts + embedded_texts_size;
  const EmbeddedText* found = std::lower_bound(
      embedded_texts, end, name, [](const EmbeddedText& text, std::string_view wanted) { return text.name < wanted; });
  return found != end && found->name == name ? found : nullptr;
}

}  // namespace formulary
