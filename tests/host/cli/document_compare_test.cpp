#include "host/cli/document_compare.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace formulary::cli {
namespace {

FileDocument file_of(DocumentKind kind, std::string_view body) {
  return {
      .kind = kind, .file = "a.json", .name = "a", .of = {}, .body = parse_json(body, "a").as_object(), .secrets = {}};
}

ComparedDocument compared(const FileDocument& file, std::string_view kept, std::string_view formula = "null",
                          const ServerNames& names = {}) {
  return compare_document(file, parse_json(kept, "kept"), parse_json(formula, "formula"), names);
}

TEST(DocumentCompare, WhatTheServerDoesNotHaveIsNotTheSame) {
  const auto one = compared(file_of(DocumentKind::instance, R"({"name":"a","element":{"key":"k"}})"), "null");
  EXPECT_FALSE(one.is_same());
  EXPECT_TRUE(one.kept.is_null());
}

TEST(DocumentCompare, AnInstanceIsComparedInWhatTheFileSpeaksOf) {
  const FileDocument file =
      file_of(DocumentKind::instance, R"({"name":"a","element":{"key":"k"},"configuration":{"url":"u","number":5}})");
  constexpr auto kept = R"({"id":1,"name":"a","token":"t","tags":["a"],"element":{"id":2,"key":"k","name":"K"},
      "configuration":{"number":"5","url":"u","api.key":"********","other":"x"}})";
  EXPECT_TRUE(compared(file, kept).is_same());
  constexpr auto other = R"({"name":"a","element":{"key":"k"},"configuration":{"number":"6","url":"u"}})";
  const auto differs = compared(file, other);
  EXPECT_FALSE(differs.is_same());
  EXPECT_EQ(to_text(differs.kept), R"({"configuration":{"number":"6","url":"u"},"element":{"key":"k"},"name":"a"})");
}

TEST(DocumentCompare, AnElementIsComparedWithoutIdsDefaultsAndMaskedSecrets) {
  const FileDocument file =
      file_of(DocumentKind::element,
              R"({"key":"a","active":false,"configuration":[{"key":"p","type":"PASSWORD","defaultValue":"x"}],
      "models":[],"resources":[{"path":"/r","method":"GET"}]})");
  EXPECT_TRUE(compared(file, R"({"id":1,"key":"a","private":true,"active":false,"createdDate":"d",
      "configuration":[{"id":7,"key":"p","type":"PASSWORD","defaultValue":"********"}],
      "resources":[{"id":9,"path":"/r","method":"GET","type":"api"}]})")
                  .is_same());
  EXPECT_FALSE(compared(file, R"({"key":"a","active":true,"configuration":[{"key":"p","type":"PASSWORD"}],
      "resources":[{"path":"/r","method":"GET"}]})")
                   .is_same());
  EXPECT_FALSE(compared(file, R"({"key":"a","active":false,"configuration":[{"key":"p","type":"PASSWORD"}],
      "resources":[{"path":"/r","method":"GET"},{"path":"/more"}]})")
                   .is_same());
}

TEST(DocumentCompare, AnElementsPathsAreTheSameWithAndWithoutTheHub) {
  const FileDocument file =
      file_of(DocumentKind::element, R"({"key":"a","hub":"crm","resources":[{"path":"/things"}]})");
  EXPECT_TRUE(compared(file, R"({"key":"a","hub":"crm","resources":[{"path":"/hubs/crm/things"}]})").is_same());
  EXPECT_FALSE(compared(file, R"({"key":"a","hub":"crm","resources":[{"path":"/hubs/crm/others"}]})").is_same());
}

TEST(DocumentCompare, AFieldOfAModelThatIsCalledIdIsKept) {
  const json::object plain =
      plain_element(parse_json(R"({"id":1,"models":[{"properties":{"id":{"type":"string"}}}]})", "e").as_object());
  EXPECT_EQ(to_text(plain), R"({"models":[{"properties":{"id":{"type":"string"}}}]})");
}

TEST(DocumentCompare, AFormulaIsComparedWholeButForWhatServersAdd) {
  const FileDocument file = file_of(DocumentKind::formula, R"({"name":"a","steps":[{"name":"s","type":"script",
      "onSuccess":[],"properties":{"body":"done();"
}
}]
})");
  constexpr auto kept = R"({"id":3,"name":"a","active":false,"debugLoggingEnabled":true,"singleThreaded":false,
      "steps":[{"id":4,"name":"s","type":"script","properties":{"body":"done();"
}
}]
})";
  EXPECT_TRUE(compared(file, kept).is_same()) << "the file says nothing of active";
  constexpr auto more = R"({"name":"a","description":"d","steps":[{"name":"s","type":"script",
      "properties":{"body":"done();"
}
}]
})";
  EXPECT_FALSE(compared(file, more).is_same()) << "what a file leaves out is taken away";
}

TEST(DocumentCompare, CalledFormulasAreComparedByName) {
  const FileDocument file =
      file_of(DocumentKind::formula,
              R"({"name":"a","steps":[{"name":"s","type":"formula","properties":{"formulaId":"inner"}}]})");
  const ServerNames names{.instances = {}, .formulas = {{"17", "inner"}}};
  EXPECT_TRUE(compared(file, R"({"name":"a","steps":[{"name":"s","type":"formula","properties":{"formulaId":"17"}}]})",
                       "null", names)
                  .is_same());
}

TEST(DocumentCompare, AFormulaInstanceNamesElementInstances) {
  FileDocument file = file_of(DocumentKind::formula_instance,
                              R"({"name":"a","formula":{"name":"f"},"configuration":{"crm":"Acme","n":5}})");
  file.secrets["pass"] = "file";
  const ServerNames names{.instances = {{"12", "Acme"}}, .formulas = {}};
  constexpr auto formula = R"({"configuration":[{"key":"crm","type":"elementInstance"},{"key":"n","type":"value"}]})";
  constexpr auto kept = R"({"id":5,"name":"a","active":false,"settings":{"x":1},"formula":{"id":8,"name":"f"},
      "configuration":{"crm":"12","n":"5","pass":"hidden"}})";
  const auto same = compared(file, kept, formula, names);
  EXPECT_TRUE(same.is_same()) << to_text(same.kept);
  EXPECT_EQ(to_text(same.kept).find("hidden"), std::string::npos);
  file.body["active"] = true;
  EXPECT_FALSE(compared(file, kept, formula, names).is_same());
}

TEST(DocumentCompare, SecretsAreToldByTypeOrName) {
  const json::value element = parse_json(
      R"({"configuration":[{"key":"a","type":"PASSWORD"},{"key":"b","type":"TEXTFIELD_32"},{"key":"oauth.api.secret"}]})",
      "e");
  EXPECT_EQ(secret_keys(element), (std::vector<std::string>{"a", "oauth.api.secret"}));
  EXPECT_TRUE(sounds_secret("hris.api_key"));
  EXPECT_TRUE(sounds_secret("smtp.Password"));
  EXPECT_FALSE(sounds_secret("hris.url"));
}

}  // namespace
}  // namespace formulary::cli
