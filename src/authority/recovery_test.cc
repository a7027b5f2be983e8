#include <map>

#include "authority/recovery_fixture_test.h"

namespace kronborg::authority {
namespace {

TEST_F(RecoveryTest, TheSameIdentityOnAnotherMachine) {
  ASSERT_EQ(recover(from_bundle()), "ok");
  const auto facts = identity->facts().value().value();
  EXPECT_EQ(facts.master, lost().master);
  EXPECT_NE(facts.device_id, lost().device_id);
  EXPECT_EQ(facts.created_at_ms, test_time_ms / 1000 * 1000);
  expect_the_past();
  const auto found = agents();
  ASSERT_EQ(found.size(), lost().agents.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i].id, lost().agents[i].id);
    EXPECT_EQ(found[i].name, lost().agents[i].name);
    EXPECT_EQ(found[i].address, lost().agents[i].address);
    EXPECT_EQ(found[i].scope, lost().agents[i].scope);
    EXPECT_EQ(found[i].index, lost().agents[i].index);
  }
  const auto policy = place->board().current();
  EXPECT_TRUE(policy->master_whitelist.contains(elsewhere()));
  EXPECT_TRUE(policy->agent_whitelists.at(found[1].address).contains(elsewhere()));
  start();
  EXPECT_EQ(loaded, "ok");
  expect_the_past();
}

TEST_F(RecoveryTest, CountersAndIndicesGoOnAboveTheOldOnes) {
  clock.set(test_time_ms - 3'600'000);  // a clock that is behind
  ASSERT_EQ(recover(from_bundle()), "ok");
  const auto minted = AccessKeys(place->parts())
                          .mint(owner(), {.label = "key",
                                          .agent_id = {},
                                          .expiry = credential::Expiry::days_90,
                                          .source = "cli"})
                          .value();
  EXPECT_GT(minted.record.counter, lost().last_counter);
  EXPECT_EQ(ask(std::string(minted.key.reveal())), "valid");
  const auto made = Agents(place->parts())
                        .create(owner(), {.name = "New", .description = {}, .upstream = {}})
                        .value();
  EXPECT_EQ(made.scope, identity->facts().value()->device_id);
  EXPECT_GE(std::int64_t{made.index}, clock.now() / 60);
  ASSERT_EQ(code_of(place->database().read([&](sql::Transaction& run) -> base::Result<void> {
              TRY(const auto marks, run("SELECT next_index FROM index_marks"));
              EXPECT_EQ(marks.rows.size(), 2U);
              for (const auto& row : marks.rows) EXPECT_GE(row.integer(0), clock.now() / 60);
              return {};
            })),
            "ok");
}

TEST_F(RecoveryTest, TheNewCodeRecoversAgainAndTheOldOneOnlyOldCopies) {
  ASSERT_EQ(recover(from_bundle()), "ok");
  const std::string bundle = content_of(folder.path() / "recovery.json");
  EXPECT_EQ(code_of(identity->drill(owner(), bundle, code)), "ok");
  EXPECT_EQ(code_of(identity->drill(owner(), bundle, base::SecretText(lost().code))),
            "recovery_code_wrong");
  EXPECT_EQ(code_of(identity->drill(owner(), lost().bundle, base::SecretText(lost().code))), "ok");
}

TEST_F(RecoveryTest, EarlierKeysAreRevokedWhenAskedFor) {
  RecoverIdentity request = from_bundle();
  request.earlier = identity::EarlierKeys::revoke;
  ASSERT_EQ(recover(std::move(request)), "ok");
  EXPECT_EQ(ask(lost().good), "key_revoked");
  EXPECT_EQ(ask(lost().good_of_agent), "key_revoked");
  const auto fresh = AccessKeys(place->parts())
                         .mint(owner(), {.label = "key",
                                         .agent_id = {},
                                         .expiry = credential::Expiry::days_90,
                                         .source = "cli"});
  EXPECT_EQ(ask(std::string(fresh->key.reveal())), "valid") << "no key is born revoked";
}

TEST_F(RecoveryTest, WordsGiveTheMasterAndAgentsComeBackByImport) {
  ASSERT_EQ(recover(from_words(identity::EarlierKeys::keep)), "ok");
  EXPECT_EQ(identity->facts().value()->master, lost().master);
  EXPECT_EQ(agents().size(), 0U);
  EXPECT_EQ(ask(lost().good), "valid");
  EXPECT_EQ(ask(lost().revoked), "valid") << "words hold no revocations";
  EXPECT_EQ(ask(lost().good_of_agent), "audience_mismatch");
  const AgentRecord& old = lost().agents[1];
  ASSERT_EQ(code_of(Agents(place->parts())
                        .import(owner(), {.name = old.name,
                                          .index = old.index,
                                          .scope = old.scope,
                                          .address = old.address})),
            "ok");
  EXPECT_EQ(ask(lost().good_of_agent), "valid");
}

