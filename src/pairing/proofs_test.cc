#include "pairing/proofs.h"

#include "pairing/commitment.h"
#include "pairing/fixture_test.h"
#include "pairing/invite.h"

namespace kronborg::pairing {
namespace {

using identity::Prefix;

std::string optional_text(const object& row, std::string_view name) {
  return row.at(name).is_null() ? std::string() : text_of(row, name);
}

/// The text is that of the row, the row's key makes the row's signature, and it verifies for the
/// row's address alone.
void check(const object& row, Prefix prefix, std::string_view text, std::string_view address_member,
           std::string_view signature_member) {
  EXPECT_EQ(text, text_of(row, "signed_text"));
  const auto key = support::secret_of(text_of(row, "private_key_hex"));
  const std::string signature = text_of(row, signature_member);
  EXPECT_EQ(signed_text(key, prefix, text), signature);
  EXPECT_TRUE(is_signed_by(address(text_of(row, address_member)), prefix, text, signature));
  EXPECT_FALSE(is_signed_by(identity::Address(), prefix, text, signature));
  EXPECT_FALSE(is_signed_by(address(text_of(row, address_member)), prefix, std::string(text) + " ",
                            signature));
}

TEST(Proofs, ConnectorsOfTheVectors) {
  const object file = support::known_answers("pairing.json");
  support::for_each_row(file, "connector_proofs", [](const object& row) {
    check(row, Prefix::pairing,
          connector_text(text_of(row, "nonce"), optional_text(row, "enc_pub")), "connector_address",
          "signature");
  });
}

TEST(Proofs, HostsOfTheVectors) {
  const object file = support::known_answers("pairing.json");
  const auto check_answers = [&](std::string_view rows, Answered answered) {
    support::for_each_row(file, rows, [&](const object& row) {
      const std::string enc_pub = row.contains("enc_pub") ? text_of(row, "enc_pub") : "ignored";
      check(row, Prefix::pairing_server,
            server_text(answered, address(text_of(row, "agent_address")), text_of(row, "nonce"),
                        enc_pub),
            "agent_address", "server_signature");
    });
  };
  check_answers("server_proofs", Answered::pair);
  check_answers("invite_answers", Answered::invite);
  check_answers("redeem_answers", Answered::redeem);
}

TEST(Proofs, OwnersOfTheVectors) {
  const object file = support::known_answers("pairing.json");
  support::for_each_row(file, "owner_redeem", [](const object& row) {
    check(row, Prefix::ethereum,
          owner_text(address(text_of(row, "agent_address")), text_of(row, "nonce")),
          "master_address", "wallet_signature");
  });
  support::for_each_row(file, "eip191", [](const object& row) {
    const auto key = support::secret_of(text_of(row, "private_key_hex"));
    EXPECT_EQ(signed_text(key, Prefix::ethereum, text_of(row, "signed_text")),
              text_of(row, "signature"));
  });
}

TEST(Commitments, OfTheVectors) {
  const object file = support::known_answers("pairing.json");
  support::for_each_row(file, "commitments", [](const object& row) {
    const auto reveal = read_32_bytes(text_of(row, "reveal"));
    const auto enc_pub = crypto::read_x25519_public_key(text_of(row, "enc_pub"));
    ASSERT_TRUE(reveal && enc_pub);
    EXPECT_EQ(base::hex(*reveal), text_of(row, "reveal_hex"));
    const auto commitment =
        commitment_of(*reveal, address(text_of(row, "connector_address")), *enc_pub);
    EXPECT_EQ(base::base64url(commitment), text_of(row, "commit"));
    EXPECT_EQ(read_32_bytes(text_of(row, "commit")), commitment);
  });
}

}  // namespace
}  // namespace kronborg::pairing
