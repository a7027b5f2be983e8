#include "crypto/chacha20_poly1305.h"

#include <gtest/gtest.h>

#include <string>

#include "support/known_answers.h"

namespace kronborg::crypto {
namespace {

using support::array_of;

// RFC 8439 section 2.8.2.
class ChaCha : public testing::Test {
 protected:
  base::Secret<32> key_ =
      support::secret_of("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f");
  ChaChaNonce nonce_ = array_of<12>("070000004041424344454647");
  std::array<std::uint8_t, 12> associated_ = array_of<12>("50515253c0c1c2c3c4c5c6c7");
  std::string_view plain_ =
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the "
      "future, sunscreen would be it.";
  base::Bytes sealed_ = *base::hex_strict(
      "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92"
      "728b1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b"
      "4831d7bc3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691");
};

TEST_F(ChaCha, VectorOfTheRfc) {
  EXPECT_EQ(chacha20_poly1305_seal(key_, nonce_, associated_, base::bytes_of(plain_)), sealed_);
  const auto opened = chacha20_poly1305_open(key_, nonce_, associated_, sealed_);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->reveal(), plain_);
}

TEST_F(ChaCha, NoChangedBitOpens) {
  for (std::size_t i = 0; i < sealed_.size() * 8; ++i) {
    auto changed = sealed_;
    changed[i / 8] = static_cast<std::uint8_t>(changed[i / 8] ^ 1U << i % 8);
    EXPECT_FALSE(chacha20_poly1305_open(key_, nonce_, associated_, changed)) << i;
  }
  for (std::size_t size = 0; size < sealed_.size(); ++size) {
    EXPECT_FALSE(
        chacha20_poly1305_open(key_, nonce_, associated_, base::BytesView(sealed_).first(size)));
  }
}

TEST_F(ChaCha, KeyNonceAndAssociatedDataAreBound) {
  auto nonce = nonce_;
  nonce[11] ^= 1;
  EXPECT_FALSE(chacha20_poly1305_open(key_, nonce, associated_, sealed_));
  EXPECT_FALSE(chacha20_poly1305_open(key_, nonce_, {}, sealed_));
  base::Secret<32> key = key_.duplicate();
  key.fill()[31] ^= 1;
  EXPECT_FALSE(chacha20_poly1305_open(key, nonce_, associated_, sealed_));
}

TEST_F(ChaCha, NothingCanBeSealed) {
  const base::Bytes sealed = chacha20_poly1305_seal(key_, nonce_, {}, {});
  EXPECT_EQ(sealed.size(), chacha20_poly1305_tag_bytes);
  const auto opened = chacha20_poly1305_open(key_, nonce_, {}, sealed);
  ASSERT_TRUE(opened);
  EXPECT_TRUE(opened->empty());
}

}  // namespace
}  // namespace kronborg::crypto
