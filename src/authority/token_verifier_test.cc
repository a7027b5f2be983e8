#include "authority/token_verifier.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "authority/store_test.h"
#include "credential/request_token.h"
#include "crypto/p256.h"
#include "sql/open.h"
#include "support/temporary_folder.h"

namespace kronborg::authority {
namespace {

constexpr std::int64_t now = 1'767'225'630;

class SetClock final : public base::Clock {
 public:
  void set(std::int64_t seconds) { now_ms_ = seconds * 1000; }
  void set_ms(std::int64_t ms) { now_ms_ = ms; }
  [[nodiscard]] std::int64_t now_ms() const override { return now_ms_; }

 private:
  std::atomic<std::int64_t> now_ms_{authority::now * 1000};
};

struct Signer {
  explicit Signer(std::uint8_t number) {
    key.fill().back() = number;
    address = identity::address_of(key);
  }
  crypto::PrivateKey key;
  identity::Address address;
};

class TokenVerifierTest : public testing::Test {
 protected:
  void SetUp() override {
    database_ = sql::open({.sqlite_file = folder_.path() / "store.db"}).value();
    ASSERT_TRUE(sql::migrate(*database_, gapless_migrations()));
    base::SystemRandom random;
    device_key_ = crypto::new_p256_key(random);
    const auto point = crypto::p256_public_key(device_key_).value();
    device_ = identity::DeviceId::of(point);
    change([&](Policy& policy) {
      policy.master = master.address;
      add_agent(policy, writer, 3);
      add_agent(policy, painter, 7);
      add_device(policy, master.address, false);
    });
    clock.set(now - 100);
    start();
    clock.set(now);
  }
  /// As after a crash.
  void start() {
    verifier_.reset();
    replay = std::make_unique<Replay>(*database_, clock);
    ASSERT_TRUE(replay->load());
    verifier_ = std::make_unique<TokenVerifier>(board, clock, rules, *replay, hot);
  }

  void change(const std::function<void(Policy&)>& edit) { board.publish(edit); }
  static void add_agent(Policy& policy, const Signer& agent, std::uint32_t index) {
    policy.agents[agent.address] =
        std::make_shared<const AgentFacts>(AgentFacts{.id = "agent-" + std::to_string(index),
                                                      .name = "",
                                                      .address = agent.address,
                                                      .upstream = {},
                                                      .index = index});
  }
  void add_device(Policy& policy, const identity::Address& issuer, bool revoked) {
    policy.devices[device_] = std::make_shared<const DeviceFacts>(
        DeviceFacts{.id = device_,
                    .kind = identity::DeviceKind::software,
                    .issuer = issuer,
                    .key = crypto::P256Verifier::of(crypto::p256_public_key(device_key_).value()),
                    .app_id_hash = {},
                    .name = "desk",
                    .revoked = revoked});
  }

  credential::NewRequestToken claims() {
    credential::NewRequestToken token;
    token.issuer = master.address;
    token.device = device_;
    token.counter = ++counter;
    token.issued_at = now;
    token.audience = "kronborg.example";
    token.method = "GET";
    token.path = "/x";
    return token;
  }
  std::string sign(const credential::NewRequestToken& token, const Signer& issuer) const {
    const auto text = credential::write_request_token(
        token,
        [&](base::BytesView payload) -> base::Result<crypto::Signature> {
          return identity::sign(issuer.key, identity::Prefix::message, payload);
        },
        [&](std::span<const std::uint8_t, 32> hash) -> base::Result<base::Bytes> {
          TRY(const auto signature, crypto::p256_sign(device_key_, hash));
          return base::Bytes(signature.begin(), signature.end());
        });
    return std::string(text.value().reveal());
  }
  std::string fresh() { return sign(claims(), master); }
  std::string fresh_of(const Signer& issuer) {
    auto token = claims();
    token.issuer = issuer.address;
    return sign(token, issuer);
  }

  std::variant<Caller, Denied, PendingCaller> present(const std::string& token) {
    return verifier_->verify({.bearer = token, .method = "GET", .path = "/x"});
  }
  std::string ask(const std::string& token) {
    auto decision = present(token);
    if (auto* pending = std::get_if<PendingCaller>(&decision)) {
      auto decided = std::move(*pending).decide(*replay).value();
      const auto* denied = std::get_if<Denied>(&decided);
      return denied == nullptr ? "accepted in the store" : name(*denied);
    }
    const auto* denied = std::get_if<Denied>(&decision);
    return denied == nullptr ? "accepted" : name(*denied);
  }
  static std::string name(const Denied& denied) {
    EXPECT_TRUE(denied.request_token);
    return std::string(base::facts(denied.code).name);
  }

  SetClock clock;
  PolicyBoard board;
  TokenRules rules{.hosts = {"kronborg.example"}, .allow_unattested = false};
  std::unique_ptr<Replay> replay;
  HotDevices hot{board};
  Signer master{1}, writer{2}, painter{3}, guest{4};
  std::uint64_t counter = 0;
  base::Secret<32> device_key_;
  identity::DeviceId device_;

