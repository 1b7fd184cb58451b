#include "host/formula/scope.hpp"

#include <algorithm>
#include <utility>

namespace formulary {
namespace {

constexpr std::size_t leaf_entries_max = 16;

bool precedes(const std::shared_ptr<const StepOutputs::Entry>& entry, std::string_view name) {
  return entry->name < name;
}

}  // namespace

/// The only leaf that may have it: the last one that begins at or before the name, or the first.
std::size_t StepOutputs::leaf_of(std::string_view name) const {
  const auto after =
      std::upper_bound(leaves_.begin(), leaves_.end(), name,
                       [](std::string_view wanted, const auto& leaf) { return wanted < leaf->front()->name; });
  return after == leaves_.begin() ? 0 : static_cast<std::size_t>(after - leaves_.begin()) - 1;
}

const StepOutputs::Entry* StepOutputs::find(std::string_view name) const {
  if (leaves_.empty()) return nullptr;
  const Leaf& leaf = *leaves_[leaf_of(name)];
  const auto found = std::lower_bound(leaf.begin(), leaf.end(), name, precedes);
  return found == leaf.end() || (*found)->name != name ? nullptr : found->get();
}

void StepOutputs::put(Entry entry) {
  auto shared = std::make_shared<const Entry>(std::move(entry));
  if (leaves_.empty()) {
    leaves_.push_back(std::make_shared<const Leaf>(Leaf{std::move(shared)}));
    ++size_;
    return;
  }
  const std::size_t at = leaf_of(shared->name);
  Leaf leaf = *leaves_[at];
  const auto place = std::lower_bound(leaf.begin(), leaf.end(), shared->name, precedes);
  if (place != leaf.end() && (*place)->name == shared->name) {
    *place = std::move(shared);
  } else {
    leaf.insert(place, std::move(shared));
    ++size_;
  }
  if (leaf.size() > leaf_entries_max) {
    const auto middle = leaf.begin() + leaf_entries_max / 2;
    Leaf upper(std::make_move_iterator(middle), std::make_move_iterator(leaf.end()));
    leaf.erase(middle, leaf.end());
    leaves_.insert(leaves_.begin() + static_cast<std::ptrdiff_t>(at) + 1,
                   std::make_shared<const Leaf>(std::move(upper)));
  }
  leaves_[at] = std::make_shared<const Leaf>(std::move(leaf));
}

std::string script_context(const Scope& scope) {
  std::string text = R"({"trigger":)" + *scope.trigger.text() + R"(,"steps":{)";
  bool first = true;
  scope.steps.for_each([&](const StepOutputs::Entry& entry) {
    if (!first) text += ',';
    first = false;
    append_json_string(text, entry.name);
    text += ':';
    text += *entry.output.text();
  });
  return text + R"(},"info":)" + *scope.info.text() + R"(,"config":)" + *scope.config.text() + '}';
}

}  // namespace formulary
