#include "http/client.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace kronborg::http {
namespace {

using Tcp = asio::ip::tcp;

TEST(UpstreamUrls, AreReadWhole) {
  const auto plain = parse_upstream_url("http://127.0.0.1:11434").value();
  EXPECT_EQ(plain, (UpstreamUrl{.tls = false,
                                .host = "127.0.0.1",
                                .port = 11434,
                                .unix_path = "",
                                .base_path = "",
                                .host_field = "127.0.0.1:11434"}));
  const auto based = parse_upstream_url("https://models.example/team/a/").value();
  EXPECT_EQ(based, (UpstreamUrl{.tls = true,
                                .host = "models.example",
                                .port = 443,
                                .unix_path = "",
                                .base_path = "/team/a",
                                .host_field = "models.example"}));
  const auto six = parse_upstream_url("http://[::1]:80/").value();
  EXPECT_EQ(six, (UpstreamUrl{.tls = false,
                              .host = "::1",
                              .port = 80,
                              .unix_path = "",
                              .base_path = "",
                              .host_field = "[::1]:80"}));
  const auto local = parse_upstream_url("unix:/run/model.sock").value();
  EXPECT_EQ(local, (UpstreamUrl{.tls = false,
                                .host = "",
                                .port = 0,
                                .unix_path = "/run/model.sock",
                                .base_path = "",
                                .host_field = "localhost"}));
}

TEST(UpstreamUrls, ThatMeanNothingAreRefused) {
  for (const char* text : {"",
                           "localhost:1",
                           "ftp://a",
                           "http://",
                           "http:///x",
                           "http://a:0",
                           "http://a:65536",
                           "http://a:",
                           "http://a:x",
                           "http://a b",
                           "http://[::1",
                           "http://[::1]x",
                           "http://[a]",
                           "http://u:p@a",
                           "http://a/x?y",
                           "http://a/x#y",
                           "http://a/../x",
                           "http://a//x",
                           "http://a/%2e",
                           "http://a\r\n",
                           "http://a/x\r\nY: z",
                           "unix:",
                           "unix:relative",
                           "HTTP://a"}) {
    const auto read = parse_upstream_url(text);
    ASSERT_FALSE(read.has_value()) << text;
    EXPECT_EQ(read.error().code, base::Code::config_invalid) << text;
  }
  // A password in the address is not repeated.
  EXPECT_EQ(parse_upstream_url("http://user:hunter2@a").error().message.find("hunter2"),
            std::string::npos);
}

/// Runs one coroutine on a loop until it ends.
template <class Work>
void run(asio::io_context& loop, Work work) {
  std::exception_ptr thrown;
  asio::co_spawn(loop, std::move(work), [&](std::exception_ptr error) {
    thrown = std::move(error);
    loop.stop();
  });
  loop.run();
  loop.restart();
  if (thrown) std::rethrow_exception(thrown);
}

UpstreamUrl at(std::uint16_t port, const std::string& host = "127.0.0.1", bool tls = false) {
  return parse_upstream_url((tls ? "https://" : "http://") + host + ":" + std::to_string(port))
      .value();
}

TEST(UpstreamPools, TryEveryAddressOfAName) {
  // `localhost` has two addresses on most systems; only one of them is served here.
  asio::io_context served;
  Tcp::acceptor acceptor(served, Tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  asio::io_context loop{1};
  UpstreamPool pool(loop, at(acceptor.local_endpoint().port(), "localhost"),
                    std::chrono::seconds(5), 4);
  run(loop, [&]() -> asio::awaitable<void> {
    auto connection = pool.take().value();
    EXPECT_TRUE((co_await connection->open()).has_value());
    EXPECT_EQ(pool.connections(), 1U);
  });
  EXPECT_EQ(pool.connections(), 0U);
}

TEST(UpstreamPools, ReachAUnixSocket) {
  const auto path =
      (std::filesystem::temp_directory_path() / ("kronborg-client-" + std::to_string(::getpid())))
          .string();
  asio::io_context served;
  asio::local::stream_protocol::acceptor acceptor(served,
                                                  asio::local::stream_protocol::endpoint(path));
  std::thread server([&] {
    auto socket = acceptor.accept();
    std::string got;
    asio::read_until(socket, asio::dynamic_buffer(got), "!");
    asio::write(socket, asio::buffer("echo " + got));
  });
  asio::io_context loop{1};
  UpstreamPool pool(loop, parse_upstream_url("unix:" + path).value(), std::chrono::seconds(5), 4);
  run(loop, [&]() -> asio::awaitable<void> {
    auto connection = pool.take().value();
    EXPECT_TRUE((co_await connection->open()).has_value());
    EXPECT_TRUE(co_await connection->write(std::chrono::seconds(5), "a", "b", "c", "!"));
    EXPECT_EQ((co_await connection->read_some(std::chrono::seconds(5))).bytes, "echo abc!");
    EXPECT_EQ((co_await connection->read_some(std::chrono::seconds(5))).end, StreamEnd::clean);
  });
  server.join();
  std::filesystem::remove(path);
}

TEST(UpstreamPools, KeepTheUnusedEndOfARead) {
  asio::io_context served;
  Tcp::acceptor acceptor(served, Tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  std::thread server([&] {
    auto socket = acceptor.accept();
    boost::system::error_code gone;
    for (const char* piece : {"one ", "two ", "three"}) {
      asio::write(socket, asio::buffer(std::string(piece)), gone);
      std::string got;
      asio::read_until(socket, asio::dynamic_buffer(got), "!", gone);
    }
  });
  asio::io_context loop{1};
  UpstreamPool pool(loop, at(acceptor.local_endpoint().port()), std::chrono::seconds(5), 4);
  run(loop, [&]() -> asio::awaitable<void> {
    auto connection = pool.take().value();
    EXPECT_TRUE((co_await connection->open()).has_value());
    Received received = co_await connection->read_some(std::chrono::seconds(5));
    EXPECT_EQ(received.bytes, "one ");
    connection->keep(received.bytes.substr(2));
    EXPECT_TRUE(co_await connection->write(std::chrono::seconds(5), "!"));
    received = co_await connection->read_some(std::chrono::seconds(5));
    EXPECT_EQ(received.bytes, "e two ");
    EXPECT_TRUE(co_await connection->write(std::chrono::seconds(5), "!"));
    received = co_await connection->read_some(std::chrono::seconds(5));
    EXPECT_EQ(received.bytes, "three");
    connection->close();
    EXPECT_EQ((co_await connection->read_some(std::chrono::seconds(5))).end, StreamEnd::broken);
  });
  server.join();
}

TEST(UpstreamPools, EndWhatWaitsTooLong) {
  asio::io_context served;
  Tcp::acceptor acceptor(served, Tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  asio::io_context loop{1};
  UpstreamPool pool(loop, at(acceptor.local_endpoint().port()), std::chrono::seconds(5), 4);
  run(loop, [&]() -> asio::awaitable<void> {
    auto connection = pool.take().value();
    EXPECT_TRUE((co_await connection->open()).has_value());
    asio::post(loop,
               [&] { pool.tick(std::chrono::steady_clock::now() + std::chrono::seconds(8)); });
    asio::post(loop,
               [&] { pool.tick(std::chrono::steady_clock::now() + std::chrono::seconds(11)); });
    EXPECT_EQ((co_await connection->read_some(std::chrono::seconds(10))).end, StreamEnd::broken);
    EXPECT_TRUE(connection->timed_out());
  });
}

/// A certification authority and certificates, made by OpenSSL's own program.
class Certificates {
 public:
  Certificates() {
    std::string name = (std::filesystem::temp_directory_path() / "kronborg-tls-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    const std::string in = "cd " + folder_.string() + " && ";
    const std::string made =
        in +
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out "
        "ca.pem -days 2 "
        "-subj /CN=test-ca 2>/dev/null && for n in localhost elsewhere.example; do "
        "openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $n.key -out $n.csr "
        "-subj /CN=$n "
        "2>/dev/null && printf 'subjectAltName=DNS:%s' $n > $n.ext && "
        "openssl x509 -req -in $n.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out $n.pem -days 2 "
        "-extfile $n.ext "
        "2>/dev/null; done";
    ok_ = std::system(made.c_str()) == 0;  // NOLINT(concurrency-mt-unsafe)
  }
  Certificates(const Certificates&) = delete;
  Certificates& operator=(const Certificates&) = delete;
  ~Certificates() { std::filesystem::remove_all(folder_); }
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] std::string file(const std::string& name) const {
    return (folder_ / name).string();
  }

 private:
  std::filesystem::path folder_;
  bool ok_ = false;
};

/// What a client gets that asks a TLS server with this certificate: its answer or the code.
std::string ask_tls(const Certificates& made, const std::string& certificate,
                    const std::string& trusted) {
  asio::io_context served;
  asio::ssl::context context(asio::ssl::context::tls_server);
  context.use_certificate_chain_file(made.file(certificate + ".pem"));
  context.use_private_key_file(made.file(certificate + ".key"), asio::ssl::context::pem);
  Tcp::acceptor acceptor(served, Tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  std::thread server([&] {
    boost::system::error_code error;
    asio::ssl::stream<Tcp::socket> stream(acceptor.accept(), context);
    stream.handshake(asio::ssl::stream_base::server, error);
    std::string got;
    if (!error) asio::read_until(stream, asio::dynamic_buffer(got), "!", error);
    if (!error) asio::write(stream, asio::buffer("echo " + got), error);
    stream.shutdown(error);
  });
  ::setenv("SSL_CERT_FILE", made.file(trusted).c_str(), 1);  // NOLINT(concurrency-mt-unsafe)
  asio::io_context loop{1};
  UpstreamPool pool(loop, at(acceptor.local_endpoint().port(), "localhost", true),
                    std::chrono::seconds(5), 4);
  std::string outcome;
  run(loop, [&]() -> asio::awaitable<void> {
    auto connection = pool.take().value();
    const auto opened = co_await connection->open();
    if (!opened) {
      outcome = base::facts(opened.error().code).name;
      co_return;
    }
    co_await connection->write(std::chrono::seconds(5), "a", "b", "!");
    outcome = (co_await connection->read_some(std::chrono::seconds(5))).bytes;
  });
  server.join();
  return outcome;
}

TEST(UpstreamPools, BelieveACertificateOfTheSystemForItsName) {
  const Certificates made;
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(ask_tls(made, "localhost", "ca.pem"), "echo ab!");
  EXPECT_EQ(ask_tls(made, "elsewhere.example", "ca.pem"), "upstream_unreachable");
  // Known to nobody.
  EXPECT_EQ(ask_tls(made, "localhost", "elsewhere.example.pem"), "upstream_unreachable");
}

}  // namespace
}  // namespace kronborg::http
