#include "host/base/redactor.hpp"

#include <gmock/gmock.h>

#include "host/base/json.hpp"
#include "host/base/text.hpp"

namespace formulary {
namespace {

const std::string secret = "p@ss/w\"ord+1\nz";

TEST(Redactor, HidesASecretInEveryFormItTravelsIn) {
  const Redactor redactor({secret});
  std::string lower_case = percent_encode(secret);
  for (char& c : lower_case) c = static_cast<char>(c >= 'A' && c <= 'F' ? c + 32 : c);
  for (const std::string& form : {secret, percent_encode(secret), lower_case, std::string("p@ss/w\\\"ord+1\\nz"),
                                  std::string("p@ss\\/w\\\"ord+1\\nz")}) {
    EXPECT_EQ(redactor.redact("<" + form + ">"), "<********>");
    EXPECT_TRUE(redactor.finds_secret("<" + form + ">"));
  }
  EXPECT_FALSE(redactor.finds_secret(redactor.redact(to_text(json::object{{"key", secret}}))));
}

TEST(Redactor, HidesASecretInsideLongerBase64WhereverItStarts) {
  const Redactor redactor({"the-api-key-of-acme"});
  for (const std::string before : {"", "u", "us", "use", "user"}) {
    for (const std::string after : {"", ":", ":x", ":xy"}) {
      const std::string text = to_base64(before + "the-api-key-of-acme" + after);
      EXPECT_TRUE(redactor.finds_secret(text)) << before << after;
      EXPECT_EQ(redactor.redact(text).find(text.substr(8, 12)), std::string::npos) << text;
    }
  }
}

TEST(Redactor, HidesTheUrlAlphabetToo) {
  const std::string bytes = "\xfb\xff\xfe\xfb\xff\xfe\xfb\xff\xfe";
  const Redactor redactor({bytes});
  EXPECT_EQ(redactor.redact("x " + to_base64(bytes) + " -__--__--__-"), "x ******** ********");
}

TEST(Redactor, LeavesNothingOfSecretsThatOverlap) {
  const Redactor redactor({"abcdef", "defghi", "abab"});
  EXPECT_EQ(redactor.redact("_abcdefghi_"), "_********_");
  EXPECT_EQ(redactor.redact("_ababab_"), "_********_");
  EXPECT_EQ(redactor.redact("abcdefabcdef"), "****************");
}

TEST(Redactor, HidesALongSecretWhole) {
  const Redactor redactor({"key-1", "key-1-and-more"});
  EXPECT_EQ(redactor.redact("key-1-and-more, key-1"), "********, ********");
}

TEST(Redactor, DoesNotSearchForWhatIsShort) {
  const Redactor redactor({"", "a", "abc", "abcd"});
  EXPECT_EQ(redactor.redact("a abc abcd"), "a abc ********");
}

TEST(Redactor, WithoutSecretsChangesNothing) {
  EXPECT_EQ(Redactor().redact("text"), "text");
  EXPECT_FALSE(Redactor().finds_secret("text"));
  EXPECT_EQ(Redactor(std::vector<std::string>{}).redact("text"), "text");
}

TEST(Redactor, ACopyKnowsTheSameAfterTheFirstIsGone) {
  auto first = std::make_unique<Redactor>(std::vector<std::string>{"the-secret"});
  const Redactor copy = *first;
  first.reset();
  EXPECT_EQ(copy.redact("the-secret"), "********");
}

}  // namespace
}  // namespace formulary
