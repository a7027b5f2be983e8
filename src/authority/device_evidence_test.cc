#include "authority/devices_fixture_test.h"
#include "base/file.h"
#include "base/json.h"
#include "identity/tpm_activation_test.h"
#include "identity/tpm_evidence.h"

namespace kronborg::authority {
namespace {

base::json::object read_json(const std::string& name) {
  const auto text = base::read_file(std::string(KRONBORG_SOURCE_DIR) + "/testdata/" + name);
  constexpr std::size_t many = 1U << 20U;
  return base::parse_json(text.value(), {.depth = 64, .members = many, .items = many})
      .value()
      .as_object();
}
std::string text_of(const base::json::object& row, std::string_view name) {
  return std::string(row.at(name).as_string());
}
base::Bytes b64u_of(const base::json::object& row, std::string_view name) {
  return base::base64url_strict(text_of(row, name)).value();
}
base::Bytes hex_of(const base::json::object& row, std::string_view name) {
  return base::hex_strict(text_of(row, name)).value();
}
base::Secret<32> key_of(const base::json::object& row, std::string_view name) {
  base::Secret<32> key;
  EXPECT_TRUE(base::hex_strict_into(text_of(row, name), key.fill()));
  return key;
}

const base::json::object& registration() {
  static const auto file = read_json("devices/registration.json");
  return file;
}
const base::json::object& apple() { return registration().at("apple").as_object(); }
const base::json::object& endorsement() { return registration().at("endorsement").as_object(); }
/// The first registration of a TPM in the vectors, which is good.
const base::json::object& tpm() {
  static const auto file = read_json("vectors/devices.json");
  return file.at("tpm").as_array().at(0).as_object();
}

std::vector<crypto::Certificate> certificates(const std::string& pem) {
  return crypto::Certificate::all_from_pem(pem).value();
}

/// Registrations with evidence from elsewhere.
class DeviceEvidenceTest : public DevicesTest {
 protected:
  Tpm2Evidence tpm_evidence() {
    return {.device_public = hex_of(tpm(), "device_public_hex"),
            .attestation_public = hex_of(tpm(), "ak_public_hex"),
            .certify = hex_of(tpm(), "attest_hex"),
            .signature = hex_of(tpm(), "signature_hex"),
            .proof = b64u_of(tpm(), "proof_b64u"),
            .ek_certificate = {},
            .activation = {}};
  }
  NewDevice tpm_device(Tpm2Evidence evidence) {
    return {.challenge = b64u_of(tpm(), "challenge_b64u"),
            .name = {},
            .issuer = {},
            .evidence = std::move(evidence)};
  }
};

TEST_P(DeviceEvidenceTest, AnAppleDeviceIsHeldToTheRules) {
  const auto bytes = b64u_of(apple(), "challenge_b64u");
  const NewDevice device{
      .challenge = bytes,
      .name = {},
      .issuer = {},
      .evidence = AppleEvidence{.key_id = text_of(apple(), "key_id"),
                                .attestation = b64u_of(apple(), "attestation_b64u")}};
  rules.apple_app_ids = {text_of(apple(), "app_id")};
  rules.apple_environments = {identity::AppleEnvironment::production};
  open_challenge(bytes);
  EXPECT_EQ(outcome(enroll(device)), "attestation_chain");  // Apple's own root is built in
  rules.apple_root = certificates(text_of(apple(), "root")).front();
  auto other = device;
  other.challenge = challenge();
  EXPECT_EQ(outcome(enroll(other)), "attestation_nonce");
  open_challenge(bytes);
  const auto registered = enroll(device);
  ASSERT_EQ(outcome(registered), "new");
  const auto& record = std::get<RegisteredDevice>(*registered).record;
  EXPECT_EQ(record.kind, identity::DeviceKind::apple_attest);
  EXPECT_TRUE(record.attestation.verified);
  EXPECT_EQ(record.attestation.environment, "production");
  EXPECT_EQ(record.public_key, crypto::p256_public_key(key_of(apple(), "private_key_hex")).value());
  EXPECT_EQ(base::hex(known(record.id)->app_id_hash),
            base::hex(crypto::sha256(base::bytes_of(text_of(apple(), "app_id")))));
  const auto stored = devices().get(record.id).value();
  EXPECT_EQ(stored.attestation.app_id, text_of(apple(), "app_id"));
  EXPECT_EQ(stored.attestation.chain, "CN=Attestation Root,O=Kronborg Test");
  EXPECT_EQ(stored.attestation.at_ms, test_time_ms);
  EXPECT_TRUE(place->database().read([&](sql::Transaction& run) -> base::Result<void> {
    TRY(const auto row, run("SELECT receipt FROM devices WHERE id = $1", record.id));
    EXPECT_EQ(row.rows.at(0).text(0), text_of(apple(), "receipt_b64u"));
    return {};
  }));
}

TEST_P(DeviceEvidenceTest, ATpmIsTakenAtItsWordUnlessMakersAreChecked) {
  open_challenge(b64u_of(tpm(), "challenge_b64u"));
  const auto registered = enroll(tpm_device(tpm_evidence()));
  ASSERT_EQ(outcome(registered), "new");
  const auto& record = std::get<RegisteredDevice>(*registered).record;
  EXPECT_EQ(record.id, text_of(tpm().at("expect").as_object(), "dev"));
  EXPECT_EQ(record.attestation.manufacturer, "unchecked");
  EXPECT_EQ(record.attestation.chain, std::nullopt);
}

TEST_P(DeviceEvidenceTest, ATpmOfAKnownMakerActivatesACredential) {
  for (const char* name : {"root", "intermediate"}) {
    rules.tpm_ek_roots.push_back(certificates(text_of(endorsement(), name)).front());
  }
  const auto bytes = b64u_of(tpm(), "challenge_b64u");
  auto evidence = tpm_evidence();
  const auto name = identity::read_tpm_public(evidence.attestation_public)->name;
  const identity::SoftwareTpm chip(key_of(endorsement(), "private_key_hex"), name);
  evidence.ek_certificate = b64u_of(endorsement(), "certificate_b64u");
  open_challenge(bytes);
  const auto asked = enroll(tpm_device(evidence));
  ASSERT_EQ(outcome(asked), "activate");
  const auto opened = chip.activate(std::get<ActivationRequired>(*asked).credential);
  ASSERT_TRUE(opened);
  EXPECT_TRUE(listed().empty());
  evidence.activation = *opened;
  const auto registered = enroll(tpm_device(evidence));
  ASSERT_EQ(outcome(registered), "new");
  const auto& summary = std::get<RegisteredDevice>(*registered).record.attestation;
  EXPECT_EQ(summary.manufacturer, "checked");
  EXPECT_EQ(summary.chain, "CN=TPM Maker Root,O=Kronborg Test");
  EXPECT_EQ(outcome(enroll(tpm_device(evidence))), "device_challenge_unknown");

  // What was not opened, or opened for other evidence, registers nothing and ends the challenge.
  const auto refused = [&](auto change) {
    open_challenge(bytes);
    evidence.activation.reset();
    const auto again = enroll(tpm_device(evidence));
    evidence.activation = chip.activate(std::get<ActivationRequired>(*again).credential);
    auto changed = evidence;
    change(changed);
    EXPECT_EQ(outcome(enroll(tpm_device(changed))), "tpm_ek_untrusted");
    EXPECT_EQ(outcome(enroll(tpm_device(evidence))), "device_challenge_unknown");
  };
  refused([](Tpm2Evidence& changed) { changed.activation->at(0) ^= 1; });
  refused([](Tpm2Evidence& changed) {
    changed.ek_certificate = b64u_of(endorsement(), "rsa_certificate_b64u");
  });
  open_challenge(bytes);
  evidence.activation = *opened;  // of a challenge for which nothing was asked
  EXPECT_EQ(outcome(enroll(tpm_device(evidence))), "tpm_ek_untrusted");
}

TEST_P(DeviceEvidenceTest, EndorsementsThatLeadNowhereAreRefused) {
  for (const char* name : {"root", "intermediate"}) {
    rules.tpm_ek_roots.push_back(certificates(text_of(endorsement(), name)).front());
  }
  const auto bytes = b64u_of(tpm(), "challenge_b64u");
  for (const auto& row : endorsement().at("refused").as_array()) {
    auto evidence = tpm_evidence();
    evidence.ek_certificate = b64u_of(row.as_object(), "certificate_b64u");
    open_challenge(bytes);
    EXPECT_EQ(outcome(enroll(tpm_device(evidence))), "tpm_ek_untrusted")
        << text_of(row.as_object(), "name");
    EXPECT_EQ(outcome(enroll(tpm_device(evidence))), "device_challenge_unknown");
  }
  open_challenge(bytes);
  EXPECT_EQ(outcome(enroll(tpm_device(tpm_evidence()))), "tpm_ek_untrusted");
  // Evidence comes first, and a challenge before that.
  auto broken = tpm_evidence();
  broken.signature[10] ^= 1;
  EXPECT_EQ(outcome(enroll(tpm_device(broken))), "device_challenge_unknown");
  open_challenge(bytes);
  EXPECT_EQ(outcome(enroll(tpm_device(broken))), "tpm_signature_invalid");
  auto rsa = tpm_evidence();
  rsa.ek_certificate = b64u_of(endorsement(), "rsa_certificate_b64u");
  open_challenge(bytes);
  EXPECT_EQ(outcome(enroll(tpm_device(rsa))), "activate");
}

KRONBORG_DEVICES_ON_EVERY_STORE(DeviceEvidenceTest);

}  // namespace
}  // namespace kronborg::authority
