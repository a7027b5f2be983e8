#include "keyholder/recovery.h"

#include "base/encoding.h"
#include "identity/mnemonic.h"
#include "keyholder/fixture_test.h"

namespace kronborg::keyholder {
namespace {

using identity::Address;
using identity::BundleContent;
using Names = std::vector<std::string>;

constexpr std::int64_t now_ms = (test_time + 1'000) * 1000;
/// Minutes since 1970: what every index mark rises to.
constexpr std::int64_t now_minutes = (test_time + 1'000) / 60;

constexpr std::string_view recovered_content =
    R"({"agents":[],"counters":{},"indices":{"a1b2c3d4":9},"revocations":[],"thresholds":{},)"
    R"("whitelist":{"agents":{},"master":[]}})";

/// Bundles that another implementation sealed, with their codes.
struct Sealed {
  std::string text, code;
};
Sealed sealed(std::string_view list, std::size_t row) {
  const base::json::value known = vectors("recovery.json");
  const base::json::value& entry = known.at(list).as_array().at(row);
  return {base::to_text(entry.at("file")), std::string(entry.at("code").as_string())};
}

class RecoveryTest : public KeyHolderTest {
 protected:
  static Recovery from(const Sealed& bundle) {
    Recovery recovery;
    recovery.kind = KeystoreKind::file;
    recovery.bundle = bundle.text;
    recovery.code = secret(bundle.code);
    recovery.now_ms = now_ms;
    return recovery;
  }
  static Recovery from_words() {
    const base::json::value known = vectors("mnemonic.json");
    Recovery recovery;
    recovery.kind = KeystoreKind::file;
    recovery.words = secret(known.at_pointer("/cases/0/words").as_string());
    recovery.now_ms = now_ms;
    return recovery;
  }
  /// To its end.
  Recovered recover(Recovery recovery) {
    auto prepared = holder->prepare_recovery(std::move(recovery));
    EXPECT_EQ(code_of(prepared), "ok") << (prepared ? "" : prepared.error().text());
    EXPECT_EQ(code_of(prepared->place()), "ok");
    prepared->keep();
    return std::move(prepared->recovered());
  }
  std::string refusal(Recovery recovery) {
    return code_of(holder->prepare_recovery(std::move(recovery)));
  }
  [[nodiscard]] std::string opened_by(const base::SecretText& code) const {
    return code_of(holder->drill(content_of(bundle()), code));
  }
};

TEST_F(RecoveryTest, ABundleOfTheVectorsGivesTheSameIdentity) {
  const Recovered recovered = recover(from(sealed("bundles", 0)));
  EXPECT_EQ(recovered.identity.master.text(), alice_address);
  EXPECT_EQ(recovered.created_at, test_time);
  EXPECT_EQ(recovered.updated_at, test_time);
  EXPECT_FALSE(holder->locked());
  EXPECT_EQ(holder->address({})->text(), alice_address);
  EXPECT_EQ(holder->keystore()->device_id, recovered.identity.device_id);

  const BundleContent content = identity::read_bundle_content(recovered.content).value();
  ASSERT_EQ(content.agents.size(), 3U);
  for (const auto& agent : content.agents) {
    EXPECT_EQ(*holder->address({.kind = identity::KeyKind::agent, .agent = agent.key}),
              agent.address);
  }
  const Address alice = recovered.identity.master;
  EXPECT_EQ(content.thresholds.at(alice), 1'767'225'600'000U) << "as it was";
  EXPECT_EQ(content.counters.at(alice), 1'767'225'600'123U);
  EXPECT_EQ(content.revocations.size(), 2U);
  const std::map<std::string, std::int64_t> marks{
      {"", now_minutes}, {"a1b2c3d4", now_minutes}, {recovered.identity.device_id, now_minutes}};
  EXPECT_EQ(content.indices, marks);
}

TEST_F(RecoveryTest, TheNewCodeOpensTheNewBundleAndTheOldOneDoesNot) {
  const Sealed old = sealed("bundles", 0);
  const Recovered recovered = recover(from(old));
  EXPECT_EQ(opened_by(recovered.identity.recovery_code), "ok");
  EXPECT_EQ(opened_by(secret(old.code)), "recovery_code_wrong");
  EXPECT_EQ(code_of(holder->drill(old.text, secret(old.code))), "ok") << "a copy kept elsewhere";
  EXPECT_EQ(holder->bundle()->generation, 2);
  EXPECT_EQ(holder->bundle()->created_at, test_time);
  EXPECT_EQ(holder->bundle()->updated_at, now_ms / 1000);
  ASSERT_EQ(code_of(holder->rewrite_bundle(recovered.content, test_time + 2'000, {})), "ok");
  EXPECT_EQ(opened_by(recovered.identity.recovery_code), "ok");
  EXPECT_EQ(holder->bundle()->generation, 2);
}

TEST_F(RecoveryTest, RevokingEarlierKeysRaisesTheMasterAndItsAgents) {
  Recovery recovery = from(sealed("bundles", 0));
  recovery.earlier = identity::EarlierKeys::revoke;
  const Recovered recovered = recover(std::move(recovery));
  const BundleContent content = identity::read_bundle_content(recovered.content).value();
  EXPECT_EQ(content.thresholds.size(), 4U);
  EXPECT_EQ(content.thresholds.at(recovered.identity.master), std::uint64_t{now_ms});
  for (const auto& agent : content.agents) {
    EXPECT_EQ(content.thresholds.at(agent.address), std::uint64_t{now_ms});
  }
}

TEST_F(RecoveryTest, ACounterAheadOfTheClockIsRevokedToo) {
  Recovery recovery = from(sealed("bundles", 0));
  recovery.earlier = identity::EarlierKeys::revoke;
  recovery.now_ms = 1'000'000;
  const Recovered recovered = recover(std::move(recovery));
  const BundleContent content = identity::read_bundle_content(recovered.content).value();
  EXPECT_EQ(content.thresholds.at(recovered.identity.master), 1'767'225'600'123U);
  EXPECT_EQ(content.indices.at("a1b2c3d4"), 16) << "1,000 s are 16 minutes, above the old mark 4";
}

TEST_F(RecoveryTest, EveryBundleOfTheVectorsOpensInADrillThatChangesNothing) {
  for (std::size_t row = 0; row < 3; ++row) {
    const Sealed bundle = sealed("bundles", row);
    const auto drill = holder->drill(bundle.text, secret(bundle.code));
    ASSERT_EQ(code_of(drill), "ok") << row;
    EXPECT_EQ(drill->bundle.master.text(), alice_address);
    EXPECT_EQ(drill->bundle.generation, row == 2 ? 2 : 1);
    EXPECT_EQ(drill->agents, row == 1 ? 2 : 3);
  }
  EXPECT_EQ(names_in(data_folder()), Names{});
  EXPECT_TRUE(holder->locked());
}

TEST_F(RecoveryTest, WhatMustNotOpenDoesNotAndLeavesNothing) {
  const auto rows = vectors("recovery.json").at("must_not_open").as_array().size();
  ASSERT_GE(rows, 7U);
  for (std::size_t row = 0; row < rows; ++row) {
    const Sealed bundle = sealed("must_not_open", row);
    const std::string code = row % 2 == 0
                                 ? refusal(from(bundle))
                                 : code_of(holder->drill(bundle.text, secret(bundle.code)));
    EXPECT_EQ(code, "recovery_code_wrong") << row;
  }
  EXPECT_EQ(names_in(data_folder()), Names{});
  EXPECT_TRUE(holder->locked());
}

TEST_F(RecoveryTest, FormsOfCodesAndBundlesAreToldApart) {
  Sealed bundle = sealed("bundles", 0);
  bundle.code = "OSAURUS-0123";
  EXPECT_EQ(refusal(from(bundle)), "recovery_code_format");
  bundle = sealed("bundles", 0);
  for (const std::string_view text : {"", "{}", "no JSON", R"({"v":2})"}) {
    bundle.text = text;
    EXPECT_EQ(refusal(from(bundle)), "bundle_unsupported") << text;
  }
  const std::string good = sealed("bundles", 0).text;
  bundle.text = good.substr(0, good.size() / 2);
  EXPECT_EQ(refusal(from(bundle)), "bundle_unsupported") << "cut in half";
  EXPECT_EQ(names_in(data_folder()), Names{});
}

TEST_F(RecoveryTest, WordsGiveTheMasterAlone) {
  const Recovered recovered = recover(from_words());
  EXPECT_EQ(recovered.identity.master.text(), alice_address);
  EXPECT_FALSE(recovered.updated_at);
  const BundleContent content = identity::read_bundle_content(recovered.content).value();
  EXPECT_TRUE(content.agents.empty());
  EXPECT_TRUE(content.thresholds.empty());
  EXPECT_EQ(content.indices,
            (std::map<std::string, std::int64_t>{{recovered.identity.device_id, now_minutes}}));
  EXPECT_EQ(opened_by(recovered.identity.recovery_code), "ok");
  EXPECT_EQ(holder->bundle()->generation, 1);
}

TEST_F(RecoveryTest, WrongWordsAreRefusedWithTheirOwnCodes) {
  for (const base::json::value& row : vectors("mnemonic.json").at("invalid").as_array()) {
    if (row.at("input").as_string().empty()) continue;  // no words at all are a bundle
    Recovery recovery = from_words();
    recovery.words = secret(row.at("input").as_string());
    EXPECT_EQ(refusal(std::move(recovery)), row.at("error").as_string());
  }
  EXPECT_EQ(names_in(data_folder()), Names{});
}

TEST_F(RecoveryTest, UntilItIsKeptEverythingGoesBack) {
  ASSERT_EQ(code_of(holder->create(KeystoreKind::file, {}, {}, false, test_time)), "ok");
  const auto master = *holder->address({});
  const std::string keystore_before = content_of(keystore());
  const std::string bundle_before = content_of(bundle());
  for (const bool placed : {false, true}) {
    Recovery recovery = from(sealed("bundles", 0));
    recovery.replace = true;
    auto prepared = holder->prepare_recovery(std::move(recovery));
    ASSERT_EQ(code_of(prepared), "ok");
    if (placed) {
      ASSERT_EQ(code_of(prepared->place()), "ok");
      EXPECT_NE(content_of(keystore()), keystore_before);
    }
    EXPECT_EQ(*holder->address({}), master) << "signing goes on with the old key";
    {
      const PreparedRecovery dropped = *std::move(prepared);
    }
    EXPECT_EQ(content_of(keystore()), keystore_before);
    EXPECT_EQ(content_of(bundle()), bundle_before);
    EXPECT_EQ(*holder->address({}), master);
  }
  EXPECT_EQ(names_in(data_folder()), (Names{"keystore.json", "recovery.json"}));
}

TEST_F(RecoveryTest, AnIdentityThatIsThereStaysUnlessItMakesRoom) {
  ASSERT_EQ(code_of(holder->create(KeystoreKind::file, {}, {}, false, test_time)), "ok");
  EXPECT_EQ(refusal(from(sealed("bundles", 0))), "identity_exists");
  Recovery recovery = from(sealed("bundles", 0));
  recovery.replace = true;
  EXPECT_EQ(recover(std::move(recovery)).identity.master.text(), alice_address);
}

TEST_F(RecoveryTest, ANewerBundleOfTheSameIdentityIsNotOverwritten) {
  const Sealed old = sealed("bundles", 0);
  const Sealed newer = sealed("bundles", 2);
  write_private(bundle(), newer.text);
  EXPECT_EQ(refusal(from(old)), "bundle_older");
  EXPECT_EQ(refusal(from_words()), "bundle_older") << "words bring no revocations";
  EXPECT_EQ(content_of(bundle()), newer.text);
  Recovery known = from(old);
  known.store_master = Address::parse(alice_address);
  EXPECT_EQ(code_of(holder->prepare_recovery(std::move(known))), "ok")
      << "the store holds more than either";
  const Recovered recovered = recover(from(newer));
  EXPECT_EQ(recovered.updated_at, test_time + 120);
  EXPECT_EQ(holder->bundle()->generation, 3);
}

TEST_F(RecoveryTest, TheGenerationRisesAboveWhatIsThere) {
  write_private(bundle(), sealed("bundles", 2).text);
  Recovery recovery = from(sealed("bundles", 0));
  recovery.store_master = Address::parse(alice_address);
  recover(std::move(recovery));
  EXPECT_EQ(holder->bundle()->generation, 3);
}

TEST_F(RecoveryTest, TheBundleOfAnotherIdentityIsNotOverwritten) {
  ASSERT_EQ(code_of(holder->create(KeystoreKind::file, {}, {}, false, test_time)), "ok");
  std::filesystem::remove(keystore());
  const std::string before = content_of(bundle());
  EXPECT_EQ(refusal(from(sealed("bundles", 0))), "file_error");
  EXPECT_EQ(content_of(bundle()), before);
  write_private(bundle(), "not a bundle");
  EXPECT_EQ(refusal(from(sealed("bundles", 0))), "bundle_unsupported");
  EXPECT_EQ(content_of(bundle()), "not a bundle");
}

TEST_F(RecoveryTest, TheCopyIsWrittenWithTheRest) {
  TemporaryFolder elsewhere;
  Recovery recovery = from(sealed("bundles", 0));
  recovery.recovery_folder = elsewhere.path();
  recover(std::move(recovery));
  EXPECT_EQ(content_of(elsewhere.path() / bundle_name), content_of(bundle()));
  EXPECT_EQ(holder->bundle_is_sound(elsewhere.path()).value(), true);
  write_private(elsewhere.path() / bundle_name, "something else");
  EXPECT_EQ(holder->bundle_is_sound(elsewhere.path()).value(), false);
  EXPECT_EQ(holder->bundle_is_sound({}).value(), true);
  Recovery missing = from(sealed("bundles", 0));
  missing.replace = true;
  missing.recovery_folder = elsewhere.path() / "none";
  EXPECT_EQ(refusal(std::move(missing)), "file_error");
}

TEST_F(RecoveryTest, ANewCodeReplacesTheOldOneEverywhere) {
  TemporaryFolder elsewhere;
  const auto created = holder->create(KeystoreKind::passphrase, secret("correct horse"),
                                      elsewhere.path(), false, test_time);
  ASSERT_EQ(code_of(created), "ok");
  const auto facts = *holder->keystore();
  EXPECT_EQ(code_of(holder->new_code(secret("correct horsf"), "{}", test_time, elsewhere.path())),
            "wrong_passphrase");
  EXPECT_EQ(opened_by(created->recovery_code), "ok");
  const auto code = holder->new_code(secret("correct horse"), recovered_content, test_time + 60,
                                     elsewhere.path());
  ASSERT_EQ(code_of(code), "ok");
  EXPECT_EQ(opened_by(*code), "ok");
  EXPECT_EQ(opened_by(created->recovery_code), "recovery_code_wrong");
  EXPECT_EQ(content_of(elsewhere.path() / bundle_name), content_of(bundle()));
  EXPECT_EQ(holder->bundle()->generation, 2);
  EXPECT_EQ(holder->bundle()->created_at, test_time);
  EXPECT_EQ(holder->keystore()->device_id, facts.device_id);
  EXPECT_EQ(holder->keystore()->created_at, facts.created_at);
  // What is held fits the new files, and so does what is opened again.
  ASSERT_EQ(code_of(holder->rewrite_bundle(recovered_content, test_time + 90, {})), "ok");
  EXPECT_EQ(opened_by(*code), "ok");
  start();
  EXPECT_EQ(holder->bundle_is_sound({}).error().code, base::Code::identity_locked);
  ASSERT_EQ(code_of(holder->unlock(secret("correct horse"))), "ok");
  EXPECT_EQ(holder->bundle_is_sound({}).value(), true);
}

TEST_F(RecoveryTest, ANewCodeThatCannotBeWrittenChangesNothing) {
  ASSERT_EQ(code_of(holder->create(KeystoreKind::file, {}, {}, false, test_time)), "ok");
  const std::string before = content_of(keystore());
  TemporaryFolder elsewhere;
  EXPECT_EQ(code_of(holder->new_code({}, recovered_content, test_time, elsewhere.path() / "none")),
            "file_error");
  EXPECT_EQ(code_of(holder->new_code({}, "no JSON", test_time, {})), "internal_error");
  EXPECT_EQ(content_of(keystore()), before);
  EXPECT_EQ(holder->bundle()->generation, 1);
  EXPECT_EQ(holder->bundle_is_sound({}).value(), true);
  EXPECT_FALSE(holder->locked());
}

TEST_F(RecoveryTest, ANewCodeWhileLockedLeavesItLocked) {
  ASSERT_EQ(code_of(holder->create(KeystoreKind::file, {}, {}, false, test_time)), "ok");
  ASSERT_TRUE(holder->lock());
  const auto code = holder->new_code({}, recovered_content, test_time + 60, {});
  ASSERT_EQ(code_of(code), "ok");
  EXPECT_TRUE(holder->locked());
  EXPECT_EQ(code_of(holder->address({})), "identity_locked");
  EXPECT_EQ(opened_by(*code), "ok");
}

TEST_F(RecoveryTest, WordsAreThoseOfTheMaster) {
  unlock_alice();
  ASSERT_TRUE(holder->lock());
  const auto words = holder->words({});
  ASSERT_EQ(code_of(words), "ok");
  EXPECT_EQ(words->reveal(), vectors("mnemonic.json").at_pointer("/cases/0/words").as_string());
  EXPECT_TRUE(holder->locked());
}

TEST_F(RecoveryTest, WordsNeedThePassphraseAnew) {
  ASSERT_EQ(code_of(holder->create(KeystoreKind::passphrase, secret("correct horse"), {}, false,
                                   test_time)),
            "ok");
  EXPECT_FALSE(holder->locked());
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(code_of(holder->words(secret("correct horsf"))), "wrong_passphrase");
  }
  EXPECT_EQ(delays, (std::vector<int>{1, 2})) << "the same wait as for an unlock";
  const auto words = holder->words(secret("correct horse"));
  ASSERT_EQ(code_of(words), "ok");
  const auto key = identity::key_of_words(words->reveal());
  ASSERT_TRUE(key);
  EXPECT_EQ(identity::address_of(*key), *holder->address({}));
}

}  // namespace
}  // namespace kronborg::keyholder
