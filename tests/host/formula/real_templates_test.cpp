// Real templates, published by the platform's vendor and its users. They are no part of the repository.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "host/base/error.hpp"
#include "host/formula/formula.hpp"
#include "host/formula/graph_text.hpp"
#include "host/formula/problems.hpp"
#include "host/formula/upgrade.hpp"

namespace formulary {
namespace {

/// The reasons that CONTRACT 2.7 names, by a part of the sentence.
struct Rule {
  const char* name;
  const char* part;
};
constexpr std::array<Rule, 13> rules{{
    {"duplicate key", "is there twice"},
    {"duplicate step", "is the name of an earlier step"},
    {"bulk download", "downloads a bulk file"},
    {"cron", "runs more often"},
    {"cron", "is no Quartz expression"},
    {"retryAttempts", "retryAttempts must"},
    {"retryStatusCodes", "retryStatusCodes must"},
    {"script v2", "never calls done()"},
    {"script v2", "has a return outside"},
    {"step type", "Invalid formula for the v3 engine"},
    {"debug logging", "Execution debug logging can be disabled only"},
    {"resource", "needs a manual trigger"},
    {"trigger type", "is none of event, elementRequest"},
}};

struct Found {
  std::string file;
  json::value document;
};

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

class RealTemplates : public testing::Test {
 protected:
  void SetUp() override {
    const std::filesystem::path root = std::filesystem::path(FORMULARY_SHARED) / "contract/platform";
    if (!std::filesystem::is_directory(root / "formulas")) {
      if (std::getenv("CI") != nullptr) FAIL() << root << " is absent";
      GTEST_SKIP() << "the published templates are absent: " << root;
    }
    for (const char* folder : {"formulas", "examples"}) {
      for (const auto& entry : std::filesystem::recursive_directory_iterator(root / folder)) {
        if (entry.path().extension() == ".json") read(entry.path(), entry.path().lexically_relative(root).string());
      }
    }
    ASSERT_GE(templates_.size(), 30U);
  }

  std::vector<Found> templates_;
  std::vector<std::string> not_json_;

 private:
  /// The file itself, or the entries of an export. Other documents lie in the same folders.
  void read(const std::filesystem::path& path, const std::string& file) {
    json::value document;
    try {
      document = parse_json(read_file(path), file);
    } catch (const Error&) {
      return not_json_.push_back(file);
    }
    const auto take = [&](const json::value& value) {
      if (value.is_object() && value.as_object().contains("steps")) templates_.push_back({file, value});
    };
    if (const auto* entries = document.if_array()) {
      for (const auto& entry : *entries) take(entry);
    } else {
      take(document);
    }
  }
};

TEST_F(RealTemplates, AreRefusedForNothingButWhatTheContractNames) {
  std::map<std::string, int> refused;
  for (const std::string& file : not_json_) {
    std::cout << file << ": refused: is not JSON\n";
    ++refused["not JSON"];
  }
  for (const Found& found : templates_) {
    for (const auto& problem : find_problems(*Formula::from_json(found.document, found.file))) {
      if (problem.kind == FormulaProblem::Kind::warning) continue;
      const auto rule = std::find_if(rules.begin(), rules.end(), [&problem](const Rule& candidate) {
        return problem.sentence.find(candidate.part) != std::string::npos;
      });
      EXPECT_NE(rule, rules.end()) << found.file << ": " << problem.path << ": " << problem.sentence;
      if (rule == rules.end()) continue;
      std::cout << found.file << ": " << name(problem.kind) << ": " << problem.path << ": " << problem.sentence << '\n';
      ++refused[rule->name];
    }
  }
  // Of what is published, one file has a comma too much; everything else may run.
  EXPECT_EQ(refused, (std::map<std::string, int>{{"not JSON", 1}}));
}

TEST_F(RealTemplates, ComeBackAsTheyWentIn) {
  for (const Found& found : templates_) {
    const auto formula = Formula::from_json(found.document, found.file);
    EXPECT_EQ(formula->document(), found.document) << found.file;
    EXPECT_EQ(to_text(formula->document()), to_text(found.document)) << found.file << ": the order of members";
    const auto again = Formula::parse(to_pretty_text(formula->document()), found.file);
    EXPECT_EQ(again->document(), found.document) << found.file;
    EXPECT_EQ(again->content_id(), formula->content_id()) << found.file;
  }
}

TEST_F(RealTemplates, AreUpgradedOnceAndStayAcceptable) {
  for (const Found& found : templates_) {
    const auto once = upgrade_to_v3(found.document);
    EXPECT_EQ(upgrade_to_v3(once.document).document, once.document) << found.file;
    EXPECT_FALSE(refuses_template(find_problems(*Formula::from_json(once.document)))) << found.file;
    for (const auto& change : once.changes) {
      std::cout << found.file << ": " << change.path << ": " << change.sentence << '\n';
    }
  }
}

TEST_F(RealTemplates, CanBeDrawn) {
  for (const Found& found : templates_) {
    const auto formula = Formula::from_json(found.document, found.file);
    for (const GraphForm form : {GraphForm::text, GraphForm::dot, GraphForm::mermaid}) {
      const std::string drawn = draw_graph(*formula, form);
      for (const Step& step : formula->steps()) {
        EXPECT_NE(drawn.find(step.name), std::string::npos) << found.file << ": " << step.name;
      }
    }
  }
}

}  // namespace
}  // namespace formulary