 private:
  support::TemporaryFolder folder_;
  std::unique_ptr<sql::Database> database_;
  std::unique_ptr<TokenVerifier> verifier_;
};

TEST_F(TokenVerifierTest, NoTokenIsAcceptedAgainAfterACrash) {
  const auto unflushed = fresh();
  EXPECT_EQ(ask(unflushed), "accepted");
  auto token = claims();
  token.issued_at = now + 30;
  const auto future = sign(token, master);
  EXPECT_EQ(ask(future), "accepted in the store");
  EXPECT_EQ(ask(future), "request_token_replayed");
  // In the same second, and in every later one.
  for (const std::int64_t second : {0, 1, 29, 30, 59}) {
    clock.set_ms((now + second) * 1000 + 500);
    start();
    EXPECT_EQ(ask(unflushed), "request_token_before_start") << second;
    EXPECT_EQ(ask(future), second >= 30 ? "request_token_before_start" : "request_token_replayed")
        << second;
  }
}

TEST_F(TokenVerifierTest, WithoutACrashAFlushKeepsTheCounter) {
  const auto token = fresh();
  EXPECT_EQ(ask(token), "accepted");
  ASSERT_TRUE(replay->flush());
  clock.set(now - 100);  // so that row 14 does not answer first
  start();
  clock.set(now);
  EXPECT_EQ(ask(token), "request_token_replayed");
}

TEST_F(TokenVerifierTest, OfManyCopiesOnManyLoopsOneIsAccepted) {
  constexpr int loops = 16;
  std::vector<std::string> tokens;
  for (int i = 0; i < 50; ++i) tokens.push_back(fresh());
  std::vector<std::atomic<int>> accepted(tokens.size());
  std::vector<std::thread> all;
  for (int i = 0; i < loops; ++i) {
    all.emplace_back([&] {
      TokenVerifier own(board, clock, rules, *replay, hot);
      for (std::size_t at = 0; at < tokens.size(); ++at) {
        const auto decision = own.verify({.bearer = tokens[at], .method = "GET", .path = "/x"});
        if (std::holds_alternative<Caller>(decision)) ++accepted[at];
      }
    });
  }
  for (std::thread& thread : all) thread.join();
  // Not every token: when a loop runs ahead of the others, what it passed is too old for them. The
  // one with the highest counter always.
  for (std::size_t at = 0; at < tokens.size(); ++at) EXPECT_LE(accepted[at], 1) << at;
  EXPECT_EQ(accepted.back(), 1);
  EXPECT_EQ(ask(tokens.back()), "request_token_replayed");
}

TEST_F(TokenVerifierTest, EachRequestIsJudgedByTheNewestPolicy) {
  EXPECT_EQ(ask(fresh()), "accepted");
  change([&](Policy& policy) { add_device(policy, guest.address, false); });
  EXPECT_EQ(ask(fresh()), "device_unknown");
  EXPECT_EQ(ask(fresh_of(guest)), "issuer_not_whitelisted");
  change([&](Policy& policy) { policy.master_whitelist.insert(guest.address); });
  EXPECT_EQ(ask(fresh_of(guest)), "accepted");
  change([&](Policy& policy) { add_device(policy, guest.address, true); });
  EXPECT_EQ(ask(fresh_of(guest)), "device_revoked");
  change([&](Policy& policy) { policy.master_whitelist.clear(); });
  EXPECT_EQ(ask(fresh_of(guest)), "issuer_not_whitelisted");
}

TEST_F(TokenVerifierTest, ThresholdsAndRevokedNoncesAreOfAccessKeysOnly) {
  change([&](Policy& policy) { policy.thresholds[master.address] = ~std::uint64_t{0}; });
  EXPECT_EQ(ask(fresh()), "accepted");
}

TEST_F(TokenVerifierTest, ScopeFollowsTheIssuer) {
  auto token = claims();
  token.issuer = writer.address;
  token.parent = {.master = master.address, .index = 3};
  auto decision = present(sign(token, writer));
  const auto& of_writer = std::get<Caller>(decision);
  EXPECT_EQ(of_writer.scope(), Scope::agent);
  EXPECT_EQ(of_writer.audience(), writer.address);
  EXPECT_EQ(of_writer.agent()->id, "agent-3");
  EXPECT_TRUE(of_writer.may_use(writer.address));
  EXPECT_FALSE(of_writer.may_use(painter.address));

  // An agent that others list speaks for itself alone; on the master whitelist, for all.
  change([&](Policy& policy) { policy.agent_whitelists[painter.address].insert(writer.address); });
  token.counter = ++counter;
  decision = present(sign(token, writer));
  EXPECT_FALSE(std::get<Caller>(decision).may_use(painter.address));
  change([&](Policy& policy) { policy.master_whitelist.insert(writer.address); });
  token.counter = ++counter;
  decision = present(sign(token, writer));
  EXPECT_EQ(std::get<Caller>(decision).scope(), Scope::master);
  EXPECT_EQ(std::get<Caller>(decision).audience(), master.address);
}

TEST_F(TokenVerifierTest, AnIssuerOfSeveralAgentsChoosesOne) {
  change([&](Policy& policy) {
    add_device(policy, guest.address, false);
    policy.agent_whitelists[writer.address].insert(guest.address);
    policy.agent_whitelists[painter.address].insert(guest.address);
  });
  auto decision = present(fresh_of(guest));
  auto& caller = std::get<Caller>(decision);
  EXPECT_EQ(caller.agents().size(), 2U);
  EXPECT_EQ(caller.agent(), nullptr);
  EXPECT_EQ(caller.audience(), identity::Address());
  EXPECT_EQ(caller.identity_fields().find("X-Kronborg-Agent"), std::string_view::npos);
  caller.choose(painter.address);
  EXPECT_EQ(caller.agent()->address, painter.address);
  EXPECT_EQ(caller.audience(), painter.address);
  EXPECT_FALSE(caller.may_use(writer.address));
  EXPECT_NE(caller.identity_fields().find("X-Kronborg-Agent: agent-7\r\n"), std::string_view::npos);
  EXPECT_NE(caller.identity_fields().find("X-Kronborg-Label: desk\r\n"), std::string_view::npos);
}

TEST_F(TokenVerifierTest, AStreamEndsWhenIssuerDeviceOrScopeIsGone) {
  Verifier keys(board, clock);
  const auto code = [&](const StreamTicket& ticket) -> std::string {
    const auto denied = keys.still_allowed(ticket);
    return denied ? name(*denied) : "goes on";
  };
  change([&](Policy& policy) {
    add_device(policy, guest.address, false);
    policy.agent_whitelists[writer.address].insert(guest.address);
    policy.agent_whitelists[painter.address].insert(guest.address);
  });
  auto decision = present(fresh_of(guest));
  auto& caller = std::get<Caller>(decision);
  caller.choose(painter.address);
  const StreamTicket ticket = Verifier::ticket(caller);
  EXPECT_EQ(code(ticket), "goes on");
  clock.set(now + 100'000);  // expiry does not cut
  EXPECT_EQ(code(ticket), "goes on");
  change([&](Policy& policy) { policy.agent_whitelists.erase(painter.address); });
  EXPECT_EQ(code(ticket), "issuer_not_allowed");
  change([&](Policy& policy) { policy.agent_whitelists.clear(); });
  EXPECT_EQ(code(ticket), "issuer_not_whitelisted");
  change([&](Policy& policy) { policy.master_whitelist.insert(guest.address); });
  EXPECT_EQ(code(ticket), "goes on");
  change([&](Policy& policy) { add_device(policy, guest.address, true); });
  EXPECT_EQ(code(ticket), "device_revoked");
  change([&](Policy& policy) { policy.devices.clear(); });
  EXPECT_EQ(code(ticket), "device_unknown");
}

TEST_F(TokenVerifierTest, BeforeSetUpNobodyIsKnown) {
  change([](Policy& policy) { policy = Policy(); });
  EXPECT_EQ(ask(fresh()), "issuer_not_whitelisted");
}

TEST_F(TokenVerifierTest, ADeviceThatSignsOftenIsJudgedAlike) {
  const auto stolen = [&] {
    std::string token = fresh();
    token[token.size() - 20] = token[token.size() - 20] == 'A' ? 'B' : 'A';
    return token;
  };
  for (std::uint32_t i = 0; i < HotDevices::uses_before; ++i) ASSERT_EQ(ask(fresh()), "accepted");
  EXPECT_EQ(ask(stolen()), "device_assertion_invalid");
  hot.tend();
  ASSERT_TRUE(hot.current()->contains(device_));
  EXPECT_EQ(ask(fresh()), "accepted");
  EXPECT_EQ(ask(stolen()), "device_assertion_invalid");
  change([&](Policy& policy) { add_device(policy, master.address, true); });
  EXPECT_EQ(ask(fresh()), "device_revoked");
  // Another key under the id, should it ever come to that, is not judged by the table.
  base::SystemRandom random;
  change([&](Policy& policy) {
    const auto before = *policy.devices.at(device_);
    auto other = before;
    other.revoked = false;
    other.key =
        crypto::P256Verifier::of(crypto::p256_public_key(crypto::new_p256_key(random)).value());
    policy.devices[device_] = std::make_shared<const DeviceFacts>(other);
  });
  EXPECT_EQ(ask(fresh()), "device_assertion_invalid");
}

// Every single-byte change of a good token: none is accepted, and the token still is afterwards.
TEST_F(TokenVerifierTest, ATokenWithAnyOtherByteIsRefused) {
  const std::string good = fresh();
  const std::size_t assertion = good.rfind('.') + 1;
  std::string changed = good;
  int tried = 0;
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const char byte : {'A', 'b', '7', '-', '.', '=', '\0', '\x7f'}) {
      // Nearly all of the device's signature is checked by one verification like the next.
      if (byte == good[at] || (at > assertion + 8 && byte != 'A')) continue;
      changed[at] = byte;
      EXPECT_NE(ask(changed), "accepted") << at << ' ' << byte;
      ++tried;
    }
    changed[at] = good[at];
  }
  EXPECT_GT(tried, 3'000);
  EXPECT_EQ(ask(good), "accepted");
}

}  // namespace
}  // namespace kronborg::authority
