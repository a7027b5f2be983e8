#include "authority/access_keys.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>
#include <thread>
#include <vector>

#include "authority/fixture_test.h"
#include "identity/derivation.h"

namespace kronborg::authority {
namespace {

using KeysTest = AuthorityTest;

TEST_F(KeysTest, AMintedKeyIsAcceptedAndListed) {
  const Minted minted = mint("Cursor  on\tlaptop");
  EXPECT_EQ(ask(minted), "valid");
  EXPECT_EQ(minted.record.label, "Cursor on laptop");
  EXPECT_EQ(minted.record.counter, static_cast<std::uint64_t>(test_time_ms));
  EXPECT_EQ(minted.record.created_at_ms, test_time_ms);
  EXPECT_EQ(minted.record.expires_at, test_time_ms / 1000 + 7'776'000);
  EXPECT_TRUE(minted.record.master_scope);
  EXPECT_EQ(own_key_id(minted.record.nonce), minted.record.id);
  const auto list = keys->list({}, {}).value();
  ASSERT_EQ(list.items.size(), 1U);
  EXPECT_EQ(list.items[0].id, minted.record.id);
  EXPECT_EQ(list.items[0].hint, minted.record.hint);
  EXPECT_TRUE(
      minted.key.reveal().ends_with(minted.record.hint.substr(minted.record.hint.size() - 6)));
}

TEST_F(KeysTest, CountersRiseWhenTheClockStandsOrFallsAndAcrossRestarts) {
  std::uint64_t before = 0;
  for (const std::int64_t step : {0, 0, -86'400'000, 5, -1}) {
    clock.step(step);
    const Minted minted = mint();
    EXPECT_GT(minted.record.counter, before);
    EXPECT_EQ(ask(minted), "valid");
    before = minted.record.counter;
    start();
  }
}

TEST_F(KeysTest, CountersOfManyThreadsDiffer) {
  constexpr int threads = 4;
  constexpr int each = 8;
  std::vector<std::vector<std::uint64_t>> counters(threads);
  {
    std::vector<std::jthread> running;
    for (int i = 0; i < threads; ++i) {
      running.emplace_back([&, i] {
        for (int n = 0; n < each; ++n) counters[i].push_back(mint().record.counter);
      });
    }
  }
  std::set<std::uint64_t> all;
  for (const auto& own : counters) {
    EXPECT_TRUE(std::ranges::is_sorted(own));
    all.insert(own.begin(), own.end());
  }
  EXPECT_EQ(all.size(), std::size_t{threads * each});
}

TEST_F(KeysTest, MintingStopsBeforeTheCounterWraps) {
  const auto master = place->board().current()->master.value();
  ASSERT_EQ(code_of(keys->revoke_issuer(owner(), master, ~std::uint64_t{0}, false)), "ok");
  EXPECT_EQ(code_of(keys->mint(owner(), {.label = "x", .agent_id = {}, .source = "cli"})),
            "counter_exhausted");
}

TEST_F(KeysTest, ALockedIdentityMintsNothingAndVerifies) {
  const Minted minted = mint();
  ASSERT_EQ(code_of(Identity(place->parts()).lock(owner())), "ok");
  const auto audit = place->signals().audit.load();
  EXPECT_EQ(code_of(keys->mint(owner(), {.label = "x", .agent_id = {}, .source = "cli"})),
            "identity_locked");
  EXPECT_EQ(place->signals().audit.load(), audit);
  EXPECT_EQ(keys->list({}, {}).value().items.size(), 1U);
  EXPECT_EQ(ask(minted), "valid");
  EXPECT_EQ(code_of(keys->revoke(owner(), minted.record.id, {}, false)), "ok");
  EXPECT_EQ(ask(minted), "key_revoked");
}

TEST_F(KeysTest, BadRequestsAreRefused) {
  const auto code = [&](std::string label, std::optional<std::string> agent_id) {
    return code_of(keys->mint(
        owner(), {.label = std::move(label), .agent_id = std::move(agent_id), .source = "cli"}));
  };
  EXPECT_EQ(code("", {}), "label_invalid");
  EXPECT_EQ(code(std::string(81, 'x'), {}), "label_invalid");
  EXPECT_EQ(code("x", "no such id"), "agent_not_found");
  EXPECT_EQ(code_of(keys->revoke(owner(), "00000000-0000-4000-8000-000000000000", {}, false)),
            "key_not_found");
  EXPECT_EQ(code_of(keys->revoke_nonce(owner(), {}, "", false)), "invalid_member");
  EXPECT_EQ(code_of(keys->revoke_nonce(owner(), {}, std::string(129, 'n'), false)),
            "invalid_member");
}

TEST_F(KeysTest, RevocationIsSeenByTheNextRequestAndAfterARestart) {
  const Minted minted = mint();
  const Minted other = mint();
  EXPECT_EQ(ask(minted), "valid");
  EXPECT_EQ(keys->revoke(owner(), minted.record.id, "lost", true).value(), 1);
  EXPECT_EQ(ask(minted), "valid");
  EXPECT_EQ(keys->revoke(owner(), minted.record.id, "lost", false).value(), 1);
  EXPECT_EQ(ask(minted), "key_revoked");
  EXPECT_EQ(keys->revoke(owner(), minted.record.id, "again", false).value(), 0);
  start();
  EXPECT_EQ(ask(minted), "key_revoked");
  EXPECT_EQ(ask(other), "valid");
  const auto record = keys->get(minted.record.id).value();
  EXPECT_EQ(record.revoked_reason, "lost");
  EXPECT_EQ(keys->list({}, {}).value().items.size(), 1U);
  EXPECT_EQ(keys->list({.all = true, .agent_id = {}, .q = {}}, {}).value().items.size(), 2U);
}

TEST_F(KeysTest, RevokingBeforeAKeySparesItUnlessIncluded) {
  const Minted first = mint();
  const Minted second = mint();
  const Minted third = mint();
  EXPECT_EQ(keys->revoke_before(owner(), second.record.id, false, true).value(), 1);
  EXPECT_EQ(keys->revoke_before(owner(), second.record.id, false, false).value(), 1);
  EXPECT_EQ(ask(first), "key_revoked");
  EXPECT_EQ(ask(second), "valid");
  EXPECT_EQ(keys->get(first.record.id).value().revoked_reason, "before:" + second.record.id);
  EXPECT_EQ(keys->revoke_before(owner(), second.record.id, true, false).value(), 1);
  EXPECT_EQ(ask(second), "key_revoked");
  EXPECT_EQ(ask(third), "valid");
  // A threshold never falls.
  EXPECT_EQ(keys->revoke_before(owner(), first.record.id, true, false).value(), 0);
  start();
  EXPECT_EQ(ask(second), "key_revoked");
  EXPECT_EQ(ask(third), "valid");
}

TEST_F(KeysTest, RevokingAnIssuerTakesEverythingSoFarAndNothingLater) {
  clock.step(3'600'000);
  const Minted ahead = mint();
  clock.step(-3'600'000);
  const auto master = ahead.record.issuer;
  EXPECT_EQ(keys->revoke_issuer(owner(), master, std::nullopt, false).value(), 1);
  EXPECT_EQ(ask(ahead), "key_revoked");
  const Minted later = mint();
  EXPECT_EQ(ask(later), "valid");
  start();
  EXPECT_EQ(ask(ahead), "key_revoked");
  EXPECT_EQ(ask(later), "valid");
}

TEST_F(KeysTest, AForgottenKeyIsRevokedAndGone) {
  const Minted minted = mint();
  EXPECT_EQ(keys->forget(owner(), minted.record.id).value(), 1);
  EXPECT_EQ(ask(minted), "key_revoked");
  EXPECT_EQ(code_of(keys->find(minted.record.id)), "key_not_found");
  EXPECT_TRUE(keys->list({.all = true, .agent_id = {}, .q = {}}, {}).value().items.empty());
  start();
  EXPECT_EQ(ask(minted), "key_revoked");
  EXPECT_EQ(outcome(verifier->missing()), "credential_missing");
}

TEST_F(KeysTest, KeysAreFoundByIdLabelAndEndOfTheHint) {
  const Minted a = mint("laptop");
  const Minted b = mint("phone");
  EXPECT_EQ(keys->find(a.record.id).value().id, a.record.id);
  EXPECT_EQ(keys->find(" phone ").value().id, b.record.id);
  EXPECT_EQ(keys->find(a.record.hint).value().id, a.record.id);
  EXPECT_EQ(keys->find(a.record.hint.substr(a.record.hint.size() - 6)).value().id, a.record.id);
  EXPECT_EQ(code_of(keys->find(a.record.hint.substr(a.record.hint.size() - 5))), "key_not_found");
  const Minted c = mint("phone");
  EXPECT_EQ(code_of(keys->find("phone")), "key_ambiguous");
  ASSERT_EQ(code_of(keys->revoke(owner(), c.record.id, {}, false)), "ok");
  EXPECT_EQ(keys->find("phone").value().id, b.record.id);
}

TEST_F(KeysTest, ListsArePagedAndFiltered) {
  const auto writer = agent("Writer");
  for (int i = 0; i < 5; ++i) mint("key " + std::to_string(i));
  const Minted scoped = mint("50%_off", writer.id, credential::Expiry::never);
  std::vector<std::string> labels;
  Page page{.after = 0, .limit = 2};
  for (bool more = true; more;) {
    const auto list = keys->list({}, page).value();
    EXPECT_LE(list.items.size(), 2U);
    for (const auto& key : list.items) labels.push_back(key.label);
    page.after = list.last;
    more = list.has_more;
  }
  EXPECT_EQ(labels,
            (std::vector<std::string>{"key 0", "key 1", "key 2", "key 3", "key 4", "50%_off"}));
  const auto count = [&](KeyFilter filter) { return keys->list(filter, {}).value().items.size(); };
  EXPECT_EQ(count({.all = false, .agent_id = writer.id, .q = {}}), 1U);
  EXPECT_EQ(count({.all = false, .agent_id = {}, .q = "KEY"}), 5U);
  EXPECT_EQ(count({.all = false, .agent_id = {}, .q = "%_"}), 1U);
  EXPECT_EQ(count({.all = false, .agent_id = {}, .q = scoped.record.hint}), 1U);
  clock.step(91LL * 86'400'000);
  EXPECT_EQ(count({}), 1U);
  EXPECT_EQ(count({.all = true, .agent_id = {}, .q = {}}), 6U);
  EXPECT_EQ(counts(place->parts()).value().active_keys, 1);
  EXPECT_EQ(counts(place->parts()).value().keys, 6);
}

TEST_F(KeysTest, UsageIsAddedUp) {
  const Minted minted = mint();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask(minted), "valid");
  clock.step(5'000);
  EXPECT_EQ(outcome(verifier->verify(minted.key.reveal(), "10.0.0.2")), "valid");
  ASSERT_EQ(code_of(keys->record_usage(verifier->collect_usage())), "ok");
  EXPECT_TRUE(verifier->collect_usage().empty());
  const auto record = keys->get(minted.record.id).value();
  EXPECT_EQ(record.use_count, 4);
  EXPECT_EQ(record.last_used_at_ms, test_time_ms + 5'000);
  EXPECT_EQ(record.last_used_from, "10.0.0.2");
}

/// A key made by somebody else whose private key the test knows.
struct Elsewhere {
  crypto::PrivateKey key;
  identity::Address address;

  explicit Elsewhere(std::uint8_t seed) {
    std::ranges::fill(key.fill(), seed);
    address = identity::address_of(key);
  }
  [[nodiscard]] std::string mint(const identity::Address& audience, std::string nonce,
                                 std::uint64_t counter, std::string label) const {
    const std::string payload = credential::access_key_payload({.issuer = address,
                                                                .audience = audience,
                                                                .label = std::move(label),
                                                                .nonce = std::move(nonce),
                                                                .counter = counter,
                                                                .issued_at = 1,
                                                                .expires_at = {}});
    const auto signature = identity::sign(key, identity::Prefix::access, base::bytes_of(payload));
    return std::string(credential::access_key_text(payload, signature).reveal());
  }
};

TEST_F(KeysTest, AKeyMadeElsewhereIsRecordedAndCanBeRevoked) {
  const Elsewhere friendly(7);
  const auto master = place->board().current()->master.value();
  const std::string nonce("odd\0nonce/%", 11);
  const std::string key = friendly.mint(master, nonce, 5, "\x1b[31mred");
  EXPECT_EQ(ask(key), "issuer_not_whitelisted");
  ASSERT_EQ(code_of(Whitelist(place->parts()).add(owner(), friendly.address, {}, "friend")), "ok");
  EXPECT_EQ(ask(key), "valid");
  EXPECT_EQ(outcome(verifier->missing()), "no_keys_configured");
  ASSERT_EQ(code_of(keys->record_usage(verifier->collect_usage())), "ok");
  EXPECT_EQ(outcome(verifier->missing()), "credential_missing");
  const auto list = keys->list({}, {}).value();
  ASSERT_EQ(list.items.size(), 1U);
  EXPECT_EQ(list.items[0].nonce, nonce);
  EXPECT_EQ(list.items[0].label, "\\u{1b}[31mred");
  EXPECT_TRUE(list.items[0].legacy);
  EXPECT_FALSE(list.items[0].source);
  EXPECT_EQ(keys->revoke(owner(), list.items[0].id, {}, false).value(), 1);
  EXPECT_EQ(ask(key), "key_revoked");
  start();
  EXPECT_EQ(ask(key), "key_revoked");
}

TEST_F(KeysTest, ANonceIsRevokedWithoutARecord) {
  const Elsewhere friendly(7);
  const auto master = place->board().current()->master.value();
  ASSERT_EQ(code_of(Whitelist(place->parts()).add(owner(), friendly.address, {}, "")), "ok");
  const std::string key = friendly.mint(master, "n-1", 5, "");
  const std::string twin = friendly.mint(master, "N-1", 5, "");
  EXPECT_EQ(keys->revoke_nonce(owner(), friendly.address, "n-1", true).value(), 1);
  EXPECT_EQ(ask(key), "valid");
  EXPECT_EQ(keys->revoke_nonce(owner(), friendly.address, "n-1", false).value(), 1);
  EXPECT_EQ(keys->revoke_nonce(owner(), friendly.address, "n-1", false).value(), 0);
  EXPECT_EQ(ask(key), "key_revoked");
  EXPECT_EQ(ask(twin), "valid");
  // Used before it was revoked and written down after: the record is revoked from the start.
  Usage late{.issuer = friendly.address,
             .audience = master,
             .nonce = "n-1",
             .label = "",
             .counter = 5,
             .issued_at = 1,
             .expires_at = {},
             .hint = "osk-v1.…aaaaaa",
             .count = 1,
             .last_ms = test_time_ms,
             .last_source = "10.0.0.1"};
  ASSERT_EQ(code_of(keys->record_usage({&late, 1})), "ok");
  EXPECT_TRUE(keys->list({}, {}).value().items.empty());
  EXPECT_EQ(keys->list({.all = true, .agent_id = {}, .q = {}}, {}).value().items.size(), 1U);
}

TEST_F(KeysTest, AFailedStoreLeavesTheKeyRefused) {
  const Minted minted = mint();
  const Minted agents_key = mint("agent", agent("Writer").id);
  // The totals are read by every revocation: without them its transaction fails.
  ASSERT_EQ(code_of(place->tamper("DELETE FROM totals")), "ok");
  EXPECT_EQ(code_of(keys->revoke(owner(), minted.record.id, {}, false)), "store_damaged");
  EXPECT_EQ(ask(minted), "key_revoked");
  EXPECT_FALSE(keys->get(minted.record.id).value().revoked_at_ms);
  EXPECT_EQ(code_of(keys->revoke_before(owner(), agents_key.record.id, true, false)),
            "store_damaged");
  EXPECT_EQ(ask(agents_key), "key_revoked");
}

TEST_F(KeysTest, NoFileOfTheStoreHoldsTheKey) {
  const Minted minted = mint();
  EXPECT_EQ(ask(minted), "valid");
  ASSERT_EQ(code_of(keys->record_usage(verifier->collect_usage())), "ok");
  const std::string text(minted.key.reveal());
  const std::string payload = text.substr(7, text.find('.', 7) - 7);
  const std::string signature = text.substr(text.size() - 130);
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder())) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string content{std::istreambuf_iterator<char>(file), {}};
    EXPECT_EQ(content.find(signature.substr(0, 120)), std::string::npos) << entry.path();
    EXPECT_EQ(content.find(payload), std::string::npos) << entry.path();
    ++files;
  }
  EXPECT_GE(files, 2);
}

TEST_F(KeysTest, InspectionNamesTheRow) {
  const Minted minted = mint();
  const auto valid = keys->inspect(minted.key.reveal());
  EXPECT_FALSE(valid.denied);
  EXPECT_EQ(valid.row, 12);
  EXPECT_TRUE(valid.master_audience);
  EXPECT_EQ(valid.claims.value().nonce, minted.record.nonce);
  EXPECT_EQ(keys->inspect("osk-v1.x").row, 1);
  ASSERT_EQ(code_of(keys->revoke(owner(), minted.record.id, {}, false)), "ok");
  const auto revoked = keys->inspect(minted.key.reveal());
  EXPECT_EQ(revoked.denied, base::Code::key_revoked);
  EXPECT_EQ(revoked.row, 10);
  EXPECT_EQ(revoked.recovered, minted.record.issuer);
}

}  // namespace
}  // namespace kronborg::authority
