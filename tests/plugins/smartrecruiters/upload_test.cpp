#include "plugins/smartrecruiters/upload.hpp"

#include <formulary/element/error.hpp>

#include <gmock/gmock.h>

#include <string>

namespace smartrecruiters {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* form = "multipart/form-data; charset=utf-8; boundary=\"b-1\"";

std::string part(const std::string& disposition, const std::string& value) {
  return "--b-1\r\nContent-Disposition: form-data; " + disposition + "\r\n\r\n" + value + "\r\n";
}
const std::string file = part(R"(name="file"; filename="cv.pdf")", "%PDF\r\n--b-2\r\n");
const std::string end = "--b-1--\r\n";

TEST(Upload, PassesAFormOnByteForByte) {
  const std::string body = part("name=\"attachmentType\"", "RESUME") + file + end;
  const Upload upload = make_upload(body, form, true);
  EXPECT_EQ(upload.bytes, body);
  EXPECT_EQ(upload.content_type, form);
}

TEST(Upload, AddsTheTypeThatTheVendorRequires) {
  const Upload upload = make_upload("preamble\r\n" + file + end, form, true);
  EXPECT_THAT(upload.bytes, StartsWith(part("name=\"attachmentType\"", "GENERIC_FILE")));
  EXPECT_EQ(make_upload(file + end, form, false).bytes, file + end);
}

TEST(Upload, MakesAFormFromJson) {
  const Upload upload = make_upload(
      R"({"file":{"name":"cv.pdf","contentType":"application/pdf","content":"JVBERi0x"},"attachmentType":"RESUME"})",
      "application/json", true);
  EXPECT_THAT(upload.content_type, StartsWith("multipart/form-data; boundary="));
  EXPECT_THAT(upload.bytes, HasSubstr("%PDF-1"));
  EXPECT_THAT(upload.bytes, HasSubstr("filename=\"cv.pdf\""));
  EXPECT_THAT(upload.bytes, HasSubstr("\r\n\r\nRESUME\r\n"));
  // What was made passes for what a caller sends.
  EXPECT_EQ(make_upload(upload.bytes, upload.content_type, true).bytes, upload.bytes);
}

TEST(Upload, SendsOtherFieldsOfAResume) {
  const Upload upload =
      make_upload(R"({"file":{"name":"a","content":""},"internal":true,"sourceTypeId":"JOB","x":null})", "", false);
  EXPECT_THAT(upload.bytes, HasSubstr("name=\"internal\"\r\n\r\ntrue"));
  EXPECT_THAT(upload.bytes, HasSubstr("name=\"sourceTypeId\"\r\n\r\nJOB"));
}

struct WrongUpload {
  const char* why;
  std::string body;
  std::string type;
  const char* has;
};
class WrongUploadTest : public ::testing::TestWithParam<WrongUpload> {};

TEST_P(WrongUploadTest, IsRefused) {
  try {
    (void)make_upload(GetParam().body, GetParam().type, true);
    FAIL() << "was accepted";
  } catch (const element::error& why) {
    EXPECT_EQ(why.status(), ELEMENT_INVALID_ARGUMENT);
    EXPECT_EQ(why.code(), "smartrecruiters.invalid_body");
    EXPECT_THAT(why.what(), HasSubstr(GetParam().has));
  }
}

std::string many_parts() {
  std::string body;
  for (int count = 0; count < 33; ++count) body += part("name=\"x\"", "y");
  return body + end;
}

INSTANTIATE_TEST_SUITE_P(
    Bodies, WrongUploadTest,
    ::testing::Values(
        WrongUpload{"Empty", "", "", "send multipart/form-data"},
        WrongUpload{"Text", "x", "text/plain", "must be multipart"},
        WrongUpload{"NoBoundary", file + end, "multipart/form-data", "no usable boundary"},
        WrongUpload{"EmptyForm", "", form, "cut off"},
        WrongUpload{"OtherBoundary", file + end, "multipart/form-data; boundary=x", "cut off"},
        WrongUpload{"CutOff", file, form, "cut off"},
        WrongUpload{"NoFile", part("name=\"cv\"", "x") + end, form, "no part `file`"},
        WrongUpload{"WrongType", part("name=\"attachmentType\"", "CV") + file + end, form, "GENERIC_FILE, RESUME or"},
        WrongUpload{"TooManyParts", many_parts(), form, "more than 32 parts"},
        WrongUpload{"JsonList", "[]", "application/json", "send multipart"},
        WrongUpload{"JsonWithoutFile", "{}", "application/json", "file: missing"},
        WrongUpload{"JsonFileIsText", R"({"file":"x"})", "application/json", "file: not"},
        WrongUpload{"NoBase64", R"({"file":{"name":"a","content":"*"}})", "application/json", "must be base64"},
        WrongUpload{"CutBase64", R"({"file":{"name":"a","content":"QUJDR"}})", "application/json", "must be base64"},
        WrongUpload{"NoName", R"({"file":{"content":"QUJD"}})", "application/json", "name: missing"},
        WrongUpload{"JsonWrongType", R"({"file":{"name":"a","content":"QUJD"},"attachmentType":"CV"})",
                    "application/json", "GENERIC_FILE"},
        WrongUpload{"FieldIsObject", R"({"file":{"name":"a","content":"QUJD"},"x":{}})", "application/json",
                    "x must be a string"}),
    [](const auto& one) { return std::string(one.param.why); });

}  // namespace
}  // namespace smartrecruiters
