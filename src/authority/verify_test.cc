#include "authority/verify.h"

#include <gtest/gtest.h>

#include <map>
#include <thread>
#include <vector>

#include "authority/fixture_test.h"

namespace kronborg::authority {
namespace {

using VerifyTest = AuthorityTest;

// Every single-byte change of an accepted key, in all positions and to all values, while the key
// itself is in the cache.
TEST_F(VerifyTest, AKeyWithAnyOtherByteIsDenied) {
  const Minted minted = mint("Cursor");
  const std::string good(minted.key.reveal());
  ASSERT_EQ(ask(good), "valid");
  std::string changed = good;
  std::map<std::string, int> answers;
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      if (static_cast<char>(byte) == good[at]) continue;
      changed[at] = static_cast<char>(byte);
      ++answers[ask(changed)];
    }
    changed[at] = good[at];
  }
  EXPECT_EQ(answers["valid"], 0);
  // Each layer had its share, so that the loop did reach the signature.
  for (const char* code : {"token_format", "payload_encoding", "signature_encoding",
                           "payload_malformed", "signature_invalid", "issuer_mismatch"}) {
    EXPECT_GT(answers[code], 0) << code;
  }
  EXPECT_EQ(ask(good), "valid");
}

TEST_F(VerifyTest, AKeyWithOneByteMoreOrLessIsDenied) {
  const Minted minted = mint("Cursor");
  const std::string good(minted.key.reveal());
  ASSERT_EQ(ask(good), "valid");
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string shorter = good;
    shorter.erase(at, 1);
    ASSERT_NE(ask(shorter), "valid") << at;
  }
  for (std::size_t at = 0; at <= good.size(); ++at) {
    std::string longer = good;
    longer.insert(at, 1, '\0');
    for (int byte = 0; byte < 256; ++byte) {
      longer[at] = static_cast<char>(byte);
      ASSERT_NE(ask(longer), "valid") << at << ' ' << byte;
    }
  }
}

