#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <filesystem>
#include <stdexcept>
#include <string>

#include "host/base/error.hpp"
#include "tests/host/http/server_fixture.hpp"
#include "tests/poco/certificates.hpp"
#include "tests/support/temp_folder.hpp"

namespace formulary {
namespace {

using element::http::Authority;
using element::http::ServerContext;
using std::chrono::milliseconds;
using testing::HasSubstr;

constexpr std::string_view get = "GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n";

class ServerTlsTest : public ServerFixture {
 protected:
  ServerTlsTest() {
    options.linger_limit = milliseconds(50);
    options.tls = write_files("server");
  }

  /// A new certificate of the authority and its key.
  [[nodiscard]] ServerTls write_files(const std::string& name) const {
    const ServerContext shown = authority.serve({.names = "DNS:localhost"});
    ServerTls files{(folder_.path() / (name + ".pem")).string(), (folder_.path() / (name + ".key")).string()};
    std::FILE* out = std::fopen(files.certificate_file.c_str(), "w");
    PEM_write_X509(out, SSL_CTX_get0_certificate(shown.get()));
    std::fclose(out);
    out = std::fopen(files.key_file.c_str(), "w");
    PEM_write_PrivateKey(out, SSL_CTX_get0_privatekey(shown.get()), nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(out);
    return files;
  }

  Authority authority;

 private:
  TempFolder folder_;
};

TEST_F(ServerTlsTest, SpeaksTls) {
  serve([](IncomingRequest& request) {
    EXPECT_TRUE(request.secure);
    return OutgoingResponse{.body = request.target + ' ' + request.body.read_all(1U << 20U)};
  });
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    WireClient client(server->port());
    ASSERT_TRUE(client.start_tls(authority.file(), version));
    client.send(std::string(get) + std::string(get));
    EXPECT_EQ(client.read_answer().body, "/a ");
    EXPECT_EQ(client.read_answer().body, "/a ");
    const std::string long_body(500'000, 'x');
    client.send("PUT /b HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500000\r\nConnection: close\r\n\r\n" +
                long_body);
    EXPECT_EQ(client.read_answer().body, "/b " + long_body);
    EXPECT_TRUE(client.is_ended());
  }
}

TEST_F(ServerTlsTest, RefusesOldVersionsAndPlainText) {
  serve_echo();
  EXPECT_FALSE(WireClient(server->port()).start_tls(authority.file(), TLS1_1_VERSION));
  WireClient plain(server->port());
  plain.send(get);
  EXPECT_THAT(plain.read_all(), testing::Not(HasSubstr("HTTP")));
}

TEST_F(ServerTlsTest, CutsASlowHandshake) {
  options.head_limit = milliseconds(40);
  serve_echo();
  EXPECT_TRUE(WireClient(server->port()).is_ended());
}

TEST_F(ServerTlsTest, PushesAndStops) {
  auto stream = std::make_shared<PushStream>();
  serve([&](IncomingRequest&) { return OutgoingResponse{.stream = stream}; });
  WireClient client(server->port());
  ASSERT_TRUE(client.start_tls(authority.file()));
  client.send(get);
  client.read_until("\r\n\r\n");
  stream->write("event");
  EXPECT_EQ(client.read_until("event\r\n"), "5\r\nevent\r\n");
  server->stop(std::chrono::seconds(30));
  EXPECT_EQ(client.read_all(), "0\r\n\r\n");
}

TEST_F(ServerTlsTest, RefusesAKeyOfAnotherCertificate) {
  options.tls->key_file = write_files("other").key_file;
  try {
    serve_echo();
    FAIL();
  } catch (const Error& why) {
    EXPECT_EQ(why.code(), ErrorCode::bad_input);
    EXPECT_THAT(why.what(), HasSubstr("other.key' cannot be used"));
  }
}

}  // namespace
}  // namespace formulary
