#include <formulary/poco/multipart.hpp>

#include <gtest/gtest.h>

#include <stdexcept>

#include "tests/poco/thrown_error.hpp"

namespace element::http {
namespace {

TEST(MultipartTest, WritesFieldsAndFilesAsBrowsersDo) {
  multipart form("xyz");
  form.field("comment", "two\r\nlines")
      .file("file", "cv \xc3\xa4.pdf", "application/pdf", std::string("%PDF\0\r\n", 7));
  EXPECT_EQ(form.content_type(), "multipart/form-data; boundary=xyz");
  EXPECT_EQ(form.body(),
            std::string("--xyz\r\nContent-Disposition: form-data; name=\"comment\"\r\n\r\ntwo\r\nlines\r\n"
                        "--xyz\r\nContent-Disposition: form-data; name=\"file\"; filename=\"cv \xc3\xa4.pdf\"\r\n"
                        "Content-Type: application/pdf\r\n\r\n") +
                std::string("%PDF\0\r\n", 7) + "\r\n--xyz--\r\n");
}

TEST(MultipartTest, KeepsNamesFromEndingTheirLine) {
  multipart form("xyz");
  form.file("a\"b", "c\r\nX: y\"", "", "z");
  EXPECT_EQ(form.body(),
            "--xyz\r\nContent-Disposition: form-data; name=\"a%22b\"; filename=\"c%0D%0AX: y%22\"\r\n"
            "Content-Type: application/octet-stream\r\n\r\nz\r\n--xyz--\r\n");
}

TEST(MultipartTest, RefusesWhatWouldForgeAPart) {
  multipart form("xyz");
  EXPECT_EQ(thrown_code([&] { form.field("a", "--xyz\r\n"); }), "http.bad_part");
  EXPECT_EQ(thrown_code([&] { form.file("a", "b", "c", "xyz"); }), "http.bad_part");
  EXPECT_EQ(thrown_code([&] { form.file("a", "b", "text/plain\r\nX: y", "z"); }), "http.bad_part");
  EXPECT_EQ(form.body(), "--xyz--\r\n");
}

TEST(MultipartTest, RefusesABoundaryThatNeedsQuotes) {
  for (const char* bad : {"", "a b", "a\"b", "a;b"}) EXPECT_THROW(multipart{bad}, std::invalid_argument) << bad;
  EXPECT_THROW(multipart{std::string(71, 'a')}, std::invalid_argument);
}

TEST(MultipartTest, ChoosesAnotherBoundaryEachTime) {
  EXPECT_NE(multipart().content_type(), multipart().content_type());
}

}  // namespace
}  // namespace element::http
