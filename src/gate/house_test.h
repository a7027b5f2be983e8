#pragma once

#include <gtest/gtest.h>

#include <boost/asio/post.hpp>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "authority/policy.h"
#include "authority/replay.h"
#include "authority/store_test.h"
#include "authority/token_verifier.h"
#include "base/bytes.h"
#include "base/random.h"
#include "credential/access_key.h"
#include "crypto/secp256k1.h"
#include "gate/gate.h"
#include "gate/refusal.h"
#include "gate/wire_test.h"
#include "http/server.h"
#include "http/workers.h"
#include "identity/signed_message.h"
#include "sql/open.h"
#include "support/temporary_folder.h"

namespace kronborg::gate::test {

/// Somebody with a private key, and the keys it signs.
struct Signer {
  explicit Signer(std::uint8_t number) {
    key.fill().back() = number;
    address = identity::address_of(key);
  }

  [[nodiscard]] std::string access_key(const identity::Address& audience, std::uint64_t counter = 1,
                                       std::string_view label = "test") const {
    credential::NewAccessKey made;
    made.issuer = address;
    made.audience = audience;
    made.label = label;
    made.nonce = "00000000000040008000" + std::string(12 - std::to_string(counter).size(), '0') +
                 std::to_string(counter);
    made.counter = counter;
    made.issued_at = 1'767'225'600;
    const std::string payload = credential::access_key_payload(made);
    const auto signature = identity::sign(key, identity::Prefix::access, base::bytes_of(payload));
    return std::string(credential::access_key_text(payload, signature).reveal());
  }
  [[nodiscard]] std::string access_key(std::uint64_t counter = 1) const {
    return access_key(address, counter);
  }

  crypto::PrivateKey key;
  identity::Address address;
};

/// A minute ago, when the process began that tokens are judged by.
class Earlier final : public base::Clock {
 public:
  [[nodiscard]] std::int64_t now_ms() const override {
    return base::SystemClock().now_ms() - 60'000;
  }
};

/// A server with nothing but the gate behind it, on one event loop.
class House {
 public:
  explicit House(Settings settings) : master(1), writer(2), painter(3) {
    if (settings.origin.empty()) settings.origin = "http://localhost:1337";
    auto prepared = prepare(std::move(settings));
    EXPECT_TRUE(prepared.has_value()) << (prepared ? "" : prepared.error().text());
    settings_ = *prepared;
    database_ = sql::open({.sqlite_file = folder_.path() / "store.db"}).value();
    EXPECT_TRUE(sql::migrate(*database_, authority::gapless_migrations()).has_value());
    replay_.emplace(*database_, Earlier());
    board.publish([this](authority::Policy& policy) {
      policy.master = master.address;
      policy.any_key_record = true;
      add_agent(policy, writer, "11111111-1111-4111-8111-111111111111", "writer", {});
      add_agent(policy, painter, "22222222-2222-4222-8222-222222222222", "the painter", {});
    });
    http::ServerOptions options;
    options.loops = 1;
    server_.emplace(options, clock_, random_, [this](asio::io_context& loop, int) {
      return std::make_unique<Door>(*this, loop);
    });
    EXPECT_TRUE(server_->listen({.host = "127.0.0.1", .port = 0, .unix_path = ""}).has_value());
    server_->start();
  }
  /// With one upstream for everything.
  explicit House(const ScriptedUpstream& upstream) : House(settings_for(upstream.url())) {}
  House(const House&) = delete;
  House& operator=(const House&) = delete;
  ~House() { stop(); }
  void stop() { server_->stop(); }
  [[nodiscard]] std::size_t connections() const { return server_->connections(); }

  static Settings settings_for(const std::string& url) {
    Settings settings;
    add_rule(settings, "", url);
    return settings;
  }
  static void add_rule(Settings& settings, std::string path, std::string url,
                       std::string_view key = "") {
    UpstreamRule rule;
    rule.path = std::move(path);
    rule.url = std::move(url);
    rule.authorization = base::SecretText(key);
    settings.upstreams.push_back(std::move(rule));
  }

  [[nodiscard]] Wire client() const { return Wire::to(server_->port()); }
  [[nodiscard]] std::uint16_t port() const { return server_->port(); }
  [[nodiscard]] std::string bearer() const {
    return "Authorization: Bearer " + master.access_key() + "\r\n";
  }

  /// One request on a connection of its own; the whole answer.
  [[nodiscard]] std::string ask(std::string_view start, std::string_view fields) const {
    Wire wire = client();
    wire.send(std::string(start) + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" +
              std::string(fields) + "\r\n");
    return wire.read_to_end();
  }

  void set_upstream_of_writer(const std::string& url) {
    board.publish([&](authority::Policy& policy) {
      add_agent(policy, writer, "11111111-1111-4111-8111-111111111111", "writer", url);
    });
  }
  /// All keys of `signer` so far die.
  void revoke(const Signer& signer) {
    board.publish(
        [&](authority::Policy& policy) { policy.thresholds[signer.address] = 1'000'000; });
  }

