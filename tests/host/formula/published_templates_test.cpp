// Every published template that can run does, to its end or its bound, whatever its steps are answered.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "host/base/error.hpp"
#include "host/formula/problems.hpp"
#include "tests/host/formula/plan_player.hpp"
#include "tests/host/formula/random_formula.hpp"

namespace formulary::testing {
namespace {

constexpr std::uint64_t plays = 20;

std::vector<std::filesystem::path> templates() {
  const std::filesystem::path folder = std::filesystem::path(FORMULARY_SHARED) / "contract/platform/formulas";
  std::vector<std::filesystem::path> files;
  if (!std::filesystem::is_directory(folder)) return files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string text_in(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// nullptr if the file is no template.
std::shared_ptr<const Formula> formula_in(const std::filesystem::path& file) {
  try {
    auto formula = Formula::parse(text_in(file), file.filename().string());
    return formula->steps().empty() || formula->triggers().empty() ? nullptr : formula;
  } catch (const Error&) {
    return nullptr;
  }
}

void play(const std::shared_ptr<const Formula>& formula, Dice dice) {
  PlanPlayer player(formula);
  player.state.limits.steps_max = 300;
  for (const auto& variable : formula->configuration()) player.config[variable.key] = "12";
  player.start(
      parse_json(R"({"id":"1","event":{"objectId":"1"},"body":{"message":{"raw":{},"events":[{}]}}})", "args"));
  for (int turn = 0; turn < 5'000 && player.finishes.empty(); ++turn) {
    for (const auto& run : player.out) player.answers[run.step->name] = {random_outcome(dice, *run.call)};
    if (!player.step()) break;
  }
  EXPECT_EQ(player.finishes.size(), 1U) << "it did not end";
  EXPECT_EQ(fault_in(player.state), "");
  for (const auto& record : player.records) {
    const bool odd = record.error && record.error->code == "internal" && record.error->message != "broke" &&
                     record.error->message.find("not what it asked for") == std::string::npos;
    EXPECT_FALSE(odd) << record.name << ": " << record.error->message;
  }
}

TEST(PublishedTemplates, RunToTheirEndWhateverIsAnswered) {
  const auto files = templates();
  if (files.empty()) {
    if (std::getenv("CI") != nullptr) FAIL() << "there are no templates below " << FORMULARY_SHARED;
    GTEST_SKIP() << "no templates below " << FORMULARY_SHARED;
  }
  std::size_t played = 0;
  for (const auto& file : files) {
    const auto formula = formula_in(file);
    if (formula == nullptr || prevents_running(find_problems(*formula))) continue;
    SCOPED_TRACE(file.string());
    ++played;
    for (std::uint64_t seed = 0; seed < plays; ++seed) play(formula, Dice(seed));
  }
  EXPECT_GE(played, 15U);
  RecordProperty("played", static_cast<int>(played));
}

}  // namespace
}  // namespace formulary::testing
