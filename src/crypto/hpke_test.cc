#include "crypto/hpke.h"

#include <gtest/gtest.h>

#include "support/known_answers.h"

namespace kronborg::crypto {
namespace {

using support::array_of;
using support::secret_of;
using support::text_of;

// RFC 9180 appendix A.2.1, sequence number 0.
TEST(Hpke, VectorOfTheRfc) {
  const auto info = *base::hex_strict("4f6465206f6e2061204772656369616e2055726e");
  const auto associated = *base::hex_strict("436f756e742d30");
  const auto plain =
      *base::hex_strict("4265617574792069732074727574682c20747275746820626561757479");
  support::GivenRandom random(
      array_of<32>("f4ec9b33b792c372c1d2c2063507b684ef925b8c75a42dbcbf57d63ccd381600"));
  const auto recipient =
      array_of<32>("4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a");
  const auto sealed = hpke_seal(recipient, info, associated, plain, random);
  ASSERT_TRUE(sealed);
  EXPECT_EQ(base::hex(sealed->enc),
            "1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a");
  EXPECT_EQ(
      base::hex(sealed->ciphertext),
      "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a2"
      "8");
  const auto key = secret_of("8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb");
  const auto opened = hpke_open(key, sealed->enc, info, associated, sealed->ciphertext);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->reveal(), base::text_of(plain));
}

TEST(Hpke, EveryCaseOfTheVectors) {
  const auto file = support::known_answers("hpke.json");
  support::for_each_row(file, "cases", [](const auto& row) {
    const std::string info = text_of(row, "info");
    const std::string plain = text_of(row, "plaintext");
    const auto key = secret_of(text_of(row, "recipient_private_hex"));
    support::GivenRandom random(support::bytes_of(row, "ephemeral_private_hex"));
    const auto sealed =
        hpke_seal(x25519_public_key(key), base::bytes_of(info), {}, base::bytes_of(plain), random);
    ASSERT_TRUE(sealed);
    EXPECT_EQ(base::base64url(sealed->enc), text_of(row, "enc"));
    EXPECT_EQ(base::base64url(sealed->ciphertext), text_of(row, "ct"));
    EXPECT_EQ(sealed->ciphertext.size(), plain.size() + 16);
    const auto opened = hpke_open(key, sealed->enc, base::bytes_of(info), {}, sealed->ciphertext);
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->reveal(), plain);
  });
}

TEST(Hpke, WhatMustNotOpen) {
  const auto file = support::known_answers("hpke.json");
  support::for_each_row(file, "must_not_open", [](const auto& row) {
    X25519PublicKey enc{};
    ASSERT_EQ(base::base64url_strict_into(text_of(row, "enc"), enc), enc.size());
    const auto ciphertext = base::base64url_strict(text_of(row, "ct"));
    ASSERT_TRUE(ciphertext);
    EXPECT_FALSE(hpke_open(secret_of(text_of(row, "recipient_private_hex")), enc,
                           base::bytes_of(text_of(row, "info")), {}, *ciphertext));
  });
}

TEST(Hpke, NothingIsSealedToASmallOrder) {
  support::GivenRandom random(std::array<std::uint8_t, 32>{7});
  EXPECT_FALSE(hpke_seal(X25519PublicKey{1}, {}, {}, base::bytes_of("secret"), random));
}

}  // namespace
}  // namespace kronborg::crypto
