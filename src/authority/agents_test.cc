#include "authority/agents.h"

#include <gtest/gtest.h>

#include <set>

#include "authority/fixture_test.h"
#include "base/text.h"

namespace kronborg::authority {
namespace {

class AgentsTest : public AuthorityTest {
 protected:
  Agents agents() { return Agents(place->parts()); }
};

TEST_F(AgentsTest, AnAgentHasItsOwnKeysAndAddress) {
  const auto writer = agent(" Writer ");
  const auto reader = agent("Reader");
  EXPECT_EQ(writer.name, "Writer");
  EXPECT_NE(writer.address, reader.address);
  EXPECT_EQ(writer.index + 1, reader.index);
  const Minted minted = mint("k", writer.id);
  const auto decision = verifier->verify(minted.key.reveal(), "10.0.0.1");
  ASSERT_EQ(outcome(decision), "valid");
  const Caller& caller = *std::get<const Caller*>(decision);
  EXPECT_EQ(caller.scope(), Scope::agent);
  ASSERT_NE(caller.agent(), nullptr);
  EXPECT_EQ(caller.agent()->id, writer.id);
  EXPECT_EQ(caller.key_id(), minted.record.id);
  EXPECT_EQ(caller.identity_fields(),
            "X-Kronborg-Issuer: " + writer.address.text() +
                "\r\nX-Kronborg-Audience: " + writer.address.text() +
                "\r\nX-Kronborg-Scope: agent\r\nX-Kronborg-Agent: " + writer.id +
                "\r\nX-Kronborg-Key-Id: " + minted.record.id + "\r\nX-Kronborg-Label: k\r\n");
  EXPECT_EQ(agents().find("Writer").value().key_count, 1);
}

TEST_F(AgentsTest, NamesAreUniqueLabels) {
  const auto writer = agent("Writer");
  const auto reader = agent("Reader");
  const auto create = [&](std::string name) {
    return code_of(
        agents().create(owner(), {.name = std::move(name), .description = {}, .upstream = {}}));
  };
  EXPECT_EQ(create("Writer"), "agent_exists");
  EXPECT_EQ(create(" Writer"), "agent_exists");
  EXPECT_EQ(create(""), "label_invalid");
  EXPECT_EQ(create("a\u202eb"), "label_invalid");
  EXPECT_EQ(
      code_of(agents().update(owner(), reader.id,
                              {.name = "Writer", .description = {}, .upstream = {}, .shared = {}})),
      "agent_exists");
  EXPECT_EQ(
      code_of(agents().update(owner(), writer.id,
                              {.name = "Writer", .description = {}, .upstream = {}, .shared = {}})),
      "ok");
}

TEST_F(AgentsTest, AgentsAreFoundByNameIdAndAddress) {
  const auto writer = agent("Writer");
  EXPECT_EQ(agents().find("Writer").value().id, writer.id);
  EXPECT_EQ(agents().find(writer.id).value().id, writer.id);
  EXPECT_EQ(agents().find(base::lower(writer.address.text())).value().id, writer.id);
  EXPECT_EQ(code_of(agents().find("writer")), "agent_not_found");
  EXPECT_EQ(code_of(agents().find("")), "agent_not_found");
  agent(writer.id);
  EXPECT_EQ(code_of(agents().find(writer.id)), "agent_ambiguous");
}

TEST_F(AgentsTest, AChangeIsSeenByTheGateWithoutANewKey) {
  const auto writer = agent("Writer");
  const Minted minted = mint("k", writer.id);
  ASSERT_EQ(ask(minted), "valid");
  const auto changed =
      agents().update(owner(), writer.id,
                      {.name = "Author",
                       .description = std::optional<std::string>("writes"),
                       .upstream = std::optional<std::string>("http://127.0.0.1:9"),
                       .shared = true});
  EXPECT_EQ(changed.value().name, "Author");
  EXPECT_TRUE(changed.value().shared);
  const auto decision = verifier->verify(minted.key.reveal(), "10.0.0.1");
  ASSERT_EQ(outcome(decision), "valid");
  EXPECT_EQ(std::get<const Caller*>(decision)->agent()->upstream, "http://127.0.0.1:9");
  start();
  EXPECT_EQ(agents().find("Author").value().description, "writes");
}

TEST_F(AgentsTest, RotationRetiresTheOldAddress) {
  const auto writer = agent("Writer");
  const Minted before = mint("k", writer.id);
  const auto rotated = agents().rotate(owner(), writer.id).value();
  EXPECT_EQ(rotated.keys_revoked, 1);
  EXPECT_EQ(rotated.agent.id, writer.id);
  EXPECT_NE(rotated.agent.address, writer.address);
  EXPECT_EQ(ask(before), "audience_mismatch");
  EXPECT_EQ(ask(mint("k", writer.id)), "valid");
  start();
  EXPECT_EQ(ask(before), "audience_mismatch");
}

TEST_F(AgentsTest, AnImportCannotReviveARetiredAddress) {
  const auto writer = agent("Writer");
  const Minted before = mint("k", writer.id);
  EXPECT_EQ(agents().remove(owner(), writer.id).value(), 1);
  EXPECT_EQ(ask(before), "audience_mismatch");
  EXPECT_EQ(code_of(agents().find("Writer")), "agent_not_found");
  const auto imported = agents().import(
      owner(),
      {.name = "Writer", .index = writer.index, .scope = writer.scope, .address = writer.address});
  ASSERT_EQ(code_of(imported), "ok");
  EXPECT_EQ(imported->address, writer.address);
  EXPECT_EQ(ask(before), "key_revoked");
  const Minted after = mint("k", imported->id);
  EXPECT_EQ(ask(after), "valid");
  start();
  EXPECT_EQ(ask(before), "key_revoked");
  EXPECT_EQ(ask(after), "valid");
}

TEST_F(AgentsTest, ImportChecksTheAddressAndRaisesTheMark) {
  const auto writer = agent("Writer");
  EXPECT_EQ(
      code_of(agents().import(
          owner(), {.name = "x", .index = 3, .scope = writer.scope, .address = writer.address})),
      "agent_address_mismatch");
  EXPECT_EQ(
      code_of(agents().import(
          owner(), {.name = "x", .index = writer.index, .scope = writer.scope, .address = {}})),
      "agent_exists");
  const auto imported =
      agents()
          .import(owner(), {.name = "x", .index = 41, .scope = writer.scope, .address = {}})
          .value();
  EXPECT_EQ(imported.index, 41U);
  EXPECT_EQ(agent("next").index, 42U);
  // The v1 form has marks of its own.
  const auto old =
      agents().import(owner(), {.name = "old", .index = 900, .scope = "", .address = {}}).value();
  EXPECT_EQ(old.scope, "");
  EXPECT_EQ(agent("after").index, 43U);
  EXPECT_EQ(
      code_of(agents().import(
          owner(), {.name = "last", .index = 0xFFFFFFFF, .scope = writer.scope, .address = {}})),
      "ok");
  EXPECT_EQ(
      code_of(agents().create(owner(), {.name = "none left", .description = {}, .upstream = {}})),
      "limit_reached");
}

TEST_F(AgentsTest, AnIndexIsNeverHandedOutTwice) {
  std::set<std::uint32_t> indices;
  for (int i = 0; i < 4; ++i) {
    const auto made = agent("a");
    EXPECT_TRUE(indices.insert(made.index).second);
    const auto rotated = agents().rotate(owner(), made.id).value();
    EXPECT_TRUE(indices.insert(rotated.agent.index).second);
    ASSERT_EQ(code_of(agents().remove(owner(), made.id)), "ok");
    start();
  }
}

TEST_F(AgentsTest, AgentWhitelistsHoldForThatAgentOnlyAndEndWithIt) {
  const auto a = agent("a");
  const auto b = agent("b");
  Whitelist whitelist(place->parts());
  ASSERT_EQ(code_of(whitelist.add(owner(), b.address, a.id, "")), "ok");
  EXPECT_EQ(code_of(whitelist.add(owner(), b.address, "nobody", "")), "agent_not_found");
  auto list = whitelist.list({}).value();
  ASSERT_EQ(list.items.size(), 1U);
  EXPECT_EQ(list.items[0].agent_id, a.id);
  const Claim from_b{
      .issuer = b.address, .audience = a.address, .nonce = "n", .counter = 1, .expires_at = {}};
  EXPECT_EQ(judge(verifier->policy(), from_b, 0), std::nullopt);
  const Claim from_a{
      .issuer = a.address, .audience = b.address, .nonce = "n", .counter = 1, .expires_at = {}};
  EXPECT_EQ(judge(verifier->policy(), from_a, 0), base::Code::issuer_not_allowed);
  ASSERT_EQ(code_of(agents().rotate(owner(), a.id)), "ok");
  EXPECT_TRUE(whitelist.list({}).value().items.empty());
  EXPECT_EQ(code_of(whitelist.remove(owner(), b.address, a.id)), "whitelist_not_found");
  EXPECT_TRUE(place->board().current()->agent_whitelists.empty());
}

TEST_F(AgentsTest, ALockedIdentityDerivesNothing) {
  const auto writer = agent("Writer");
  ASSERT_EQ(code_of(place->key_holder().lock()), "ok");
  EXPECT_EQ(code_of(agents().create(owner(), {.name = "x", .description = {}, .upstream = {}})),
            "identity_locked");
  EXPECT_EQ(code_of(agents().rotate(owner(), writer.id)), "identity_locked");
  EXPECT_EQ(code_of(agents().remove(owner(), writer.id)), "ok");
}

}  // namespace
}  // namespace kronborg::authority
