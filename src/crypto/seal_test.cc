#include "crypto/seal.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "base/encoding.h"
#include "crypto/prepare.h"

namespace kronborg::crypto {
namespace {

template <std::size_t N>
std::array<std::uint8_t, N> array_of(std::string_view hex) {
  std::array<std::uint8_t, N> out{};
  EXPECT_TRUE(base::hex_strict_into(hex, out)) << hex;
  return out;
}

// draft-irtf-cfrg-xchacha-03 appendix A.3.1.
class Aead : public testing::Test {
 protected:
  Aead() {
    key_ = base::Secret<32>{std::span<const std::uint8_t, 32>(
        array_of<32>("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"))};
  }
  base::Secret<32> key_;
  std::array<std::uint8_t, 24> nonce_ =
      array_of<24>("404142434445464748494a4b4c4d4e4f5051525354555657");
  std::array<std::uint8_t, 12> associated_ = array_of<12>("50515253c0c1c2c3c4c5c6c7");
  std::string_view plain_ =
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the "
      "future, sunscreen would be it.";
  base::Bytes sealed_ = *base::hex_strict(
      "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda"
      "7e39ae64c6708c54c216cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b23835"
      "65d3fff921f9664c97637da9768812f615c68b13b52ec0875924c1c7987947deafd8780acf49");
};

TEST_F(Aead, VectorOfTheDraft) {
  EXPECT_EQ(aead_seal(key_, nonce_, associated_, base::bytes_of(plain_)), sealed_);
  const auto opened = aead_open(key_, nonce_, associated_, sealed_);
  ASSERT_TRUE(opened);
  EXPECT_EQ(base::text_of(*opened), plain_);
}

TEST_F(Aead, NoChangedBitOpens) {
  for (std::size_t i = 0; i < sealed_.size() * 8; ++i) {
    auto changed = sealed_;
    changed[i / 8] = static_cast<std::uint8_t>(changed[i / 8] ^ 1U << i % 8);
    EXPECT_FALSE(aead_open(key_, nonce_, associated_, changed)) << i;
  }
  for (std::size_t size = 0; size < sealed_.size(); ++size) {
    EXPECT_FALSE(aead_open(key_, nonce_, associated_, base::BytesView(sealed_).first(size)));
  }
}

TEST_F(Aead, KeyNonceAndAssociatedDataAreBound) {
  auto nonce = nonce_;
  nonce[23] ^= 1;
  EXPECT_FALSE(aead_open(key_, nonce, associated_, sealed_));
  EXPECT_FALSE(aead_open(key_, nonce_, {}, sealed_));
  base::Secret<32> key = key_.duplicate();
  key.fill()[0] ^= 1;
  EXPECT_FALSE(aead_open(key, nonce_, associated_, sealed_));
}

TEST_F(Aead, NothingCanBeSealed) {
  const base::Bytes sealed = aead_seal(key_, nonce_, {}, {});
  EXPECT_EQ(sealed.size(), 16U);
  EXPECT_EQ(aead_open(key_, nonce_, {}, sealed), base::Bytes{});
}

// Made with the reference implementation (phc-winner-argon2):
// echo -n password | argon2 somesaltsomesalt -id -t 2 -k 64 -p 1 -l 32 -r
TEST(Argon2id, ReferenceImplementation) {
  const std::string_view salt = "somesaltsomesalt";
  const auto key =
      argon2id(base::bytes_of("password"), base::bytes_of(salt).first<16>(), {2, 65'536});
  ASSERT_TRUE(key);
  EXPECT_EQ(base::hex(key->reveal()),
            "1a98fba8e6394425c9bdc333a9c750aaf811df070f5fb4a5788e1cf4db5793a1");
}

TEST(Argon2id, ImpossibleCostIsAnErrorAndNoAbort) {
  const std::array<std::uint8_t, 16> salt{};
  const auto key = argon2id(base::bytes_of("password"), salt, {1, 1});
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().code, base::Code::internal_error);
}

TEST(Prepare, CanBeCalledAgain) {
  prepare();
  prepare();
}

}  // namespace
}  // namespace kronborg::crypto
