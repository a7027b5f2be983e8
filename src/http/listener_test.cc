#include "http/listener.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "http/source_limit.h"
#include "http/test_server.h"

namespace kronborg::http {
namespace {

using test::get;
using test::status_of;
using test::Wire;

class Listening : public test::ServerTest {
 protected:
  Listening() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "kronborg-http-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~Listening() override { std::filesystem::remove_all(folder_); }
  [[nodiscard]] std::string path() const { return (folder_ / "socket").string(); }

  std::filesystem::path folder_;
};

TEST_F(Listening, ReadsAddresses) {
  const auto v4 = parse_listen_address("127.0.0.1:1337");
  ASSERT_TRUE(v4);
  EXPECT_EQ(v4->host, "127.0.0.1");
  EXPECT_EQ(v4->port, 1337);
  const auto v6 = parse_listen_address("[::1]:65535");
  ASSERT_TRUE(v6);
  EXPECT_EQ(v6->host, "::1");
  EXPECT_EQ(v6->port, 65535);
  for (const auto* wrong :
       {"", ":0", ":1337", "1337", "localhost:1337", "::1:1337", "[::1]", "[127.0.0.1]:1",
        "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:1x", "256.0.0.1:1",
        "[]:1", "127.0.0.1: 1"}) {
    const auto parsed = parse_listen_address(wrong);
    ASSERT_FALSE(parsed) << wrong;
    EXPECT_EQ(parsed.error().code, base::Code::config_invalid);
  }
}

TEST_F(Listening, ASecondServerOnThePortFails) {
  start();
  base::SystemClock clock;
  Server second({}, clock, random_, [this](asio::io_context&, int) {
    return std::make_unique<test::ScriptedService>(script_);
  });
  const auto bound = second.listen({"127.0.0.1", port(), {}});
  ASSERT_FALSE(bound);
  EXPECT_EQ(bound.error().code, base::Code::listen_address_in_use);
  EXPECT_NE(bound.error().text().find("127.0.0.1:" + std::to_string(port())),
            std::string_view::npos);
}

TEST_F(Listening, RefusesAnAddressOfAnotherMachine) {
  make();
  const auto bound = server_->listen({"192.0.2.1", 1337, {}});
  ASSERT_FALSE(bound);
  EXPECT_EQ(bound.error().code, base::Code::config_invalid);
}

TEST_F(Listening, DealsConnectionsToAllLoops) {
  options_.loops = 3;
  std::atomic<int> services = 0;
  server_ = std::make_unique<Server>(options_, clock_, random_, [&](asio::io_context&, int index) {
    EXPECT_EQ(index, services++);
    return std::make_unique<test::ScriptedService>(script_);
  });
  ASSERT_TRUE(server_->listen({"127.0.0.1", 0, {}}));
  std::mutex mutex;
  std::vector<std::thread::id> threads;
  script_.now = [&](Exchange& exchange) {
    const std::lock_guard lock(mutex);
    threads.push_back(std::this_thread::get_id());
    exchange.respond(Answer{});
    return true;
  };
  server_->start();
  for (int i = 0; i < 6; ++i) {
    Wire wire(port());
    wire.send(get("/", "Connection: close\r\n"));
    EXPECT_EQ(status_of(wire.rest()), "200");
  }
  ASSERT_EQ(threads.size(), 6U);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(threads[i] == threads[i + 3]);
  EXPECT_TRUE(threads[0] != threads[1]);
  EXPECT_TRUE(threads[1] != threads[2]);
}

TEST_F(Listening, TellsThePeer) {
  Peer seen;
  script_.now = [&seen](Exchange& exchange) {
    seen = exchange.peer();
    exchange.respond(Answer{});
    return true;
  };
  make();
  ASSERT_TRUE(server_->listen({{}, 0, path()}));
  ASSERT_TRUE(server_->listen({"127.0.0.1", 0, {}}));
  server_->start();
  Wire local(path());
  ASSERT_TRUE(local.connected());
  local.send(get("/"));
  EXPECT_EQ(status_of(local.head()), "200");
  EXPECT_TRUE(seen.unix_socket);
  EXPECT_EQ(seen.uid, ::getuid());
  EXPECT_EQ(seen.address, "");
  Wire remote(port());
  remote.send(get("/"));
  EXPECT_EQ(status_of(remote.head()), "200");
  EXPECT_FALSE(seen.unix_socket);
  EXPECT_EQ(seen.address, "127.0.0.1");
  EXPECT_NE(seen.port, 0);
  EXPECT_EQ(seen.local_port, port());
  EXPECT_TRUE(seen.local_loopback);
  EXPECT_FALSE(seen.tls);
}

TEST_F(Listening, GuardsItsUnixSocket) {
  make();
  ASSERT_TRUE(server_->listen({{}, 0, path()}));
  struct stat facts{};
  ASSERT_EQ(::stat(path().c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777U, 0600U);
  base::SystemClock clock;
  Server second({}, clock, random_, [](asio::io_context&, int) { return nullptr; });
  const auto in_use = second.listen({{}, 0, path()});
  ASSERT_FALSE(in_use);
  EXPECT_EQ(in_use.error().code, base::Code::listen_address_in_use);
  EXPECT_TRUE(std::filesystem::exists(path()));
  server_->stop();
  EXPECT_FALSE(std::filesystem::exists(path()));
}

TEST_F(Listening, ReplacesAStaleSocketFileAndNothingElse) {
  const int stale = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path().copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(stale, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ::close(stale);
  make();
  EXPECT_TRUE(server_->listen({{}, 0, path()}));
  const auto file = (folder_ / "file").string();
  std::ofstream(file) << "kept";
  const auto refused = server_->listen({{}, 0, file});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, base::Code::file_error);
  EXPECT_TRUE(std::filesystem::exists(file));
  const auto too_long = server_->listen({{}, 0, (folder_ / std::string(120, 'x')).string()});
  ASSERT_FALSE(too_long);
  EXPECT_EQ(too_long.error().code, base::Code::config_invalid);
}

TEST_F(Listening, LimitsConnectionsPerSourceButNotOnUnixSockets) {
  options_.max_connections_per_source = 3;
  options_.max_connections = 5;
  echo_path();
  make();
  ASSERT_TRUE(server_->listen({"127.0.0.1", 0, {}}));
  ASSERT_TRUE(server_->listen({{}, 0, path()}));
  server_->start();
  std::vector<std::unique_ptr<Wire>> open;
  const auto serves = [](Wire& wire) {
    wire.send(get("/"));
    return wire.exactly(8) == "HTTP/1.1";
  };
  for (int i = 0; i < 3; ++i) {
    open.push_back(std::make_unique<Wire>(port()));
    EXPECT_TRUE(serves(*open.back()));
  }
  Wire fourth(port());
  EXPECT_EQ(fourth.rest(), "");
  for (int i = 0; i < 2; ++i) {
    open.push_back(std::make_unique<Wire>(path()));
    EXPECT_TRUE(serves(*open.back()));
  }
  Wire sixth(path());
  EXPECT_EQ(sixth.rest(), "");
  // A place that was left is free again.
  open.front()->end_sending();
  open.front()->rest();
  open.front()->close();
  while (server_->connections() == 5) std::this_thread::yield();
  Wire next(port());
  EXPECT_TRUE(serves(next));
}

TEST(SourceLimit, CountsIpv6ByNetworkAndMappedIpv4AsIpv4) {
  SourceLimit limit(10, 1);
  const auto admit = [&limit](const char* text) {
    return limit.admit(asio::ip::make_address(text));
  };
  const auto first = admit("2001:db8:1:2::1");
  EXPECT_TRUE(first);
  EXPECT_FALSE(admit("2001:db8:1:2:ffff::9"));
  EXPECT_TRUE(admit("2001:db8:1:3::1"));
  const auto v4 = admit("192.0.2.7");
  EXPECT_TRUE(v4);
  EXPECT_FALSE(admit("::ffff:192.0.2.7"));
  EXPECT_TRUE(admit("192.0.2.8"));
  EXPECT_EQ(limit.open(), 2U);
}

}  // namespace
}  // namespace kronborg::http
