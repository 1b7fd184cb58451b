#include <formulary/poco/session_pool.hpp>

#include <Poco/Net/AcceptCertificateHandler.h>
#include <Poco/Net/Context.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Net/HTTPSClientSession.h>
#include <Poco/Net/SSLManager.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "tests/poco/certificates.hpp"
#include "tests/poco/hostile_server.hpp"
#include "tests/poco/test_control.hpp"
#include "tests/poco/thrown_error.hpp"

namespace element::http {
namespace {

using testing::HasSubstr;

const Subject local{.names = "DNS:localhost,IP:127.0.0.1"};

/// Shakes hands with `context` and answers "secure" for as long as it is asked.
HostileServer::Script serving(SSL_CTX* context) {
  return [context](Peer& peer) {
    if (!peer.start_tls(context)) return;
    while (!peer.read_request().empty() && peer.send(ok("secure"))) {
    }
  };
}

class SessionTlsTest : public testing::Test {
 protected:
  /// A machine without trust anchors: reading the real ones would be most of what these tests do.
  SessionTlsTest() {
    ::setenv("SSL_CERT_FILE", "/dev/null", 1);
    ::setenv("SSL_CERT_DIR", "/nonexistent", 1);
  }

  [[nodiscard]] options to(const HostileServer& server, const std::string& host = "localhost") const {
    return {.base_url = "https://" + host + ':' + std::to_string(server.port()),
            .ca_file = authority.file(),
            .resolve = [](const std::string&) { return std::vector<std::string>{"127.0.0.1"}; }};
  }

