#include "authority/devices.h"

#include "authority/devices_fixture_test.h"

namespace kronborg::authority {
namespace {

TEST_P(DevicesTest, ASoftwareKeyIsRegisteredListedAndKnownToTheGate) {
  const auto key = crypto::new_p256_key(random);
  const auto registered = enroll(software(key, challenge(), " Build  box "));
  ASSERT_EQ(outcome(registered), "new");
  const DeviceRecord record = std::get<RegisteredDevice>(*registered).record;
  EXPECT_EQ(record.id, identity::device_id_of(crypto::p256_public_key(key).value()));
  EXPECT_EQ(record.issuer, place->board().current()->master);
  EXPECT_EQ(record.name, "Build box");
  EXPECT_FALSE(record.attestation.verified);
  EXPECT_EQ(record.attestation.format, "software");
  EXPECT_EQ(rows("device.register"), 1);

  const auto list = listed();
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list[0].id, record.id);
  EXPECT_EQ(list[0].public_key, record.public_key);
  EXPECT_EQ(devices().get(record.id)->created_at_ms, test_time_ms);
  EXPECT_EQ(code_of(devices().get("00000000")), "device_not_found");
  ASSERT_NE(known(record.id), nullptr);
  EXPECT_EQ(known(record.id)->key->key(), *record.public_key);
  restart();
  ASSERT_NE(known(record.id), nullptr);
  EXPECT_FALSE(known(record.id)->revoked);
  EXPECT_EQ(known(record.id)->name, "Build box");
}

TEST_P(DevicesTest, AChallengeIsGoodOnceAndFor120Seconds) {
  const auto key = crypto::new_p256_key(random);
  const auto used = challenge();
  EXPECT_EQ(outcome(enroll(software(key, used))), "new");
  EXPECT_EQ(outcome(enroll(software(key, used))), "device_challenge_unknown");
  EXPECT_EQ(outcome(enroll(software(key, base::Bytes(32)))), "device_challenge_unknown");
  EXPECT_EQ(outcome(enroll(software(key, base::Bytes(31)))), "device_challenge_unknown");
  EXPECT_EQ(outcome(enroll(software(key, {}))), "device_challenge_unknown");

  const auto in_time = challenge();
  clock.step(119'999);
  EXPECT_EQ(outcome(enroll(software(key, in_time))), "known");
  const auto late = challenge();
  clock.step(120'000);
  EXPECT_EQ(outcome(enroll(software(key, late))), "device_challenge_unknown");
}

TEST_P(DevicesTest, BadEvidenceUsesTheChallengeUp) {
  const auto key = crypto::new_p256_key(random);
  const auto bytes = challenge();
  auto device = software(key, bytes);
  const auto good = std::get<SoftwareEvidence>(device.evidence);
  std::get<SoftwareEvidence>(device.evidence).proof[10] ^= 1;
  EXPECT_EQ(outcome(enroll(device)), "device_proof_invalid");
  device.evidence = good;
  EXPECT_EQ(outcome(enroll(device)), "device_challenge_unknown");

  device = software(key, challenge());
  std::get<SoftwareEvidence>(device.evidence).public_key[64] ^= 1;
  EXPECT_EQ(outcome(enroll(device)), "device_key_invalid");
  EXPECT_TRUE(listed().empty());
  EXPECT_EQ(rows("device"), 0);
}

TEST_P(DevicesTest, ChallengesAreBoundedAndTheOldestGoes) {
  const auto key = crypto::new_p256_key(random);
  const auto first = challenge();
  clock.step(1);
  const auto second = challenge();
  for (std::int64_t i = 1; i < max_device_challenges; ++i) {
    clock.step(1);
    challenge();
  }
  EXPECT_EQ(outcome(enroll(software(key, first))), "device_challenge_unknown");
  EXPECT_EQ(outcome(enroll(software(key, second))), "new");
}

TEST_P(DevicesTest, TheSameKeyAgainIsTheSameRecord) {
  const auto key = crypto::new_p256_key(random);
  const auto first = enroll(software(key, challenge(), "one"));
  const auto again = enroll(software(key, challenge(), "two"));
  ASSERT_EQ(outcome(again), "known");
  const auto& record = std::get<RegisteredDevice>(*again).record;
  EXPECT_EQ(record.id, std::get<RegisteredDevice>(*first).record.id);
  EXPECT_EQ(record.name, "one");
  EXPECT_EQ(rows("device.register"), 1);
  auto for_another = software(key, challenge());
  for_another.issuer = identity::Address(std::array<std::uint8_t, 20>{7});
  EXPECT_EQ(outcome(enroll(for_another)), "device_id_conflict");
}

TEST_P(DevicesTest, AnIdIsNeverReplaced) {
  const auto key = crypto::new_p256_key(random);
  const std::string id = identity::device_id_of(crypto::p256_public_key(key).value());
  rules.allow_unattested = true;
  EXPECT_EQ(outcome(enroll(unattested(id))), "new");
  EXPECT_EQ(outcome(enroll(unattested(id))), "known");
  EXPECT_EQ(outcome(enroll(software(key, challenge()))), "device_id_conflict");
  EXPECT_EQ(known(id)->key, std::nullopt);
}

TEST_P(DevicesTest, ADeviceWithoutAKeyNeedsTheSetting) {
  EXPECT_EQ(outcome(enroll(unattested("0123abcd"))), "device_key_required");
  rules.allow_unattested = true;
  EXPECT_EQ(outcome(enroll(unattested("0123ABCD"))), "invalid_member");
  EXPECT_EQ(outcome(enroll(unattested("0123abc"))), "invalid_member");
  EXPECT_EQ(outcome(enroll(unattested("0123abcd"))), "new");
  EXPECT_EQ(devices().get("0123abcd")->attestation.format, "none");
  const auto host = Identity(place->parts()).facts().value()->device_id;
  EXPECT_EQ(outcome(enroll(unattested(host))), "device_id_conflict");
}

TEST_P(DevicesTest, AnIssuerIsTheMasterOrAStranger) {
  const auto agent = Agents(place->parts())
                         .create(owner(), {.name = "writer", .description = {}, .upstream = {}})
                         .value();
  auto device = software(crypto::new_p256_key(random), challenge());
  device.issuer = agent.address;
  EXPECT_EQ(outcome(enroll(device)), "invalid_member");
  device = software(crypto::new_p256_key(random), challenge());
  device.issuer = identity::Address(std::array<std::uint8_t, 20>{7});
  const auto registered = enroll(device);
  ASSERT_EQ(outcome(registered), "new");
  EXPECT_EQ(std::get<RegisteredDevice>(*registered).record.issuer, device.issuer);
  device = software(crypto::new_p256_key(random), challenge(), std::string(81, 'x'));
  EXPECT_EQ(outcome(enroll(device)), "label_invalid");
}

TEST_P(DevicesTest, RevokingIsFinal) {
  const auto key = crypto::new_p256_key(random);
  const auto id = std::get<RegisteredDevice>(*enroll(software(key, challenge()))).record.id;
  clock.step(1000);
  EXPECT_EQ(devices().revoke(owner(), id)->revoked_at_ms, test_time_ms + 1000);
  EXPECT_TRUE(known(id)->revoked);
  clock.step(1000);
  EXPECT_EQ(devices().revoke(owner(), id)->revoked_at_ms, test_time_ms + 1000);
  EXPECT_EQ(rows("device.revoke"), 1);
  EXPECT_EQ(code_of(devices().revoke(owner(), "00000000")), "device_not_found");
  const auto again = enroll(software(key, challenge()));
  ASSERT_EQ(outcome(again), "known");
  EXPECT_TRUE(std::get<RegisteredDevice>(*again).record.revoked_at_ms);
  restart();
  EXPECT_TRUE(known(id)->revoked);
  EXPECT_EQ(listed().size(), 1U);
}

TEST_P(DevicesTest, AnotherIdentityForgetsDevicesButNotWhichAreRevoked) {
  const auto live =
      std::get<RegisteredDevice>(*enroll(software(crypto::new_p256_key(random), challenge())))
          .record.id;
  const auto dead =
      std::get<RegisteredDevice>(*enroll(software(crypto::new_p256_key(random), challenge())))
          .record.id;
  ASSERT_TRUE(devices().revoke(owner(), dead));
  const auto open = challenge();
  CreateIdentity request;
  request.kind = keyholder::KeystoreKind::file;
  request.replace = place->board().current()->master;
  ASSERT_EQ(code_of(Identity(place->parts()).create(owner(), std::move(request))), "ok");
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(known(live), nullptr);
    ASSERT_NE(known(dead), nullptr);
    EXPECT_TRUE(known(dead)->revoked);
    restart();
  }
  EXPECT_EQ(outcome(enroll(software(crypto::new_p256_key(random), open))),
            "device_challenge_unknown");
}

KRONBORG_DEVICES_ON_EVERY_STORE(DevicesTest);

}  // namespace
}  // namespace kronborg::authority
