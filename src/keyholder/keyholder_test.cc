#include "keyholder/keyholder.h"

#include <array>
#include <map>
#include <thread>

#include "base/encoding.h"
#include "identity/sealed_file.h"
#include "keyholder/fixture_test.h"
#include "keyholder/signing_rules.h"

namespace kronborg::keyholder {
namespace {

using identity::KeyKind;
using identity::Prefix;

constexpr std::array prefixes{Prefix::access,         Prefix::message, Prefix::pairing,
                              Prefix::pairing_server, Prefix::invite,  Prefix::kronborg_invite,
                              Prefix::secure_channel, Prefix::ethereum};

/// Sealed with so little work that many passphrases can be tried.
std::string cheap_keystore(std::string_view passphrase) {
  const base::json::value known = vectors("recovery.json");
  identity::SealedHeader header;
  header.format = identity::keystore_format;
  header.address = *identity::Address::parse(alice_address);
  header.created_at = test_time;
  header.updated_at = test_time;
  header.cost = {.opslimit = 1, .memlimit = 8192};
  base::SystemRandom random;
  const auto key = identity::key_of_password(header, passphrase);
  EXPECT_TRUE(key);
  return identity::seal(header, *key, known.at_pointer("/keystores/0/plaintext").as_string(),
                        random);
}

KeyRef agent_of_vector(const base::json::value& row) {
  const std::string_view kind = row.at("kind").as_string();
  KeyRef key;
  if (kind.starts_with("agent")) {
    key.kind = KeyKind::agent;
    key.agent = {.scope = std::string(row.at("scope").as_string()),
                 .index = row.at("index").to_number<std::uint32_t>()};
  } else if (kind == "pairing") {
    key.kind = KeyKind::pairing;
  } else {
    key.kind = KeyKind::connect;
    key.agent.scope = row.at("device_id").as_string();
  }
  return key;
}

TEST_F(KeyHolderTest, WithoutAKeystoreThereIsNoIdentity) {
  EXPECT_TRUE(holder->locked());
  EXPECT_EQ(code_of(holder->keystore()), "identity_missing");
  EXPECT_EQ(code_of(holder->bundle()), "not_found");
  EXPECT_EQ(code_of(holder->unlock({})), "identity_missing");
  EXPECT_EQ(code_of(holder->address({})), "identity_locked");
  EXPECT_EQ(code_of(holder->sign(Prefix::access, {}, {})), "identity_locked");
  EXPECT_EQ(code_of(holder->rewrite_bundle("{}", test_time, {})), "identity_locked");
  EXPECT_EQ(names_in(data_folder()), std::vector<std::string>{});
}

TEST_F(KeyHolderTest, DerivesTheAddressesOfTheVectors) {
  unlock_alice();
  EXPECT_FALSE(holder->locked());
  EXPECT_EQ(holder->address({})->text(), alice_address);
  const base::json::value known = vectors("agent_keys.json");
  std::size_t looked_at = 0;
  for (const base::json::value& row : known.at("cases").as_array()) {
    if (row.at("master").as_string() != "Alice") continue;
    ++looked_at;
    const auto address = holder->address(agent_of_vector(row));
    ASSERT_TRUE(address);
    EXPECT_EQ(address->text(), row.at("address").as_string());
  }
  EXPECT_GE(looked_at, 10U);
}

TEST_F(KeyHolderTest, SignsAsTheVectorsWhereTheTableAllowsIt) {
  unlock_alice();
  std::map<std::string_view, Prefix> named;
  for (const Prefix prefix : prefixes) named.emplace(identity::prefix_text(prefix), prefix);
  const base::json::value known = vectors("envelope.json");
  std::map<std::string, int> answers;
  for (const base::json::value& row : known.at("sign").as_array()) {
    ASSERT_EQ(row.at("address").as_string(), alice_address);
    const Prefix prefix = named.at(row.at("prefix").as_string());
    const auto payload = *base::hex_strict(row.at("payload_hex").as_string());
    const auto signature = holder->sign(prefix, payload, {.kind = KeyKind::master});
    ++answers[code_of(signature)];
    const bool allowed = prefix == Prefix::access || prefix == Prefix::message;
    EXPECT_EQ(code_of(signature), allowed ? "ok" : "signing_refused");
    if (signature) EXPECT_EQ(base::hex(*signature), row.at("signature_hex").as_string());
  }
  EXPECT_GE(answers["ok"], 6);
  EXPECT_GE(answers["signing_refused"], 10);
}

TEST_F(KeyHolderTest, TheHolderItselfEnforcesTheTable) {
  unlock_alice();
  const std::string device = "a1b2c3d4";
  const std::array keys{
      KeyRef{.kind = KeyKind::master}, KeyRef{.kind = KeyKind::agent, .agent = {device, 2}},
      KeyRef{.kind = KeyKind::pairing}, KeyRef{.kind = KeyKind::connect, .agent = {device, 0}}};
  for (const Prefix prefix : prefixes) {
    for (const KeyRef& key : keys) {
      for (const std::string_view text :
           {"{}", "osaurus-owner:redeem:x", "kronborg identity proof v1\n",
            "kronborg artifact sign-off v1\n"}) {
        const base::BytesView payload = base::bytes_of(text);
        const auto signature = holder->sign(prefix, payload, key);
        ASSERT_EQ(code_of(signature),
                  may_sign(prefix, key.kind, payload) ? "ok" : "signing_refused");
        if (!signature) continue;
        EXPECT_EQ(identity::recover_signer(prefix, payload, *signature), *holder->address(key));
      }
    }
  }
  const base::Bytes most(48UL * 1024);
  EXPECT_EQ(code_of(holder->sign(Prefix::access, most, {})), "ok");
  EXPECT_EQ(code_of(holder->sign(Prefix::access, base::Bytes(most.size() + 1), {})),
            "signing_refused");
}

TEST_F(KeyHolderTest, LocksAndForgets) {
  unlock_alice();
  ASSERT_TRUE(holder->lock());
  EXPECT_TRUE(holder->locked());
  EXPECT_TRUE(holder->status()->locked);
  EXPECT_EQ(code_of(holder->address({})), "identity_locked");
  EXPECT_EQ(code_of(holder->sign(Prefix::access, {}, {})), "identity_locked");
  EXPECT_EQ(code_of(holder->rewrite_bundle("{}", test_time, {})), "identity_locked");
  EXPECT_EQ(holder->keystore()->master.text(), alice_address) << "readable while locked";
  EXPECT_EQ(code_of(holder->lock()), "ok") << "locking twice";
  EXPECT_EQ(code_of(holder->unlock({})), "ok");
  EXPECT_FALSE(holder->locked());
}

TEST_F(KeyHolderTest, WrongPassphrasesWaitLongerAndLonger) {
  write_private(keystore(), cheap_keystore("correct horse"));
  for (int round = 0; round < 11; ++round) {
    EXPECT_EQ(code_of(holder->unlock(secret("correct horsf"))), "wrong_passphrase");
  }
  EXPECT_EQ(delays, (std::vector<int>{1, 2, 4, 8, 16, 32, 60, 60, 60}));
  EXPECT_TRUE(holder->locked());
  EXPECT_EQ(code_of(holder->unlock(secret("correct horse"))), "ok");
  delays.clear();
  EXPECT_EQ(code_of(holder->unlock(secret(""))), "wrong_passphrase");
  EXPECT_EQ(code_of(holder->unlock(secret(std::string(1025, 'x')))), "wrong_passphrase");
  EXPECT_EQ(delays, std::vector<int>{}) << "the right one started the count anew";
  EXPECT_FALSE(holder->locked()) << "a wrong passphrase locks nothing";
  EXPECT_EQ(code_of(holder->unlock(secret("x"))), "wrong_passphrase");
  EXPECT_EQ(delays, std::vector<int>{1});
}

TEST_F(KeyHolderTest, ADamagedSealedKeystoreNeverOpens) {
  const std::string good = cheap_keystore("correct horse");
  write_private(keystore(), good);
  ASSERT_EQ(code_of(holder->unlock(secret("correct horse"))), "ok");
  ASSERT_TRUE(holder->lock());
  std::map<std::string, int> answers;
  for (std::size_t place = 0; place < good.size(); ++place) {
    std::string bad = good;
    bad[place] = static_cast<char>(bad[place] ^ 1);
    write_private(keystore(), bad);
    ++answers[code_of(holder->unlock(secret("correct horse")))];
    ASSERT_EQ(content_of(keystore()), bad) << "nothing is repaired or removed";
  }
  EXPECT_GT(answers["wrong_passphrase"], 0);
  EXPECT_GT(answers["keystore_damaged"], 0);
  EXPECT_GT(answers["bundle_unsupported"], 0);
  EXPECT_EQ(answers.size(), 3U) << "and no other answer";
  EXPECT_TRUE(holder->locked());
  write_private(keystore(), good);
  EXPECT_EQ(code_of(holder->unlock(secret("correct horse"))), "ok") << "it survived all of them";
}

TEST_F(KeyHolderTest, ADamagedFileKeystoreIsRefusedOrTheSameIdentity) {
  const std::string good = alice_keystore();
  for (std::size_t place = 0; place < good.size(); ++place) {
    std::string bad = good;
    bad[place] = static_cast<char>(bad[place] ^ 1);
    write_private(keystore(), bad);
    const std::string code = code_of(holder->unlock({}));
    if (code == "ok") {
      EXPECT_EQ(holder->address({})->text(), alice_address) << place;
    } else {
      EXPECT_TRUE(code == "keystore_damaged" || code == "bundle_unsupported") << place << code;
    }
  }
}

TEST_F(KeyHolderTest, AKeystoreThatOthersCanReadIsRefused) {
  write_private(keystore(), alice_keystore());
  std::filesystem::permissions(keystore(), std::filesystem::perms::group_read,
                               std::filesystem::perm_options::add);
  EXPECT_EQ(code_of(holder->unlock({})), "data_folder_unsafe");
  EXPECT_EQ(code_of(holder->keystore()), "data_folder_unsafe");
  EXPECT_TRUE(holder->locked());
}

TEST_F(KeyHolderTest, ManyThreadsMayAsk) {
  unlock_alice();
  std::atomic<int> good = 0;
  const auto ask = [&](std::uint32_t index) {
    const KeyRef key{.kind = KeyKind::agent, .agent = {.scope = "a1b2c3d4", .index = index}};
    const auto address = holder->address(key);
    for (int round = 0; round < 50; ++round) {
      const std::string payload = std::to_string(round);
      const auto signature = holder->sign(Prefix::access, base::bytes_of(payload), key);
      if (signature && address &&
          identity::recover_signer(Prefix::access, base::bytes_of(payload), *signature) ==
              *address) {
        ++good;
      }
    }
  };
  {
    std::vector<std::jthread> threads;
    for (std::uint32_t index = 0; index < 4; ++index) threads.emplace_back(ask, index);
  }
  EXPECT_EQ(good, 200);
}

}  // namespace
}  // namespace kronborg::keyholder