TEST_F(RecoveryTest, WordsCanRevokeWhatTheMasterIssuedEarlier) {
  ASSERT_EQ(recover(from_words(identity::EarlierKeys::revoke)), "ok");
  EXPECT_EQ(ask(lost().good), "key_revoked");
  EXPECT_EQ(ask(lost().revoked), "key_revoked");
}

TEST_F(RecoveryTest, AnIdentityThatIsThereStaysUnlessItsAddressIsNamed) {
  CreateIdentity request;
  request.kind = keyholder::KeystoreKind::file;
  const auto other = identity->create(owner(), std::move(request)).value();
  EXPECT_EQ(recover(from_bundle()), "identity_exists");
  RecoverIdentity wrong = from_bundle();
  wrong.keystore.replace = lost().master;
  EXPECT_EQ(recover(std::move(wrong)), "identity_exists") << "the old address, not the new one";
  EXPECT_EQ(identity->facts().value()->master, other.master);
  Agents(place->parts())
      .create(owner(), {.name = "Old", .description = {}, .upstream = {}})
      .value();
  RecoverIdentity right = from_bundle();
  right.keystore.replace = other.master;
  ASSERT_EQ(recover(std::move(right)), "ok");
  expect_the_past();
  EXPECT_EQ(agents().size(), lost().agents.size()) << "those of the other identity are gone";
}

TEST_F(RecoveryTest, AStoreOfTheSameIdentityIsNewerThanTheBundle) {
  ASSERT_EQ(recover(from_bundle()), "ok");
  AccessKeys keys(place->parts());
  Agents nouns(place->parts());
  const auto later = nouns.create(owner(), {.name = "Later", .description = {}, .upstream = {}});
  ASSERT_EQ(code_of(later), "ok");
  const auto minted = keys.mint(owner(), {.label = "later",
                                          .agent_id = {},
                                          .expiry = credential::Expiry::days_90,
                                          .source = "cli"})
                          .value();
  ASSERT_EQ(code_of(keys.revoke(owner(), minted.record.id, {}, false)), "ok");
  ASSERT_EQ(code_of(nouns.remove(owner(), lost().agents[0].id)), "ok");
  ASSERT_EQ(code_of(Whitelist(place->parts()).remove(owner(), elsewhere(), {})), "ok");
  place.reset();
  std::filesystem::remove(folder.path() / "keystore.json");
  start();
  ASSERT_EQ(loaded, "ok");
  RecoverIdentity stranger = from_bundle();  // an older bundle, and the keystore is gone
  ASSERT_EQ(recover(std::move(stranger)), "ok") << "nothing has to make room";
  EXPECT_EQ(ask(lost().good), "valid");
  EXPECT_EQ(ask(std::string(minted.key.reveal())), "key_revoked");
  std::map<std::string, std::string> names;
  for (const auto& agent : agents()) names[agent.name] = agent.id;
  EXPECT_TRUE(names.contains("Later"));
  EXPECT_FALSE(names.contains("Writer")) << "deleted since";
  EXPECT_TRUE(names.contains("Reader"));
  EXPECT_FALSE(place->board().current()->master_whitelist.contains(elsewhere())) << "removed since";
  const auto records =
      AccessKeys(place->parts())
          .list({.all = true, .agent_id = {}, .q = {}}, {.after = 0, .limit = 100});
  EXPECT_TRUE(std::ranges::any_of(records->items, [&](const KeyRecord& record) {
    return record.id == minted.record.id && record.revoked_at_ms.has_value();
  }));
}

TEST_F(RecoveryTest, AStoreFromBeforeTheBundleLearnsWhatItLacks) {
  ASSERT_EQ(recover(from_words(identity::EarlierKeys::keep)), "ok");
  place.reset();
  std::filesystem::remove(folder.path() / "keystore.json");
  start();
  ASSERT_EQ(recover(from_bundle()), "ok");
  expect_the_past();
  EXPECT_EQ(agents().size(), lost().agents.size());
}

}  // namespace
}  // namespace kronborg::authority
