#include "authority/audit.h"

#include <gtest/gtest.h>

#include "authority/fixture_test.h"

namespace kronborg::authority {
namespace {

class AuditTest : public AuthorityTest {
 protected:
  void SetUp() override {
    AuthorityTest::SetUp();
    audit = std::make_unique<Audit>(place->parts());
  }
  std::vector<std::string> types(std::optional<std::string> type = {}) {
    std::vector<std::string> found;
    for (const auto& event :
         audit->list({.type = std::move(type), .since_ms = {}}, {}).value().items) {
      found.push_back(event.type);
    }
    return found;
  }

  std::unique_ptr<Audit> audit;
};

TEST_F(AuditTest, EveryChangeHasARow) {
  const auto writer = agent("Writer");
  const Minted minted = mint("k", writer.id);
  ASSERT_EQ(code_of(keys->revoke(owner(), minted.record.id, "lost", false)), "ok");
  ASSERT_EQ(code_of(keys->revoke_before(owner(), minted.record.id, true, false)), "ok");
  ASSERT_EQ(code_of(keys->revoke_nonce(owner(), writer.address, "n", false)), "ok");
  ASSERT_EQ(code_of(keys->forget(owner(), minted.record.id)), "ok");
  Whitelist whitelist(place->parts());
  ASSERT_EQ(code_of(whitelist.add(owner(), writer.address, {}, "")), "ok");
  ASSERT_EQ(code_of(whitelist.remove(owner(), writer.address, {})), "ok");
  Agents agents(place->parts());
  ASSERT_EQ(code_of(agents.update(owner(), writer.id,
                                  {.name = "W", .description = {}, .upstream = {}, .shared = {}})),
            "ok");
  ASSERT_EQ(code_of(agents.rotate(owner(), writer.id)), "ok");
  ASSERT_EQ(code_of(agents.remove(owner(), writer.id)), "ok");
  ASSERT_EQ(code_of(agents.import(owner(), {.name = "I", .index = 7, .scope = "", .address = {}})),
            "ok");
  Identity identity(place->parts());
  ASSERT_EQ(code_of(identity.lock(owner())), "ok");
  ASSERT_EQ(code_of(identity.unlock(owner(), {})), "ok");
  EXPECT_EQ(types(), (std::vector<std::string>{
                         "identity.create", "device.register", "agent.create", "key.mint",
                         "key.revoke", "key.revoke_up_to", "key.revoke_nonce", "key.forget",
                         "whitelist.add", "whitelist.remove", "agent.update", "agent.rotate",
                         "agent.delete", "agent.import", "identity.lock", "identity.unlock"}));
  EXPECT_EQ(types("agent").size(), 5U);
  EXPECT_EQ(types("key.mint").size(), 1U);
  const auto rows = audit->list({.type = "key.revoke", .since_ms = {}}, {}).value().items;
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].actor, "owner");
  EXPECT_EQ(rows[0].subject, minted.record.id);
  EXPECT_EQ(rows[0].source_address, "127.0.0.1");
  EXPECT_EQ(rows[0].request_id, "test");
  EXPECT_EQ(base::parse_json(rows[0].detail).value().at("reason").as_string(), "lost");
  EXPECT_EQ(audit->newest_seq(), 16);
}

TEST_F(AuditTest, WhatFailsOrChangesNothingLeavesNoRow) {
  const Minted minted = mint();
  const auto before = audit->newest_seq();
  EXPECT_EQ(code_of(keys->revoke(owner(), minted.record.id, {}, true)), "ok");
  EXPECT_EQ(code_of(Agents(place->parts()).remove(owner(), "nobody")), "agent_not_found");
  EXPECT_EQ(code_of(Whitelist(place->parts()).remove(owner(), {}, {})), "whitelist_not_found");
  EXPECT_EQ(audit->newest_seq(), before);
  EXPECT_EQ(types().size(), static_cast<std::size_t>(before));
}

TEST_F(AuditTest, TheChainShowsAlteredAndMissingRows) {
  for (int i = 0; i < 5; ++i) mint();
  const auto broken_at = [&] { return audit->verify().value().broken_at; };
  EXPECT_EQ(broken_at(), std::nullopt);
  EXPECT_EQ(audit->verify().value().rows, 7);
  ASSERT_EQ(code_of(place->tamper("UPDATE audit SET actor = 'nobody' WHERE seq = 3")), "ok");
  EXPECT_EQ(broken_at(), 3);
  ASSERT_EQ(code_of(place->tamper("UPDATE audit SET actor = 'owner' WHERE seq = 3")), "ok");
  EXPECT_EQ(broken_at(), std::nullopt);
  ASSERT_EQ(code_of(place->tamper("UPDATE audit SET source_address = NULL WHERE seq = 4")), "ok");
  EXPECT_EQ(broken_at(), 4);
  ASSERT_EQ(code_of(place->tamper("UPDATE audit SET source_address = '127.0.0.1' WHERE seq = 4")),
            "ok");
  ASSERT_EQ(code_of(place->tamper("DELETE FROM audit WHERE seq = 6")), "ok");
  EXPECT_EQ(broken_at(), 6);
  ASSERT_EQ(code_of(place->tamper("DELETE FROM audit WHERE seq = 2")), "ok");
  EXPECT_EQ(broken_at(), 2);
}

TEST_F(AuditTest, TheFirstRefusalPerReasonSourceAndMinuteIsKept) {
  using base::Code;
  for (int i = 0; i < 3; ++i) {
    audit->note_refusal(Code::key_revoked, "10.0.0.1");
    audit->note_refusal(Code::key_expired, "10.0.0.1");
    audit->note_refusal(Code::key_revoked, "10.0.0.2");
  }
  ASSERT_EQ(code_of(audit->flush_refusals()), "ok");
  EXPECT_EQ(types("gate").size(), 3U);
  audit->note_refusal(Code::key_revoked, "10.0.0.1");
  ASSERT_EQ(code_of(audit->flush_refusals()), "ok");
  EXPECT_EQ(types("gate").size(), 3U);
  clock.step(60'000);
  audit->note_refusal(Code::key_revoked, "10.0.0.1");
  ASSERT_EQ(code_of(audit->flush_refusals()), "ok");
  EXPECT_EQ(types("gate").size(), 4U);
}

TEST_F(AuditTest, AFloodOfSourcesIsBounded) {
  for (int i = 0; i < 1000; ++i) {
    audit->note_refusal(base::Code::token_format, "10.0.0." + std::to_string(i));
  }
  ASSERT_EQ(code_of(audit->flush_refusals()), "ok");
  const auto kept =
      audit->list({.type = "gate.refuse", .since_ms = {}}, {.after = 0, .limit = 500});
  EXPECT_EQ(kept.value().items.size(), 256U);
  const auto rest = audit->list({.type = "gate.refuse_more", .since_ms = {}}, {}).value().items;
  ASSERT_EQ(rest.size(), 1U);
  EXPECT_EQ(rest[0].detail, "{\"count\":744}");
}

TEST_F(AuditTest, RowsAreListedSinceATime) {
  mint();
  clock.step(1000);
  mint();
  const auto list = audit->list({.type = {}, .since_ms = test_time_ms + 1}, {}).value();
  EXPECT_EQ(list.items.size(), 1U);
  const auto paged = audit->list({}, {.after = 1, .limit = 1}).value();
  ASSERT_EQ(paged.items.size(), 1U);
  EXPECT_EQ(paged.items[0].seq, 2);
  EXPECT_TRUE(paged.has_more);
}

}  // namespace
}  // namespace kronborg::authority
