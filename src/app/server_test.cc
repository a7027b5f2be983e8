#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <string>
#include <thread>

#include "app/serve.h"
#include "support/temporary_folder.h"

namespace kronborg::app {
namespace {

/// A blocking client for answers that have a length.
class TestClient {
 public:
  explicit TestClient(std::uint16_t port)
      : descriptor_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ =
        connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  TestClient(const TestClient&) = delete;
  TestClient& operator=(const TestClient&) = delete;
  ~TestClient() { close(descriptor_); }

  [[nodiscard]] bool connected() const { return connected_; }

  void send_text(std::string_view text) const {
    ::send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL);
  }

  void send_get(std::string_view path, std::string_view key) const {
    send_text("GET " + std::string(path) + " HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer " +
              std::string(key) + "\r\n\r\n");
  }

  /// Status of the next answer; 0 when the connection ended.
  int status() {
    std::size_t end = 0;
    while ((end = text_.find("\r\n\r\n")) == std::string::npos) {
      if (!receive()) return 0;
    }
    std::size_t length = 0;
    if (const auto field = text_.find("Content-Length: "); field < end) {
      std::from_chars(text_.data() + field + 16, text_.data() + end, length);
    }
    while (text_.size() < end + 4 + length) {
      if (!receive()) return 0;
    }
    const int status = std::stoi(text_.substr(9, 3));
    text_.erase(0, end + 4 + length);
    return status;
  }

  int get(std::string_view path, std::string_view key) {
    send_get(path, key);
    return status();
  }

 private:
  bool receive() {
    char buffer[4096];
    const auto got = recv(descriptor_, buffer, sizeof buffer, 0);
    if (got > 0) text_.append(buffer, static_cast<std::size_t>(got));
    return got > 0;
  }

  int descriptor_;
  bool connected_ = false;
  std::string text_;
};

class ServerTest : public testing::Test {
 protected:
  void SetUp() override {
    auto config = Config::load(folder_.path() / "none.toml", false,
                               [](std::string_view) { return std::nullopt; });
    ASSERT_TRUE(config);
    AppOptions options{folder_.path() / "data", *std::move(config), {}, KRONBORG_KEY_HOLDER_CHILD};
    options.settings.listen = {{.host = "127.0.0.1", .port = 0, .unix_path = {}}};
    options.settings.origin = "http://test";
    options.settings.hosts.allow("test");
    options.settings.threads = 2;
    auto app = App::open(std::move(options));
    ASSERT_TRUE(app) << app.error().text();
    app_ = *std::move(app);
    ask("POST", "/api/v1/identity", {{"keystore", "file"}});
    log_ = *Log::open("json", "error", false);
    auto server = Server::prepare(*app_, *log_, {.demo = true});
    ASSERT_TRUE(server) << server.error().text();
    server_ = *std::move(server);
    server_->start();
    const auto url = server_->local_url();
    port_ = static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
  }

  base::json::value ask(std::string_view method, std::string_view path,
                        const base::json::object& body) {
    api::Request request;
    request.method = method;
    request.path = path;
    request.fields = {{"content-type", "application/json"}};
    request.body = base::to_text(body);
    request.caller = api::CallerKind::owner;
    request.request_id = "of-the-test";
    const auto answer = app_->router().call(request);
    EXPECT_LT(answer.status, 300) << answer.body;
    return *base::parse_json(answer.body);
  }

  struct Key {
    std::string id, text;
  };
  Key mint() {
    const auto made = ask("POST", "/api/v1/access-keys", {{"label", "test"}, {"expires", "30d"}});
    return {std::string(made.at("id").as_string()), std::string(made.at("key").as_string())};
  }
  void revoke(const Key& key) { ask("POST", "/api/v1/access-keys/" + key.id + "/revoke", {}); }

  support::TemporaryFolder folder_;
  std::unique_ptr<App> app_;
  std::unique_ptr<Log> log_;
  std::unique_ptr<Server> server_;
  std::uint16_t port_ = 0;
};

TEST_F(ServerTest, NoRequestThatBeginsAfterARevocationIsLetThrough) {
  constexpr int rounds = 20;
  constexpr int clients = 4;
  for (int round = 0; round < rounds; ++round) {
    const auto key = mint();
    std::atomic<bool> revoked{false};
    std::atomic<int> accepted{0};
    std::atomic<int> late{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < clients; ++i) {
      threads.emplace_back([&] {
        TestClient client(port_);
        for (;;) {
          const bool after = revoked.load();
          const int status = client.get("/gate/verify", key.text);
          if (status == 204) ++accepted;
          if (status == 204 && after) ++late;
          if (status != 204) break;
        }
      });
    }
    while (accepted.load() < clients) std::this_thread::yield();
    revoke(key);
    revoked.store(true);
    for (auto& thread : threads) thread.join();
    ASSERT_EQ(late.load(), 0);
  }
}

TEST_F(ServerTest, LastUseReachesTheStoreWithoutAWritePerRequest) {
  const auto key = mint();
  {
    TestClient client(port_);
    for (int i = 0; i < 100; ++i) ASSERT_EQ(client.get("/v1/models", key.text), 200);
  }
  server_->stop();
  const auto record = ask("GET", "/api/v1/access-keys/" + key.id, {});
  EXPECT_EQ(record.at("useCount").as_int64(), 100);
  EXPECT_EQ(record.at("lastUsedFrom").as_string(), "127.0.0.1");
}

TEST_F(ServerTest, ManyClientsAtOnceAreAnswered) {
  const auto key = mint();
  std::vector<std::thread> threads;
  std::atomic<int> served{0};
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      TestClient client(port_);
      for (int n = 0; n < 50; ++n) served += client.get("/v1/models", key.text) == 200 ? 1 : 0;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(served.load(), 400);
}

TEST_F(ServerTest, AfterStopNothingListens) {
  ASSERT_TRUE(TestClient(port_).connected());
  server_->stop();
  EXPECT_FALSE(TestClient(port_).connected());
}

}  // namespace
}  // namespace kronborg::app
