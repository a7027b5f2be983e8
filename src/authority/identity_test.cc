#include "authority/identity.h"

#include <gtest/gtest.h>

#include "authority/adoption.h"
#include "authority/denial.h"
#include "authority/fixture_test.h"

namespace kronborg::authority {
namespace {

using IdentityTest = AuthorityTest;

CreateIdentity file_identity(std::optional<identity::Address> replace = {}) {
  CreateIdentity request;
  request.kind = keyholder::KeystoreKind::file;
  request.replace = replace;
  return request;
}

TEST_F(IdentityTest, ASecondSetUpIsRefusedUnlessTheOldAddressIsNamed) {
  Identity identity(place->parts());
  const auto old = identity.facts().value().value();
  EXPECT_EQ(code_of(identity.create(owner(), file_identity())), "identity_exists");
  EXPECT_EQ(code_of(identity.create(owner(), file_identity(identity::Address()))),
            "identity_exists");
  const Minted minted = mint();
  const Minted revoked = mint();
  ASSERT_EQ(code_of(keys->revoke(owner(), revoked.record.id, {}, false)), "ok");
  agent("Writer");
  const auto made = identity.create(owner(), file_identity(old.master));
  ASSERT_EQ(code_of(made), "ok");
  EXPECT_NE(made->master, old.master);
  EXPECT_EQ(identity.facts().value().value().master, made->master);
  EXPECT_EQ(ask(minted), "audience_mismatch");
  EXPECT_EQ(outcome(verifier->missing()), "no_keys_configured");
  const auto left = counts(place->parts()).value();
  EXPECT_EQ(left.agents, 0);
  EXPECT_EQ(left.keys, 0);
  EXPECT_EQ(left.revocations, 1);
  start();
  EXPECT_EQ(ask(minted), "audience_mismatch");
  EXPECT_EQ(ask(mint()), "valid");
  const auto content = bundle_content(place->database(), clock).value();
  EXPECT_NE(content.find(revoked.record.nonce), std::string::npos);
  const auto counters = base::parse_json(content).value().at("counters").as_object();
  EXPECT_TRUE(counters.contains(old.master.lower()));
}

TEST_F(IdentityTest, AStoreThatKnowsNothingOfTheKeystoreIsDamage) {
  place.reset();
  std::filesystem::remove(folder() / "store.db");
  std::filesystem::remove(folder() / "store.db-wal");
  std::filesystem::remove(folder() / "store.db-shm");
  Place empty(folder(), clock);
  EXPECT_EQ(code_of(load_policy(empty.parts())), "store_damaged");
  Identity identity(empty.parts());
  EXPECT_EQ(code_of(identity.create(owner(), file_identity())), "identity_exists");
}

TEST_F(IdentityTest, AStoreOfAnotherIdentityIsDamage) {
  ASSERT_EQ(code_of(place->tamper("UPDATE identity SET master = "
                                  "'0x0000000000000000000000000000000000000001'")),
            "ok");
  EXPECT_EQ(code_of(load_policy(place->parts())), "store_damaged");
}

TEST_F(IdentityTest, MissingRevocationsThresholdsAndAuditRowsAreDamage) {
  const Minted minted = mint();
  ASSERT_EQ(code_of(keys->revoke(owner(), minted.record.id, {}, false)), "ok");
  ASSERT_EQ(code_of(keys->revoke_before(owner(), minted.record.id, true, false)), "ok");
  ASSERT_EQ(code_of(load_policy(place->parts())), "ok");
  const auto after = [&](sql::Text statement, sql::Text repair) {
    EXPECT_EQ(code_of(place->tamper(statement)), "ok");
    const std::string code = code_of(load_policy(place->parts()));
    EXPECT_EQ(code_of(place->tamper(repair)), "ok");
    EXPECT_EQ(code_of(load_policy(place->parts())), "ok");
    return code;
  };
  EXPECT_EQ(after("UPDATE revocations SET issuer = 'nobody'",
                  "UPDATE revocations SET issuer = (SELECT master FROM identity)"),
            "store_damaged");
  EXPECT_EQ(after("UPDATE totals SET total = total + 1", "UPDATE totals SET total = total - 1"),
            "store_damaged");
  EXPECT_EQ(after("UPDATE audit_head SET seq = seq + 1", "UPDATE audit_head SET seq = seq - 1"),
            "store_damaged");
  ASSERT_EQ(code_of(place->tamper("DELETE FROM revocations")), "ok");
  EXPECT_EQ(code_of(load_policy(place->parts())), "store_damaged");
}

TEST_F(IdentityTest, EveryRevocationIsLoaded) {
  constexpr int count = 10'100;  // more than one step
  const auto issuer = place->board().current()->master.value();
  ASSERT_EQ(
      code_of(place->database().write([&](sql::Transaction& transaction) -> base::Result<void> {
        for (int i = 0; i < count; ++i) {
          TRY_VOID(
              add_revocation(transaction, issuer, "n" + std::to_string(i), {}, clock.now_ms()));
        }
        return {};
      })),
      "ok");
  start();
  const auto policy = place->board().current();
  EXPECT_EQ(policy->revocations.size(), std::size_t{count});
  for (int i = 0; i < count; ++i) {
    ASSERT_TRUE(policy->revocations.contains(issuer, "n" + std::to_string(i))) << i;
  }
}

TEST_F(IdentityTest, AReplacementCutOffBetweenKeystoreAndStoreIsFinishedAtStart) {
  Identity identity(place->parts());
  agent("Writer");
  ASSERT_EQ(code_of(place->database().write([&](sql::Transaction& transaction) {
              return write_intent(transaction, {.recovery_folder = {}}, clock.now_ms());
            })),
            "ok");
  const auto made =
      place->key_holder().create(keyholder::KeystoreKind::file, {}, {}, true, clock.now());
  ASSERT_EQ(code_of(made), "ok");
  start();
  EXPECT_EQ(Identity(place->parts()).facts().value().value().master, made->master);
  EXPECT_EQ(counts(place->parts()).value().agents, 0);
  EXPECT_EQ(ask(mint()), "valid");
}

TEST_F(IdentityTest, AFirstSetUpCutOffIsDoneAgain) {
  // What such a crash leaves: a keystore, an intent, and no identity in the store.
  ASSERT_EQ(code_of(place->tamper("DELETE FROM identity")), "ok");
  ASSERT_EQ(code_of(place->database().write([&](sql::Transaction& transaction) {
              return write_intent(transaction, {.recovery_folder = {}}, clock.now_ms());
            })),
            "ok");
  ASSERT_EQ(code_of(load_policy(place->parts())), "ok");
  Identity identity(place->parts());
  EXPECT_FALSE(identity.facts().value());
  EXPECT_EQ(code_of(identity.create(owner(), file_identity())), "ok");
  start();
  EXPECT_EQ(ask(mint()), "valid");
}

TEST_F(IdentityTest, AFailedCreationChangesNothing) {
  Identity identity(place->parts());
  const auto old = identity.facts().value().value();
  CreateIdentity request;
  request.kind = keyholder::KeystoreKind::passphrase;
  request.passphrase = base::SecretText("short");
  request.replace = old.master;
  EXPECT_EQ(code_of(identity.create(owner(), std::move(request))), "passphrase_too_short");
  start();
  EXPECT_EQ(Identity(place->parts()).facts().value().value().master, old.master);
}

TEST_F(IdentityTest, TheBundleFollowsTheContent) {
  const auto before = place->signals().bundle.load();
  mint();
  EXPECT_GT(place->signals().bundle.load(), before);
  const auto idle = place->signals().bundle.load();
  clock.step(60'000);
  Identity identity(place->parts());
  ASSERT_EQ(code_of(identity.rewrite_bundle()), "ok");
  EXPECT_EQ(place->signals().bundle.load(), idle);
  EXPECT_EQ(identity.facts().value().value().bundle_updated_at_ms, test_time_ms + 60'000);
  ASSERT_EQ(code_of(identity.lock(owner())), "ok");
  EXPECT_EQ(code_of(identity.rewrite_bundle()), "identity_locked");
}

TEST_F(IdentityTest, TheBundleHoldsWhatARestoreNeeds) {
  const auto a = agent("Writer");
  const auto b = agent("Reader");
  Whitelist whitelist(place->parts());
  ASSERT_EQ(code_of(whitelist.add(owner(), b.address, {}, "")), "ok");
  ASSERT_EQ(code_of(whitelist.add(owner(), a.address, b.id, "")), "ok");
  const Minted dead = mint("k", a.id);
  ASSERT_EQ(code_of(keys->revoke(owner(), dead.record.id, {}, false)), "ok");
  const auto content = base::parse_json(bundle_content(place->database(), clock).value()).value();
  EXPECT_EQ(content.at_pointer("/agents/0/address").as_string(), a.address.text());
  EXPECT_EQ(content.at_pointer("/agents/1/index").to_number<int>(), 1);
  EXPECT_EQ(content.at_pointer("/whitelist/master/0").as_string(), b.address.lower());
  EXPECT_EQ(content.at("whitelist").at("agents").at(b.address.lower()).at(0).as_string(),
            a.address.lower());
  EXPECT_EQ(content.at_pointer("/revocations/0/nonce").as_string(), dead.record.nonce);
  EXPECT_EQ(content.at_pointer("/revocations/0/iss").as_string(), a.address.lower());
  EXPECT_EQ(content.at_pointer("/revocations/0/exp").to_number<std::int64_t>(),
            *dead.record.expires_at);
  EXPECT_EQ(content.at("counters").at(a.address.lower()).as_string(),
            std::to_string(dead.record.counter));
  EXPECT_EQ(content.at("indices").at(a.scope).to_number<int>(), 2);
  // Expired: not needed any more.
  clock.step(91LL * 86'400'000);
  const auto later = base::parse_json(bundle_content(place->database(), clock).value()).value();
  EXPECT_TRUE(later.at("revocations").as_array().empty());
}

}  // namespace
}  // namespace kronborg::authority
