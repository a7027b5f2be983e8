#include "pairing/seal.h"

#include "pairing/fixture_test.h"

namespace kronborg::pairing {
namespace {

crypto::X25519PublicKey public_key_of(const object& row) {
  return crypto::read_x25519_public_key(text_of(row, "recipient_public_b64u")).value();
}

TEST(SealedKeys, OfTheVectors) {
  const object file = support::known_answers("hpke.json");
  support::for_each_row(file, "cases", [](const object& row) {
    support::GivenRandom random(support::bytes_of(row, "ephemeral_private_hex"));
    const auto agent = address(text_of(row, "agent_address"));
    const auto sealed = seal_key(text_of(row, "plaintext"), public_key_of(row), agent,
                                 text_of(row, "nonce"), random);
    ASSERT_TRUE(sealed);
    EXPECT_EQ(sealed->enc, text_of(row, "enc"));
    EXPECT_EQ(sealed->ct, text_of(row, "ct"));
    const auto own = support::secret_of(text_of(row, "recipient_private_hex"));
    const auto opened = open_key(*sealed, own, agent, text_of(row, "nonce"));
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->reveal(), text_of(row, "plaintext"));
    EXPECT_FALSE(open_key(*sealed, own, agent, text_of(row, "nonce") + "0"));
    EXPECT_FALSE(open_key(*sealed, own, identity::Address(), text_of(row, "nonce")));
  });
}

TEST(SealedKeys, MalformedTextsDoNotOpen) {
  const object file = support::known_answers("hpke.json");
  const object& row = file.at("cases").at(0).as_object();
  const auto own = support::secret_of(text_of(row, "recipient_private_hex"));
  const auto agent = address(text_of(row, "agent_address"));
  const SealedKey good{.enc = text_of(row, "enc"), .ct = text_of(row, "ct")};
  ASSERT_TRUE(open_key(good, own, agent, text_of(row, "nonce")));
  for (const SealedKey& bad :
       {SealedKey{.enc = good.enc + "=", .ct = good.ct}, SealedKey{.enc = "", .ct = good.ct},
        SealedKey{.enc = good.enc, .ct = good.ct + "="}, SealedKey{.enc = good.enc, .ct = ""}}) {
    EXPECT_FALSE(open_key(bad, own, agent, text_of(row, "nonce")));
  }
}

TEST(SealedPayloads, OfTheVectors) {
  const object file = support::known_answers("spake2.json");
  support::for_each_row(file, "runs", [](const object& row) {
    const auto session = support::secret_of(text_of(row, "session_key_hex"));
    support::GivenRandom random(support::bytes_of(row, "payload_nonce_hex"));
    const std::string device = text_of(row, "device_id");
    const std::string sealed = seal_payload(session, device, text_of(row, "payload"), random);
    EXPECT_EQ(sealed, text_of(row, "sealed"));
    const auto opened = open_payload(session, device, sealed);
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->reveal(), text_of(row, "payload"));
  });
}

TEST(SealedPayloads, WhatMustNotOpen) {
  const object file = support::known_answers("spake2.json");
  support::for_each_row(file, "must_not_open", [](const object& row) {
    EXPECT_FALSE(open_payload(support::secret_of(text_of(row, "session_key_hex")),
                              text_of(row, "device_id"), text_of(row, "sealed")));
  });
  EXPECT_FALSE(open_payload(base::Secret<32>(), "device-1", ""));
  EXPECT_FALSE(open_payload(base::Secret<32>(), "device-1", "AAAA="));
}

}  // namespace
}  // namespace kronborg::pairing
