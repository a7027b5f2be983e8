#include "keyholder/tpm_device.h"

#include "crypto/hash.h"
#include "identity/tpm_evidence.h"
#include "keyholder/fixture_test.h"
#include "keyholder/software_tpm_test.h"

namespace kronborg::keyholder {
namespace {

/// On a machine with a TPM.
class TpmDeviceTest : public KeyHolderTest {
 protected:
  void SetUp() override {
    software = std::make_unique<SoftwareTpm>(machine.path());
    tpm = software->path();
    start();
  }
  static std::array<std::uint8_t, 32> challenge(std::uint8_t number) {
    std::array<std::uint8_t, 32> bytes{};
    bytes.fill(number);
    return bytes;
  }
  static identity::TpmEvidence view_of(const TpmDeviceEvidence& evidence) {
    return {.device_public = evidence.device_public,
            .attestation_public = evidence.attestation_public,
            .certify = evidence.certify,
            .signature = evidence.signature,
            .proof = evidence.proof};
  }
  std::filesystem::path file_of(std::string_view id) {
    return data_folder() / ("device-" + std::string(id) + ".json");
  }

  TemporaryFolder machine;
  std::unique_ptr<SoftwareTpm> software;
};

TEST_F(TpmDeviceTest, ItsEvidenceIsWhatARegistrationTakes) {
  const auto made = TpmDevice::create(tpm, data_folder());
  ASSERT_EQ(code_of(made), "ok");
  const auto again = TpmDevice::open(data_folder(), made->id());
  ASSERT_EQ(code_of(again), "ok");
  const auto evidence = again->evidence(tpm, challenge(1));
  ASSERT_EQ(code_of(evidence), "ok");
  const auto found = identity::verify_tpm_evidence(view_of(*evidence), challenge(1));
  ASSERT_EQ(code_of(found), "ok");
  EXPECT_EQ(identity::device_id_of(found->key), made->id());
  EXPECT_EQ(code_of(identity::verify_tpm_evidence(view_of(*evidence), challenge(2))),
            "tpm_challenge_mismatch");
  const auto digest = crypto::sha256(base::bytes_of("payload"));
  const auto signature = again->sign(tpm, digest);
  ASSERT_EQ(code_of(signature), "ok");
  EXPECT_TRUE(crypto::P256Verifier::of(found->key)->verifies(digest, *signature));
}

TEST_F(TpmDeviceTest, FilesThatAreGoneOrChangedAreToldApart) {
  const auto made = TpmDevice::create(tpm, data_folder());
  ASSERT_EQ(code_of(made), "ok");
  const std::string good = content_of(file_of(made->id()));
  EXPECT_EQ(code_of(TpmDevice::open(data_folder(), "00000000")), "device_not_found");
  EXPECT_EQ(code_of(TpmDevice::open(data_folder(), "../../etc")), "device_not_found");
  EXPECT_FALSE(TpmDevice::exists(data_folder(), "../x"));
  write_private(file_of("00000000"), good);
  EXPECT_EQ(code_of(TpmDevice::open(data_folder(), "00000000")), "keystore_damaged")
      << "the key of another id";
  for (const std::string_view text : {"", "{}", "[]", R"({"v":1})", R"({"v":2,"device":{}})"}) {
    write_private(file_of(made->id()), text);
    EXPECT_EQ(code_of(TpmDevice::open(data_folder(), made->id())), "keystore_damaged") << text;
  }
  TpmDevice::remove(data_folder(), made->id());
  EXPECT_EQ(code_of(TpmDevice::open(data_folder(), made->id())), "device_not_found");
}

TEST_F(TpmDeviceTest, TheHostDeviceIsMadeInIt) {
  const auto created = holder->create(KeystoreKind::file, {}, {}, false, test_time);
  ASSERT_EQ(code_of(created), "ok");
  const std::string id = created->device_id;
  EXPECT_TRUE(holder->in_tpm(id));
  EXPECT_EQ(holder->keystore()->device_id, id);
  start();
  ASSERT_EQ(code_of(holder->unlock({})), "ok")
      << "the keystore names a device that it does not hold";
  const auto proof = holder->prove_device(id, challenge(3));
  ASSERT_EQ(code_of(proof), "ok");
  const auto& evidence = std::get<TpmDeviceEvidence>(*proof);
  EXPECT_EQ(
      identity::device_id_of(identity::verify_tpm_evidence(view_of(evidence), challenge(3))->key),
      id);
  ASSERT_TRUE(holder->lock());
  EXPECT_EQ(code_of(holder->sign_as_device(id, challenge(4))), "ok") << "the TPM is not locked";
  software->stop();
  EXPECT_EQ(code_of(holder->sign_as_device(id, challenge(4))), "keystore_unavailable");
}

TEST_F(TpmDeviceTest, AKeystoreThatNamesAnotherDeviceIsDamaged) {
  const auto created = holder->create(KeystoreKind::file, {}, {}, false, test_time);
  ASSERT_EQ(code_of(created), "ok");
  std::string text = content_of(keystore());
  const std::string named = R"("device_id":")" + created->device_id;
  ASSERT_NE(text.find(named), std::string::npos);
  text.replace(text.find(named), named.size(), R"("device_id":"00000000)");
  write_private(keystore(), text);
  start();
  EXPECT_EQ(code_of(holder->unlock({})), "keystore_damaged");
}

TEST_F(TpmDeviceTest, AReplacedIdentityLeavesNoKeyBehind) {
  const auto first = holder->create(KeystoreKind::tpm2, secret("2718"), {}, false, test_time);
  ASSERT_EQ(code_of(first), "ok");
  const auto second = holder->create(KeystoreKind::tpm2, secret("2718"), {}, true, test_time);
  ASSERT_EQ(code_of(second), "ok");
  EXPECT_FALSE(holder->in_tpm(first->device_id));
  EXPECT_TRUE(holder->in_tpm(second->device_id));
  EXPECT_EQ(code_of(holder->create(KeystoreKind::passphrase, secret("short"), {}, true, test_time)),
            "passphrase_too_short");
  EXPECT_EQ(std::ranges::count_if(names_in(data_folder()),
                                  [](const auto& name) { return name.starts_with("device-"); }),
            1);
}

/// On a machine without a TPM.
using SoftwareDeviceTest = KeyHolderTest;

TEST_F(SoftwareDeviceTest, TheKeystoreHoldsTheKey) {
  const auto created = holder->create(KeystoreKind::file, {}, {}, false, test_time);
  ASSERT_EQ(code_of(created), "ok");
  const std::string id = created->device_id;
  EXPECT_FALSE(holder->in_tpm(id));
  const std::array<std::uint8_t, 32> bytes{7};
  const auto proof = holder->prove_device(id, bytes);
  ASSERT_EQ(code_of(proof), "ok");
  const auto& evidence = std::get<SoftwareDeviceEvidence>(*proof);
  const auto key = crypto::P256Verifier::of(evidence.public_key);
  ASSERT_TRUE(key);
  EXPECT_EQ(identity::device_id_of(key->key()), id);
  EXPECT_TRUE(identity::is_proof(evidence.proof, *key, bytes));
  const auto signature = holder->sign_as_device(id, bytes);
  ASSERT_EQ(code_of(signature), "ok");
  EXPECT_TRUE(key->verifies(bytes, *signature));
  EXPECT_EQ(code_of(holder->sign_as_device("00000000", bytes)), "device_not_found");
  ASSERT_TRUE(holder->lock());
  EXPECT_EQ(code_of(holder->sign_as_device(id, bytes)), "identity_locked");
}

TEST_F(SoftwareDeviceTest, AKeystoreOfAnotherWriterMayHoldNone) {
  unlock_alice();
  const std::array<std::uint8_t, 32> bytes{7};
  EXPECT_EQ(code_of(holder->sign_as_device("0a1b2c3d", bytes)), "device_not_found");
}

}  // namespace
}  // namespace kronborg::keyholder
