#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "http/server.h"

// For tests: a real Server on an ephemeral port, and a client that speaks raw bytes.
namespace kronborg::http::test {

class FixedClock final : public base::Clock {
 public:
  [[nodiscard]] std::int64_t now_ms() const override { return 784111777000; }  // RFC 9110's example
};

/// A service made of two functions; either may be left out.
struct Script {
  std::function<bool(Exchange&)> now = [](Exchange&) { return false; };
  std::function<asio::awaitable<void>(Exchange&)> later;
  std::atomic<int> requests = 0;  ///< that reached the service
};

class ScriptedService final : public Service {
 public:
  explicit ScriptedService(Script& script) : script_(script) {}
  bool answer_now(Exchange& exchange) override {
    ++script_.requests;
    return script_.now(exchange);
  }
  asio::awaitable<void> answer(Exchange& exchange) override { return script_.later(exchange); }
  Answer refuse(const base::Error& error, std::string_view) override {
    Answer answer;
    answer.status = base::facts(error.code).http_status;
    answer.body = base::facts(error.code).name;
    return answer;
  }

 private:
  Script& script_;
};

/// A connection of the test. Blocking; every wait ends after 20 s, which then fails the test.
class Wire {
 public:
  explicit Wire(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  explicit Wire(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;
  ~Wire() { close(); }

  [[nodiscard]] bool connected() const { return connected_; }
  [[nodiscard]] int fd() const { return fd_; }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  void reset() {
    const linger now{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
  }

  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  void end_sending() { ::shutdown(fd_, SHUT_WR); }

  /// Reads until what was received ends with `ending` (which is then taken out with all before it).
  std::string until(std::string_view ending) {
    while (true) {
      const auto at = received_.find(ending);
      if (at != std::string::npos) {
        auto text = received_.substr(0, at + ending.size());
        received_.erase(0, at + ending.size());
        return text;
      }
      if (!more()) {
        ADD_FAILURE() << "the connection ended before '" << ending << "'; got: " << received_;
        return std::exchange(received_, {});
      }
    }
  }
  std::string exactly(std::size_t count) {
    while (received_.size() < count && more()) {
    }
    auto text = received_.substr(0, count);
    received_.erase(0, text.size());
    return text;
  }
  std::string head() { return until("\r\n\r\n"); }
  /// Everything up to the end of the connection.
  std::string rest() {
    while (more()) {
    }
    return std::exchange(received_, {});
  }
  /// The connection ended with a reset instead of an orderly end.
  [[nodiscard]] bool was_reset() const { return reset_; }

 private:
  bool more() {
    pollfd ready{fd_, POLLIN, 0};
    if (::poll(&ready, 1, 20'000) != 1) {
      ADD_FAILURE() << "nothing came for 20 s; got: " << received_;
      return false;
    }
    char piece[4096];
    const auto count = ::recv(fd_, piece, sizeof piece, 0);
    reset_ = reset_ || count < 0;
    if (count <= 0) return false;
    received_.append(piece, static_cast<std::size_t>(count));
    return true;
  }

  int fd_;
  bool connected_ = false;
  bool reset_ = false;
  std::string received_;
};

class ServerTest : public ::testing::Test {
 protected:
  ServerTest() {
    options_.loops = 1;
    options_.tick = std::chrono::milliseconds(2);
  }
  ~ServerTest() override {
    if (server_) server_->stop();
  }

  /// Time that each tick moves on by 100 ms, so that deadlines pass in an instant.
  void hurry() {
    options_.steady_now = [this] {
      return std::chrono::steady_clock::time_point(std::chrono::milliseconds(hurried_ += 100));
    };
  }
  [[nodiscard]] std::chrono::milliseconds hurried() const {
    return std::chrono::milliseconds(hurried_);
  }

  void make() {
    server_ = std::make_unique<Server>(options_, clock_, random_, [this](asio::io_context&, int) {
      return std::make_unique<ScriptedService>(script_);
    });
  }
  void start() {
    make();
    const auto bound = server_->listen({"127.0.0.1", 0, {}});
    ASSERT_TRUE(bound) << bound.error().text();
    server_->start();
  }
  [[nodiscard]] std::uint16_t port() const { return server_->port(); }

  /// Answers every request at once with its path.
  void echo_path() {
    script_.now = [](Exchange& exchange) {
      Answer answer;
      answer.content_type = "text/plain";
      answer.body = exchange.request().path;
      exchange.respond(answer);
      return true;
    };
  }

  Script script_;
  ServerOptions options_;
  FixedClock clock_;
  base::SystemRandom random_;
  std::atomic<std::int64_t> hurried_ = 0;
  std::unique_ptr<Server> server_;
};

inline std::string get(std::string_view path, std::string_view fields = {}) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n";
}

/// The value of a field of an answer's head; empty when it is not there.
inline std::string value_of(const std::string& head, const std::string& name) {
  const auto at = head.find("\r\n" + name + ": ");
  if (at == std::string::npos) return {};
  const auto begin = at + name.size() + 4;
  return head.substr(begin, head.find("\r\n", begin) - begin);
}

/// The number after "HTTP/1.1 ".
inline std::string status_of(const std::string& head) {
  return head.size() < 12 ? head : head.substr(9, 3);
}

}  // namespace kronborg::http::test
