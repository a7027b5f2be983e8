#include "pairing/authority_host.h"

#include "base/text.h"
#include "pairing/endpoints.h"
#include "pairing/fixture_test.h"

namespace kronborg::pairing {
namespace {

/// The real authority with a real key holder.
class AuthorityHostTest : public PairingTest {
 protected:
  void SetUp() override {
    const authority::Parts& parts = authority_parts();
    authority::CreateIdentity request;
    request.kind = keyholder::KeystoreKind::file;
    ASSERT_EQ(code_of(authority::Identity(parts).create(authority::owner(), std::move(request))),
              "ok");
    keys = std::make_unique<authority::AccessKeys>(parts);
    agents = std::make_unique<authority::Agents>(
        parts, authority::AgentHooks{
                   .retired =
                       [this](sql::Transaction& transaction, const authority::AgentRecord& before) {
                         return endpoints->retired(transaction, before);
                       },
                   .changed = {}});
    host = std::make_unique<AuthorityHost>(parts, *agents, *keys);
    endpoints = std::make_unique<Endpoints>(Parts{.authority = parts,
                                                  .host = *host,
                                                  .host_name = "kronborg",
                                                  .origin = "https://kronborg.example"},
                                            [this] { ++code_changes; });
    agent = agents
                ->create(authority::owner(),
                         {.name = "Writer", .description = "Writes", .upstream = {}})
                .value();
  }

  std::unique_ptr<authority::AccessKeys> keys;
  std::unique_ptr<authority::Agents> agents;
  std::unique_ptr<AuthorityHost> host;
  std::unique_ptr<Endpoints> endpoints;
  authority::AgentRecord agent;
  int code_changes = 0;
};

TEST_F(AuthorityHostTest, AnAgentIsFoundByIdAndByItsPresentAddress) {
  const auto found = host->agent_of_id(base::lower(agent.id)).value();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->name, "Writer");
  EXPECT_EQ(found->description, "Writes");
  EXPECT_FALSE(found->shared);
  EXPECT_FALSE(host->agent_of_id("Writer").value()) << "a name is no id";
  EXPECT_EQ(host->agent_of_address(agent.address).value()->id, agent.id);
  EXPECT_FALSE(host->agent_of_address(address(agent_address)).value());
  ASSERT_EQ(code_of(agents->rotate(authority::owner(), agent.id)), "ok");
  EXPECT_FALSE(host->agent_of_address(agent.address).value());
  EXPECT_EQ(host->agents().value().size(), 1U);
}

TEST_F(AuthorityHostTest, TheAgentsKeySigns) {
  const HostAgent of = *host->agent_of_id(agent.id).value();
  const auto signature = host->sign(identity::Prefix::pairing_server, "text", of).value();
  EXPECT_EQ(
      identity::recover_signer(identity::Prefix::pairing_server, base::bytes_of("text"), signature),
      agent.address);
  ASSERT_EQ(code_of(authority_parts().key_holder.lock()), "ok");
  EXPECT_TRUE(host->locked());
  EXPECT_EQ(code_of(host->sign(identity::Prefix::pairing_server, "text", of)), "identity_locked");
}

TEST_F(AuthorityHostTest, WhatIsOpenForAnAgentEndsWithItsAddress) {
  const auto actor = authority::owner();
  const auto code = endpoints->phones.issue(actor, {.agent_id = agent.id});
  const auto invite = endpoints->invites.issue(
      actor, {.agent_id = agent.id, .name = {}, .description = {}, .url = {}});
  ASSERT_EQ(told(code), "ok");
  ASSERT_EQ(told(invite), "ok");
  std::optional<Outcome> outcome;
  ASSERT_EQ(told(endpoints->requests.open({.connector = agent.address,
                                           .fingerprint = {},
                                           .sas = {},
                                           .agent_id = agent.id,
                                           .agent_name = "Writer",
                                           .agent = agent.address,
                                           .known_connector = false,
                                           .encrypted = true,
                                           .source_address = "192.0.2.1"},
                                          [&](const Decision& made) { outcome = made.outcome; })),
            "ok");
  ASSERT_EQ(code_of(agents->remove(actor, agent.id)), "ok");
  EXPECT_EQ(outcome, Outcome::ended);
  EXPECT_FALSE(endpoints->codes.current());
  EXPECT_EQ(code_changes, 2);
  EXPECT_EQ(endpoints->invites.list({}).value().items.at(0).state, "revoked");
}

}  // namespace
}  // namespace kronborg::pairing
