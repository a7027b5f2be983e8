#include "http/tls.h"

#include <gtest/gtest.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>

#include "http/limits.h"
#include "http/test_server.h"

namespace kronborg::http {
namespace {

using test::get;
using test::status_of;
using test::value_of;
using test::Wire;

class Encrypted : public test::ServerTest {
 protected:
  Encrypted() {
    std::string pattern = (std::filesystem::temp_directory_path() / "kronborg-tls-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    options_.tls = make_certificate("first");
  }
  ~Encrypted() override { std::filesystem::remove_all(folder_); }

  TlsFiles make_certificate(const std::string& name) {
    TlsFiles files{(folder_ / (name + ".crt")).string(), (folder_ / (name + ".key")).string()};
    const auto command =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj "
        "/CN=" +
        name + " -keyout " + files.key + " -out " + files.certificate + " 2>/dev/null";
    EXPECT_EQ(std::system(command.c_str()), 0);
    return files;
  }

  /// A client that has shaken hands; `alpn` in wire format.
  struct Client {
    explicit Client(std::uint16_t port, std::string alpn = {}, int max_version = 0) {
      if (max_version != 0) {
        SSL_set_security_level(stream.native_handle(), 0);  // lets this side speak what is obsolete
        SSL_set_min_proto_version(stream.native_handle(), TLS1_VERSION);
        SSL_set_max_proto_version(stream.native_handle(), max_version);
      }
      stream.next_layer().connect({asio::ip::address_v4::loopback(), port});
      if (!alpn.empty()) {
        SSL_set_alpn_protos(stream.native_handle(),
                            reinterpret_cast<const unsigned char*>(alpn.data()),
                            static_cast<unsigned>(alpn.size()));
      }
      stream.handshake(asio::ssl::stream_base::client, error);
    }
    std::string common_name() {
      X509* certificate = SSL_get1_peer_certificate(stream.native_handle());
      char text[64] = {};
      X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, text,
                                sizeof text);
      X509_free(certificate);
      return text;
    }
    std::string ask(const std::string& request) {
      asio::write(stream, asio::buffer(request), error);
      std::string answer;
      asio::read(stream, asio::dynamic_buffer(answer), error);  // up to the end
      return answer;
    }

    asio::io_context loop;
    asio::ssl::context context{asio::ssl::context::tls_client};
    asio::ssl::stream<asio::ip::tcp::socket> stream{loop, context};
    boost::system::error_code error;
  };

  std::filesystem::path folder_;
};

TEST_F(Encrypted, ServesOverTlsAndEndsItOrderly) {
  bool tls = false;
  script_.now = [&tls](Exchange& exchange) {
    tls = exchange.peer().tls;
    Answer answer;
    answer.body = std::string(100'000, 's');
    exchange.respond(answer);
    return true;
  };
  start();
  Client client(port());
  ASSERT_FALSE(client.error) << client.error.message();
  const auto answer = client.ask(get("/1") + get("/2", "Connection: close\r\n"));
  EXPECT_EQ(client.error, asio::error::eof);  // a close_notify, not a cut
  EXPECT_TRUE(answer.ends_with(std::string(100'000, 's')));
  EXPECT_GT(answer.size(), 200'000U);
  EXPECT_TRUE(tls);
  EXPECT_EQ(script_.requests, 2);
}

TEST_F(Encrypted, SpeaksHttp11ByAlpnAndNothingElse) {
  echo_path();
  start();
  Client both(port(), "\x02h2\x08http/1.1");
  ASSERT_FALSE(both.error) << both.error.message();
  const unsigned char* chosen = nullptr;
  unsigned length = 0;
  SSL_get0_alpn_selected(both.stream.native_handle(), &chosen, &length);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(chosen), length), "http/1.1");
  Client h2_only(port(), "\x02h2");
  EXPECT_TRUE(h2_only.error);
}

TEST_F(Encrypted, RefusesOldVersions) {
  echo_path();
  start();
  Client old(port(), {}, TLS1_1_VERSION);
  EXPECT_TRUE(old.error);
  Client good(port(), {}, TLS1_2_VERSION);
  EXPECT_FALSE(good.error) << good.error.message();
  EXPECT_EQ(SSL_version(good.stream.native_handle()), TLS1_2_VERSION);
}

TEST_F(Encrypted, EndsAPlainClientAndASilentOne) {
  hurry();
  echo_path();
  start();
  Wire plain(port());
  plain.send(get("/"));
  EXPECT_EQ(plain.rest().find("HTTP/"), std::string::npos);
  const auto before = hurried();
  Wire silent(port());
  EXPECT_EQ(silent.rest(), "");
  EXPECT_GE(hurried() - before, tls_handshake_time);
  EXPECT_EQ(script_.requests, 0);
}

TEST_F(Encrypted, TellsWhenTheClientCloses) {
  std::promise<void> left;
  script_.later = [&left](Exchange& exchange) -> asio::awaitable<void> {
    exchange.start(200, {}, Framing::chunked, 0, false);
    exchange.put("x");
    co_await exchange.flush();
    asio::steady_timer timer(exchange.executor(), asio::steady_timer::time_point::max());
    exchange.when_client_leaves([&timer] { timer.cancel(); });
    boost::system::error_code ignored;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    left.set_value();
    exchange.cut();
  };
  start();
  {
    Client client(port());
    asio::write(client.stream, asio::buffer(get("/")), client.error);
    char byte = 0;
    asio::read(client.stream, asio::buffer(&byte, 1), client.error);
    client.stream.shutdown(client.error);
  }
  left.get_future().get();
}

TEST_F(Encrypted, ReloadsTheCertificateAndKeepsTheOldOneOnAnError) {
  echo_path();
  start();
  EXPECT_EQ(Client(port()).common_name(), "first");
  const auto second = make_certificate("second");
  std::filesystem::copy_file(second.certificate, options_.tls->certificate,
                             std::filesystem::copy_options::overwrite_existing);
  const auto mismatch = server_->reload_tls();
  ASSERT_FALSE(mismatch);
  EXPECT_EQ(mismatch.error().code, base::Code::config_invalid);
  EXPECT_EQ(Client(port()).common_name(), "first");
  std::filesystem::copy_file(second.key, options_.tls->key,
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_TRUE(server_->reload_tls());
  EXPECT_EQ(Client(port()).common_name(), "second");
}

TEST_F(Encrypted, NamesTheFileThatIsWrong) {
  const auto good = *options_.tls;
  const auto junk = (folder_ / "junk").string();
  std::ofstream(junk) << "not PEM";
  const auto missing = make_tls_context({(folder_ / "absent").string(), good.key});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, base::Code::file_error);
  EXPECT_NE(missing.error().text().find("absent"), std::string_view::npos);
  for (const auto& files : {TlsFiles{junk, good.key}, TlsFiles{good.certificate, junk}}) {
    const auto wrong = make_tls_context(files);
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().code, base::Code::config_invalid);
    EXPECT_NE(wrong.error().text().find("junk"), std::string_view::npos);
  }
}

}  // namespace
}  // namespace kronborg::http