  /// One tick of the gate, `later` than now, done when it returns.
  void tick(std::chrono::seconds later = {}) {
    on_loop([later](Gate& gate) { gate.tick(std::chrono::steady_clock::now() + later); });
  }
  void on_loop(const std::function<void(Gate&)>& work) {
    std::promise<void> done;
    asio::post(*loop_, [&] {
      work(*gate_);
      done.set_value();
    });
    done.get_future().wait();
  }
  [[nodiscard]] std::vector<base::Code> refused() {
    const std::lock_guard lock(mutex_);
    return refused_;
  }

  Signer master, writer, painter;
  authority::PolicyBoard board;

 private:
  class Door final : public http::Service {
   public:
    Door(House& house, asio::io_context& loop)
        : gate_(house.settings_, house.board, house.clock_, loop,
                [&house](base::Code code, std::string_view) {
                  const std::lock_guard lock(house.mutex_);
                  house.refused_.push_back(code);
                },
                {.rules = house.token_rules_,
                 .replay = *house.replay_,
                 .hot = house.hot_,
                 .workers = house.workers_}) {
      house.loop_ = &loop;
      house.gate_ = &gate_;
    }
    bool answer_now(http::Exchange& exchange) override { return gate_.answer_now(exchange); }
    asio::awaitable<void> answer(http::Exchange& exchange) override {
      co_await gate_.answer(exchange);
    }
    http::Answer refuse(const base::Error& error, std::string_view) override {
      return Refusals("http://localhost:1337").answer(error);
    }

   private:
    Gate gate_;
  };

  static void add_agent(authority::Policy& policy, const Signer& signer, std::string id,
                        std::string name, std::optional<std::string> upstream) {
    policy.agents[signer.address] = std::make_shared<const authority::AgentFacts>(
        authority::AgentFacts{std::move(id), std::move(name), signer.address, std::move(upstream)});
  }

  std::shared_ptr<const Settings> settings_;
  support::TemporaryFolder folder_;
  std::unique_ptr<sql::Database> database_;
  std::optional<authority::Replay> replay_;
  authority::HotDevices hot_{board};
  authority::TokenRules token_rules_{.hosts = {"localhost"}};
  http::Workers workers_;
  base::SystemClock clock_;
  base::SystemRandom random_;
  asio::io_context* loop_ = nullptr;
  Gate* gate_ = nullptr;
  std::mutex mutex_;
  std::vector<base::Code> refused_;
  std::optional<http::Server> server_;
};

inline std::string status_of(std::string_view answer) {
  return std::string(answer.substr(0, answer.find('\r')));
}
inline std::string body_of(std::string_view answer) {
  const std::size_t end = answer.find("\r\n\r\n");
  return end == std::string_view::npos ? "no body" : std::string(answer.substr(end + 4));
}
/// The values of a field, in any casing, each ended by `|`.
inline std::string field_of(std::string_view message, std::string_view name) {
  std::string found;
  std::string_view rest = message.substr(0, message.find("\r\n\r\n") + 2);
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find("\r\n"));
    rest.remove_prefix(std::min(rest.size(), line.size() + 2));
    const std::size_t colon = line.find(':');
    if (colon != name.size()) continue;
    const bool same = std::equal(name.begin(), name.end(), line.begin(),
                                 [](char a, char b) { return (a | 0x20) == (b | 0x20); });
    if (same) found += std::string(line.substr(colon + 2)) + "|";
  }
  return found;
}

/// Answers every request with 200 and what came; remembers the bytes.
class Recorder {
 public:
  Recorder()
      : upstream_([this](Wire& wire, int) {
          for (;;) {
            std::string head = wire.read_head();
            if (head.empty()) return;
            std::string body;
            const std::string length = field_of(head, "Content-Length");
            if (!length.empty()) body = wire.read(std::stoul(length));
            if (field_of(head, "Transfer-Encoding") == "chunked|") {
              for (std::string chunk = wire.read_chunk(); !chunk.empty();
                   chunk = wire.read_chunk()) {
                if (chunk == "cut") return;
                body += chunk;
              }
            }
            {
              const std::lock_guard lock(mutex_);
              heads_.push_back(head);
              bodies_.push_back(body);
            }
            wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
          }
        }) {}

  [[nodiscard]] std::string url(std::string_view base = "") const { return upstream_.url(base); }
  [[nodiscard]] const ScriptedUpstream& upstream() const { return upstream_; }
  [[nodiscard]] std::vector<std::string> heads() {
    const std::lock_guard lock(mutex_);
    return heads_;
  }
  [[nodiscard]] std::vector<std::string> bodies() {
    const std::lock_guard lock(mutex_);
    return bodies_;
  }
  /// The first line of the last request.
  [[nodiscard]] std::string last_start() {
    const auto all = heads();
    return all.empty() ? "nothing" : all.back().substr(0, all.back().find('\r'));
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> heads_, bodies_;
  ScriptedUpstream upstream_;
};

}  // namespace kronborg::gate::test
