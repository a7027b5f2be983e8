#include "crypto/x25519.h"

#include <gtest/gtest.h>

#include "support/known_answers.h"

namespace kronborg::crypto {
namespace {

using support::array_of;
using support::secret_of;

std::string shared_hex(std::string_view scalar, std::string_view point) {
  const auto shared = x25519(secret_of(scalar), array_of<32>(point));
  return shared ? base::hex(shared->reveal()) : "all zero";
}

// RFC 7748 section 5.2.
TEST(X25519, VectorsOfTheRfc) {
  EXPECT_EQ(shared_hex("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
                       "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c"),
            "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
  EXPECT_EQ(shared_hex("4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
                       "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493"),
            "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957");
}

// RFC 7748 section 5.2, the iterated form.
TEST(X25519, AThousandTimes) {
  X25519PublicKey point = array_of<32>("09" + std::string(62, '0'));
  X25519PrivateKey scalar{std::span<const std::uint8_t, 32>(point)};
  for (int i = 1; i <= 1000; ++i) {
    auto next = x25519(scalar, point);
    ASSERT_TRUE(next);
    std::ranges::copy(scalar.reveal(), point.begin());
    scalar = *std::move(next);
    if (i == 1) {
      EXPECT_EQ(base::hex(scalar.reveal()),
                "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079");
    }
  }
  EXPECT_EQ(base::hex(scalar.reveal()),
            "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51");
}

// RFC 7748 section 6.1.
TEST(X25519, BothSidesShareOneSecret) {
  const auto alice = secret_of("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
  const auto bob = secret_of("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
  const auto alice_public = x25519_public_key(alice);
  const auto bob_public = x25519_public_key(bob);
  EXPECT_EQ(base::hex(alice_public),
            "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
  EXPECT_EQ(base::hex(bob_public),
            "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
  const std::string shared = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";
  EXPECT_EQ(base::hex(x25519(alice, bob_public).value().reveal()), shared);
  EXPECT_EQ(base::hex(x25519(bob, alice_public).value().reveal()), shared);
}

TEST(X25519, NewKeysAreTheRandomBytes) {
  const std::string bytes = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
  support::GivenRandom random(array_of<32>(bytes));
  EXPECT_EQ(base::hex(new_x25519_key(random).reveal()), bytes);
  EXPECT_EQ(random.left(), 0U);
}

TEST(PublicKeyText, EveryRefusedKeyOfTheVectors) {
  const auto file = support::known_answers("hpke.json");
  const auto& refused = file.at("refused_public_keys").as_array();
  ASSERT_GE(refused.size(), 10U);
  for (const auto& text : refused) {
    EXPECT_FALSE(read_x25519_public_key(text.as_string())) << text;
  }
  EXPECT_FALSE(read_x25519_public_key(""));
}

TEST(PublicKeyText, UsableKeysAreRead) {
  const auto file = support::known_answers("hpke.json");
  support::for_each_row(file, "cases", [](const auto& row) {
    const auto key = read_x25519_public_key(support::text_of(row, "recipient_public_b64u"));
    ASSERT_TRUE(key);
    EXPECT_EQ(*key, x25519_public_key(secret_of(support::text_of(row, "recipient_private_hex"))));
  });
}

// A point of small order with its unused top bit set is the same point (RFC 7748 section 5).
TEST(PublicKeyText, TheUnusedBitHidesNoSmallOrder) {
  auto point = array_of<32>("01" + std::string(62, '0'));
  point[31] |= 0x80;
  EXPECT_FALSE(read_x25519_public_key(base::base64url(point)));
}

}  // namespace
}  // namespace kronborg::crypto
