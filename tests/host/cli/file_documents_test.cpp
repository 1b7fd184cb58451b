#include "host/cli/file_documents.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "host/base/error.hpp"
#include "test_io.hpp"
#include "tests/support/temp_folder.hpp"

namespace formulary::cli {
namespace {

namespace fs = std::filesystem;

using Problems = std::vector<FormulaProblem>;

constexpr std::string_view instance = R"({"kind":"instance","name":"Acme","element":{"key":"crm"},
    "configuration":{"base.url":"https://x"},"secrets":{"api.key":"@keys/acme"}})";

FileDocument made(DocumentKind kind, const std::string& name, const std::string& of = {}) {
  return {.kind = kind, .file = name + ".json", .name = name, .of = of, .body = {}, .secrets = {}};
}

FileDocument calling(const std::string& name, const std::string& other) {
  FileDocument document = made(DocumentKind::formula, name);
  document.body["steps"] = json::array{json::object{{"type", "formula"}, {"properties", {{"formulaId", other}}}}};
  return document;
}

std::string all_of(const Problems& problems) {
  std::string text;
  for (const FormulaProblem& problem : problems) text += problem.path + ": " + problem.sentence + '\n';
  return text;
}

std::string problems_of(std::string_view text) {
  Problems problems;
  (void)parse_document(text, "a.json", problems);
  return all_of(problems);
}

TEST(FileDocuments, AnInstanceNamesItsElementAndWhereItsSecretsAre) {
  Problems problems;
  const auto document = parse_document(instance, "folder/a.json", problems);
  ASSERT_TRUE(document);
  EXPECT_EQ(all_of(problems), "");
  EXPECT_EQ(document->kind, DocumentKind::instance);
  EXPECT_EQ(document->name, "Acme");
  EXPECT_EQ(document->of, "crm");
  EXPECT_EQ(document->secrets.at("api.key"), "folder/keys/acme");
  EXPECT_FALSE(document->body.contains("secrets"));
  EXPECT_FALSE(document->body.contains("kind"));
}

TEST(FileDocuments, WithoutAKindItIsAFormula) {
  Problems problems;
  const auto document =
      parse_document(R"({"name":"f","steps":[],"triggers":[{"type":"manual","onSuccess":[]}]})", "a.json", problems);
  ASSERT_TRUE(document);
  EXPECT_EQ(document->kind, DocumentKind::formula);
}

TEST(FileDocuments, EveryProblemOfAFileIsTold) {
  const std::string told = problems_of(
      R"({"kind":"instance","elements":1,"configuration":{"k":"********","s":1},"secrets":{"s":"@f","t":"in clear"}})");
  for (const char* part : {"a.json: name: missing", "a.json: element: missing", "a.json: elements: is no member",
                           "a.json: configuration.k: is a mask", "a.json: configuration.s: is among the secrets",
                           "a.json: secrets.t: is no file"}) {
    EXPECT_NE(told.find(part), std::string::npos) << part << " in\n" << told;
  }
  EXPECT_EQ(told.find("in clear"), std::string::npos) << told;
}

TEST(FileDocuments, WhatIsNoDocumentIsAProblemOfItsFile) {
  EXPECT_TRUE(problems_of("{").starts_with("a.json: "));
  EXPECT_TRUE(problems_of("[]").starts_with("a.json: is no JSON object"));
  EXPECT_TRUE(problems_of(R"({"kind":"widget","name":"x"})").starts_with("a.json: kind: is none of"));
  EXPECT_NE(problems_of(R"({"name":"f","steps":{}})"), "");
}

TEST(FileDocuments, SecretsFromStandardInputAreRefused) {
  EXPECT_NE(problems_of(R"({"kind":"instance","name":"a","element":{"key":"k"},"secrets":{"s":"@-"}})"), "");
}

TEST(FileDocuments, WhatIsNamedComesBeforeWhatNamesIt) {
  std::vector<FileDocument> documents = {made(DocumentKind::formula_instance, "run", "a"),
                                         calling("a", "z"),
                                         made(DocumentKind::instance, "Acme", "crm"),
                                         made(DocumentKind::element, "crm"),
                                         calling("z", "m"),
                                         made(DocumentKind::formula, "m")};
  Problems problems;
  order_documents(documents, problems);
  std::vector<std::string> names;
  for (const FileDocument& document : documents) names.push_back(document.name);
  EXPECT_EQ(names, (std::vector<std::string>{"crm", "Acme", "m", "z", "a", "run"}));
  EXPECT_EQ(all_of(problems), "");
}

TEST(FileDocuments, FormulasThatCallEachOtherAreOrderedAnyhow) {
  std::vector<FileDocument> documents = {calling("a", "b"), calling("b", "a")};
  Problems problems;
  order_documents(documents, problems);
  EXPECT_EQ(documents.size(), 2U);
}

TEST(FileDocuments, TwoOfOneNameAreAProblem) {
  std::vector<FileDocument> documents = {made(DocumentKind::formula_instance, "run", "a"),
                                         made(DocumentKind::formula_instance, "run", "b")};
  Problems problems;
  order_documents(documents, problems);
  EXPECT_EQ(all_of(problems), "");
  documents.push_back(made(DocumentKind::formula_instance, "run", "b"));
  order_documents(documents, problems);
  EXPECT_NE(all_of(problems).find("is in run.json, too"), std::string::npos);
}

TEST(FileDocuments, CalledFormulasAreRenamed) {
  FileDocument document = calling("a", "17");
  rename_called_formulas(document.body, {{"17", "inner"}});
  EXPECT_EQ(called_formulas(document.body), std::vector<std::string>{"inner"});
}

TEST(FileDocuments, FileNamesStayInTheirFolder) {
  EXPECT_EQ(safe_file_name("Hired candidate"), "Hired-candidate");
  EXPECT_EQ(safe_file_name("../../etc/passwd"), "etc-passwd");
  EXPECT_EQ(safe_file_name("..."), "unnamed");
  EXPECT_EQ(safe_file_name(""), "unnamed");
  EXPECT_EQ(safe_file_name("a/b\\c\n\x01"), "a-b-c");
  EXPECT_EQ(safe_file_name(std::string(500, 'x')).size(), 80U);
}

TEST(FileDocuments, AFolderIsReadAtAnyDepthButForWhatIsHidden) {
  const TempFolder place;
  const fs::path& folder = place.path();
  fs::create_directories(folder / "deep" / "er");
  fs::create_directories(folder / ".git");
  fs::create_directories(folder / "secrets");
  std::ofstream(folder / "deep" / "er" / "acme.json") << instance;
  std::ofstream(folder / ".git" / "x.json") << "{";
  std::ofstream(folder / "secrets" / "key") << "{";
  TestIo streams;
  const Io io = streams.io();
  Problems problems;
  EXPECT_EQ(read_documents(io, folder.string(), problems).size(), 1U);
  EXPECT_EQ(all_of(problems), "");
  EXPECT_THROW((void)read_documents(io, (folder / "secrets").string(), problems), Error);
  EXPECT_THROW((void)read_documents(io, (folder / "missing").string(), problems), Error);
}

}  // namespace
}  // namespace formulary::cli