  Authority authority;
  TestControl now;
};

TEST_F(SessionTlsTest, TrustsACertificateOfTheGivenAuthority) {
  const ServerContext context = authority.serve(local);
  HostileServer server(serving(context.get()));
  session_pool pool(to(server));

  EXPECT_EQ(pool.send(now, {}).body, "secure");
  const response second = pool.send(now, {.method = "POST", .body = "x"});

  EXPECT_TRUE(second.reused_session);
  EXPECT_EQ(server.connections(), 1U);
}

TEST_F(SessionTlsTest, TrustsACertificateForTheNumericAddress) {
  const ServerContext context = authority.serve(local);
  HostileServer server(serving(context.get()));
  session_pool pool(to(server, "127.0.0.1"));
  EXPECT_EQ(pool.send(now, {}).body, "secure");
}

TEST_F(SessionTlsTest, NamesTheHostInTheHandshake) {
  const ServerContext context = authority.serve({.names = "DNS:api.acme.example"});
  std::string asked_for;
  HostileServer server(serving(context.get()));
  SSL_CTX_set_tlsext_servername_arg(context.get(), &asked_for);
  SSL_CTX_set_tlsext_servername_callback(
      context.get(), +[](SSL* tls, int*, void* to) {
        const char* name = SSL_get_servername(tls, TLSEXT_NAMETYPE_host_name);
        *static_cast<std::string*>(to) = name == nullptr ? "nobody" : name;
        return SSL_TLSEXT_ERR_OK;
      });
  session_pool pool(to(server, "api.acme.example"));
  EXPECT_EQ(pool.send(now, {}).body, "secure");
  EXPECT_EQ(asked_for, "api.acme.example");
}

TEST_F(SessionTlsTest, SpeaksTls12) {
  const ServerContext context = authority.serve(local);
  SSL_CTX_set_max_proto_version(context.get(), TLS1_2_VERSION);
  HostileServer server(serving(context.get()));
  session_pool pool(to(server));
  EXPECT_EQ(pool.send(now, {}).body, "secure");
  EXPECT_TRUE(pool.send(now, {}).reused_session);
}

TEST_F(SessionTlsTest, RefusesAServerThatSpeaksOnlyTls11) {
  const ServerContext context = authority.serve(local);
  allow_only_tls_1_1(context.get());
  HostileServer server(serving(context.get()));
  session_pool pool(to(server));
  const auto why = thrown_error([&] { static_cast<void>(pool.send(now, {})); });
  ASSERT_TRUE(why);
  EXPECT_EQ(why->code(), "http.tls_failed");
  EXPECT_THAT(why->what(), HasSubstr("TLS 1.2 or newer"));
}

struct Untrusted {
  const char* name;
  ServerContext (*serve)(const Authority&);
  const char* host;
  const char* reason;
};

class SessionTlsRefusalTest : public SessionTlsTest, public testing::WithParamInterface<Untrusted> {};

const Untrusted refusals[] = {
    {"Expired",
     [](const Authority& ca) {
       return ca.serve({.names = local.names, .valid_from_s = -7'200, .valid_until_s = -3'600});
     },
     "localhost", "certificate has expired"},
    {"NotYetValid", [](const Authority& ca) { return ca.serve({.names = local.names, .valid_from_s = 3'600}); },
     "localhost", "certificate is not yet valid"},
    {"SelfSigned", [](const Authority&) { return serve_self_signed(local); }, "localhost", "self-signed certificate"},
    {"OtherAuthority", [](const Authority&) { return Authority("another authority").serve(local); }, "localhost",
     "unable to get local issuer certificate"},
    {"OtherHost", [](const Authority& ca) { return ca.serve({.names = "DNS:elsewhere.example"}); }, "api.acme.example",
     "hostname mismatch"},
    // Poco forgives this one unless told otherwise: the name leads to a loopback address.
    {"OtherHostOnLoopback", [](const Authority& ca) { return ca.serve({.names = "DNS:elsewhere.example"}); },
     "localhost", "hostname mismatch"},
    {"OtherAddress", [](const Authority& ca) { return ca.serve({.names = "IP:127.0.0.2"}); }, "127.0.0.1",
     "IP address mismatch"},
    {"PartialWildcard", [](const Authority& ca) { return ca.serve({.names = "DNS:a*.acme.example"}); },
     "api.acme.example", "hostname mismatch"},
    {"WildcardOverTwoLabels", [](const Authority& ca) { return ca.serve({.names = "DNS:*.example"}); },
     "api.acme.example", "hostname mismatch"},
};

TEST_P(SessionTlsRefusalTest, RefusesWithTheReason) {
  const ServerContext context = GetParam().serve(authority);
  HostileServer server(serving(context.get()));
  session_pool pool(to(server, GetParam().host));

  const auto why = thrown_error([&] { static_cast<void>(pool.send(now, {})); });

  ASSERT_TRUE(why);
  EXPECT_EQ(why->code(), "http.tls_untrusted");
  EXPECT_EQ(why->retry_class(), retry::no);
  EXPECT_THAT(why->what(), HasSubstr(GetParam().reason));
}

/// Somebody else in the process has told Poco to accept everything. The raw session proves that it works; ours must not
/// care.
TEST_P(SessionTlsRefusalTest, RefusesEvenWhenTheProcessAcceptsEverything) {
  Poco::Net::Context::Ptr theirs =
      new Poco::Net::Context(Poco::Net::Context::TLS_CLIENT_USE, authority.file(), Poco::Net::Context::VERIFY_RELAXED);
  Poco::Net::SSLManager::instance().initializeClient(nullptr, new Poco::Net::AcceptCertificateHandler(false), theirs);
  const ServerContext context = GetParam().serve(authority);
  HostileServer server(serving(context.get()));
  if (std::string_view(GetParam().host) == "localhost") {
    Poco::Net::HTTPSClientSession raw("localhost", static_cast<Poco::UInt16>(server.port()), theirs);
    Poco::Net::HTTPRequest request("GET", "/", "HTTP/1.1");
    Poco::Net::HTTPResponse reply;
    raw.sendRequest(request);
    raw.receiveResponse(reply);
    EXPECT_EQ(reply.getStatus(), 200) << "the process-wide handler is not at work; this test would prove nothing";
  }
  session_pool pool(to(server, GetParam().host));

  EXPECT_EQ(thrown_code([&] { static_cast<void>(pool.send(now, {})); }), "http.tls_untrusted");
  Poco::Net::SSLManager::instance().shutdown();
}

INSTANTIATE_TEST_SUITE_P(Certificates, SessionTlsRefusalTest, testing::ValuesIn(refusals),
                         [](const auto& row) { return std::string(row.param.name); });

TEST_F(SessionTlsTest, TrustsTheSystemsAuthoritiesWithAndWithoutAFile) {
  const ServerContext context = authority.serve(local);
  HostileServer server(serving(context.get()));
  ::setenv("SSL_CERT_FILE", authority.file().c_str(), 1);
  options how = to(server);
  how.ca_file.clear();
  EXPECT_EQ(session_pool(how).send(now, {}).body, "secure");
  const Authority other;
  how.ca_file = other.file();
  EXPECT_EQ(session_pool(how).send(now, {}).body, "secure");
}

TEST_F(SessionTlsTest, ReadsAnAnchorFileAgainWhenItHasChanged) {
  const Authority other("another authority");
  const ServerContext context = other.serve(local);
  HostileServer server(serving(context.get()));
  session_pool before(to(server));
  EXPECT_EQ(thrown_code([&] { static_cast<void>(before.send(now, {})); }), "http.tls_untrusted");

  std::filesystem::copy_file(other.file(), authority.file(), std::filesystem::copy_options::overwrite_existing);
  std::filesystem::last_write_time(authority.file(),
                                   std::filesystem::file_time_type::clock::now() + std::chrono::seconds(10));

  EXPECT_EQ(session_pool(to(server)).send(now, {}).body, "secure");
}

TEST_F(SessionTlsTest, TrustsOnlyTheSystemWithoutAFile) {
  const ServerContext context = authority.serve(local);
  HostileServer server(serving(context.get()));
  options how = to(server);
  how.ca_file.clear();
  session_pool pool(how);
  EXPECT_EQ(thrown_code([&] { static_cast<void>(pool.send(now, {})); }), "http.tls_untrusted");
}

TEST_F(SessionTlsTest, NamesTheAnchorFileThatCannotBeRead) {
  for (const char* file : {"/nonexistent/ca.pem", "/dev/null"}) {
    const auto why = thrown_error([&] { session_pool({.base_url = "https://localhost", .ca_file = file}); });
    ASSERT_TRUE(why) << file;
    EXPECT_EQ(why->code(), "http.bad_ca_file");
    EXPECT_THAT(why->what(), testing::StartsWith(std::string(file) + ": its trust anchors cannot be read"));
  }
}

TEST_F(SessionTlsTest, RefusesABodyThatEndsWithoutTlsFarewell) {
  const ServerContext context = authority.serve(local);
  for (const bool clean : {true, false}) {
    HostileServer server([&](Peer& peer) {
      if (!peer.start_tls(context.get())) return;
      peer.read_request();
      peer.send("HTTP/1.1 200 OK\r\n\r\nto the end of the stream");
      peer.close(clean);
    });
    session_pool pool(to(server));
    if (clean) {
      EXPECT_EQ(pool.send(now, {}).body, "to the end of the stream");
    } else {
      EXPECT_EQ(thrown_code([&] { static_cast<void>(pool.send(now, {})); }), "http.truncated");
    }
  }
}

TEST_F(SessionTlsTest, ReplacesAStaleSecureConnectionWithoutASignal) {
  std::signal(SIGPIPE, SIG_DFL);  // as in a program that never thought of it: an unguarded write would end this process
  const ServerContext context = authority.serve(local);
  for (const bool clean : {true, false}) {
    Event closed;
    HostileServer server([&](Peer& peer) {
      if (!peer.start_tls(context.get())) return;
      peer.read_request();
      peer.send(ok("answer " + std::to_string(peer.number())));
      peer.close(clean);
      closed.set();
    });
    session_pool pool(to(server));
    static_cast<void>(pool.send(now, {}));
    ASSERT_TRUE(closed.wait());
    EXPECT_EQ(pool.send(now, {.method = "POST", .body = "x"}).body, "answer 1");
  }
}

TEST_F(SessionTlsTest, SurvivesAServerThatResetsInTheMiddleOfAnUpload) {
  std::signal(SIGPIPE, SIG_DFL);
  const ServerContext context = authority.serve(local);
  HostileServer server([&](Peer& peer) {
    if (!peer.start_tls(context.get())) return;
    peer.read_bytes(1'000);
    peer.reset();
  });
  session_pool pool(to(server));
  const std::string upload(16U << 20U, 'x');
  EXPECT_EQ(thrown_code([&] { static_cast<void>(pool.send(now, {.method = "POST", .body = upload})); }), "http.closed");
}

TEST_F(SessionTlsTest, SendsALargeSecureUploadWhole) {
  const ServerContext context = authority.serve(local);
  std::size_t got = 0;
  HostileServer server([&](Peer& peer) {
    if (!peer.start_tls(context.get())) return;
    got = peer.read_request().size();
    peer.send(ok("thanks"));
    peer.wait_until_gone();
  });
  session_pool pool(to(server));
  const std::string upload(4U << 20U, 'x');
  EXPECT_EQ(pool.send(now, {.method = "POST", .body = upload}).body, "thanks");
  EXPECT_GT(got, upload.size());
}

TEST_F(SessionTlsTest, IsNotConfusedByErrorsThatOthersLeftOnTheThread) {
  const ServerContext context = authority.serve(local);
  HostileServer server(serving(context.get()));
  session_pool pool(to(server));
  ERR_put_error(ERR_LIB_SSL, 0, SSL_R_BAD_LENGTH, "elsewhere.c", 1);
  EXPECT_EQ(pool.send(now, {}).body, "secure");
  ERR_put_error(ERR_LIB_SSL, 0, SSL_R_BAD_LENGTH, "elsewhere.c", 1);
  EXPECT_TRUE(pool.send(now, {}).reused_session);
  ERR_clear_error();
}

TEST_F(SessionTlsTest, SaysThatAPlainServerIsNoTlsServer) {
  HostileServer server([](Peer& peer) {
    peer.read_bytes(20);
    peer.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    peer.wait_until_gone();
  });
  session_pool pool(to(server));
  EXPECT_EQ(thrown_code([&] { static_cast<void>(pool.send(now, {})); }), "http.tls_failed");
}

}  // namespace
}  // namespace element::http
