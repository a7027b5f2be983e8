#include "keyholder/fixture_test.h"
#include "keyholder/recovery.h"
#include "keyholder/software_tpm_test.h"

namespace kronborg::keyholder {
namespace {

/// A data folder on a machine with a TPM.
class Tpm2KeystoreTest : public KeyHolderTest {
 protected:
  void SetUp() override {
    software = std::make_unique<SoftwareTpm>(machine.path());
    tpm = software->path();
    start();
  }
  std::string create(std::string_view pin) {
    const auto created = holder->create(KeystoreKind::tpm2, secret(pin), {}, false, test_time);
    if (created) code = created->recovery_code.duplicate();
    return code_of(created);
  }

  TemporaryFolder machine;
  std::unique_ptr<SoftwareTpm> software;
  base::SecretText code;
};

TEST_F(Tpm2KeystoreTest, WithoutAPinItOpensByItselfAfterRestarts) {
  ASSERT_EQ(create(""), "ok");
  EXPECT_FALSE(holder->locked());
  const auto master = *holder->address({});
  const auto facts = *holder->keystore();
  EXPECT_EQ(facts.kind, KeystoreKind::tpm2);
  EXPECT_EQ(facts.asks, Asks::nothing);
  EXPECT_EQ(facts.master, master);
  EXPECT_EQ(content_of(keystore()).find(R"("plain")"), std::string::npos);
  start();
  EXPECT_TRUE(holder->locked());
  ASSERT_EQ(code_of(holder->unlock({})), "ok");
  EXPECT_EQ(*holder->address({}), master);
}

TEST_F(Tpm2KeystoreTest, WithAPinItAsksForIt) {
  ASSERT_EQ(create("2718"), "ok");
  const auto master = *holder->address({});
  EXPECT_EQ(holder->keystore()->asks, Asks::pin);
  ASSERT_TRUE(holder->lock());
  EXPECT_EQ(code_of(holder->unlock({})), "wrong_passphrase") << "not even asked of the TPM";
  EXPECT_EQ(code_of(holder->unlock(secret("2719"))), "wrong_passphrase");
  EXPECT_EQ(code_of(holder->unlock(secret("2718"))), "ok");
  EXPECT_EQ(*holder->address({}), master);
}

TEST_F(Tpm2KeystoreTest, APinIsTextInNfc) {
  ASSERT_EQ(create("se\u0301same"), "ok");
  ASSERT_TRUE(holder->lock());
  EXPECT_EQ(code_of(holder->unlock(secret("s\u00e9same"))), "ok");
}

TEST_F(Tpm2KeystoreTest, TooManyWrongPinsAreLockedOutByTheTpm) {
  ASSERT_EQ(create("2718"), "ok");
  ASSERT_TRUE(holder->lock());
  std::string answer;
  for (int i = 0; i < 40 && answer != "pin_locked_out"; ++i) {
    answer = code_of(holder->unlock(secret("0000")));
  }
  EXPECT_EQ(answer, "pin_locked_out");
  EXPECT_EQ(code_of(holder->unlock(secret("2718"))), "pin_locked_out");
  EXPECT_TRUE(holder->locked());
  // The way out: the recovery code, into a keystore of another kind.
  Recovery recovery;
  recovery.kind = KeystoreKind::file;
  recovery.bundle = content_of(bundle());
  recovery.code = code.duplicate();
  recovery.replace = true;
  recovery.now_ms = test_time * 1000;
  auto prepared = holder->prepare_recovery(std::move(recovery));
  ASSERT_EQ(code_of(prepared), "ok");
  ASSERT_EQ(code_of(prepared->place()), "ok");
  prepared->keep();
  EXPECT_FALSE(holder->locked());
}

TEST_F(Tpm2KeystoreTest, WithoutItsTpmNothingOpensAndNothingIsMade) {
  ASSERT_EQ(create(""), "ok");
  const std::string before = content_of(keystore());
  ASSERT_TRUE(holder->lock());
  software->stop();
  EXPECT_EQ(code_of(holder->unlock({})), "keystore_unavailable");
  EXPECT_EQ(code_of(holder->words({})), "keystore_unavailable");
  EXPECT_EQ(code_of(holder->new_code({}, "{}", test_time, {})), "keystore_unavailable");
  EXPECT_EQ(code_of(holder->create(KeystoreKind::tpm2, {}, {}, true, test_time)),
            "keystore_unavailable");
  EXPECT_EQ(content_of(keystore()), before);
  const std::string device = "device-" + holder->keystore()->device_id + ".json";
  EXPECT_EQ(names_in(data_folder()),
            (std::vector<std::string>{device, "keystore.json", "recovery.json"}));
  EXPECT_EQ(code_of(holder->status()), "ok") << "the holder lives";
}

TEST_F(Tpm2KeystoreTest, AnotherMachineDoesNotOpenIt) {
  ASSERT_EQ(create(""), "ok");
  TemporaryFolder elsewhere;
  const SoftwareTpm other(elsewhere.path());
  tpm = other.path();
  start();
  const auto unlocked = holder->unlock({});
  ASSERT_EQ(code_of(unlocked), "keystore_damaged");
  EXPECT_NE(unlocked.error().message.find("TPM"), std::string::npos);
}

TEST_F(Tpm2KeystoreTest, CodesAndWordsGoThroughTheTpmToo) {
  ASSERT_EQ(create("2718"), "ok");
  EXPECT_EQ(code_of(holder->words(secret("2719"))), "wrong_passphrase");
  EXPECT_EQ(code_of(holder->words(secret("2718"))), "ok");
  const auto fresh = holder->new_code(
      secret("2718"),
      R"({"agents":[],"counters":{},"indices":{},"revocations":[],"thresholds":{},)"
      R"("whitelist":{"agents":{},"master":[]}})",
      test_time, {});
  ASSERT_EQ(code_of(fresh), "ok");
  EXPECT_EQ(code_of(holder->drill(content_of(bundle()), *fresh)), "ok");
  EXPECT_EQ(code_of(holder->drill(content_of(bundle()), code)), "recovery_code_wrong");
  start();
  EXPECT_EQ(holder->keystore()->asks, Asks::pin);
  EXPECT_EQ(code_of(holder->unlock(secret("2718"))), "ok");
}

TEST_F(Tpm2KeystoreTest, TheTpmIsNotHeldBetweenRequests) {
  ASSERT_EQ(create(""), "ok");
  std::error_code denied;
  const auto folder = "/proc/" + std::to_string(holder->process()) + "/fd";
  std::size_t open = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder, denied)) {
    ++open;
  }
  if (denied) GTEST_SKIP() << "not dumpable: only root may look at its descriptors";
  EXPECT_EQ(open, 4U) << "nothing beside its standard descriptors and its socket";
}

}  // namespace
}  // namespace kronborg::keyholder