TEST_F(VerifyTest, TextsOfAnySizeAreAnswered) {
  for (const std::size_t size : {0U, 1U, 6U, 129U, 130U, 131U, 8192U, 8193U, 100'000U}) {
    EXPECT_EQ(ask(std::string(size, 'a')), "token_format") << size;
    EXPECT_EQ(ask(std::string(size, '.')), "token_format") << size;
  }
}

TEST_F(VerifyTest, TimeIsAskedOnEveryCall) {
  const Minted minted = mint("short", {}, credential::Expiry::days_30);
  EXPECT_EQ(ask(minted), "valid");
  clock.set((*minted.record.expires_at) * 1000 - 1);
  EXPECT_EQ(ask(minted), "valid");
  clock.step(1);
  EXPECT_EQ(ask(minted), "key_expired");
  clock.step(-1);
  EXPECT_EQ(ask(minted), "valid");
}

TEST_F(VerifyTest, AStreamEndsByRevocationAndNotByExpiry) {
  const Minted minted = mint();
  const auto decision = verifier->verify(minted.key.reveal(), "10.0.0.1");
  ASSERT_EQ(outcome(decision), "valid");
  const StreamTicket ticket = Verifier::ticket(*std::get<const Caller*>(decision));
  EXPECT_FALSE(verifier->still_allowed(ticket));
  clock.step(1000LL * 86'400'000);
  EXPECT_EQ(ask(minted), "key_expired");
  EXPECT_FALSE(verifier->still_allowed(ticket));
  ASSERT_EQ(code_of(keys->revoke(owner(), minted.record.id, {}, false)), "ok");
  const auto denied = verifier->still_allowed(ticket);
  ASSERT_TRUE(denied);
  EXPECT_EQ(denied->code, base::Code::key_revoked);
}

TEST_F(VerifyTest, WhatLeavesASmallCacheIsCountedAndAcceptedAgain) {
  Verifier small(place->board(), clock, 8);
  std::vector<Minted> minted;
  for (int i = 0; i < 24; ++i) minted.push_back(mint());
  constexpr int rounds = 3;
  for (int round = 0; round < rounds; ++round) {
    for (const auto& key : minted) {
      ASSERT_EQ(outcome(small.verify(key.key.reveal(), "10.0.0.1")), "valid");
    }
  }
  ASSERT_EQ(code_of(keys->record_usage(small.collect_usage())), "ok");
  for (const auto& key : minted) {
    EXPECT_EQ(keys->get(key.record.id).value().use_count, rounds);
  }
}

TEST_F(VerifyTest, FieldsFollowTheAgentBehindAnAddress) {
  Agents agents(place->parts());
  const auto writer = agent("Writer");
  const auto master = place->board().current()->master.value();
  // Signed by the master for the agent: such a key outlives the agent's record.
  const std::string nonce = "0123456789ab4cdef0123456789abcde";
  const std::string payload =
      credential::access_key_payload({.issuer = master,
                                      .audience = writer.address,
                                      .label = "a\r\nX-Evil: 1",
                                      .nonce = nonce,
                                      .counter = static_cast<std::uint64_t>(test_time_ms),
                                      .issued_at = 1,
                                      .expires_at = {}});
  const auto signature =
      place->key_holder().sign(identity::Prefix::access, base::bytes_of(payload), {});
  const auto key = credential::access_key_text(payload, signature.value());
  const auto fields = [&] {
    const auto decision = verifier->verify(key.reveal(), "10.0.0.1");
    EXPECT_EQ(outcome(decision), "valid");
    return std::string(std::get<const Caller*>(decision)->identity_fields());
  };
  const std::string before = fields();
  EXPECT_NE(before.find("X-Kronborg-Agent: " + writer.id + "\r\n"), std::string::npos);
  EXPECT_NE(before.find("X-Kronborg-Label: a%0D%0AX-Evil%3A%201\r\n"), std::string::npos);
  EXPECT_NE(before.find("X-Kronborg-Key-Id: 01234567-89ab-4cde-f012-3456789abcde\r\n"),
            std::string::npos);
  ASSERT_EQ(code_of(agents.remove(owner(), writer.id)), "ok");
  EXPECT_EQ(ask(key.reveal()), "audience_mismatch");
  const auto again = agents.import(
      owner(), {.name = "Writer", .index = writer.index, .scope = writer.scope, .address = {}});
  EXPECT_NE(fields().find("X-Kronborg-Agent: " + again.value().id + "\r\n"), std::string::npos);
}

TEST_F(VerifyTest, BeforeSetUpNothingIsAccepted) {
  const Minted minted = mint();
  PolicyBoard empty;
  Verifier fresh(empty, clock);
  EXPECT_EQ(outcome(fresh.verify(minted.key.reveal(), "")), "audience_mismatch");
  EXPECT_EQ(outcome(fresh.missing()), "no_keys_configured");
}

// Requests that begin after the acknowledgement are denied, on every thread.
TEST_F(VerifyTest, RevocationReachesEveryThread) {
  constexpr std::size_t count = 24;
  std::vector<Minted> minted;
  for (std::size_t i = 0; i < count; ++i) minted.push_back(mint());
  std::vector<std::atomic<bool>> acknowledged(count);
  std::atomic<bool> done = false;
  std::atomic<int> wrong = 0;
  std::atomic<int> accepted = 0;
  {
    std::vector<std::jthread> loops;
    for (int thread = 0; thread < 3; ++thread) {
      loops.emplace_back([&] {
        Verifier own(place->board(), clock);
        while (!done) {
          for (std::size_t i = 0; i < count; ++i) {
            const bool must_deny = acknowledged[i];
            const bool valid = outcome(own.verify(minted[i].key.reveal(), "10.0.0.1")) == "valid";
            if (must_deny && valid) ++wrong;
            if (valid) ++accepted;
          }
          if (!own.collect_usage().empty() && own.policy().epoch == 0) ++wrong;
        }
      });
    }
    for (std::size_t i = 0; i < count; ++i) {
      ASSERT_EQ(code_of(keys->revoke(owner(), minted[i].record.id, {}, false)), "ok");
      acknowledged[i] = true;
      mint();
    }
    done = true;
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(accepted, 0);
}

}  // namespace
}  // namespace kronborg::authority
