#include "crypto/p256.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "base/encoding.h"
#include "crypto/hash.h"

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

constexpr std::string_view rfc_key =
    "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721";

std::array<std::uint8_t, 32> digest_of(std::string_view message) {
  return sha256(base::bytes_of(message));
}

base::Bytes raw(std::string_view hex) { return base::hex_strict(hex).value(); }

// RFC 6979 appendix A.2.5, SHA-256, messages "sample" and "test".
TEST(P256, VerifiesTheSignaturesOfTheRfc) {
  const auto verifier = P256Verifier::of(p256_public_key(key_of(rfc_key)).value());
  ASSERT_TRUE(verifier);
  const auto sample =
      raw("efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
          "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8");
  const auto test =
      raw("f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367"
          "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083");
  EXPECT_TRUE(verifier->verifies(digest_of("sample"), sample));
  EXPECT_TRUE(verifier->verifies(digest_of("test"), test));
  EXPECT_FALSE(verifier->verifies(digest_of("test"), sample));
  EXPECT_FALSE(verifier->verifies(digest_of("sample"), test));
}

/// n - s: the other signature of the same message.
base::Bytes twin(base::Bytes signature) {
  const auto n = raw(order);
  int borrow = 0;
  for (std::size_t i = 32; i-- > 0;) {
    const int digit = n[i] - signature[32 + i] - borrow;
    borrow = digit < 0 ? 1 : 0;
    signature[32 + i] = static_cast<std::uint8_t>(digit + 256 * borrow);
  }
  return signature;
}

TEST(P256, AllowsHighSAndNothingElse) {
  const auto key = key_of(rfc_key);
  const auto verifier = P256Verifier::of(p256_public_key(key).value());
  const auto digest = digest_of("sample");
  const auto made = p256_sign(key, digest).value();
  const base::Bytes good(made.begin(), made.end());
  EXPECT_TRUE(verifier->verifies(digest, good));
  EXPECT_TRUE(verifier->verifies(digest, twin(good)));
  for (std::size_t at = 0; at < good.size(); ++at) {
    base::Bytes changed = good;
    changed[at] ^= 0x01;
    EXPECT_FALSE(verifier->verifies(digest, changed)) << at;
  }
  const base::BytesView view(good);
  EXPECT_FALSE(verifier->verifies(digest, view.first(63)));
  base::Bytes longer = good;
  longer.push_back(0);
  EXPECT_FALSE(verifier->verifies(digest, longer));
  EXPECT_FALSE(verifier->verifies(digest, {}));
}

TEST(P256, RefusesNumbersOutOfRange) {
  const auto key = key_of(rfc_key);
  const auto verifier = P256Verifier::of(p256_public_key(key).value());
  const auto digest = digest_of("sample");
  const auto made = p256_sign(key, digest).value();
  const std::string r = base::hex(base::BytesView(made).first(32));
  const std::string s = base::hex(base::BytesView(made).last(32));
  const std::string zero(64, '0');
  const std::string n(order);
  for (const std::string& signature :
       {zero + zero, zero + s, r + zero, n + s, r + n, std::string(128, 'f')}) {
    EXPECT_FALSE(verifier->verifies(digest, raw(signature))) << signature;
  }
}

TEST(P256, ReadsDerInOneSpelling) {
  const auto verifier = P256Verifier::of(p256_public_key(key_of(rfc_key)).value());
  const auto digest = digest_of("sample");
  const std::string r = "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716";
  const std::string s = "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8";
  EXPECT_TRUE(verifier->verifies_der(digest, raw("3046022100" + r + "022100" + s)));
  EXPECT_FALSE(verifier->verifies_der(digest, raw("3046022100" + r + "022100" + s + "00")));
  EXPECT_FALSE(verifier->verifies_der(digest, raw("308146022100" + r + "022100" + s)));
  EXPECT_FALSE(verifier->verifies_der(digest, raw("304702220000" + r + "022100" + s)));
  EXPECT_FALSE(verifier->verifies_der(digest, raw("30440220" + r + "0220" + s)));
  EXPECT_FALSE(verifier->verifies_der(digest, raw("3046022100" + r + "022100")));
  EXPECT_FALSE(verifier->verifies_der(digest, {}));
}

// Each with the point of the RFC: cut, of another form, off the curve, at infinity.
TEST(P256, TakesUncompressedPointsOnTheCurveOnly) {
  const auto point = p256_public_key(key_of(rfc_key)).value();
  const base::BytesView view(point);
  EXPECT_TRUE(P256Verifier::of(view));
  EXPECT_FALSE(P256Verifier::of(view.first(64)));
  EXPECT_FALSE(P256Verifier::of(view.first(33)));
  for (const int form : {0x00, 0x02, 0x03, 0x05, 0x06, 0x07}) {
    auto other = point;
    other[0] = static_cast<std::uint8_t>(form);
    EXPECT_FALSE(P256Verifier::of(other)) << form;
  }
  auto off = point;
  off[64] ^= 0x01;
  EXPECT_FALSE(P256Verifier::of(off));
  EXPECT_FALSE(P256Verifier::of(P256PublicKey{0x04}));
  auto large = point;
  std::fill(large.begin() + 1, large.begin() + 33, std::uint8_t{0xFF});
  EXPECT_FALSE(P256Verifier::of(large));
  EXPECT_FALSE(P256Verifier::of({}));
}

// RFC 5903 section 8.1.
TEST(P256, SharedXOfTheRfc) {
  const auto ours = key_of("c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433");
  const auto theirs = key_of("c6ef9c5d78ae012a011164acb397ce2088685d8f06bf9be0b283ab46476bee53");
  constexpr std::string_view shared =
      "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de";
  const auto a = p256_shared_x(ours, p256_public_key(theirs).value());
  const auto b = p256_shared_x(theirs, p256_public_key(ours).value());
  ASSERT_TRUE(a && b);
  EXPECT_EQ(base::hex(a->reveal()), shared);
  EXPECT_EQ(base::hex(b->reveal()), shared);
  auto off = p256_public_key(theirs).value();
  off[64] ^= 0x01;
  EXPECT_FALSE(p256_shared_x(ours, off));
}

}  // namespace
}  // namespace kronborg::crypto
