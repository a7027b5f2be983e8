#include "crypto/p256.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/encoding.h"

namespace kronborg::crypto {
namespace {

base::Secret<32> key_of(std::string_view hex) {
  base::Secret<32> key;
  EXPECT_TRUE(base::hex_strict_into(hex, key.fill())) << hex;
  return key;
}

constexpr std::string_view order =
    "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

// RFC 6979 appendix A.2.5.
TEST(P256, PublicKeyOfTheRfc) {
  const auto key =
      p256_public_key(key_of("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721"));
  ASSERT_TRUE(key);
  EXPECT_EQ(base::hex(*key),
            "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
            "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299");
}

TEST(P256, RangeIsOneToOrderMinusOne) {
  std::string last(order);
  last.back() = '0';
  EXPECT_TRUE(p256_public_key(key_of(last)));
  for (const std::string& outside :
       {std::string(64, '0'), std::string(order), std::string(64, 'f')}) {
    const auto key = p256_public_key(key_of(outside));
    ASSERT_FALSE(key) << outside;
    EXPECT_EQ(key.error().code, base::Code::not_a_key);
  }
}

/// Gives out-of-range bytes first.
class Scripted final : public base::Random {
 public:
  void fill(std::span<std::uint8_t> out) override {
    static constexpr std::uint8_t script[] = {0xFF, 0x00, 0x07};
    std::ranges::fill(out, script[call_++]);
  }

 private:
  std::size_t call_ = 0;
};

TEST(P256, NewKeysAreDrawnUntilTheyFit) {
  Scripted random;
  const base::Secret<32> key = new_p256_key(random);
  EXPECT_EQ(key.reveal()[0], 0x07);
  EXPECT_EQ(key.reveal()[31], 0x07);
}

}  // namespace
}  // namespace kronborg::crypto
